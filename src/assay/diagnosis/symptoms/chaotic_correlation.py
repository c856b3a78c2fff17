"""Inputs that resemble each other, and have nothing in common in the last hidden layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.expected import pairing_text
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import Profile, gradient_coming_back, hidden
from assay.diagnosis.remedies import sound_change
from assay.diagnosis.symptom import Symptom

# Mean cosine in the last hidden layer / first, below which near inputs have been torn apart; how near they must be in
# the first; and how much each layer must enlarge the gradient.
CHAOTIC_RATIO = 0.25
SMALLEST_COSINE = 0.1
GRADIENT_FACTOR = 1.1


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """The cosine falls on the way up, and the gradient grows on the way back."""
    cosine = hidden(measured("correlation", "mean"))
    errors = Profile.along(gradient_coming_back(facts, measured))
    if len(cosine) < 2 or not np.isfinite(cosine).all() or errors is None:
        return
    if cosine[0] < SMALLEST_COSINE or cosine[-1] > CHAOTIC_RATIO * cosine[0] or errors.per_layer < GRADIENT_FACTOR:
        return
    yield SYMPTOM.finding(
        tuple(range(1, len(cosine) + 1)),
        Evidence(
            "mean cosine between examples, last hidden layer / first",
            float(cosine[-1] / cosine[0]),
            CHAOTIC_RATIO,
            f"The mean cosine between two examples falls from {cosine[0]:.3f} in the first hidden layer to "
            f"{cosine[-1]:.3f} in the last (threshold × {CHAOTIC_RATIO:g}), and each layer multiplies the gradient by "
            f"{errors.per_layer:.2f}.",
        ),
        detail=f"The hidden layers combine {pairing_text(facts)}.",
        remedy=sound_change(facts),
    )


SYMPTOM = Symptom(
    name="chaotic_correlation",
    order=300,
    level="fault",
    title="Similar inputs are torn apart",
    meaning="Two inputs that resemble each other have nothing in common in the last hidden layer.",
    sight=(
        "The column “correlation” of the table, drawn below the panels here, falls towards 0, and the gradient grows "
        "towards layer 1."
    ),
    rule=(
        f"The mean cosine between examples in the last hidden layer is at most {CHAOTIC_RATIO:g} of that in the first, "
        f"where it is at least {SMALLEST_COSINE:g}, and each layer multiplies the gradient by at least "
        f"{GRADIENT_FACTOR:g}."
    ),
    cause=(
        "Each layer enlarges small differences between inputs (the chaotic phase), so what is learnt about one input "
        "says nothing about its neighbours."
    ),
    why=(
        "With large kernels each layer multiplies the square of a small difference between two inputs by χ₁ > 1, and "
        "the square of the gradient by the same number on its way back."
    ),
    source="Poole et al., 2016; Schoenholz et al., 2017",
    remedy="Use smaller kernels, at the edge of chaos: glorot_uniform for tanh, he_normal for ReLU.",
    example=StudyExample(
        {"network.depth": 15, "network.width": 64, "network.activation": "tanh"},
        "network.kernel_initializer",
        {"name": "variance_scaling", "scale": 6.0},
        "glorot_uniform",
        is_about_correlation=True,
    ),
    about="signal",
    factors=("initializer", "activation"),
    at_start=at_start,
)
