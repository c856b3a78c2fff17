"""A dropout that leaves next to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import percent_text

# Share of the activations that a dropout sets to 0.
TOO_LARGE = 0.9


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """A single such layer is enough."""
    share = facts.largest_dropout
    if share >= TOO_LARGE:
        text = f"A dropout sets {percent_text(share)} of the activations to 0 (threshold {percent_text(TOO_LARGE)})."
        yield SYMPTOM.finding((), Evidence("largest dropout", share, TOO_LARGE, text))


SYMPTOM = Symptom(
    name="dropout_too_large",
    order=170,
    level="fault",
    title="Dropout leaves next to nothing",
    meaning="A dropout layer sets nearly all activations to 0 in training.",
    sight="Nothing: dropout is off while the network is looked at.",
    rule=f"The rate of a dropout layer is at least {percent_text(TOO_LARGE)}.",
    cause=(
        "What is left is multiplied by 1 / (1 − rate), so the next layer sees a few large numbers that change with "
        "every step, and the gradient is mostly noise."
    ),
    why="The variance that dropout adds to an activation a is a² · rate / (1 − rate): 19 a² at a rate of 0.95.",
    source="Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout, 2014",
    remedy="Use a rate between 0.1 and 0.5. Mind whether a function expects the share to drop or the share to keep.",
    example=ModelExample(
        "layers[3] = nn.Sequential(nn.ReLU(), nn.Dropout(0.95))\n" + SOUND_MODULE,
        "layers[3] = nn.Sequential(nn.ReLU(), nn.Dropout(0.2))\n" + SOUND_MODULE,
        is_torch=True,
    ),
    factors=("regularization",),
    as_written=as_written,
)
