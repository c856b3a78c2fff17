"""Activations on the flat parts of a bounded function."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import hidden, layers_where
from assay.diagnosis.remedies import sound_change
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.thresholds import LARGE_INPUTS
from assay.diagnosis.wording import layers_text, percent_text

# Share of a layer's (unit, example) pairs on the flat part of a bounded activation.
SATURATED_FRACTION = 0.4


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Hidden layers whose activations are mostly on the flat parts."""
    fraction = hidden(measured("saturation", "fraction"))
    layers = layers_where(fraction > SATURATED_FRACTION)
    if not layers:
        return
    worst = float(np.nanmax(fraction))
    yield SYMPTOM.finding(
        layers,
        Evidence(
            "largest share of saturated activations",
            worst,
            SATURATED_FRACTION,
            f"In {layers_text(layers)}, up to {percent_text(worst)} of the activations are saturated: their slope is "
            f"below 5 % of the steepest (threshold {percent_text(SATURATED_FRACTION)}).",
        ),
        detail=f"The {_to_blame(facts, layers)} are too large for a bounded activation.",
        remedy=sound_change(facts),
    )


def _to_blame(facts: NetworkFacts, layers: tuple[int, ...]) -> str:
    """The inputs where they are large and reach the first of these layers; else the kernels."""
    has_large_inputs = facts.data is not None and facts.data.rms >= LARGE_INPUTS
    return "inputs" if has_large_inputs and layers[0] == 1 else "kernels"


SYMPTOM = Symptom(
    name="saturation",
    order=260,
    level="fault",
    title="Units sit where the activation is flat",
    meaning="Most activations of a layer are at the ends of a bounded activation, where its slope is nearly 0.",
    sight=(
        "The violins of the activations are two bulges at −1 and 1 (sigmoid: 0 and 1) with nothing between, and the "
        "pre-activations reach far beyond ±3."
    ),
    rule=(
        f"In a hidden layer more than {percent_text(SATURATED_FRACTION)} of the (unit, example) pairs have a slope "
        "below 5 % of the activation's steepest."
    ),
    cause="Where an activation is flat its slope is nearly 0, and so is the gradient that passes.",
    why=(
        "The error is multiplied by the slope. For tanh at z = 3 the slope is 1 %, so the unit passes on 1 % of the "
        "error."
    ),
    source="LeCun, Bottou, Orr and Müller, 1998, section 4.4; Glorot and Bengio, 2010, section 3",
    remedy="Use smaller kernels (glorot_uniform), scaled inputs, or an activation that is not bounded.",
    example=StudyExample(
        {"network.activation": "tanh", "network.width": 64},
        "network.kernel_initializer",
        {"name": "random_normal", "stddev": 1.0},
        "glorot_uniform",
    ),
    about="signal",
    factors=("initializer", "activation"),
    at_start=at_start,
)
