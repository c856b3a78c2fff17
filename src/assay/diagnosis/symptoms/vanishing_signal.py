"""Pre-activations that shrink from layer to layer."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.expected import gain_text
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import Profile, chain_of, signal_evidence, signal_going_up
from assay.diagnosis.remedies import sound_change
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.thresholds import PER_LAYER, VANISHING_SIGNAL


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Found whatever the gradients are, for all of them may be equally small."""
    signal = signal_going_up(facts, measured)
    profile = Profile.along(signal)
    if profile is None or not profile.vanishes or profile.ratio > VANISHING_SIGNAL:
        return
    later = Profile.along(signal[len(signal) // 2 :])
    if later is not None and not later.vanishes:  # large inputs have come down to the size that the layers keep
        return
    yield SYMPTOM.finding(
        chain_of(facts),
        signal_evidence(profile, VANISHING_SIGNAL),
        detail=gain_text(facts),
        remedy=sound_change(facts),
    )


SYMPTOM = Symptom(
    name="vanishing_signal",
    order=230,
    level="fault",
    title="The signal vanishes on its way up",
    meaning="Pre-activations shrink from layer to layer.",
    sight=(
        "The violins of the pre-activations become narrower from left to right. The gradients may all be equally "
        "small: then their panel looks sound, and this one does not."
    ),
    rule=(
        "The standard deviation of the pre-activations in the last hidden layer is at most "
        f"{VANISHING_SIGNAL:g} of that of the first, and each layer takes part (the mean factor is below "
        f"{PER_LAYER:g}, over all hidden layers and over the second half of them)."
    ),
    cause="Each layer multiplies the variance of the signal by a factor below 1.",
    why=(
        "The factor is fan_in · Var[kernel], times what the activation leaves of the variance. It is raised to the "
        "power of the depth. ReLU loses half of the mean square in each layer: He's kernels make up for it, Glorot's "
        "do not."
    ),
    source=(
        "Glorot and Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks, 2010; He, "
        "Zhang, Ren and Sun, 2015"
    ),
    remedy="Use the initializer that makes the factor 1: he_normal for ReLU, glorot_uniform for tanh.",
    example=StudyExample(
        {"network.depth": 8, "network.width": 64}, "network.kernel_initializer", "glorot_uniform", "he_normal"
    ),
    about="signal",
    factors=("initializer", "activation"),
    at_start=at_start,
)
