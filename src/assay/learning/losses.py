"""Loss functions: Keras' formulas, example by example, on feature-major arrays.

Targets and outputs have shape (..., K, batch) and a loss returns (..., batch); K is the number of classes or of
regression targets. Targets are always dense: one-hot for classes, {0, 1} with K = 1 for two classes. The loss of a
batch is the mean of its examples' values. Values and gradients are those of Keras 3 on its JAX backend, clipping
included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assay._lazy import lazy_module
from assay.choices import Choice, arguments_of
from assay.errors import StudyError

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

FEATURES = -2  # the feature axis of (..., K, batch)
EPSILON = 1e-7  # keras.config.epsilon()


# --- Cross-entropies -------------------------------------------------------------------------------------------------


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


def categorical_crossentropy(
    targets: jax.Array, outputs: jax.Array, *, from_logits: bool = False, label_smoothing: float = 0.0
) -> jax.Array:
    """-Σ t log(y), with y the outputs divided by their sum and held in [1e-7, 1 - 1e-7].

    Label smoothing α moves t to t (1 - α) + α / K. With `from_logits`, y is the softmax of the outputs, uncut.
    """
    if label_smoothing:
        targets = targets * (1.0 - label_smoothing) + label_smoothing / outputs.shape[FEATURES]
    return _crossentropy(targets, outputs, from_logits)


def sparse_categorical_crossentropy(targets: jax.Array, outputs: jax.Array, *, from_logits: bool = False) -> jax.Array:
    """The numbers of `categorical_crossentropy`: here too the targets arrive one-hot."""
    return _crossentropy(targets, outputs, from_logits)


def _crossentropy(targets: jax.Array, outputs: jax.Array, from_logits: bool) -> jax.Array:
    if from_logits:
        log_probability = jax.nn.log_softmax(outputs, axis=FEATURES)
    else:
        probability = outputs / jax.numpy.sum(outputs, axis=FEATURES, keepdims=True)
        log_probability = jax.numpy.log(jax.numpy.clip(probability, EPSILON, 1.0 - EPSILON))
    return -jax.numpy.sum(targets * log_probability, axis=FEATURES)


def kl_divergence(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Σ t log(t / y), both held in [1e-7, 1]."""
    targets = jax.numpy.clip(targets, EPSILON, 1.0)
    outputs = jax.numpy.clip(outputs, EPSILON, 1.0)
    return jax.numpy.sum(targets * jax.numpy.log(targets / outputs), axis=FEATURES)


# --- Hinges ----------------------------------------------------------------------------------------------------------


def hinge(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of max(1 - t y, 0); labels {0, 1} count as t = {-1, 1}."""
    return jax.numpy.mean(jax.numpy.maximum(1.0 - _signed(targets) * outputs, 0.0), axis=FEATURES)


def squared_hinge(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of max(1 - t y, 0)²; labels {0, 1} count as t = {-1, 1}."""
    margin = jax.numpy.maximum(1.0 - _signed(targets) * outputs, 0.0)
    return jax.numpy.mean(jax.numpy.square(margin), axis=FEATURES)


def _signed(targets: jax.Array) -> jax.Array:
    """{0, 1} to {-1, 1}; a batch with any other label is left as it is."""
    is_binary = jax.numpy.all((targets == 0) | (targets == 1), axis=(-2, -1), keepdims=True)
    return jax.numpy.where(is_binary, 2.0 * targets - 1.0, targets)


def categorical_hinge(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """max(1 + max (1 - t) y - Σ t y, 0): the true class is to lead the best other one by 1."""
    positive = jax.numpy.sum(targets * outputs, axis=FEATURES)
    negative = jax.numpy.max((1.0 - targets) * outputs, axis=FEATURES)
    return jax.numpy.maximum(negative - positive + 1.0, 0.0)


# --- Distances -------------------------------------------------------------------------------------------------------


def mean_squared_error(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of (t - y)²."""
    return jax.numpy.mean(jax.numpy.square(targets - outputs), axis=FEATURES)


def mean_absolute_error(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of |t - y|."""
    return jax.numpy.mean(jax.numpy.abs(targets - outputs), axis=FEATURES)


def mean_absolute_percentage_error(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """100 times the mean over outputs of |t - y| / max(|t|, 1e-7)."""
    relative = (targets - outputs) / jax.numpy.maximum(jax.numpy.abs(targets), EPSILON)
    return 100.0 * jax.numpy.mean(jax.numpy.abs(relative), axis=FEATURES)


def mean_squared_logarithmic_error(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of (log(1 + y) - log(1 + t))², both at least 1e-7."""
    log_outputs = jax.numpy.log(jax.numpy.maximum(outputs, EPSILON) + 1.0)
    log_targets = jax.numpy.log(jax.numpy.maximum(targets, EPSILON) + 1.0)
    return jax.numpy.mean(jax.numpy.square(log_outputs - log_targets), axis=FEATURES)


def huber(targets: jax.Array, outputs: jax.Array, *, delta: float = 1.0) -> jax.Array:
    """Mean over outputs of e² / 2 where |e| ≤ δ, else δ |e| - δ² / 2, with e = y - t (Huber, 1964)."""
    error = outputs - targets
    distance = jax.numpy.abs(error)
    quadratic, linear = 0.5 * jax.numpy.square(error), delta * distance - 0.5 * delta**2
    return jax.numpy.mean(jax.numpy.where(distance <= delta, quadratic, linear), axis=FEATURES)


def log_cosh(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of log(cosh(e)) = e + softplus(-2 e) - log 2, with e = y - t."""
    error = outputs - targets
    return jax.numpy.mean(error + jax.nn.softplus(-2.0 * error) - jax.numpy.log(2.0), axis=FEATURES)


def poisson(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Mean over outputs of y - t log(y + 1e-7): the Poisson negative log-likelihood without its constant."""
    return jax.numpy.mean(outputs - targets * jax.numpy.log(outputs + EPSILON), axis=FEATURES)


def cosine_similarity(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Minus the cosine of the angle between targets and outputs: -1 when they point the same way."""
    return -jax.numpy.sum(_unit(targets) * _unit(outputs), axis=FEATURES)


def _unit(vectors: jax.Array) -> jax.Array:
    square = jax.numpy.sum(jax.numpy.square(vectors), axis=FEATURES, keepdims=True)
    return vectors * jax.numpy.minimum(jax.lax.rsqrt(square), 1.0 / EPSILON)


LOSSES: dict[str, Callable[..., jax.Array]] = {
    "binary_crossentropy": binary_crossentropy,
    "categorical_crossentropy": categorical_crossentropy,
    "sparse_categorical_crossentropy": sparse_categorical_crossentropy,
    "categorical_hinge": categorical_hinge,
    "hinge": hinge,
    "squared_hinge": squared_hinge,
    "cosine_similarity": cosine_similarity,
    "huber": huber,
    "kl_divergence": kl_divergence,
    "log_cosh": log_cosh,
    "mean_absolute_error": mean_absolute_error,
    "mae": mean_absolute_error,
    "mean_absolute_percentage_error": mean_absolute_percentage_error,
    "mean_squared_error": mean_squared_error,
    "mse": mean_squared_error,
    "mean_squared_logarithmic_error": mean_squared_logarithmic_error,
    "poisson": poisson,
}

CATEGORICAL = ("categorical_crossentropy", "sparse_categorical_crossentropy", "categorical_hinge")
MARGINS = ("hinge", "squared_hinge")
OF_CLASSES = (*CATEGORICAL, *MARGINS, "binary_crossentropy")
SIGNED_ACTIVATIONS = ("linear", "tanh", "hard_tanh", "softsign", "tanh_shrink", "soft_shrink", "hard_shrink")


def loss_values(choice: Choice, targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """The loss of each example.

    Parameters
    ----------
    choice : Choice
        A name of `LOSSES` with its arguments.
    targets, outputs : array, shape (..., K, batch)
        What was asked for, and what the network said; they broadcast.

    Returns
    -------
    array, shape (..., batch)
    """
    return LOSSES[choice.name](targets, outputs, **arguments_of(choice, LOSSES))


def class_threshold(choice: Choice, output_activation: Choice) -> float:
    """The output above which a binary network says 1.

    It is 0 where the loss pulls the outputs to both sides of 0 (logits; a hinge on an output that can be negative),
    else 0.5, which is also what Keras' "accuracy" takes.
    """
    is_logit = arguments_of(choice, LOSSES).get("from_logits", False)
    is_margin = choice.name in MARGINS and output_activation.name in SIGNED_ACTIVATIONS
    return 0.0 if is_logit or is_margin else 0.5


def check_loss(choice: Choice, task: str, outputs: int, output_activation: Choice, where: str) -> None:
    """Check that a loss can mean anything on these data, and that its arguments are in range.

    Only what is wrong for certain is refused. A questionable pair, such as a relu output under binary cross-entropy, is
    an experiment.

    Parameters
    ----------
    choice : Choice
        A name of `LOSSES` with its arguments, of the right kinds.
    task : {"binary", "multiclass", "regression"}
        What the data ask for.
    outputs : int
        Rows of the targets, K.
    output_activation : Choice
        What the last layer applies.
    where : str
        The dotted key of the loss, for the message.

    Raises
    ------
    StudyError
        If the labels do not fit the loss, one output is normalised by itself, or an argument is out of range.
    """
    if task == "regression" and choice.name in OF_CLASSES:
        raise StudyError(
            f"{where}: '{choice.name}' expects class labels, but the data are for regression ({outputs} real-valued "
            "target(s)). Choose 'mean_squared_error', 'mean_absolute_error' or 'huber'."
        )
    if outputs == 1 and choice.name in CATEGORICAL:
        raise StudyError(
            f"{where}: '{choice.name}' expects one-hot labels of at least 2 classes, but the data have a single 0/1 "
            "label per example. Choose 'binary_crossentropy'."
        )
    if outputs == 1 and output_activation.name in ("softmax", "log_softmax", "sparsemax"):
        raise StudyError(
            f"{where}: '{choice.name}' on the single output of '{output_activation.name}' is constant, since "
            f"'{output_activation.name}' normalises an output by itself. Choose 'sigmoid' as the output activation."
        )
    given = arguments_of(choice, LOSSES)
    if not 0 <= given.get("label_smoothing", 0.0) <= 1:
        raise StudyError(
            f"{where}.label_smoothing: expected a number between 0 and 1, got {given['label_smoothing']}. "
            "It is the share of the label that is spread over all classes."
        )
    if given.get("delta", 1.0) <= 0:
        raise StudyError(
            f"{where}.delta: expected a number above 0, got {given['delta']}. "
            "It is the error at which the loss turns from quadratic to linear."
        )
