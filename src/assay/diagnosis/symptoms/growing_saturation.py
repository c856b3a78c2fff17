"""Units that saturate in training."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.course import TrainingCourse, growth_of, outcome
from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.thresholds import GROWN_BY, GROWN_TO
from assay.diagnosis.wording import layers_text, percent_text


def in_training(facts: NetworkFacts, course: TrainingCourse) -> Iterator[Finding]:
    """The share of saturated activations grew beyond half."""
    growth = growth_of(course, "saturation") if outcome(facts, course) in ("failed", "learnt") else None
    if growth is None:
        return
    yield SYMPTOM.finding(
        growth.layers,
        Evidence(
            "share of activations that are saturated",
            growth.last,
            GROWN_TO,
            f"In {layers_text(growth.layers)}, the share of saturated activations grew from "
            f"{percent_text(growth.first)} to {percent_text(growth.last)} by epoch {growth.epoch} (threshold "
            f"{percent_text(GROWN_TO)}).",
        ),
        settings={"network.activation": "relu"},
    )


SYMPTOM = Symptom(
    name="growing_saturation",
    order=370,
    level="fault",
    title="Units saturate in training",
    meaning="Activations that began on the steep part of a bounded activation end on its flat parts.",
    sight="The share of saturated activations climbs with the epochs.",
    rule=(
        f"In a hidden layer the share of saturated activations is at least {percent_text(GROWN_TO)} at the end, and "
        f"has grown by at least {percent_text(GROWN_BY)} of them. In a training that learnt all the same it is a note."
    ),
    cause="Large steps push pre-activations to where the activation is flat, and there the gradient is nearly 0.",
    why=(
        "Large steps make large kernels, and these make large pre-activations. Little gradient is left to bring them "
        "back."
    ),
    source="Glorot and Bengio, 2010, section 3.1",
    remedy="Use a smaller learning rate, or an activation that is not bounded.",
    example=StudyExample(
        {"network.activation": "tanh", "training.epochs": 12, "probe.epochs": "all"},
        "training.optimizer.learning_rate",
        0.3,
        0.001,
        is_trained=True,
        share="saturation",
    ),
    factors=("learning rate", "activation"),
    in_training=in_training,
)
