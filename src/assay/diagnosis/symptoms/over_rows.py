"""A softmax over the examples of a batch."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.symptom import Symptom


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """The axis of the softmax is that of the rows."""
    if facts.as_read.over_rows:
        text = f"A {facts.as_read.over_rows[0]} runs along axis 0, over the examples of the batch."
        yield SYMPTOM.finding((), Evidence("network as written", None, None, text))


SYMPTOM = Symptom(
    name="over_rows",
    order=106,
    level="fault",
    title="A softmax over the batch",
    meaning="The shares of a softmax add up to 1 over the examples of a batch, not over the classes.",
    sight="The outputs are about 1 divided by the number of examples, so they change with the batch size.",
    rule="A softmax is applied along the axis of the examples.",
    cause="Each example takes its share from the others, so an answer depends on which examples are beside it.",
    why="softmax along axis 0 is exp(z_bk) / Σ_b exp(z_bk): the sum runs over the examples b.",
    source="Bridle, 1990, who introduced softmax: the outputs for one example add up to 1",
    remedy="Take the softmax along the classes: dim=1 (or −1).",
    example=ModelExample(
        "loss = nn.BCELoss()\nlayers[-1] = nn.Sequential(nn.Linear(32, 1), nn.Softmax(dim=0))\n" + SOUND_MODULE,
        "loss = nn.BCELoss()\nlayers[-1] = nn.Sequential(nn.Linear(32, 1), nn.Sigmoid())\n" + SOUND_MODULE,
        is_torch=True,
    ),
    factors=("activation",),
    as_written=as_written,
)
