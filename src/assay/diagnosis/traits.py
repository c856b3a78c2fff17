"""What rules need to know of activations, losses and tasks by name: the one place in this room that lists them."""

from __future__ import annotations

from assay.choices import Choice

# What each activation can say, (low, high); those that are not listed are not bounded on either side.
_RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "sparse_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "sparsemax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, float("inf")),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, float("inf")),
    "exponential": (0.0, float("inf")),
    "log_softmax": (-float("inf"), 0.0),
    "log_sigmoid": (-float("inf"), 0.0),
}
_BOUNDED = ("sigmoid", "hard_sigmoid", "sparse_sigmoid", "tanh", "hard_tanh", "softsign")
_RECTIFIERS = ("relu", "relu6", "threshold", "sparse_plus", "hard_shrink", "soft_shrink")
_NORMALIZED = ("softmax", "log_softmax", "sparsemax")
_PROBABILITIES = ("sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax")
_NEVER_NEGATIVE = (*_PROBABILITIES, "relu", "softplus", "exponential")
_WITHOUT_CRITICAL_GAIN = (*_NORMALIZED, "glu", "exponential")
_OF_PROBABILITIES = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "kl_divergence",
)
# Glorot and Bengio 2010, He et al. 2015, Klambauer et al. 2017.
_FITTING = {
    "relu": "he_normal",
    "leaky_relu": "he_normal",
    "relu6": "he_normal",
    "elu": "he_normal",
    "selu": "lecun_normal",
    "tanh": "glorot_uniform",
    "hard_tanh": "glorot_uniform",
    "softsign": "glorot_uniform",
    "linear": "glorot_uniform",
}
_OUTPUT_AND_LOSS = {
    "binary": ("sigmoid", "binary_crossentropy"),
    "multiclass": ("softmax", "categorical_crossentropy"),
}


def output_range(activation: Choice) -> tuple[float, float] | None:
    """The smallest and the largest output of an activation; None where it has neither."""
    return _RANGES.get(activation.name)


def is_bounded(activation: Choice) -> bool:
    """Whether a unit's activation is bounded on both sides, so that it can saturate."""
    return activation.name in _BOUNDED


def can_die(activation: Choice) -> bool:
    """Whether a unit can be exactly 0, without a slope, for every example."""
    return activation.name in _RECTIFIERS and not activation.arguments.get("negative_slope")


def is_normalized(activation: Choice) -> bool:
    """Whether each output is divided by the sum over the layer, as softmax does."""
    return activation.name in _NORMALIZED


def gives_probabilities(activation: Choice) -> bool:
    """Whether outputs lie between 0 and 1, so that a loss may read them as probabilities."""
    return activation.name in _PROBABILITIES


def is_never_negative(activation: Choice) -> bool:
    """Whether outputs are never below 0, so that they cannot be raw scores (logits)."""
    return activation.name in _NEVER_NEGATIVE


def has_critical_gain(activation: Choice) -> bool:
    """Whether theory may look for a gain at which it keeps a signal: not where units mix, nor where it overflows."""
    return activation.name not in _WITHOUT_CRITICAL_GAIN


def fitting_initializer(activation: Choice) -> Choice | None:
    """The initializer that is published for an activation; None where none is."""
    return Choice(_FITTING[activation.name]) if activation.name in _FITTING else None


def reads_probabilities(loss: Choice) -> bool:
    """Whether a loss takes the logarithm of a probability (or of what it makes of logits)."""
    return loss.name in _OF_PROBABILITIES


def fitting_output(loss: Choice, units: int) -> str:
    """The output activation that a loss of probabilities goes with."""
    return "sigmoid" if loss.name == "binary_crossentropy" or units == 1 else "softmax"


def usual_output_and_loss(task: str | None) -> tuple[str, str]:
    """The output activation and the loss that go with a task; a regression's where it is not known."""
    return _OUTPUT_AND_LOSS.get(task or "", ("linear", "mean_squared_error"))
