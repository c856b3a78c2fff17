"""A softmax or a normalization over a single number."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.ahead import LEARNS_WELL
from assay.diagnosis.examples import SOUND_MODULE, ModelExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.symptoms.constant_output import has_single_softmax
from assay.diagnosis.wording import percent_text


def as_written(facts: NetworkFacts) -> Iterator[Finding]:
    """Found inside a network; an output that is divided by itself is `constant_output`."""
    inside = [name for name in facts.as_read.over_one if not ("softmax" in name and has_single_softmax(facts))]
    if inside:
        names = " and ".join(name.replace("_", " ") for name in inside)
        text = f"{names} {'runs' if len(inside) == 1 else 'run'} over an axis of size 1."
        yield SYMPTOM.finding((), Evidence("network as written", None, None, text[0].upper() + text[1:]))


SYMPTOM = Symptom(
    name="over_one",
    order=104,
    level="fault",
    title="A softmax or normalization over a single number",
    meaning="A softmax or a normalization inside the network has a single number to work on: it is constant.",
    sight="The gradients of the layers before it are exactly 0.",
    rule=(
        "A softmax, or a layer normalization, is applied along an axis of size 1. A note where a look ahead closes "
        f"{percent_text(LEARNS_WELL)} of the gap to a perfect answer all the same."
    ),
    cause=(
        "Softmax divides a number by the sum of one number, which is itself: the result is 1 for every input. A "
        "normalization subtracts the mean of one number: the result is 0. What comes before cannot matter, and gets no "
        "gradient."
    ),
    why="exp(z) / exp(z) = 1, and (z − z) / √(0 + ε) = 0, whatever z is.",
    source="Bahdanau, Cho and Bengio, 2015 (attention weights sum to 1 over the positions); Ba, Kiros and Hinton, 2016",
    remedy=(
        "Let attention weights sum to 1 over the positions of an example: reshape the scores to (rows, positions) and "
        "take the softmax along the positions. Give a layer normalization more than one feature."
    ),
    example=ModelExample(
        "layers[1] = nn.Sequential(nn.Linear(32, 1), nn.LayerNorm(1), nn.Linear(1, 32))\n" + SOUND_MODULE,
        "layers[1] = nn.Sequential(nn.Linear(32, 8), nn.LayerNorm(8), nn.Linear(8, 32))\n" + SOUND_MODULE,
        is_torch=True,
    ),
    about="structure",  # attention weights that are all 1 add the values up, and their sum may say enough
    factors=("activation",),
    as_written=as_written,
)
