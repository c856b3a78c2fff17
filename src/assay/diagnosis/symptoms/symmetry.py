"""Units of a layer that are copies of each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.ahead import LEARNS_WELL
from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import hidden, layers_where
from assay.diagnosis.remedies import sound_change
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import layers_text, percent_text

# Share of a hidden layer's units with a copy.
IDENTICAL_FRACTION = 0.5


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Not where numbers have overflowed: infinite units look like copies.

    Nor of a branch of zeros that leads around other layers, as the last kernel of an adapter has: its units get the
    gradients of what they are added to, which differ.
    """
    if measured.has_overflowed:
        return
    fraction = hidden(measured("identical_units", "fraction"))
    is_branch = np.array([layer.is_residual for layer in facts.layers[:-1]], bool)
    is_zero_branch = is_branch & (hidden(measured("kernel", "rms")) == 0)
    layers = layers_where((fraction > IDENTICAL_FRACTION) & ~is_zero_branch)
    if not layers:
        return
    worst = float(np.nanmax(fraction[~is_zero_branch]))
    named = facts.layers[layers[0] - 1].kernel_initializer
    yield SYMPTOM.finding(
        layers,
        Evidence(
            "largest share of units with a copy",
            worst,
            IDENTICAL_FRACTION,
            f"In {layers_text(layers)}, up to {percent_text(worst)} of the units have an exact copy in their layer "
            f"(threshold {percent_text(IDENTICAL_FRACTION)}).",
        ),
        detail=(
            f"The initializer{f' {named!s}' if named is not None else ''} gives all units of a layer the same kernel."
        ),
        remedy=sound_change(facts),
    )


SYMPTOM = Symptom(
    name="symmetry",
    order=280,
    level="fault",
    title="Units that are copies of each other",
    meaning="The units of a layer start with the same kernel, and stay the same for ever.",
    sight="The kernel's violins are lines, not bells: every weight is the same number.",
    rule=(
        f"More than {percent_text(IDENTICAL_FRACTION)} of the units of a hidden layer have an exact copy in it. A note "
        f"where a look ahead closes {percent_text(LEARNS_WELL)} of the gap to a perfect answer all the same."
    ),
    cause=(
        "Equal units get equal gradients and so stay equal: however long it trains, such a layer is worth a single "
        "unit."
    ),
    why=(
        "The gradient of a unit's kernel depends on its output and on the error that it gets, and both are those of "
        "its copy."
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 8.4",
    remedy="Use a random initializer.",
    advice="Zeros are right for biases, not for kernels.",
    example=StudyExample({}, "network.kernel_initializer", {"name": "constant", "value": 0.03}, "he_normal"),
    about="structure",  # copies in branches of a stream that itself tells the examples apart do not hinder
    factors=("initializer",),
    at_start=at_start,
)
