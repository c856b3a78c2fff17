"""What theory expects of a network's hidden layers: gains and ratios, as numbers and in words.

Theory follows a chain of dense layers whose activations and initializers are known (`assay.prediction.theory_layers`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from assay.choices import Choice
from assay.diagnosis import thresholds
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.traits import has_critical_gain
from assay.diagnosis.wording import number_text, times_text
from assay.networks.architecture import Layer
from assay.networks.initializers import kernel_moments
from assay.networks.traits import in_double, slope_in_double
from assay.prediction import theory_layers
from assay.theory import backward_signals, critical_weight_variance, forward_signals

SMALLEST_GAIN = 1e-9
# A gain this near to the needed one is right: two initializers for one activation differ by more.
RIGHT_GAIN = 0.05


@dataclass(frozen=True)
class Prediction:
    """What theory says of a network's hidden layers.

    Attributes
    ----------
    signal : float
        std of the pre-activations, last hidden layer / first.
    gradient : float
        rms of the errors, first hidden layer / last.
    """

    signal: float
    gradient: float

    @property
    def is_sound(self) -> bool:
        """Whether no rule about ratios would fire."""
        return (
            thresholds.VANISHING_SIGNAL < self.signal < thresholds.EXPLODING_SIGNAL
            and thresholds.VANISHING_GRADIENT < self.gradient < thresholds.EXPLODING_GRADIENT
        )


@lru_cache(maxsize=1024)  # all seeds of a condition, and all its findings, ask the same
def predict(facts: NetworkFacts) -> Prediction | None:
    """Theory's ratios over the hidden layers; None where it cannot follow or there are fewer than two of them."""
    chain = _chain(facts)
    if chain is None or len(chain) < 3:
        return None
    layers = theory_layers(chain)
    if layers is None:
        return None
    mean_square = facts.data.rms**2 if facts.data is not None else 1.0
    with np.errstate(all="ignore"):
        forward = forward_signals(layers, [max(mean_square, 1e-30)])
        backward = backward_signals(layers, forward, [1.0])
        signal, errors = forward.preactivation_std[:-1], backward.error_std[:-1]
        found = Prediction(float(signal[-1] / signal[0]), float(errors[0] / errors[-1]))
    return found if np.isfinite([found.signal, found.gradient]).all() else None


def gain_of(facts: NetworkFacts) -> float | None:
    """√(fan_in · Var[kernel]), the geometric mean over hidden layers behind the first; None where it is not known."""
    layers = facts.layers[1:-1] or facts.layers[:-1]
    found = []
    for layer in layers:
        if layer.kernel_initializer is None:
            return None
        _, variance = kernel_moments(
            layer.kernel_initializer, fan_in=layer.fan_in, units=layer.units, depth=len(facts.layers)
        )
        found.append(np.sqrt(layer.fan_in * variance))
    if not found or not all(gain > SMALLEST_GAIN for gain in found):  # a constant has none but rounding
        return None
    return float(np.exp(np.mean(np.log(found))))


@lru_cache(maxsize=64)
def critical_gain(activation: Choice) -> float | None:
    """The σ_w at which signals neither die nor explode in depth, without biases; None where there is none."""
    if not has_critical_gain(activation):
        return None
    try:
        point = critical_weight_variance(0.0, activation=in_double(activation), derivative=slope_in_double(activation))
    except ValueError:
        return None
    return float(np.sqrt(point.weight_variance))


def hidden_activation(facts: NetworkFacts) -> Choice | None:
    """The one activation of all hidden layers."""
    found = {layer.activation for layer in facts.layers[:-1]}
    return found.pop() if len(found) == 1 else None


# --- In words --------------------------------------------------------------------------------------------------------


def pairing_text(facts: NetworkFacts) -> str:
    """What the hidden layers are made of: ``relu with weights of glorot_uniform``."""
    hidden = facts.layers[:-1]
    activations = dict.fromkeys(str(layer.activation) for layer in hidden if layer.activation is not None)
    kernels = dict.fromkeys(str(layer.kernel_initializer) for layer in hidden if layer.kernel_initializer is not None)
    weights = f"weights of {' and '.join(kernels)}" if kernels else "these weights"
    return f"{' and '.join(activations) or 'this activation'} with {weights}"


def gain_text(facts: NetworkFacts) -> str:
    """How the weights compare with what the activation needs, as a sentence."""
    gain, activation = gain_of(facts), hidden_activation(facts)
    needed = critical_gain(activation) if activation is not None else None
    if gain is None or activation is None:
        return f"The hidden layers combine {pairing_text(facts)}."
    if needed is None:
        return f"The weights have gain {number_text(gain)}, but under {activation} no gain keeps the signal's size."
    if abs(gain / needed - 1) < RIGHT_GAIN:
        return f"The weights have gain {number_text(gain)}, which is what {activation} needs in a wide network."
    size = times_text(gain / needed, smaller="too small", larger="too large")
    return (
        f"These weights are {size} for {activation}: their gain is {number_text(gain)}, it needs {number_text(needed)}."
    )


def slope_text(facts: NetworkFacts) -> str:
    """What theory predicts of the gradient, as a sentence; empty where it predicts nothing."""
    predicted = predict(facts)
    if predicted is None or predicted.gradient <= 0:
        return ""
    per_layer = predicted.gradient ** (1 / (len(facts.layers) - 2))
    activation = hidden_activation(facts)
    layer = f"{activation} layer" if activation is not None else "layer"
    return f"In theory each {layer} multiplies the gradient by {number_text(per_layer)}."


def _chain(facts: NetworkFacts) -> tuple[Layer, ...] | None:
    """The layers as our own; None for anything but a chain of dense layers with known activations and initializers."""
    layers: list[Layer] = []
    for layer in facts.layers:
        plain = layer.kind == "dense" and not layer.is_normalized and not layer.is_residual
        if not plain or layer.activation is None or layer.kernel_initializer is None:
            return None
        own = Layer(layer.fan_in, layer.units, layer.activation, layer.kernel_initializer, Choice("zeros"))
        if layers and layers[-1].outputs != own.fan_in:
            return None
        layers.append(own)
    return tuple(layers)
