"""A gradient that shrinks on its way back to the first layer, or is exactly 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.expected import slope_text
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import Profile, chain_of, gradient_coming_back, gradient_evidence
from assay.diagnosis.remedies import sound_change
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.symptoms.constant_output import has_single_softmax
from assay.diagnosis.thresholds import PER_LAYER, VANISHING_GRADIENT
from assay.diagnosis.wording import percent_text


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Errors shrink on their way back, or every gradient is exactly 0."""
    gradients = measured("kernel_gradient", "rms")
    if np.isfinite(gradients).all() and not gradients.any() and not measured.has_overflowed:
        yield SYMPTOM.finding(
            tuple(range(1, measured.depth + 1)),
            Evidence("gradient of every kernel", 0.0, 0.0, "The gradient of every kernel is exactly 0."),
            cause="No small change of any weight makes the loss smaller, so the network never moves.",
            remedy=_remedy(facts),
        )
        return
    errors = gradient_coming_back(facts, measured)
    profile = Profile.along(errors)
    if profile is None or not profile.vanishes or profile.ratio > VANISHING_GRADIENT:
        return
    evidence = gradient_evidence(profile, VANISHING_GRADIENT)
    update = float(measured("update", "ratio")[0])
    moved = f" The first update changes the first kernel by {percent_text(update)} of its size." if update > 0 else ""
    yield SYMPTOM.finding(
        chain_of(facts),
        replace(evidence, text=evidence.text + moved),
        detail=slope_text(facts),
        remedy=_remedy(facts),
    )


def _remedy(facts: NetworkFacts) -> Remedy:
    """Another output where it is constant; else another initializer or activation."""
    if has_single_softmax(facts):
        return Remedy("Use 'sigmoid' as the output activation.", {"network.output_activation": "sigmoid"})
    return sound_change(facts)


SYMPTOM = Symptom(
    name="vanishing_gradient",
    order=240,
    level="fault",
    title="The gradient vanishes on its way back",
    meaning="The first layers get almost no gradient, so they hardly learn.",
    sight="Read the panel of the gradient from right to left: the violins become narrower towards layer 1.",
    rule=(
        f"The errors' root mean square in the first hidden layer is at most {VANISHING_GRADIENT:g} of that in the "
        f"last, and each layer takes part (the mean factor is below {PER_LAYER:g}); or the gradient of every kernel is "
        "exactly 0."
    ),
    cause=(
        "On the way back each layer multiplies the error by its kernel and by the slope of its activation. Together "
        "they make it smaller."
    ),
    why=(
        "The slope of a sigmoid is at most ¼, so with Glorot's kernels each layer loses three quarters of the error, "
        "and after ten layers a millionth is left."
    ),
    source=(
        "Glorot and Bengio, 2010; Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, Deep Information Propagation, 2017"
    ),
    remedy="Replace sigmoid in hidden layers by ReLU with he_normal or SELU with lecun_normal, or use fewer layers.",
    example=StudyExample({"network.depth": 8}, "network.activation", "sigmoid", "relu"),
    about="signal",
    factors=("initializer", "activation"),
    at_start=at_start,
)
