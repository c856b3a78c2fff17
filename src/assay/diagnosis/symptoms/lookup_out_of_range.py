"""Numbers that an embedding has no row for."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import ModelExample
from assay.diagnosis.facts import LookupFacts, NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.symptom import Symptom


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """One finding for each table."""
    layers = {layer.name: number for number, layer in enumerate(facts.layers, start=1)}
    for table in facts.lookups_beyond:
        place = layers.get(table.name)
        text = (
            f"The embedding '{table.name}' has the rows 0 to {table.size - 1}, and it is asked for numbers from "
            f"{table.low} to {table.high}."
        )
        yield SYMPTOM.finding(
            () if place is None else (place,),
            Evidence("network as written", None, None, text),
            remedy=_remedy(table),
        )


def _remedy(table: LookupFacts) -> Remedy:
    if table.low < 0:
        return Remedy("Number the words or categories from 0: no number below 0 has a row.")
    return Remedy(
        f"Give the embedding {table.high + 1} rows, or map rare words and categories to one row of their own."
    )


_WORDS = """\
x = np.random.default_rng(0).integers(0, 100, (500, 10))
y = (x.mean(axis=1) > 50).astype("float32")
table = keras.layers.Embedding({size}, 8)
layers = [table, keras.layers.Flatten(), *hidden, keras.layers.Dense(1, "sigmoid")]
model = keras.Sequential([keras.Input((10,)), *layers])
"""

SYMPTOM = Symptom(
    name="lookup_out_of_range",
    order=128,
    level="certain",
    title="Numbers that an embedding has no row for",
    meaning="An embedding looks up rows of a table by number, and some numbers are not among its rows.",
    sight="Nothing: for the picture such numbers are taken as the nearest that has a row.",
    rule="A number that an embedding is given is below 0, or not below the number of its rows.",
    cause=(
        "The table has no such row, so what happens depends on the framework: an error, or numbers that are not "
        "numbers and spoil the loss."
    ),
    why=(
        "On JAX a row beyond the table is NaN, and a number below 0 counts from its end. On TensorFlow's and PyTorch's "
        "CPU it is an error; on a GPU it may be read as zeros or stop the program."
    ),
    source="the definition of the layer: it gives row i of its table for the number i",
    remedy="Give the embedding one row more than the largest number.",
    advice="The vocabulary's size is the largest number plus 1, because 0 counts.",
    example=ModelExample(_WORDS.format(size=90), _WORDS.format(size=100)),
    factors=("preprocessing", "layer"),
    as_written=as_written,
)
