"""One output unit with softmax: the same output for every input."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import SOUND_MODEL, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.traits import is_normalized, usual_output_and_loss


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """Softmax divides an output by the sum over the layer's outputs, which is itself if there is one."""
    if not has_single_softmax(facts):
        return
    activation = facts.output.activation
    text = f"The output layer has 1 unit and the activation '{activation}'."
    output = "sigmoid" if facts.task != "regression" else usual_output_and_loss(facts.task)[0]
    yield SYMPTOM.finding(
        (len(facts.layers),),
        Evidence("network as written", None, None, text),
        remedy=Remedy(f"Use '{output}' as the output activation.", {"network.output_activation": output}),
    )


def has_single_softmax(facts: NetworkFacts) -> bool:
    """Whether the output is divided by itself; over the rows of a batch it is divided by those of others."""
    activation = facts.output.activation
    return (
        not facts.as_read.over_rows and facts.output.units == 1 and activation is not None and is_normalized(activation)
    )


SYMPTOM = Symptom(
    name="constant_output",
    order=100,
    level="certain",
    title="The output is the same number for every input",
    meaning="The output layer has one unit with softmax, so its output never changes.",
    sight="The output's violin of activations is a line at 1, and every gradient is exactly 0.",
    rule="The output layer has one unit with softmax, log_softmax or sparsemax.",
    cause=(
        "Softmax divides each output by the sum over the layer. With one unit this sum is the unit itself, so the "
        "output is the same for every input and its gradient is exactly 0."
    ),
    why="softmax(z) = eᶻ / Σ eᶻ. With a single term in the sum this is 1 (and its logarithm 0), whatever z is.",
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.2.2",
    remedy="Use sigmoid for a question of yes or no, linear for a regression, or one unit for each class.",
    advice="A study with such an output is refused before anything is measured.",
    example=ModelExample(SOUND_MODEL.replace("sigmoid", "softmax"), SOUND_MODEL),
    factors=("activation",),
    as_written=as_written,
)
