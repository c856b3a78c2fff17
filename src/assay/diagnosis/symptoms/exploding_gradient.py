"""A gradient that grows on its way back to the first layer."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.expected import slope_text
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import Profile, chain_of, gradient_coming_back, gradient_evidence
from assay.diagnosis.remedies import sound_change
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.thresholds import EXPLODING_GRADIENT, PER_LAYER


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Errors grow on their way back."""
    errors = gradient_coming_back(facts, measured)
    profile = Profile.along(errors)
    if profile is None or not profile.explodes or profile.ratio < EXPLODING_GRADIENT:
        return
    yield SYMPTOM.finding(
        chain_of(facts),
        gradient_evidence(profile, EXPLODING_GRADIENT),
        detail=slope_text(facts),
        remedy=sound_change(facts),
    )


SYMPTOM = Symptom(
    name="exploding_gradient",
    order=250,
    level="fault",
    title="The gradient explodes on its way back",
    meaning="The first layers get gradients many times larger than the last, so no learning rate suits them all.",
    sight=(
        "Read the panel of the gradient from right to left: the violins become wider towards layer 1. A kernel's "
        "gradient is the error times the activation below it. Where the signal explodes too (ReLU), the two cancel and "
        "the panel looks level: then look at the errors, a column of the table."
    ),
    rule=(
        f"The errors' root mean square in the first hidden layer is at least {EXPLODING_GRADIENT:g} times that in the "
        f"last, and each layer takes part (the mean factor is above {1 / PER_LAYER:g})."
    ),
    cause=(
        "On the way back each layer multiplies the error by its kernel and by the slope of its activation. Together "
        "they make it larger."
    ),
    why=(
        "For the square of the error the factor is fan_out · Var[kernel] · (mean square of the slope). It is raised to "
        "the power of the depth."
    ),
    source=(
        "He, Zhang, Ren and Sun, 2015, equations 11 to 14; Pascanu, Mikolov and Bengio, On the Difficulty of Training "
        "Recurrent Neural Networks, 2013"
    ),
    remedy="Use smaller kernels: he_normal for ReLU, glorot_uniform for tanh.",
    advice="Clipping the gradient hides the problem, but does not remove it.",
    example=StudyExample(
        {"network.depth": 14, "network.width": 64, "network.activation": "tanh"},
        "network.kernel_initializer",
        {"name": "variance_scaling", "scale": 7.5},
        "glorot_uniform",
    ),
    about="signal",
    factors=("initializer", "activation"),
    at_start=at_start,
)
