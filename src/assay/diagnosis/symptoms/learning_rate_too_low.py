"""Steps that are too small for the number of epochs."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.ahead import USUAL_BUDGET
from assay.diagnosis.course import (
    TrainingCourse,
    chance_of,
    comes_down,
    fall_per_epoch,
    learnt_text,
    outcome,
    reach_of_updates,
)
from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.remedies import scaled_rate, with_rate
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.symptoms.learning_rate_too_high import steps_are_too_large
from assay.diagnosis.thresholds import LEARNT_SHARE
from assay.diagnosis.wording import number_text, percent_text

# Fall of the training loss per epoch at the end, in units of chance, of a training that was cut off.
STILL_FALLING = 0.002
# How far all updates together could move a kernel, in units of its size, below which nothing has moved.
SHORT_WAY = 0.1
# Share of the way to the smallest loss that the budget goes at a look ahead's pace, below which a rate is too low.
WAY_OF_BUDGET = 0.2


# --- Before training -------------------------------------------------------------------------------------------------


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """A look ahead hardly moves, the budget is too short at that pace, and a larger rate learns."""
    ahead, rate = facts.ahead, _rate_of(facts)
    if ahead is None or ahead.learns or rate is None or facts.steps is None:
        return
    better = ahead.best_of(larger=True)
    steps = max(facts.steps, USUAL_BUDGET) if facts.is_budget_assumed else facts.steps
    if better is None or ahead.projected(steps) >= WAY_OF_BUDGET:
        return
    factor, skill = better
    yield SYMPTOM.finding(
        (),
        Evidence(
            "share of the way to the smallest loss that the budget goes, at the pace of the first updates",
            ahead.projected(steps),
            WAY_OF_BUDGET,
            f"{ahead.updates} updates at the learning rate {rate:g} take the loss from {number_text(ahead.losses[0])} "
            f"to {number_text(ahead.losses[-1])}. At this pace {steps} updates go "
            f"{percent_text(ahead.projected(steps))} of the way to the smallest loss (threshold "
            f"{percent_text(WAY_OF_BUDGET)}).",
        ),
        remedy=Remedy(
            f"Use a learning rate of {rate * factor:.2g}: as many updates then close {percent_text(skill)} of the gap "
            "between a constant guess and a perfect answer.",
            with_rate(facts.optimizer, float(f"{rate * factor:.2g}")) if facts.optimizer is not None else {},
        ),
    )


def _rate_of(facts: NetworkFacts) -> float | None:
    """The learning rate that most parameters have."""
    rates = [one.learning_rate for one in facts.parameters if one.learning_rate is not None]
    if rates:
        return rates[0]
    return None if facts.optimizer is None else facts.optimizer.arguments.get("learning_rate")


# --- Of a training ---------------------------------------------------------------------------------------------------


def in_training(facts: NetworkFacts, course: TrainingCourse) -> Iterator[Finding]:
    """A training that failed while its loss was still falling, or whose updates could not move a kernel."""
    if outcome(facts, course) != "failed" or steps_are_too_large(facts, course):
        return
    if not steps_are_too_small(facts, course):
        return
    fall = fall_per_epoch(course.loss)
    yield SYMPTOM.finding(
        (),
        Evidence(
            "fall of the training loss per epoch at the end, in units of chance",
            fall / chance_of(facts, course),
            STILL_FALLING,
            f"{learnt_text(facts, course)} {_course_text(facts, course, fall)}",
        ),
        remedy=scaled_rate(facts, 10, ", or train for more epochs"),
    )


def steps_are_too_small(facts: NetworkFacts, course: TrainingCourse) -> bool:
    """Whether the training loss was still falling, or all updates together could hardly have moved a kernel."""
    return _still_falls(facts, course) or reach_of_updates(facts, course) < SHORT_WAY


def _still_falls(facts: NetworkFacts, course: TrainingCourse) -> bool:
    return fall_per_epoch(course.loss) / chance_of(facts, course) > STILL_FALLING and comes_down(course)


def _course_text(facts: NetworkFacts, course: TrainingCourse, fall: float) -> str:
    start, end = number_text(course.loss[0]), number_text(course.loss[-1])
    if _still_falls(facts, course):
        limit = number_text(STILL_FALLING * chance_of(facts, course))
        return (
            f"The training loss fell from {start} to {end} in {course.epochs} epochs, and was still falling by "
            f"{number_text(fall)} per epoch (threshold {limit})."
        )
    reach = percent_text(reach_of_updates(facts, course))
    return (
        f"The training loss went from {start} to {end}. All updates together could move a kernel by at most {reach} of "
        f"its size (threshold {percent_text(SHORT_WAY)})."
    )


SYMPTOM = Symptom(
    name="learning_rate_too_low",
    order=340,
    level="fault",
    title="The steps are too small",
    meaning="The loss falls, but the training ends long before it gets anywhere.",
    sight="The loss is almost a straight line, falling a little or not at all.",
    rule=(
        "Before training: at the pace of a look ahead the budget goes less than "
        f"{percent_text(WAY_OF_BUDGET)} of the way to the smallest loss, and a larger learning rate learns within the "
        f"look ahead. After a training: it closed less than {percent_text(LEARNT_SHARE)} of the gap between a constant "
        f"guess and a perfect answer, and its loss still fell by more than {percent_text(STILL_FALLING)} of chance per "
        "epoch at the end; or all updates together could not have moved a kernel by "
        f"{percent_text(SHORT_WAY)} of its size."
    ),
    cause="The steps are too small for this number of epochs.",
    why=(
        "A step moves a weight by about learning rate × gradient (Adam: by about the learning rate itself). The number "
        "of steps times the size of a step is as far as a weight can get."
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 11.4.1",
    remedy="Use a learning rate ten times larger, or train for more epochs.",
    advice=f"A budget that nobody named is taken to be at least {USUAL_BUDGET:,} updates.",
    example=StudyExample({}, "training.optimizer.learning_rate", 2e-5, 0.001, is_trained=True),
    factors=("learning rate", "optimizer", "epochs"),
    at_start=at_start,
    in_training=in_training,
)
