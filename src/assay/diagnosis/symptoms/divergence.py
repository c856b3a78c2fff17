"""A training whose loss became infinite or not a number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.course import TrainingCourse, most_moved
from assay.diagnosis.examples import DIABETES, StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.loop import LoopFacts
from assay.diagnosis.nonfinite_step import loss_text, nonfinite_step
from assay.diagnosis.remedies import scaled_rate
from assay.diagnosis.symptom import Symptom


def in_training(facts: NetworkFacts, course: TrainingCourse) -> Iterator[Finding]:
    """The trial ended before its last epoch."""
    if not course.has_diverged:
        return
    at = f"at step {course.diverged_step}" if course.diverged_step else f"after epoch {course.epochs}"
    layers = most_moved(course)
    moved = f" The updates moved layer {layers[0]} most, relative to its size." if layers else ""
    yield SYMPTOM.finding(
        layers,
        Evidence("loss", None, None, f"The loss became infinite or not a number {at}.{moved}"),
        remedy=scaled_rate(facts, 0.1),
    )


def in_loop(facts: LoopFacts) -> Iterator[Finding]:
    """The loss of a step that a watcher saw before it was made."""
    seen = facts.nonfinite
    if seen is not None and seen.loss is not None and not np.isfinite(seen.loss):
        yield nonfinite_step(SYMPTOM, seen, loss_text(seen.loss))


SYMPTOM = Symptom(
    name="divergence",
    order=330,
    level="fault",
    title="The loss became infinite",
    meaning="The training stopped because the loss became infinite or not a number.",
    sight="The loss shoots up, and its curve ends.",
    rule="The loss of a step is not finite.",
    cause="Each step overshot by more than the one before: the learning rate is too high for this network.",
    why=(
        "The formula is that of `learning_rate_too_high`, and nothing bounds a squared loss. Unscaled inputs or "
        "targets make large gradients, and these need smaller steps."
    ),
    source="LeCun, Bottou, Orr and Müller, 1998, section 5",
    remedy="Use a learning rate ten times smaller.",
    advice="Scaled data help as well, and so does an initializer that keeps the signal's size.",
    example=StudyExample(
        {
            "data": DIABETES,
            "network.depth": 1,
            "training.optimizer": {"name": "sgd", "learning_rate": 0.01},
            "training.epochs": 60,
        },
        "training.optimizer.learning_rate",
        0.28,
        0.01,
        is_trained=True,
    ),
    factors=("learning rate", "optimizer"),
    in_training=in_training,
    in_loop=in_loop,
)
