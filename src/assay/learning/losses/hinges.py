"""Hinges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import lazy_module
from assay.learning.losses.record import loss
from assay.learning.own import FEATURES

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


@loss(
    least_outputs=2,
    needs="one_hot",
    gradient="best - t if loss > 0, else 0",
    output_units=("linear",),
    gradient_below="best - t if loss > 0, else 0",
    labels="one-hot, of at least 2 classes",
    advantages="Stops at a lead of 1: only examples near the border count. `best` is 1 at the best other class.",
    drawbacks="Outputs are no probabilities; only two classes of an example learn at a time.",
    sources=("Crammer and Singer, JMLR 2001",),
)
def categorical_hinge(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """max(1 + max (1 - t) y - Σ t y, 0): the true class is to lead the best other one by 1."""
    positive = jax.numpy.sum(targets * outputs, axis=FEATURES)
    negative = jax.numpy.max((1.0 - targets) * outputs, axis=FEATURES)
    return jax.numpy.maximum(negative - positive + 1.0, 0.0)


@loss(
    needs="classes",
    reads="margins",
    gradient="-t / K if t · y < 1, else 0",
    output_units=("linear", "tanh"),
    gradient_below="-t / K if t · y < 1, else 0",
    labels="-1 or 1; 0 counts as -1",
    advantages="Stops at a margin of 1, as a support vector machine does.",
    drawbacks="Outputs are no probabilities. Under sigmoid no output is negative, and half of the classes can "
    "never reach the margin.",
    sources=("Cortes and Vapnik, Machine Learning 1995",),
)
def hinge(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of max(1 - t y, 0); labels {0, 1} count as t = {-1, 1}."""
    return jax.numpy.mean(jax.numpy.maximum(1.0 - _signed(targets) * outputs, 0.0), axis=FEATURES)


@loss(
    needs="classes",
    reads="margins",
    gradient="-2 · t · (1 - t · y) / K if t · y < 1, else 0",
    output_units=("linear", "tanh"),
    gradient_below="-2 · t · (1 - t · y) / K if t · y < 1, else 0",
    labels="-1 or 1; 0 counts as -1",
    advantages="Hinge without its corner; far mistakes count more.",
    drawbacks="More moved by labels that are wrong. Under sigmoid as hinge.",
)
def squared_hinge(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of max(1 - t y, 0)²; labels {0, 1} count as t = {-1, 1}."""
    margin = jax.numpy.maximum(1.0 - _signed(targets) * outputs, 0.0)
    return jax.numpy.mean(jax.numpy.square(margin), axis=FEATURES)


def _signed(targets: jax.Array) -> jax.Array:
    """{0, 1} to {-1, 1}; a batch with any other label is left as it is."""
    is_binary = jax.numpy.all((targets == 0) | (targets == 1), axis=(-2, -1), keepdims=True)
    return jax.numpy.where(is_binary, 2.0 * targets - 1.0, targets)
