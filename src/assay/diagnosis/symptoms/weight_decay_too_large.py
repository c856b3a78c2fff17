"""Weight decay that moves the kernels more than the loss does."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import number_text

# Cosine between the update and that of weight decay alone: at 0.7 both parts of the update are of one size.
MOSTLY_DECAY = 0.7


def unless_certain(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """The update goes where weight decay alone would go."""
    cosine = facts.decay_cosine
    if cosine is None or not cosine >= MOSTLY_DECAY:
        return
    yield SYMPTOM.finding(
        (),
        Evidence(
            "cosine between the update and that of weight decay alone",
            cosine,
            MOSTLY_DECAY,
            "The next update of the kernels points where weight decay alone would take them: the cosine between both "
            f"is {number_text(cosine)} (threshold {MOSTLY_DECAY:g}).",
        ),
    )


SYMPTOM = Symptom(
    name="weight_decay_too_large",
    order=335,
    level="fault",
    title="Weight decay has more say than the loss",
    meaning="Each update shrinks the kernels, and what the loss asks for hardly counts.",
    sight="Not in the panels: an update's size does not tell where it goes.",
    rule=(
        "The next update is made twice on copies, once with gradients of 0, so that weight decay alone moves the "
        f"kernels. The cosine between both updates is at least {MOSTLY_DECAY:g}; a note where a look ahead learns."
    ),
    cause="Weight decay pulls every weight to 0, and its pull is larger than the gradient of the loss.",
    why=(
        "With weight decay λ the gradient is ∂L/∂w + λ w. Where λ |w| is the larger part, the weights shrink until the "
        "loss resists, and a network of small weights tells its inputs apart no longer."
    ),
    source="Krogh and Hertz, A simple weight decay can improve generalization, 1991",
    remedy="Use a weight decay of 0.01 or less, such as 0.0001.",
    example=ModelExample(
        SOUND_MODULE.replace("lr=0.01", "lr=0.01, weight_decay=3.0"),
        SOUND_MODULE.replace("lr=0.01", "lr=0.01, weight_decay=1e-4"),
        is_torch=True,
    ),
    about="step",
    factors=("regularization",),
    unless_certain=unless_certain,
)
