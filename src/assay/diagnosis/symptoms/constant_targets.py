"""Targets that are all equal."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import SOUND_MODEL, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.symptom import Symptom


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """Every row has the same target."""
    if facts.data is not None and facts.data.is_constant:
        yield SYMPTOM.finding((), Evidence("network as written", None, None, "All targets are equal."))


SYMPTOM = Symptom(
    name="constant_targets",
    order=140,
    level="certain",
    title="There is nothing to learn",
    meaning="All targets are equal.",
    sight="Nothing: signal and gradient may look healthy. The panels cannot show what the targets mean.",
    rule="Every target is the same.",
    cause="One constant output is always right, so the network learns nothing about the inputs.",
    why="The loss is smallest at that constant, whatever the inputs are.",
    source="by definition of the loss: its minimum does not depend on x",
    remedy=(
        "Check how the targets were read: a wrong column, a comparison that is never true, or labels that were cut to "
        "integers."
    ),
    example=ModelExample(
        'y = (x[:, 0] > 100).astype("float32")\n' + SOUND_MODEL,
        'y = (x[:, 0] > 0).astype("float32")\n' + SOUND_MODEL,
    ),
    factors=("preprocessing",),
    as_written=as_written,
)
