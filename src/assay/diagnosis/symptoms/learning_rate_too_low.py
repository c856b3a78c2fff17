"""Steps that are too small for the number of epochs."""

from __future__ import annotations

from collections.abc import Iterator

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
# Updates. Where nobody has named a budget, a rate is too low if even so many do not suffice.
LONG_BUDGET = 10_000


# --- Before training -------------------------------------------------------------------------------------------------


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """A look ahead learns at a larger rate alone, and the budget is too short for the network's own."""
    ahead, rate = facts.ahead, _rate_of(facts)
    if ahead is None or ahead.learns or facts.is_scheduled or rate is None or facts.steps is None:
        return
    better, needed = ahead.best_of(larger=True), ahead.updates_needed
    steps = max(facts.steps, LONG_BUDGET) if facts.is_budget_assumed else facts.steps
    if better is None or needed is None or needed <= steps:
        return
    factor, skill = better
    budget = f"Its budget is {facts.steps:,}" if not facts.is_budget_assumed else f"A long budget is {LONG_BUDGET:,}"
    yield SYMPTOM.finding(
        (),
        Evidence(
            "updates that the network needs to begin to learn",
            needed,
            float(steps),
            f"{ahead.updates} updates at the learning rate {rate:g} take the loss from {number_text(ahead.losses[0])} "
            f"to {number_text(ahead.losses[-1])}, and as many at {rate * factor:.2g} close {percent_text(skill)} of "
            f"the gap between a constant guess and a perfect answer. At {rate:g} it needs about {needed:,.0f} updates. "
            f"{budget}.",
        ),
        remedy=Remedy(
            f"Use a learning rate of {rate * factor:.2g}.",
            {} if facts.optimizer is None else with_rate(facts.optimizer, float(f"{rate * factor:.2g}")),
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
        "Before training: a look ahead learns at a learning rate 10, 100 or 1,000 times larger, and at the network's "
        f"own it needs more updates than the budget has ({LONG_BUDGET:g}, if nobody named it). Of a training: it "
        f"closed less than {percent_text(LEARNT_SHARE)} of the gap between a constant guess and a perfect "
        f"answer, and the training loss still fell by more than {percent_text(STILL_FALLING)} of chance per epoch at "
        f"the end; or all updates together could not have moved a kernel by {percent_text(SHORT_WAY)} of its size."
    ),
    cause="The steps are too small for this number of epochs.",
    why=(
        "A step moves a weight by about learning rate × gradient (Adam: by about the learning rate itself). The number "
        "of steps times the size of a step is as far as a weight can get."
    ),
    source="Goodfellow, Bengio and Courville, Deep Learning, 2016, section 11.4.1",
    remedy="Use a learning rate ten times larger, or train for more epochs.",
    example=StudyExample({}, "training.optimizer.learning_rate", 2e-5, 0.001, is_trained=True),
    factors=("learning rate", "optimizer", "epochs"),
    at_start=at_start,
    in_training=in_training,
)
