"""ReLU units that die in training."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.course import TrainingCourse, growth_of, outcome
from assay.diagnosis.examples import DIABETES, StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.thresholds import GROWN_BY, GROWN_TO
from assay.diagnosis.wording import layers_text, percent_text


def in_training(facts: NetworkFacts, course: TrainingCourse) -> Iterator[Finding]:
    """The share of dead units grew beyond half."""
    growth = growth_of(course, "dead_units") if outcome(facts, course) in ("failed", "learnt") else None
    if growth is None:
        return
    yield SYMPTOM.finding(
        growth.layers,
        Evidence(
            "share of units that are 0 for every example",
            growth.last,
            GROWN_TO,
            f"In {layers_text(growth.layers)}, the share of units that are 0 for every example grew from "
            f"{percent_text(growth.first)} to {percent_text(growth.last)} by epoch {growth.epoch} (threshold "
            f"{percent_text(GROWN_TO)}).",
        ),
        settings={"network.activation": "leaky_relu"},
    )


SYMPTOM = Symptom(
    name="dying_units",
    order=360,
    level="fault",
    title="Units die in training",
    meaning="ReLU units that worked at the start are 0 for every input at the end.",
    sight="The share of dead units climbs in the first epochs and never comes down.",
    rule=(
        f"In a hidden layer the share of dead units is at least {percent_text(GROWN_TO)} at the end, and has grown by "
        f"at least {percent_text(GROWN_BY)} of the units. In a training that learnt all the same it is a note."
    ),
    cause="Large steps push units below 0 for every input, and there a ReLU has no gradient to bring them back.",
    why=(
        "One large step takes the kernel and bias of a unit to where z is negative for every input. The slope is 0 "
        "there, so no later step changes the unit."
    ),
    source="Lu, Shin, Su and Karniadakis, 2020",
    remedy="Use a smaller learning rate, or 'leaky_relu' or 'elu'.",
    advice="These activations have a slope below 0 as well.",
    example=StudyExample(
        {"data": DIABETES, "probe.epochs": "all"},
        "training.optimizer.learning_rate",
        0.3,
        0.001,
        is_trained=True,
        share="dead_units",
    ),
    factors=("learning rate", "activation"),
    in_training=in_training,
)
