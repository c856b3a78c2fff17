"""A loss with the wrong sign."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.symptom import Symptom


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """What is minimized is exactly minus a distance or an entropy."""
    if facts.as_read.negated:
        text = f"What is minimized is minus {facts.as_read.negated}."
        yield SYMPTOM.finding((), Evidence("network as written", None, None, text))


SYMPTOM = Symptom(
    name="negated_loss",
    order=108,
    level="fault",
    title="The loss has the wrong sign",
    meaning="Minus a loss is minimized, so training makes the answers as wrong as it can.",
    sight="The loss is negative and falls without an end.",
    rule="The number that is minimized is exactly the negative of a positive loss of torch.nn.functional.",
    cause="An optimizer makes what it is given smaller. Given minus the error, it makes the error larger.",
    why="The gradient of −L is −∂L/∂w, so each step goes uphill on L.",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 4.3",
    remedy="Minimize the loss itself, without the minus.",
    advice="In adversarial training a minus may be meant; then this finding may be left aside.",
    example=ModelExample(
        "bce = loss\nloss = lambda output, target: -bce(output, target)\n" + SOUND_MODULE,
        "bce = loss\nloss = lambda output, target: bce(output, target)\n" + SOUND_MODULE,
        is_torch=True,
    ),
    factors=("loss",),
    as_written=as_written,
)
