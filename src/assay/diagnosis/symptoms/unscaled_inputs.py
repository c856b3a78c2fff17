"""Inputs that are far from size 1."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.symptoms.dead_units import has_died
from assay.diagnosis.symptoms.saturation import SATURATED_FRACTION
from assay.diagnosis.thresholds import LARGE_INPUTS
from assay.diagnosis.wording import number_text, percent_text

# Root mean square of the inputs beyond which they are unscaled, whatever they do to the first layer.
UNSCALED_INPUTS = 30.0
SETTINGS = {"data.scaling": "standard"}


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """Blamed outright where they are huge, else for a first layer that they saturate or kill."""
    data = facts.data
    if data is None or data.rms < LARGE_INPUTS:
        return
    harm = _harm(facts, measured)
    limit = LARGE_INPUTS if harm else UNSCALED_INPUTS
    if data.rms < limit:
        return
    text = (
        f"The root mean square of the inputs is {number_text(data.rms)}; about 1 is sound (threshold {limit:g}).{harm}"
    )
    yield SYMPTOM.finding((1,), Evidence("root mean square of the inputs", data.rms, limit, text), settings=SETTINGS)


def _harm(facts: NetworkFacts, measured: LayerSignals) -> str:
    """What the inputs do to the first layer, as a sentence; empty where it stands them."""
    if len(facts.layers) < 2:
        return ""
    saturated, dead = float(measured("saturation", "fraction")[0]), float(measured("dead_units", "fraction")[0])
    if saturated > SATURATED_FRACTION:
        return f" In layer 1, {percent_text(saturated)} of the activations are saturated."
    if has_died(facts.layers[0], dead):
        return f" In layer 1, {percent_text(dead)} of the units are 0 for every example."
    return ""


SYMPTOM = Symptom(
    name="unscaled_inputs",
    order=200,
    level="fault",
    title="Inputs are far from size 1",
    meaning="The inputs are so large that they swamp the first layer.",
    sight=(
        "The first violin of the pre-activations is far wider than the others. With tanh or sigmoid the activations of "
        "layer 1 gather at the ends of their range."
    ),
    rule=(
        f"The inputs' root mean square is at least {UNSCALED_INPUTS:g}; or at least {LARGE_INPUTS:g}, if more than "
        f"{percent_text(SATURATED_FRACTION)} of the first layer's activations are saturated, or so many of its units "
        "are dead that `dead_units` is found."
    ),
    cause=(
        "Initializers assume inputs of mean 0 and size 1. Larger inputs make the first pre-activations, and the "
        "gradient of the first kernel, larger by the same factor."
    ),
    why="z = kernelᵀ x + bias, and the gradient of the kernel is the error times x: both grow in proportion to x.",
    source="LeCun, Bottou, Orr and Müller, Efficient BackProp, 1998, section 4.3",
    remedy=("Scale each feature to mean 0 and standard deviation 1 (images with values from 0 to 255: divide by 255)."),
    advice="Take mean and standard deviation from the training rows alone.",
    example=StudyExample({"data": "wine"}, "data.scaling", "none", "standard"),
    about="step",
    factors=("preprocessing",),
    at_start=at_start,
)
