"""Targets that have nothing to do with their examples."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.ahead import CARRIES, DEALS
from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import number_text


def unless_certain(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """What a look ahead learns holds for the examples that it learnt, and says nothing about others."""
    ahead = facts.ahead
    if ahead is None or ahead.carried is None or ahead.carried >= CARRIES:
        return
    yield SYMPTOM.finding(
        (),
        Evidence(
            "loss on examples kept apart below that with dealt targets, in standard deviations",
            ahead.carried,
            CARRIES,
            "A copy of the network learnt some of the examples. On examples that it had not seen, its answers fit "
            "their own targets no better than targets dealt to them at random: the loss lies "
            f"{number_text(ahead.carried)} standard deviations below the mean of {DEALS} deals (threshold: "
            f"{CARRIES:g}).",
        ),
    )


SYMPTOM = Symptom(
    name="unrelated_targets",
    order=355,
    level="fault",
    title="The targets have nothing to do with their examples",
    meaning="The network can learn its examples by heart, and nothing of it holds for others.",
    sight="Not in the panels: they show the network before its first update.",
    rule=(
        "A look ahead learns on a copy of the network, and is then asked for examples that it has not seen. Its loss "
        f"there lies less than {CARRIES:g} standard deviations below the mean loss of {DEALS} deals, in which the "
        "targets are dealt to these examples at random. It is tried twice, the second time with twice as many updates "
        "on all other examples."
    ),
    cause=(
        "The targets are not those of their examples (one of the two was shuffled or sorted alone, or a row is missing "
        "in one of them), or the inputs say hardly anything about the targets."
    ),
    why=(
        "If outputs and targets are independent, the loss has the same distribution whichever way the targets are "
        "dealt. This is a permutation test, and it needs no threshold for the loss itself."
    ),
    source="Ojala and Garriga, Permutation tests for studying classifier performance, JMLR 11, 2010",
    remedy=(
        "Look at some rows of x and y side by side. Shuffle, filter and join them together, never one of them alone."
    ),
    advice="With fewer than 256 examples nothing is said.",
    example=ModelExample(
        "order = torch.randperm(len(y))\ny = y[order]\n" + SOUND_MODULE,
        "order = torch.randperm(len(y))\nx, y = x[order], y[order]\n" + SOUND_MODULE,
        is_torch=True,
    ),
    factors=("data",),
    unless_certain=unless_certain,
)
