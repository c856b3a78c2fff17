"""Inputs that all look the same to the last hidden layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.expected import pairing_text
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import hidden
from assay.diagnosis.remedies import sound_change
from assay.diagnosis.symptom import Symptom

# 1 - mean cosine between examples in the last hidden layer, below which all inputs look the same; and how much smaller
# than in the first it must be.
COLLAPSED_DISTANCE = 3e-3
COLLAPSED_RATIO = 0.1


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """The distance between examples has shrunk on the way, and is small at its end."""
    distance = 1 - hidden(measured("correlation", "mean"))
    if len(distance) < 2 or not np.isfinite(distance).all() or measured.has_overflowed:
        return
    ratio = distance[-1] / distance[0] if distance[0] > 0 else 1.0
    if distance[-1] > COLLAPSED_DISTANCE or ratio > COLLAPSED_RATIO:
        return
    place = int(np.argmax(distance <= COLLAPSED_DISTANCE))
    lost = f" The difference is lost in layer {place + 1}, '{facts.layers[place].name}'." if place else ""
    yield SYMPTOM.finding(
        (len(distance),),
        Evidence(
            "1 − mean cosine between examples, last hidden layer",
            float(distance[-1]),
            COLLAPSED_DISTANCE,
            f"The mean cosine between two examples is {1 - distance[0]:.3f} in the first hidden layer and "
            f"{1 - distance[-1]:.6f} in the last (threshold {1 - COLLAPSED_DISTANCE:g}).{lost}",
        ),
        detail=f"The hidden layers combine {pairing_text(facts)}.",
        remedy=sound_change(facts),
    )


SYMPTOM = Symptom(
    name="collapsed_correlation",
    order=290,
    level="fault",
    title="All inputs look the same",
    meaning="In the last hidden layer two different inputs give almost the same pre-activations.",
    sight=(
        "The four panels cannot show it, for they pool examples and units. Look at the column “correlation” of the "
        "table, drawn below the panels here: it goes to 1 with the layers."
    ),
    rule=(
        f"1 minus the mean cosine between examples is at most {COLLAPSED_DISTANCE:g} in the last hidden layer, and at "
        f"most {COLLAPSED_RATIO:g} of what it is in the first."
    ),
    cause=(
        "Each layer brings two inputs closer together (the ordered phase), so after enough layers nothing tells them "
        "apart."
    ),
    why=(
        "With small kernels or large biases, 1 minus the cosine of two inputs shrinks by a factor χ₁ < 1 in each "
        "layer. It falls by the factor e over one depth scale, −1 / ln χ₁ layers. After about six depth scales nothing "
        "is left of the difference."
    ),
    source=(
        "Poole et al., Exponential Expressivity in Deep Neural Networks through Transient Chaos, 2016; Schoenholz et "
        "al., 2017"
    ),
    remedy=(
        "Use kernels at the edge of chaos, where χ₁ = 1: glorot_uniform for tanh, he_normal for ReLU, both with biases "
        "of 0. Or use fewer layers."
    ),
    example=StudyExample(
        {
            "network.depth": 12,
            "network.width": 64,
            "network.activation": "tanh",
            "network.bias_initializer": {"name": "random_normal", "stddev": 0.5},
        },
        "network.kernel_initializer",
        {"name": "variance_scaling", "scale": 0.8},
        {"name": "variance_scaling", "scale": 2.5},
        is_about_correlation=True,
    ),
    about="signal",
    factors=("initializer", "activation"),
    at_start=at_start,
)
