"""The rule book at epoch 0: what an untrained network shows.

A rule looks at one network and returns findings; each names the layers, the number, the threshold, the factor to blame
and what to change. Numbers are in `thresholds`, sentences are made here, remedies in `remedies`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assay.diagnosis import remedies, thresholds
from assay.diagnosis.certain import certain_findings
from assay.diagnosis.facts import LayerFacts, NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.wording import factor_text, layers_text, number_text

# Activations that are exactly 0 on one side, so that a unit can be off for every example.
BOUNDED = ("sigmoid", "hard_sigmoid", "sparse_sigmoid", "tanh", "hard_tanh", "softsign")
RECTIFIERS = ("relu", "relu6", "threshold", "sparse_plus", "hard_shrink", "soft_shrink")

SCALE_INPUTS = Remedy(
    "Scale each feature to mean 0 and standard deviation 1 (images of 0…255: divide by 255).",
    {"data.scaling": "standard"},
)


@dataclass(frozen=True)
class Profile:
    """How a quantity changes over the hidden layers.

    Attributes
    ----------
    ratio : float
        Its value at the far end of the way, divided by that at the near one.
    per_layer : float
        The geometric mean of the factors between neighbours.
    """

    ratio: float
    per_layer: float

    @classmethod
    def along(cls, values: np.ndarray) -> Profile | None:
        """Of values (H,) in the order of travel; None below two layers, or without a finite start."""
        if len(values) < 2 or not np.isfinite(values).all() or values[0] <= 0:
            return None
        ratio = float(values[-1] / values[0])
        return cls(ratio, ratio ** (1 / (len(values) - 1)))

    @property
    def vanishes(self) -> bool:
        """Whether every layer takes its part."""
        return self.per_layer < thresholds.PER_LAYER

    @property
    def explodes(self) -> bool:
        """Whether every layer adds its part."""
        return self.per_layer > 1 / thresholds.PER_LAYER


def start_findings(facts: NetworkFacts, measured: LayerSignals) -> list[Finding]:
    """Everything that is wrong with an untrained network, what is certain first.

    Parameters
    ----------
    facts : NetworkFacts
    measured : LayerSignals
        At epoch 0.
    """
    found = certain_findings(facts)
    if facts.data is not None and facts.data.nonfinite:
        return found  # whatever was measured, these entries did it
    for rule in RULES:
        found += rule(facts, measured)
    return found


# --- What it is fed --------------------------------------------------------------------------------------------------


def unscaled_inputs(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Inputs far from size 1, blamed outright when huge, else for a first layer that they saturate or kill."""
    data = facts.data
    if data is None or data.rms < thresholds.LARGE_INPUTS:
        return
    first = facts.layers[0]
    saturated, dead = measured("saturation", "fraction")[0], measured("dead_units", "fraction")[0]
    is_dead = dead >= _dead_from(first, dead)
    harm = ""
    if len(facts.layers) > 1 and saturated > thresholds.SATURATED_FRACTION:
        harm = f"; {saturated:.0%} of the first layer's activations are saturated"
    elif len(facts.layers) > 1 and _can_die(first) and is_dead:
        harm = f"; {dead:.0%} of the first layer's units are 0 for every example"
    if not harm and data.rms < thresholds.UNSCALED_INPUTS:
        return
    limit = thresholds.LARGE_INPUTS if harm else thresholds.UNSCALED_INPUTS
    yield Finding(
        "unscaled_inputs",
        (1,),
        Evidence(
            "root mean square of the inputs",
            data.rms,
            limit,
            f"The inputs have a root mean square of {number_text(data.rms)} (sound: about 1, alarm above "
            f"{limit:g}){harm}.",
        ),
        "Initializers assume inputs of mean 0 and size about 1. Larger ones make the first pre-activations, and the "
        "gradient of the first kernel, as many times too large.",
        SCALE_INPUTS,
    )


def unscaled_targets(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """A regression's targets far from size 1 ask the last kernel to grow a thousandfold first."""
    data, activation = facts.data, facts.output.activation
    if facts.task != "regression" or data is None or activation is None or activation.name != "linear":
        return
    size = max(abs(data.target_low), abs(data.target_high))
    if size < thresholds.UNSCALED_TARGETS:
        return
    yield Finding(
        "unscaled_targets",
        (len(facts.layers),),
        Evidence(
            "largest target",
            size,
            thresholds.UNSCALED_TARGETS,
            f"Targets reach {number_text(size)} (alarm above {thresholds.UNSCALED_TARGETS:g}), outputs at the start "
            "are of size 1.",
        ),
        "The error, and with it every gradient, is as large as the targets.",
        Remedy(
            "Bring the targets to mean 0 and standard deviation 1, and undo it on what the network says.",
            {"data.target_scaling": "standard"},
        ),
    )


# --- The signal going up ---------------------------------------------------------------------------------------------


def exploding_signal(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Pre-activations grow from layer to layer, or are infinite already."""
    counts = measured("preactivations", "nonfinite_count")
    broken_kernels = np.flatnonzero(measured("kernel", "nonfinite_count") > 0)
    if len(broken_kernels):
        layers = tuple(int(layer) + 1 for layer in broken_kernels)
        yield Finding(
            "nonfinite_weights",
            layers,
            Evidence(
                "weights that are not finite",
                float(np.nansum(measured("kernel", "nonfinite_count"))),
                0.0,
                f"The kernels of {layers_text(layers)} hold NaN or infinite weights.",
            ),
            "A training that diverged, or a broken file: no input gives a number any more.",
            Remedy("Initialize these layers anew."),
            "certain",
        )
        return
    overflowing = np.flatnonzero(counts > 0)
    if len(overflowing):
        layer = int(overflowing[0]) + 1
        yield Finding(
            "exploding_signal",
            tuple(range(layer, measured.depth + 1)),
            Evidence(
                "pre-activations that are not finite",
                float(np.nansum(counts)),
                0.0,
                f"From layer {layer} on, pre-activations are infinite or not a number.",
            ),
            _signal_cause(facts, layer),
            remedies.for_signal(facts, measured),
        )
        return
    hidden = _hidden(measured("preactivations", "std"))
    profile = Profile.along(hidden)
    if _is_bounded(facts):  # its pre-activations stay within the kernel's gain; too large a one is saturation
        return
    if profile is None or not profile.explodes or profile.ratio < thresholds.EXPLODING_SIGNAL:
        return
    yield Finding(
        "exploding_signal",
        tuple(range(1, len(hidden) + 1)),
        _ratio_evidence("std of the pre-activations", profile, thresholds.EXPLODING_SIGNAL, "up"),
        _signal_cause(facts, None),
        remedies.for_signal(facts, measured),
    )


def vanishing_signal(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Pre-activations shrink from layer to layer; told whatever the gradients are, for all may be equally small."""
    hidden = _hidden(measured("preactivations", "std"))
    profile = Profile.along(hidden)
    if profile is None or not profile.vanishes or profile.ratio > thresholds.VANISHING_SIGNAL:
        return
    later = Profile.along(hidden[len(hidden) // 2 :])
    if later is not None and not later.vanishes:  # large inputs have come down to the size that the layers keep
        return
    yield Finding(
        "vanishing_signal",
        tuple(range(1, len(hidden) + 1)),
        _ratio_evidence("std of the pre-activations", profile, thresholds.VANISHING_SIGNAL, "up"),
        _signal_cause(facts, None),
        remedies.for_signal(facts, measured),
    )


def collapsed_correlation(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """All inputs look the same to the last hidden layer."""
    distance = 1 - _hidden(measured("correlation", "mean"))
    if len(distance) < 2 or not np.isfinite(distance).all() or measured.has_overflowed:
        return
    ratio = distance[-1] / distance[0] if distance[0] > 0 else 1.0
    if distance[-1] > thresholds.COLLAPSED_DISTANCE or ratio > thresholds.COLLAPSED_RATIO:
        return
    yield Finding(
        "collapsed_correlation",
        (len(distance),),
        Evidence(
            "1 − mean cosine between examples, last hidden layer",
            float(distance[-1]),
            thresholds.COLLAPSED_DISTANCE,
            f"The mean cosine between two examples is {1 - distance[0]:.3f} in the first hidden layer and "
            f"{1 - distance[-1]:.6f} in the last (alarm above {1 - thresholds.COLLAPSED_DISTANCE:g}).",
        ),
        f"In this depth the layers forget what told the inputs apart: {_pairing(facts)} is in the ordered phase, where "
        "every layer brings two inputs closer together.",
        remedies.for_signal(facts, measured),
    )


def chaotic_correlation(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Near inputs are torn apart, and the gradient grows on its way down: the chaotic phase."""
    cosine = _hidden(measured("correlation", "mean"))
    errors = Profile.along(_hidden(measured("errors", "rms"))[::-1])
    if len(cosine) < 2 or not np.isfinite(cosine).all() or errors is None:
        return
    if cosine[0] < 0.1 or cosine[-1] > thresholds.CHAOTIC_RATIO * cosine[0] or errors.per_layer < 1.1:
        return
    yield Finding(
        "chaotic_correlation",
        tuple(range(1, len(cosine) + 1)),
        Evidence(
            "mean cosine between examples, last hidden layer / first",
            float(cosine[-1] / cosine[0]),
            thresholds.CHAOTIC_RATIO,
            f"The mean cosine between two examples falls from {cosine[0]:.3f} in the first hidden layer to "
            f"{cosine[-1]:.3f} in the last, and each layer multiplies the gradient by {errors.per_layer:.2f}.",
        ),
        f"The pairing of {_pairing(facts)} is in the chaotic phase: small differences between inputs grow with every "
        "layer.",
        remedies.for_signal(facts, measured),
    )


# --- The gradient coming down ----------------------------------------------------------------------------------------


def vanishing_gradient(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Errors shrink on their way down, or are exactly 0."""
    errors = _hidden(measured("errors", "rms"))
    gradients = measured("kernel_gradient", "rms")
    if np.isfinite(gradients).all() and not gradients.any() and not measured.has_overflowed:
        yield Finding(
            "vanishing_gradient",
            tuple(range(1, measured.depth + 1)),
            Evidence("gradient of every kernel", 0.0, 0.0, "The gradient of every kernel is exactly 0."),
            "Nothing that the network could change makes the loss smaller, so it will never move.",
            remedies.for_gradient(facts, measured),
        )
        return
    profile = Profile.along(errors[::-1])
    if profile is None or not profile.vanishes or profile.ratio > thresholds.VANISHING_GRADIENT:
        return
    update = measured("update", "ratio")[0]
    moved = f" The next update moves the first kernel by {number_text(update)} of its size." if update > 0 else ""
    evidence = _ratio_evidence("rms of the errors", profile, thresholds.VANISHING_GRADIENT, "down")
    yield Finding(
        "vanishing_gradient",
        tuple(range(1, len(errors) + 1)),
        Evidence(evidence.quantity, evidence.value, evidence.threshold, evidence.text + moved),
        _gradient_cause(facts, "shrinks"),
        remedies.for_gradient(facts, measured),
    )


def exploding_gradient(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Errors grow on their way down."""
    errors = _hidden(measured("errors", "rms"))
    profile = Profile.along(errors[::-1])
    if profile is None or not profile.explodes or profile.ratio < thresholds.EXPLODING_GRADIENT:
        return
    yield Finding(
        "exploding_gradient",
        tuple(range(1, len(errors) + 1)),
        _ratio_evidence("rms of the errors", profile, thresholds.EXPLODING_GRADIENT, "down"),
        _gradient_cause(facts, "grows"),
        remedies.for_gradient(facts, measured),
    )


# --- Units -----------------------------------------------------------------------------------------------------------


def saturation(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Hidden layers whose activations sit on the flat parts."""
    fraction = _hidden(measured("saturation", "fraction"))
    layers = _where(fraction > thresholds.SATURATED_FRACTION)
    if not layers:
        return
    worst = float(np.nanmax(fraction))
    yield Finding(
        "saturation",
        layers,
        Evidence(
            "largest share of saturated activations",
            worst,
            thresholds.SATURATED_FRACTION,
            f"In {layers_text(layers)} up to {worst:.0%} of the activations are where the slope is below 5 % of its "
            f"steepest (alarm above {thresholds.SATURATED_FRACTION:.0%}).",
        ),
        "The kernels are too large for a bounded activation: where its slope is nearly 0, no gradient passes."
        if facts.data is None or facts.data.rms < thresholds.LARGE_INPUTS or layers[0] > 1
        else "The inputs are too large for a bounded activation: where its slope is nearly 0, no gradient passes.",
        remedies.for_signal(facts, measured),
    )


def dead_units(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Rectified units that are 0 for every example: no gradient reaches their kernels."""
    fraction = _hidden(measured("dead_units", "fraction"))
    pairs = zip(facts.layers[:-1], fraction, strict=True)
    layers = _where(np.array([_can_die(layer) and dead >= _dead_from(layer, dead) for layer, dead in pairs], bool))
    if not layers:
        return
    at = max(layers, key=lambda layer: fraction[layer - 1])
    worst = float(fraction[at - 1])
    limit = _dead_from(facts.layers[at - 1], worst)
    ended = " No signal and no gradient passes such a layer." if worst == 1 else ""
    yield Finding(
        "dead_units",
        layers,
        Evidence(
            "largest share of dead units",
            worst,
            limit,
            f"In {layers_text(layers)} up to {worst:.0%} of the units are 0 for every example (alarm from {limit:.0%})."
            f"{ended}",
        ),
        "A ReLU whose pre-activation is negative for every input has no gradient. Narrow layers die by chance (Lu et "
        "al., 2020), others through large inputs or negative biases.",
        remedies.for_dead_units(facts),
    )


def symmetry(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Units that are copies of each other: they get the same gradient, and stay copies for ever."""
    fraction = _hidden(measured("identical_units", "fraction"))
    if measured.has_overflowed:
        return
    layers = _where(fraction > thresholds.IDENTICAL_FRACTION)
    if not layers:
        return
    named = facts.layers[layers[0] - 1].kernel_initializer
    initializer = f"'{named}'" if named is not None else "The initializer"
    yield Finding(
        "symmetry",
        layers,
        Evidence(
            "largest share of units with a copy",
            float(np.nanmax(fraction)),
            thresholds.IDENTICAL_FRACTION,
            f"In {layers_text(layers)} {np.nanmax(fraction):.0%} of the units have an exact copy in their layer.",
        ),
        f"{initializer} gives all units of a layer the same kernel. They get the same gradient, so the layer stays as "
        "good as a single unit however long it trains.",
        remedies.random_initializer(facts, measured),
    )


# --- The loss and the first step -------------------------------------------------------------------------------------


def loss_at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """A network that knows nothing should say so: its loss is then about that of the best constant output."""
    chance = facts.chance_loss
    if ("loss", "before") not in measured.values:
        return
    if not np.isfinite(measured.loss):
        if not any(_has_nonfinite(measured, quantity) for quantity in ("preactivations", "kernel")):
            yield _nonfinite_loss(facts, measured)
        return
    if chance is None or chance <= 0 or measured.has_overflowed or certain_findings(facts):
        return  # an output that does not fit its loss has been told
    ratio = measured.loss / chance
    if ratio < thresholds.LOSS_AT_START:
        return
    yield Finding(
        "loss_at_start",
        (measured.depth,),
        Evidence(
            "loss at the start / loss of the best constant output",
            ratio,
            thresholds.LOSS_AT_START,
            f"The loss at the start is {number_text(measured.loss)}; the best constant output would have "
            f"{number_text(chance)} ({factor_text(ratio)}, alarm from {thresholds.LOSS_AT_START:g} times).",
        ),
        "The untrained network is sure of what it says: its outputs are too large, and training first has to shrink "
        "them.",
        SCALE_INPUTS if _has_large_inputs(facts) else remedies.smaller_output(facts, measured),
    )


def _nonfinite_loss(facts: NetworkFacts, measured: LayerSignals) -> Finding:
    """Outputs are numbers, and what the loss makes of them is not."""
    output, loss = {
        "binary": ("sigmoid", "binary_crossentropy"),
        "multiclass": ("softmax", "categorical_crossentropy"),
    }.get(facts.task or "", ("linear", "mean_squared_error"))
    return Finding(
        "loss_at_start",
        (measured.depth,),
        Evidence(
            "loss at the start",
            None,
            None,
            f"The loss at the start is {number_text(measured.loss)}, though every pre-activation is a finite number.",
        ),
        "The loss cannot take what the output layer gives it: the logarithm of a negative number, or a division by 0.",
        Remedy(
            f"Give the loss what it expects: '{output}' as the output activation goes with {loss}.",
            {"network.output_activation": output, "training.loss": loss},
        ),
    )


def large_step(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """One update makes the loss much larger than what knows nothing has."""
    if facts.optimizer is None or measured.has_overflowed or not np.isfinite(measured.loss):
        return
    after, reference = measured.loss_after, max(measured.loss, facts.chance_loss or 0.0)
    if np.isnan(measured("loss", "after")[-1]) and not np.isfinite(measured("response", "rms")[-1]):
        after = float("inf")
    if not after > thresholds.LOSS_AFTER_UPDATE * reference:
        return
    rate = facts.optimizer.arguments.get("learning_rate")
    layer = int(np.nanargmax(np.nan_to_num(measured("update", "ratio"), nan=0.0, posinf=np.inf))) + 1
    yield Finding(
        "learning_rate_too_high",
        (layer,),
        Evidence(
            "loss after one update / larger of the loss before and chance",
            after / reference if np.isfinite(after) else None,
            thresholds.LOSS_AFTER_UPDATE,
            f"One update takes the loss from {number_text(measured.loss)} to {number_text(after)}; it moves the kernel "
            f"of layer {layer} by {number_text(measured('update', 'ratio')[layer - 1])} of its size.",
        ),
        f"The learning rate{f' {rate:g}' if rate is not None else ''} is too high for these gradients: a step "
        "overshoots what it aims at.",
        remedies.smaller_learning_rate(facts, measured),
    )


RULES = (
    unscaled_inputs,
    unscaled_targets,
    exploding_signal,
    vanishing_signal,
    vanishing_gradient,
    exploding_gradient,
    saturation,
    dead_units,
    symmetry,
    collapsed_correlation,
    chaotic_correlation,
    loss_at_start,
    large_step,
)
"""All of them, in the order in which they are told."""


# --- Reading and wording ---------------------------------------------------------------------------------------------


def _hidden(values: np.ndarray) -> np.ndarray:
    """Without the output layer, (L - 1,)."""
    return values[:-1]


def _where(fires: np.ndarray) -> tuple[int, ...]:
    """Numbers of layers, from 1."""
    return tuple(int(index) + 1 for index in np.flatnonzero(fires))


def _has_nonfinite(measured: LayerSignals, quantity: str) -> bool:
    """Whether some of its values are not finite."""
    return bool(np.nansum(measured(quantity, "nonfinite_count")) > 0)


def _has_large_inputs(facts: NetworkFacts) -> bool:
    return facts.data is not None and facts.data.rms >= thresholds.LARGE_INPUTS


def _is_bounded(facts: NetworkFacts) -> bool:
    """Whether every hidden activation stays finite in both directions."""
    return all(layer.activation is not None and layer.activation.name in BOUNDED for layer in facts.layers[:-1])


def _can_die(layer: LayerFacts) -> bool:
    activation = layer.activation
    return activation is not None and activation.name in RECTIFIERS and not activation.arguments.get("negative_slope")


def _dead_from(layer: LayerFacts, dead: float) -> float:
    """The share of dead units from which a layer is ill; smaller where few are left alive."""
    is_few = (1 - dead) * layer.units < thresholds.FEW_UNITS
    return thresholds.DEAD_FRACTION_OF_FEW if is_few else thresholds.DEAD_FRACTION


def _ratio_evidence(quantity: str, profile: Profile, threshold: float, way: str) -> Evidence:
    """Evidence of a signal that changes with every layer."""
    ends = "last hidden layer / first" if way == "up" else "first hidden layer / last"
    side = "below" if threshold < 1 else "above"
    return Evidence(
        f"{quantity}, {ends}",
        profile.ratio,
        threshold,
        f"{quantity[0].upper() + quantity[1:]}, {ends}: {number_text(profile.ratio)} (alarm {side} {threshold:g}); "
        f"each layer multiplies it by {profile.per_layer:.3f}, its variance by {profile.per_layer**2:.3f}.",
    )


def _activations(layers: Sequence[LayerFacts]) -> str:
    names = dict.fromkeys(str(layer.activation) for layer in layers if layer.activation is not None)
    return " and ".join(names) or "the activation"


def _pairing(facts: NetworkFacts) -> str:
    """``relu with kernels of glorot_uniform``."""
    hidden = facts.layers[:-1]
    kernels = dict.fromkeys(str(layer.kernel_initializer) for layer in hidden if layer.kernel_initializer is not None)
    return _activations(hidden) + (f" with kernels of {' and '.join(kernels)}" if kernels else " with these kernels")


def _signal_cause(facts: NetworkFacts, layer: int | None) -> str:
    """The factor fan_in · Var[kernel] · E φ², in words."""
    gains = remedies.gains(facts)
    told = f" (gain {number_text(gains)}; {remedies.needed_gain_text(facts)})" if gains is not None else ""
    return f"With {_pairing(facts)}{told} the variance of the signal is not kept from layer to layer."


def _gradient_cause(facts: NetworkFacts, verb: str) -> str:
    slopes = remedies.slope_text(facts)
    return f"Each layer multiplies the error by its kernel and by the slope of the activation. {slopes}So it {verb}."
