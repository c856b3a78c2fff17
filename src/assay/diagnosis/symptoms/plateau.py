"""A loss that stays where a constant guess has it, although the weights move."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.course import (
    TrainingCourse,
    chance_of,
    learnt_share,
    learnt_text,
    outcome,
    reach_of_updates,
)
from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.remedies import scaled_rate
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.symptoms.learning_rate_too_high import steps_are_too_large
from assay.diagnosis.symptoms.learning_rate_too_low import steps_are_too_small
from assay.diagnosis.wording import number_text, percent_text

# Share of the gap between a constant guess and a perfect answer, below which nothing was learnt.
NOTHING_LEARNT = 0.1
# How far all updates together could move a kernel, in units of its size, beyond which smaller steps are worth a try.
LONG_WAY = 30.0


def in_training(facts: NetworkFacts, course: TrainingCourse) -> Iterator[Finding]:
    """A training that learnt nothing, though its steps were neither too large nor too small."""
    share = learnt_share(facts, course)
    if outcome(facts, course) != "failed" or share is None or share >= NOTHING_LEARNT:
        return
    if steps_are_too_large(facts, course) or steps_are_too_small(facts, course):
        return
    yield nothing_learnt(facts, course)


def nothing_learnt(facts: NetworkFacts, course: TrainingCourse) -> Finding:
    """The share that was closed, and the loss at the start and at the end."""
    factor = 0.1 if LONG_WAY < reach_of_updates(facts, course) < np.inf else 10
    start, end = number_text(course.loss[0]), number_text(course.loss[-1])
    return SYMPTOM.finding(
        (),
        Evidence(
            "share of the gap between a constant guess and a perfect answer that was closed",
            learnt_share(facts, course),
            NOTHING_LEARNT,
            f"{learnt_text(facts, course)} The training loss went from {start} to {end}; a constant guess has "
            f"{number_text(chance_of(facts, course))}.",
        ),
        remedy=scaled_rate(facts, factor, ". If that does not help, correct what `assay probe` finds before training"),
    )


SYMPTOM = Symptom(
    name="plateau",
    order=350,
    level="fault",
    title="The loss lies on a plateau",
    meaning="The weights move, but the loss stays at that of a constant guess.",
    sight="A flat curve at the dotted line of chance.",
    rule=(
        f"Training closed less than {percent_text(NOTHING_LEARNT)} of the gap between a constant guess and a perfect "
        "answer, and the steps were neither too large nor too small. The remedy is smaller steps where all updates "
        f"together could move a kernel by more than {LONG_WAY:g} times its size, else larger ones."
    ),
    cause=(
        "Almost no gradient that tells the inputs apart reaches the kernels, so only the mean of the targets is learnt."
    ),
    why=(
        "The output layer learns the mean of the targets in a few steps. To do better it needs hidden layers that tell "
        "the inputs apart, and the gradient that would train them does not get through."
    ),
    source="Glorot and Bengio, 2010, section 3.1",
    remedy=(
        "Correct what is found before training, most often a vanishing gradient or a collapsed correlation. Else try "
        "another learning rate."
    ),
    example=StudyExample(
        {
            "data": "circles",
            "network.depth": 9,
            "network.width": 5,
            "network.kernel_initializer": "he_uniform",
            "training.epochs": 40,
        },
        "network.activation",
        "sigmoid",
        "selu",
        is_trained=True,
    ),
    factors=("loss", "optimizer"),
    in_training=in_training,
)
