"""Pre-activations that grow from layer to layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.expected import gain_text
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import Profile, chain_of, signal_evidence, signal_going_up
from assay.diagnosis.remedies import sound_change
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.symptoms.nonfinite_weights import broken_layers
from assay.diagnosis.thresholds import EXPLODING_SIGNAL, PER_LAYER
from assay.diagnosis.traits import is_bounded

_CAUSE_OF_HALF = "float16 holds numbers up to 65,504. Larger ones become infinite; ∞ − ∞ is not a number."
_REMEDY_OF_HALF = Remedy(
    "Scale the inputs, divide attention scores by √d, or compute this layer in float32 or bfloat16, which hold "
    "numbers up to 3·10³⁸."
)


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Pre-activations grow, or are infinite already; where weights are not finite, these are to blame."""
    if broken_layers(measured):
        return
    overflowing = np.flatnonzero(measured("preactivations", "nonfinite_count") > 0)
    if len(overflowing):
        yield _overflow(facts, measured, int(overflowing[0]) + 1)
        return
    if _stays_bounded(facts):
        return
    signal = signal_going_up(facts, measured)
    profile = Profile.along(signal)
    if profile is None or not profile.explodes or profile.ratio < EXPLODING_SIGNAL:
        return
    yield SYMPTOM.finding(
        chain_of(facts),
        signal_evidence(profile, EXPLODING_SIGNAL),
        detail=gain_text(facts),
        remedy=sound_change(facts),
    )


def _overflow(facts: NetworkFacts, measured: LayerSignals, layer: int) -> Finding:
    """It has exploded beyond what a float can hold."""
    is_half = facts.layers[layer - 1].number_type == "float16"
    where = f"In layer {layer}, computed in float16" if is_half else f"From layer {layer} on"
    evidence = Evidence(
        "pre-activations that are not finite",
        float(np.nansum(measured("preactivations", "nonfinite_count"))),
        0.0,
        f"{where}, pre-activations are infinite or not a number.",
    )
    layers = tuple(range(layer, measured.depth + 1))
    if is_half:
        return SYMPTOM.finding(layers, evidence, cause=_CAUSE_OF_HALF, remedy=_REMEDY_OF_HALF)
    return SYMPTOM.finding(layers, evidence, detail=gain_text(facts), remedy=sound_change(facts))


def _stays_bounded(facts: NetworkFacts) -> bool:
    """Whether all hidden activations are bounded: then too large kernels show as saturation."""
    return all(layer.activation is not None and is_bounded(layer.activation) for layer in facts.layers[:-1])


SYMPTOM = Symptom(
    name="exploding_signal",
    order=220,
    level="fault",
    title="The signal explodes",
    meaning="Pre-activations grow from layer to layer.",
    sight=(
        "The violins of the pre-activations become wider from left to right, often so much that the axis has powers of "
        "ten."
    ),
    rule=(
        "The standard deviation of the pre-activations in the last hidden layer is at least "
        f"{EXPLODING_SIGNAL:g} times that of the first, and each layer takes part (the mean factor is above "
        f"{1 / PER_LAYER:g}); or one of them is not finite. Not where all hidden activations are bounded."
    ),
    cause="Each layer multiplies the variance of the signal by a factor above 1.",
    why=(
        "The factor is fan_in · Var[kernel], times what the activation leaves of the variance. It is raised to the "
        "power of the depth: a factor of 2 becomes 1,024 after ten layers."
    ),
    source="He, Zhang, Ren and Sun, Delving Deep into Rectifiers, 2015, equations 7 to 10; Poole et al., 2016",
    remedy=(
        "Use the initializer that makes the factor 1: he_normal for ReLU, glorot_uniform for tanh, lecun_normal for "
        "SELU."
    ),
    advice="float16 overflows above 65,504: there, scale the numbers, or compute the layer in float32 or bfloat16.",
    example=StudyExample(
        {"network.depth": 10, "network.width": 64},
        "network.kernel_initializer",
        {"name": "random_normal", "stddev": 0.3},
        "he_normal",
    ),
    about="signal",
    factors=("initializer", "activation"),
    at_start=at_start,
)
