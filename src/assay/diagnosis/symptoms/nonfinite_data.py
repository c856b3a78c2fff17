"""Missing or infinite numbers in the data."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import SOUND_MODEL, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.symptom import Symptom


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """A single entry is enough."""
    if facts.data is None or not facts.data.nonfinite:
        return
    count = facts.data.nonfinite
    text = f"{count} {'number' if count == 1 else 'numbers'} in the inputs and targets {'is' if count == 1 else 'are'}"
    yield SYMPTOM.finding((), Evidence("network as written", None, None, f"{text} missing or infinite."))


SYMPTOM = Symptom(
    name="nonfinite_data",
    order=130,
    level="certain",
    title="Missing or infinite numbers in the data",
    meaning="Some inputs or targets are missing or infinite.",
    sight="Crosses and “not finite” instead of violins, from the first layer on.",
    rule="Any entry of x or y is NaN (not a number) or infinite.",
    cause="One such number makes the loss of its batch NaN (not a number), and the next update makes every weight NaN.",
    why="Any sum and any product with NaN is NaN.",
    source="IEEE 754, the standard of floating-point arithmetic",
    remedy="Remove these rows, or fill the gaps.",
    advice="A study refuses such data and names the column.",
    example=ModelExample("x[3, 0] = np.nan\n" + SOUND_MODEL, "x[3, 0] = 0\n" + SOUND_MODEL),
    factors=("preprocessing",),
    as_written=as_written,
)
