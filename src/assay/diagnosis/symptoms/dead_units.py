"""ReLU units that are 0 for every example."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import LayerFacts, NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import hidden, layers_where
from assay.diagnosis.remedies import NARROW
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.traits import can_die
from assay.diagnosis.wording import layers_text, percent_text

# Share of a layer's units that are 0 for every example. Half of them are where all inputs point the same way, and the
# other half carries the signal; so a smaller share counts only if it leaves few units alive.
DEAD_FRACTION = 0.75
DEAD_FRACTION_OF_FEW = 0.4
FEW_UNITS = 8


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Hidden layers with too many of them."""
    fraction = hidden(measured("dead_units", "fraction"))
    pairs = zip(facts.layers[:-1], fraction, strict=True)
    layers = layers_where(np.array([has_died(layer, dead) for layer, dead in pairs], bool))
    if not layers:
        return
    at = max(layers, key=lambda layer: fraction[layer - 1])
    worst = float(fraction[at - 1])
    limit = _limit(facts.layers[at - 1], worst)
    ended = " Such a layer passes neither signal nor gradient." if worst == 1 else ""
    yield SYMPTOM.finding(
        layers,
        Evidence(
            "largest share of dead units",
            worst,
            limit,
            f"In {layers_text(layers)}, up to {percent_text(worst)} of the units are 0 for every example (threshold "
            f"{percent_text(limit)}).{ended}",
        ),
        remedy=_remedy(facts),
    )


def has_died(layer: LayerFacts, dead: float) -> bool:
    """Whether a layer with this share of dead units is ill."""
    return layer.activation is not None and can_die(layer.activation) and bool(dead >= _limit(layer, dead))


def _limit(layer: LayerFacts, dead: float) -> float:
    """The share of dead units at which a layer is ill; smaller where few are left alive."""
    return DEAD_FRACTION_OF_FEW if (1 - dead) * layer.units < FEW_UNITS else DEAD_FRACTION


def _remedy(facts: NetworkFacts) -> Remedy:
    """An activation with a slope on both sides, and wider layers where they are narrow."""
    width = max((layer.units for layer in facts.layers[:-1]), default=0)
    wider = (
        " Wider layers help too: each further unit halves the chance that a layer is dead." if width < NARROW else ""
    )
    return Remedy(
        f"{SYMPTOM.remedy}{wider}",
        {"network.activation": "leaky_relu", "network.kernel_initializer": "he_normal"},
    )


SYMPTOM = Symptom(
    name="dead_units",
    order=270,
    level="fault",
    title="Units that are always off",
    meaning="Many units of a layer are 0 for every input, and no gradient reaches them.",
    sight=(
        "A thick bar at 0 in the panel of the activations. ReLU always makes about half of the values 0; here whole "
        "units are. A layer with nothing but the bar ends the signal: all gradients below it are 0."
    ),
    rule=(
        f"At least {percent_text(DEAD_FRACTION)} of the ReLU units of a hidden layer are 0 for every example; "
        f"{percent_text(DEAD_FRACTION_OF_FEW)} are enough where fewer than {FEW_UNITS:g} units are left alive."
    ),
    cause=(
        "A ReLU unit that is negative for every input has no slope, so it gets no gradient and stays off. In narrow "
        "layers this happens at random, in others through large inputs or negative biases."
    ),
    why=(
        "ReLU(z) = max(z, 0) has the slope 0 below 0. In a layer of N units all are off for a given input with "
        "probability 2⁻ᴺ, and each narrow layer is another risk."
    ),
    source="Lu, Shin, Su and Karniadakis, Dying ReLU and Initialization, 2020",
    remedy="Use 'leaky_relu' or 'elu' with he_normal, and scale the inputs to mean 0.",
    advice=(
        f"Both have a slope on either side of 0. Layers of fewer than {NARROW:g} units should be wider, and biases not "
        "negative."
    ),
    example=StudyExample(
        {"data": "circles", "network.depth": 10, "network.width": 3}, "network.activation", "relu", "leaky_relu"
    ),
    about="signal",
    factors=("initializer", "activation"),
    at_start=at_start,
)
