"""A training that ended while it was still getting better."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assay.diagnosis.course import TrainingCourse, fall_per_epoch, learnt_share
from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.thresholds import LEARNT_SHARE
from assay.diagnosis.wording import percent_text

# Fall of the validation loss per epoch at the end, in units of the last.
MORE_EPOCHS = 0.02
# What a look ahead must close beyond what it closes within the budget.
MORE_LEARNT = 0.3
# Share of the gap between a constant guess and a perfect answer beyond which nothing is left to learn.
ALL_LEARNT = 0.99


def unless_certain(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """A look ahead is longer than the budget, and learns most behind its end."""
    ahead = facts.ahead
    within = None if ahead is None else ahead.skill_within_budget
    if ahead is None or within is None or within >= LEARNT_SHARE or ahead.skill < max(within, 0.0) + MORE_LEARNT:
        return
    found = SYMPTOM.finding(
        (),
        Evidence(
            "share of the gap between a constant guess and a perfect answer that is closed behind the budget's end",
            ahead.skill - max(within, 0.0),
            MORE_LEARNT,
            f"On a copy, the {ahead.budget} updates of the budget close {percent_text(max(within, 0.0))} of the gap "
            f"between a constant guess and a perfect answer; {ahead.updates} close {percent_text(ahead.skill)}.",
        ),
        cause="The budget ends before the network has learnt what it can.",
        remedy=Remedy(f"Train for at least {ahead.updates} updates: for more epochs, or with smaller batches."),
    )
    yield replace(found, level="fault")


def in_training(facts: NetworkFacts, course: TrainingCourse) -> Iterator[Finding]:
    """The validation loss is best at the last epoch, and was falling by more than a little."""
    validation = course.validation_loss
    if validation is None or len(validation) < 4 or not np.isfinite(validation).all() or validation[-1] <= 0:
        return
    if (learnt_share(facts, course) or 0.0) > ALL_LEARNT:
        return
    fall = fall_per_epoch(validation) / float(validation[-1])
    if int(validation.argmin()) != course.epochs or fall < MORE_EPOCHS:
        return
    yield SYMPTOM.finding(
        (),
        Evidence(
            "fall of the validation loss per epoch at the end",
            fall,
            MORE_EPOCHS,
            f"The validation loss is lowest at the last epoch, {course.epochs}, and was still falling by "
            f"{percent_text(fall)} per epoch (threshold {percent_text(MORE_EPOCHS)}).",
        ),
        remedy=Remedy(f"Train for {2 * course.epochs} epochs.", {"training.epochs": 2 * course.epochs}),
    )


SYMPTOM = Symptom(
    name="too_few_epochs",
    order=410,
    level="note",
    title="Training ended while it was getting better",
    meaning="The last epoch is the best one, and the validation loss was still falling fast.",
    sight="Both curves end on a slope.",
    rule=(
        f"The validation loss is best at the last epoch, and fell by at least {percent_text(MORE_EPOCHS)} of itself "
        f"per epoch over the last third; unless training has closed {percent_text(ALL_LEARNT)} of the gap between a "
        "constant guess and a perfect answer. Before training it is a fault: a look ahead closes less than "
        f"{percent_text(LEARNT_SHARE)} of the gap within the budget, and {percent_text(MORE_LEARNT)} more behind it."
    ),
    cause="Training ended while the network was still getting better.",
    why=(
        "Nothing is wrong with the network: the number of epochs decided the result. A comparison with another network "
        "then says which learns faster, not which gets farther."
    ),
    source="Prechelt, 1998",
    remedy="Train for twice as many epochs.",
    example=StudyExample({}, "training.epochs", 5, 50, is_trained=True),
    factors=("epochs",),
    unless_certain=unless_certain,
    in_training=in_training,
)
