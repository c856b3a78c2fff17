"""What to change, found by asking theory: the first candidate whose predicted signal and gradient are sound.

Theory follows a chain of dense layers whose activations and initializers are known (`assay.prediction.theory_layers`).
Of other networks the candidate is named without a prediction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from assay.choices import Choice
from assay.diagnosis import thresholds
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Remedy
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.wording import number_text
from assay.networks.architecture import Layer
from assay.networks.initializers import kernel_moments
from assay.networks.traits import in_double, slope_in_double
from assay.prediction import theory_layers
from assay.theory import backward_signals, critical_weight_variance, forward_signals

# Which initializer keeps the variance under which activation: Glorot and Bengio 2010, He et al. 2015, Klambauer et al.
# 2017. Others get the critical gain of `assay.theory`.
FITTING = {
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
SMALLEST_GAIN = 1e-9
# What replaces an activation that no initializer mends: sigmoid, softplus, exponential, deep gelu and swish.
REPLACEMENTS = (("relu", "he_normal"), ("selu", "lecun_normal"))
# Below this width ReLU layers die by chance in depth (Lu et al., 2020): 5 units in 10 layers do so in 13 % of networks.
NARROW = 16


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


def for_signal(facts: NetworkFacts, measured: LayerSignals) -> Remedy:
    """For a signal that dies, explodes, saturates or collapses on its way up."""
    return _first_sound(facts)


def for_gradient(facts: NetworkFacts, measured: LayerSignals) -> Remedy:
    """For a gradient that dies or explodes on its way down."""
    if facts.output.units == 1 and facts.output.activation is not None and facts.output.activation.name == "softmax":
        return Remedy("Use 'sigmoid' as the output activation.", {"network.output_activation": "sigmoid"})
    return _first_sound(facts)


def smaller_output(facts: NetworkFacts, measured: LayerSignals) -> Remedy:
    """For outputs that are too large: those of the output layer alone, or those of a signal that grew on its way."""
    hidden, output = measured("preactivations", "std")[:-1], measured("preactivations", "std")[-1]
    if len(hidden) and output < 2 * hidden[-1]:
        return _first_sound(facts)
    return Remedy(
        "Give the output layer a smaller initializer, such as glorot_uniform.",
        {"network.layers.output.kernel_initializer": "glorot_uniform"},
    )


def random_initializer(facts: NetworkFacts, measured: LayerSignals) -> Remedy:
    """For units that start as copies."""
    return _first_sound(facts)


def for_dead_units(facts: NetworkFacts) -> Remedy:
    """For ReLUs that are off: an activation with a slope on both sides."""
    initializer = "he_normal"
    width = max((layer.units for layer in facts.layers[:-1]), default=0)
    wider = ", or widen the layers (a unit more halves the chance of a dead layer)" if width < NARROW else ""
    return Remedy(
        f"Use 'leaky_relu' or 'elu' with {initializer}{wider}, and scale the inputs to mean 0.",
        {"network.activation": "leaky_relu", "network.kernel_initializer": initializer},
    )


def smaller_learning_rate(facts: NetworkFacts, measured: LayerSignals) -> Remedy:
    """A rate at which the first update moves every kernel by about 1 % of its size."""
    assert facts.optimizer is not None
    rate = facts.optimizer.arguments.get("learning_rate")
    ratios = measured("update", "ratio")
    largest = float(np.nanmax(np.where(np.isfinite(ratios), ratios, np.nan))) if np.isfinite(ratios).any() else 0.0
    if rate is None or largest <= 0:
        return Remedy("Use a learning rate a tenth as large, and again until the loss falls.")
    wanted = float(f"{rate * 0.01 / largest:.0e}") if largest > 0.01 else float(f"{rate / 10:.0e}")
    optimizer = {"name": facts.optimizer.name, **facts.optimizer.arguments, "learning_rate": wanted}
    return Remedy(
        f"Use a learning rate of {wanted:g}: the first update then moves no kernel by more than about 1 % of its size.",
        {"training.optimizer": optimizer},
    )


# --- Theory -----------------------------------------------------------------------------------------------------------


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


def gains(facts: NetworkFacts) -> float | None:
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


def needed_gain_text(facts: NetworkFacts) -> str:
    """``relu keeps it with gain 1.41``."""
    activation = _activation(facts)
    gain = critical_gain(activation) if activation is not None else None
    if activation is None or gain is None:
        return "no gain keeps it with this activation"
    return f"{activation} keeps it with gain {gain:.3g}"


def slope_text(facts: NetworkFacts) -> str:
    """What theory predicts of the gradient, as a sentence; empty where it predicts nothing."""
    predicted = predict(facts)
    if predicted is None or predicted.gradient <= 0:
        return ""
    per_layer = predicted.gradient ** (1 / (len(facts.layers) - 2))
    return (
        f"Theory predicts a factor of {number_text(per_layer)} per layer for {_activation(facts) or 'this network'}. "
    )


@lru_cache(maxsize=64)
def critical_gain(activation: Choice) -> float | None:
    """The σ_w at which signals neither die nor explode in depth, without biases; None where there is none."""
    if activation.name in ("softmax", "log_softmax", "sparsemax", "glu", "exponential"):
        return None
    try:
        point = critical_weight_variance(0.0, activation=in_double(activation), derivative=slope_in_double(activation))
    except ValueError:
        return None
    return float(np.sqrt(point.weight_variance))


@lru_cache(maxsize=1024)
def _first_sound(facts: NetworkFacts) -> Remedy:
    """The smallest change that theory finds sound; the fitting pair where theory cannot say."""
    before = predict(facts)
    fallback = None
    for text, changed, settings in _candidates(facts):
        fallback = fallback or Remedy(f"{text}.", settings)
        after = predict(changed)
        if after is not None and after.is_sound:
            return Remedy(f"{text}: {_effect(before, after)}", settings)
    return fallback or Remedy("Choose another initializer: he_normal under ReLU, glorot_uniform under tanh.")


def _effect(before: Prediction | None, after: Prediction) -> str:
    signal, gradient = number_text(after.signal), number_text(after.gradient)
    instead = (
        [f" instead of {number_text(value)}" for value in (before.signal, before.gradient)] if before else ["", ""]
    )
    return (
        f"theory predicts a std ratio of the pre-activations, last hidden layer to first, of {signal}{instead[0]}, "
        f"and of the errors, first to last, of {gradient}{instead[1]}."
    )


def _candidates(facts: NetworkFacts) -> Iterator[tuple[str, NetworkFacts, dict[str, object]]]:
    """(sentence, the network so changed, settings), the smallest change first."""
    activation = _activation(facts)
    own = _fitting(activation) if activation is not None else None
    if activation is not None and own is not None and not _has(facts, own):
        changed = _with(facts, own)
        gain = gains(changed)
        told = f" (gain {number_text(gain)})" if gain is not None else ""
        was = gains(facts)
        instead = f" instead of {number_text(was)}" if was is not None and gain is not None else ""
        yield f"Use {own}{told}{instead} under {activation}", changed, {"network.kernel_initializer": own.written()}
    is_narrow = min((layer.units for layer in facts.layers[:-1]), default=NARROW) < NARROW
    for name, initializer in reversed(REPLACEMENTS) if is_narrow else REPLACEMENTS:
        if activation is None or activation.name != name:
            settings: dict[str, object] = {"network.activation": name, "network.kernel_initializer": initializer}
            text = f"Use {name} with {initializer}" + (f" instead of {activation}" if activation is not None else "")
            yield text, _with(facts, Choice(initializer), Choice(name)), settings


def _fitting(activation: Choice) -> Choice | None:
    """The initializer for an activation: by name, or by its critical gain where that is of a usual size."""
    if activation.name in FITTING:
        return Choice(FITTING[activation.name])
    gain = critical_gain(activation)
    if gain is None or not 0.5 <= gain <= 3:
        return None
    return Choice("variance_scaling", {"scale": round(gain**2, 3)})


def _activation(facts: NetworkFacts) -> Choice | None:
    """The one activation of all hidden layers."""
    found = {layer.activation for layer in facts.layers[:-1]}
    return found.pop() if len(found) == 1 else None


def _has(facts: NetworkFacts, initializer: Choice) -> bool:
    return all(layer.kernel_initializer == initializer for layer in facts.layers[:-1])


def _with(facts: NetworkFacts, initializer: Choice, activation: Choice | None = None) -> NetworkFacts:
    """The same network with another initializer, and another activation of the hidden layers."""
    *hidden, output = (replace(layer, kernel_initializer=initializer) for layer in facts.layers)
    if activation is not None:
        hidden = [replace(layer, activation=activation) for layer in hidden]
    return replace(facts, layers=(*hidden, output))


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
