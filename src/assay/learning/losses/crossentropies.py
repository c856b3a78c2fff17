"""Cross-entropies."""

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


def _check_smoothing(given: dict[str, Any], where: str) -> None:
    if not 0 <= given["label_smoothing"] <= 1:
        raise StudyError(
            f"{where}.label_smoothing: expected a number between 0 and 1, got {given['label_smoothing']}. "
            "It is the share of the label that is spread over all classes."
        )


@loss(
    check=_check_smoothing,
    needs="classes",
    reads="probabilities",
    gradient="(y - t) / (y · (1 - y)) / K",
    output_units=("sigmoid",),
    gradient_below="(y - t) / K",
    labels="0 or 1; several outputs are several questions",
    advantages="The likelihood of a probability. Under sigmoid the gradient is the error itself, however wrong the "
    "output is.",
    drawbacks="Wants outputs between 0 and 1: under relu or linear it is clipped, and the gradient lost.",
)
def binary_crossentropy(
    targets: jax.Array, outputs: jax.Array, *, from_logits: bool = False, label_smoothing: float = 0.0
) -> jax.Array:
    """Mean over outputs of -t log(y) - (1 - t) log(1 - y), with y held in [1e-7, 1 - 1e-7].

    Label smoothing α moves t to t (1 - α) + α / 2. With `from_logits`, y is the sigmoid of the output, uncut.
    """
    if label_smoothing:
        targets = targets * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        log_one, log_zero = jax.nn.log_sigmoid(outputs), jax.nn.log_sigmoid(-outputs)
    else:
        probability = jax.numpy.clip(outputs, EPSILON, 1.0 - EPSILON)
        log_one, log_zero = jax.numpy.log(probability), jax.numpy.log(1.0 - probability)
    return jax.numpy.mean(-targets * log_one - (1.0 - targets) * log_zero, axis=FEATURES)


@loss(
    least_outputs=2,
    check=_check_smoothing,
    needs="one_hot",
    reads="probabilities",
    gradient="Σ(t) / Σ(y) - t / y",
    output_units=("softmax",),
    gradient_below="y - t",
    labels="one-hot, of at least 2 classes",
    advantages="The likelihood of probabilities. Under softmax the gradient is the error itself, however wrong the "
    "output is.",
    drawbacks="Wants positive outputs: under relu it is 0 / 0 where all are 0. One confident mistake weighs much.",
)
def categorical_crossentropy(
    targets: jax.Array, outputs: jax.Array, *, from_logits: bool = False, label_smoothing: float = 0.0
) -> jax.Array:
    """-Σ t log(y), with y the outputs divided by their sum and held in [1e-7, 1 - 1e-7].

    Label smoothing α moves t to t (1 - α) + α / K. With `from_logits`, y is the softmax of the outputs, uncut.
    """
    if label_smoothing:
        targets = targets * (1.0 - label_smoothing) + label_smoothing / outputs.shape[FEATURES]
    return _crossentropy(targets, outputs, from_logits)


@loss(
    least_outputs=2,
    needs="one_hot",
    reads="probabilities",
    formula="-log(y) of the true class, with y as in categorical_crossentropy",
    gradient="Σ(t) / Σ(y) - t / y",
    output_units=("softmax",),
    gradient_below="y - t",
    labels="the number of the class; assay makes it one-hot, the numbers are the same",
    advantages="categorical_crossentropy without one-hot labels.",
    drawbacks="No label smoothing.",
)
def sparse_categorical_crossentropy(targets: jax.Array, outputs: jax.Array, *, from_logits: bool = False) -> jax.Array:
    """The numbers of `categorical_crossentropy`: here too the targets arrive one-hot."""
    return _crossentropy(targets, outputs, from_logits)


@loss(
    least_outputs=2,
    reads="probabilities",
    gradient="-t / y",
    output_units=("softmax",),
    gradient_below="Σ(t) · y - t",
    labels="probabilities that sum to 1",
    advantages="Cross-entropy for targets that are themselves probabilities; 0 when they are met.",
    drawbacks="With one-hot labels it is cross-entropy.",
    sources=("Kullback and Leibler, 1951",),
)
def kl_divergence(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Σ t log(t / y), both held in [1e-7, 1]."""
    targets = jax.numpy.clip(targets, EPSILON, 1.0)
    outputs = jax.numpy.clip(outputs, EPSILON, 1.0)
    return jax.numpy.sum(targets * jax.numpy.log(targets / outputs), axis=FEATURES)


def _crossentropy(targets: jax.Array, outputs: jax.Array, from_logits: bool) -> jax.Array:
    if from_logits:
        log_probability = jax.nn.log_softmax(outputs, axis=FEATURES)
    else:
        probability = outputs / jax.numpy.sum(outputs, axis=FEATURES, keepdims=True)
        log_probability = jax.numpy.log(jax.numpy.clip(probability, EPSILON, 1.0 - EPSILON))
    return -jax.numpy.sum(targets * log_probability, axis=FEATURES)
