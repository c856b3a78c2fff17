"""A loss before training that is far above that of a constant guess."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.remedies import sound_change
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.symptoms import unscaled_inputs
from assay.diagnosis.thresholds import LARGE_INPUTS
from assay.diagnosis.traits import usual_output_and_loss
from assay.diagnosis.wording import number_text

# Loss before training / loss of the best constant guess.
LOSS_AT_START = 4.0
# Outputs this much larger than the last hidden layer are the output layer's own doing.
_OWN_DOING = 2


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """A loss that is no number although all that it is made of is."""
    if ("loss", "before") not in measured.values or np.isfinite(measured.loss):
        return
    if not any(np.nansum(measured(quantity, "nonfinite_count")) > 0 for quantity in ("preactivations", "kernel")):
        yield _nonfinite_loss(facts, measured)


def unless_certain(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """A network that knows nothing should say so: its loss is then about that of the best constant guess."""
    chance = facts.chance_loss
    if ("loss", "before") not in measured.values or not np.isfinite(measured.loss):
        return
    if chance is None or chance <= 0 or measured.has_overflowed:
        return
    ratio = measured.loss / chance
    if ratio < LOSS_AT_START:
        return
    yield SYMPTOM.finding(
        (measured.depth,),
        Evidence(
            "loss before training / loss of the best constant guess",
            ratio,
            LOSS_AT_START,
            f"The loss before training is {number_text(measured.loss)}, which is {number_text(ratio)} times the "
            f"{number_text(chance)} of a constant guess (threshold {LOSS_AT_START:g} times).",
        ),
        remedy=_remedy(facts, measured),
    )


def _remedy(facts: NetworkFacts, measured: LayerSignals) -> Remedy:
    """For outputs that are too large: through the inputs, the output layer, or a signal that grew on its way."""
    if facts.data is not None and facts.data.rms >= LARGE_INPUTS:
        return Remedy(unscaled_inputs.SYMPTOM.remedy, unscaled_inputs.SETTINGS)
    size = measured("preactivations", "std")
    if len(size) > 1 and size[-1] < _OWN_DOING * size[-2]:
        return sound_change(facts)
    return Remedy(
        "Use a smaller initializer for the output layer, such as glorot_uniform.",
        {"network.layers.output.kernel_initializer": "glorot_uniform"},
    )


def _nonfinite_loss(facts: NetworkFacts, measured: LayerSignals) -> Finding:
    """Outputs are numbers, and what the loss makes of them is not."""
    output, loss = usual_output_and_loss(facts.task)
    return SYMPTOM.finding(
        (measured.depth,),
        Evidence(
            "loss before training",
            None,
            None,
            f"The loss before training is {number_text(measured.loss)}, though every pre-activation is a finite "
            "number.",
        ),
        cause=(
            "The loss cannot use what the output layer gives: it takes the logarithm of a negative number, or divides "
            "by 0."
        ),
        remedy=Remedy(
            f"Use '{output}' as the output activation together with the loss {loss}.",
            {"network.output_activation": output, "training.loss": loss},
        ),
    )


SYMPTOM = Symptom(
    name="loss_at_start",
    order=310,
    level="fault",
    title="The untrained network is sure of itself",
    meaning="The loss before training is far above that of a constant guess.",
    sight="The output's violin of pre-activations is much wider than ±1.",
    rule=(
        f"The loss before training is at least {LOSS_AT_START:g} times that of the best constant guess (chance), or it "
        "is not a finite number though all pre-activations are."
    ),
    cause=(
        "The outputs are too large: the untrained network is certain of answers that it cannot know, and training has "
        "to undo this first."
    ),
    why=(
        "A network that knows nothing should give each of K classes about 1/K. Its cross-entropy is then ln K, 2.3 for "
        "ten classes. Large outputs give one class almost the whole probability, at random, and −log p of the right "
        "class is then large."
    ),
    source="Karpathy, A Recipe for Training Neural Networks, 2019: check the loss at the start",
    remedy="Use a smaller initializer for the output layer, or correct what made the signal grow on its way there.",
    example=StudyExample(
        {},
        "network.layers.output.kernel_initializer",
        {"name": "random_normal", "stddev": 4.0},
        "glorot_uniform",
    ),
    about="step",
    factors=("loss", "initializer"),
    at_start=at_start,
    unless_certain=unless_certain,
)
