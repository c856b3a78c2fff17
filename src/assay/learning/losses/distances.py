"""Distances between quantities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay._lazy import lazy_module
from assay.errors import StudyError
from assay.learning.losses.record import EPSILON, loss
from assay.learning.own import FEATURES

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


def _check_delta(given: dict[str, Any], where: str) -> None:
    if given["delta"] <= 0:
        raise StudyError(
            f"{where}.delta: expected a number above 0, got {given['delta']}. "
            "It is the error at which the loss turns from quadratic to linear."
        )


@loss(
    least_outputs=2,
    gradient="-(t / ‖t‖ + loss · y / ‖y‖) / ‖y‖",
    output_units=("linear",),
    gradient_below="-(t / ‖t‖ + loss · y / ‖y‖) / ‖y‖",
    labels="a direction: at least 2 real numbers, not all 0",
    advantages="Looks at the direction and not at the length: for embeddings.",
    drawbacks="A single output has no direction, only a sign; the gradient falls with the length of y.",
)
def cosine_similarity(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Minus the cosine of the angle between targets and outputs: -1 when they point the same way."""
    return -jax.numpy.sum(_unit(targets) * _unit(outputs), axis=FEATURES)


@loss(
    check=_check_delta,
    gradient="(y - t) / K if |y - t| ≤ delta, else delta · sign(y - t) / K",
    output_units=("linear",),
    gradient_below="(y - t) / K if |y - t| ≤ delta, else delta · sign(y - t) / K",
    labels="real numbers",
    advantages="Squared near the target, absolute far from it: smooth, and calm before outliers.",
    drawbacks="delta has the units of the target and must be chosen with them.",
)
def huber(targets: jax.Array, outputs: jax.Array, *, delta: float = 1.0) -> jax.Array:
    """Mean over outputs of e² / 2 where |e| ≤ δ, else δ |e| - δ² / 2, with e = y - t (Huber, 1964)."""
    error = outputs - targets
    distance = jax.numpy.abs(error)
    quadratic, linear = 0.5 * jax.numpy.square(error), delta * distance - 0.5 * delta**2
    return jax.numpy.mean(jax.numpy.where(distance <= delta, quadratic, linear), axis=FEATURES)


@loss(
    gradient="tanh(y - t) / K",
    output_units=("linear",),
    gradient_below="tanh(y - t) / K",
    labels="real numbers",
    advantages="Like huber with delta = 1, and smooth throughout.",
    drawbacks="Where it turns from squared to absolute is fixed at about 1: scale the targets.",
)
def log_cosh(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of log(cosh(e)) = e + softplus(-2 e) - log 2, with e = y - t."""
    error = outputs - targets
    return jax.numpy.mean(error + jax.nn.softplus(-2.0 * error) - jax.numpy.log(2.0), axis=FEATURES)


@loss(
    other_names=("mae",),
    gradient="sign(y - t) / K",
    output_units=("linear",),
    gradient_below="sign(y - t) / K",
    labels="real numbers",
    advantages="Learns the median: calm before outliers.",
    drawbacks="The gradient has the same size near the target as far from it, so the last steps do not settle.",
)
def mean_absolute_error(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of |t - y|."""
    return jax.numpy.mean(jax.numpy.abs(targets - outputs), axis=FEATURES)


@loss(
    gradient="100 · sign(y - t) / (K · |t|)",
    output_units=("linear", "softplus"),
    gradient_below="100 · sign(y - t) / (K · |t|)",
    labels="real numbers, none near 0",
    advantages="A relative error in percent, whatever the units.",
    drawbacks="Huge for targets near 0; prefers outputs that are too small to those that are too large.",
)
def mean_absolute_percentage_error(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """100 times the mean over outputs of |t - y| / max(|t|, 1e-7)."""
    relative = (targets - outputs) / jax.numpy.maximum(jax.numpy.abs(targets), EPSILON)
    return 100.0 * jax.numpy.mean(jax.numpy.abs(relative), axis=FEATURES)


@loss(
    other_names=("mse",),
    gradient="2 · (y - t) / K",
    output_units=("linear",),
    gradient_below="2 · (y - t) / K",
    labels="real numbers",
    advantages="Learns the mean; smooth, with a gradient that calms down near the target.",
    drawbacks="Outliers rule. Behind sigmoid or softmax its gradient carries their slope as a factor, which is "
    "nearly 0 where they are confidently wrong.",
)
def mean_squared_error(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of (t - y)²."""
    return jax.numpy.mean(jax.numpy.square(targets - outputs), axis=FEATURES)


@loss(
    reads="counts",
    gradient="2 · (log(1 + y) - log(1 + t)) / (K · (1 + y))",
    output_units=("softplus", "exponential"),
    gradient_below="2 · (log(1 + y) - log(1 + t)) / (K · (1 + y)) · (1 - exp(-y))",
    labels="numbers of at least 0",
    advantages="Squared error of orders of magnitude: 10 for 20 is as wrong as 1,000 for 2,000.",
    drawbacks="Negative outputs count as 0, without a gradient.",
)
def mean_squared_logarithmic_error(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of (log(1 + y) - log(1 + t))², both at least 1e-7."""
    log_outputs = jax.numpy.log(jax.numpy.maximum(outputs, EPSILON) + 1.0)
    log_targets = jax.numpy.log(jax.numpy.maximum(targets, EPSILON) + 1.0)
    return jax.numpy.mean(jax.numpy.square(log_outputs - log_targets), axis=FEATURES)


@loss(
    reads="counts",
    gradient="(1 - t / y) / K",
    output_units=("exponential", "softplus"),
    gradient_below="(y - t) / K",
    labels="counts: 0, 1, 2, …",
    advantages="The likelihood of counts, whose spread grows with their mean.",
    drawbacks="Wants positive outputs: a negative one has no logarithm.",
)
def poisson(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of y - t log(y + 1e-7): the Poisson negative log-likelihood without its constant."""
    return jax.numpy.mean(outputs - targets * jax.numpy.log(outputs + EPSILON), axis=FEATURES)


def _unit(vectors: jax.Array) -> jax.Array:
    square = jax.numpy.sum(jax.numpy.square(vectors), axis=FEATURES, keepdims=True)
    return vectors * jax.numpy.minimum(jax.lax.rsqrt(square), 1.0 / EPSILON)
