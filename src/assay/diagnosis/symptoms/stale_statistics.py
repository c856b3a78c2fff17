"""Running statistics of a batch normalization that do not follow the training."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.ahead import STATISTICS_KEPT
from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import percent_text

# What evaluation must lose of what training has closed.
LOST = 0.3


def unless_certain(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """A look ahead learns in training mode, and evaluation mode shows little of it."""
    ahead = facts.ahead
    shown = None if ahead is None else ahead.skill_in_evaluation
    if ahead is None or shown is None or ahead.skill - max(shown, 0.0) < LOST:
        return
    yield SYMPTOM.finding(
        (),
        Evidence(
            "share of the gap between a constant guess and a perfect answer that evaluation mode does not show",
            ahead.skill - max(shown, 0.0),
            LOST,
            f"After {facts.steps} updates {percent_text(facts.statistics_kept)} of the first running statistics is "
            f"left. A look ahead closes {percent_text(ahead.skill)} of the gap between a constant guess and a perfect "
            f"answer in training mode; in evaluation mode {percent_text(max(shown, 0.0))} of it is closed.",
        ),
    )


EXAMPLE = """\
x = 5 * x + 20
layers.insert(1, nn.BatchNorm1d(32, momentum={momentum}))
"""

SYMPTOM = Symptom(
    name="stale_statistics",
    order=358,
    level="fault",
    title="Evaluation uses statistics of the start",
    meaning="A batch normalization's running mean and variance follow so slowly that evaluation sees other numbers.",
    sight="Not in the panels: they show training mode.",
    rule=(
        "The running statistics of a batch normalization still are their first values for at least "
        f"{percent_text(STATISTICS_KEPT)} when training ends, (1 − momentum)^updates. A look ahead learns, and in "
        f"evaluation mode its loss shows {percent_text(LOST)} of the gap to a perfect answer less."
    ),
    cause=(
        "In training mode a batch normalization takes the mean and variance of the batch, in evaluation mode its "
        "running ones. These begin at 0 and 1 and follow by a share of momentum in each update."
    ),
    why="After K updates (1 − m)^K of the first value is left: with m = 0.0001 and 300 updates 97 %.",
    source="Ioffe and Szegedy, 2015; PyTorch counts momentum as the share of the new, Keras as that of the old",
    remedy="Use PyTorch's momentum of 0.1 for the batch normalization, or train for more updates.",
    example=ModelExample(
        EXAMPLE.format(momentum=0.0001) + SOUND_MODULE,
        EXAMPLE.format(momentum=0.1) + SOUND_MODULE,
        is_torch=True,
        steps=300,
    ),
    factors=("mode",),
    unless_certain=unless_certain,
)
