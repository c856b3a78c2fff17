"""A network that learns nothing in a look ahead, at any learning rate."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.ahead import LEARNS
from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import number_text, percent_text


def unless_certain(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Some updates on the very examples that are scored, and the loss is still that of a constant guess."""
    ahead = facts.ahead
    if ahead is None or ahead.can_learn or not any(one.update for one in facts.parameters):
        return
    if ahead.comes_down or ahead.others_come_down:  # too few updates to tell
        return
    yield SYMPTOM.finding(
        (),
        Evidence(
            "share of the gap between a constant guess and a perfect answer that some updates close",
            max(ahead.skill, 0.0),
            LEARNS,
            f"{ahead.updates} updates on the same examples take the loss from {number_text(ahead.losses[0])} to "
            f"{number_text(ahead.losses[-1])}; a constant guess has {number_text(ahead.chance)} (threshold: "
            f"{percent_text(LEARNS)} of the gap to a perfect answer). Other learning rates do no better.",
        ),
    )


SYMPTOM = Symptom(
    name="no_progress",
    order=345,
    level="fault",
    title="It does not even learn a few examples by heart",
    meaning="Some updates on the same few examples do not bring the loss below that of a constant guess.",
    sight="Not in the panels: they show the network before its first update.",
    rule=(
        "A look ahead makes up to 64 updates on a copy of the network, on the same examples, with its own optimizer. "
        f"It closes less than {percent_text(LEARNS)} of the gap between a constant guess and a perfect answer, at "
        "larger and at smaller learning rates, too."
    ),
    cause=(
        "The outputs cannot follow the targets: nothing of the inputs reaches the output, the output or the loss holds "
        "the answers back, or the network is too simple even for a few examples."
    ),
    why="A sound network with more parameters than examples can fit any targets.",
    source="Karpathy, A Recipe for Training Neural Networks, 2019: overfit one batch",
    remedy=(
        "Read the other findings first. Then take parts away until a few examples are learnt by heart: regularization, "
        "layers, a loss of your own."
    ),
    example=ModelExample(
        "layers[3] = nn.Threshold(100.0, 0.0)\n" + SOUND_MODULE,
        "layers[3] = nn.ReLU()\n" + SOUND_MODULE,
        is_torch=True,
    ),
    factors=("activation", "loss", "initializer"),
    unless_certain=unless_certain,
)
