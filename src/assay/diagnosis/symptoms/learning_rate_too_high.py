"""Steps that are too large: one update enlarges the loss, or training swings and settles nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.ahead import LookAhead
from assay.diagnosis.course import (
    TrainingCourse,
    chance_of,
    comes_down,
    jaggedness,
    learnt_text,
    mean_step,
    most_moved,
    outcome,
)
from assay.diagnosis.examples import StudyExample
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.remedies import scaled_rate, with_rate
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.thresholds import JAGGED, LEARNT_SHARE
from assay.diagnosis.wording import number_text, percent_text

# Loss after one update / the larger of the loss before and chance.
LOSS_AFTER_UPDATE = 2.0
# Training loss at the end / chance.
LOSS_ABOVE_CHANCE = 1.1
# Mean change of the training loss from epoch to epoch, in units of chance, from which it is the steps that are too
# large and not the batches that differ.
SWING = 0.02
# By how much of its size a sound first update moves a kernel.
SOUND_UPDATE = 0.01


# --- Before training -------------------------------------------------------------------------------------------------


def at_start(facts: NetworkFacts, measured: LayerSignals) -> Iterator[Finding]:
    """A smaller rate learns where this one does not; or one update makes the loss much larger than chance."""
    better = None if facts.ahead is None or facts.is_scheduled else _slower(facts.ahead)
    if facts.ahead is not None and better is not None:
        yield _of_look_ahead(facts, facts.ahead, *better)
        return
    if facts.optimizer is None or measured.has_overflowed or not np.isfinite(measured.loss):
        return
    after, reference = measured.loss_after, max(measured.loss, facts.chance_loss or 0.0)
    if np.isnan(after) and not np.isfinite(measured("response", "rms")[-1]):
        after = float("inf")
    if reference <= 0 or not after > LOSS_AFTER_UPDATE * reference:  # a loss without an end below has no ratio
        return
    rate = facts.optimizer.arguments.get("learning_rate")
    updates = measured("update", "ratio")
    layer = int(np.nanargmax(np.nan_to_num(updates, nan=0.0, posinf=np.inf))) + 1
    yield SYMPTOM.finding(
        (layer,),
        Evidence(
            "loss after one update / larger of the loss before and chance",
            after / reference if np.isfinite(after) else None,
            LOSS_AFTER_UPDATE,
            f"One update takes the loss from {number_text(measured.loss)} to {number_text(after)} (threshold "
            f"{number_text(LOSS_AFTER_UPDATE * reference)}). It changes the kernel of layer {layer} by "
            f"{percent_text(float(updates[layer - 1]))} of its size.",
        ),
        detail=f"The learning rate{f' {rate:g}' if rate is not None else ''} is too high for these gradients.",
        remedy=_sound_rate(facts, measured),
    )


def _slower(ahead: LookAhead) -> tuple[float, float] | None:
    """A smaller rate that learns where the own one does not, or much more where it learns little; and its skill."""
    if ahead.learns:
        return ahead.much_better_slower
    return None if ahead.falls else ahead.best_of(larger=False)


def _of_look_ahead(facts: NetworkFacts, ahead: LookAhead, factor: float, skill: float) -> Finding:
    """What some updates at this rate did, and at a smaller one."""
    remedy = scaled_rate(
        facts,
        factor,
        f": {ahead.updates} updates then close {percent_text(skill)} of the gap between a constant guess and a perfect "
        "answer",
    )
    return SYMPTOM.finding(
        (),
        Evidence(
            "loss after some updates / loss of the best constant guess",
            ahead.losses[-1] / ahead.chance if np.isfinite(ahead.losses[-1]) else None,
            1.0,
            f"{ahead.updates} updates take the loss from {number_text(ahead.losses[0])} to "
            f"{number_text(ahead.losses[-1])}; a constant guess has {number_text(ahead.chance)}.",
        ),
        remedy=remedy,
    )


def _sound_rate(facts: NetworkFacts, measured: LayerSignals) -> Remedy:
    """A rate at which the first update moves no kernel by more than a sound part of its size."""
    assert facts.optimizer is not None
    rate = facts.optimizer.arguments.get("learning_rate")
    ratios = measured("update", "ratio")
    largest = float(np.nanmax(np.where(np.isfinite(ratios), ratios, np.nan))) if np.isfinite(ratios).any() else 0.0
    if rate is None or largest <= 0:
        return Remedy(SYMPTOM.remedy)
    factor = SOUND_UPDATE / largest if largest > SOUND_UPDATE else 0.1
    wanted = float(f"{rate * factor:.0e}")
    return Remedy(
        f"Use a learning rate of {wanted:g}: the first update then changes each kernel by at most about "
        f"{percent_text(SOUND_UPDATE)} of its size.",
        with_rate(facts.optimizer, wanted),
    )


# --- Of a training ---------------------------------------------------------------------------------------------------


def in_training(facts: NetworkFacts, course: TrainingCourse) -> Iterator[Finding]:
    """A training that failed, and whose loss swings or ends above that of a constant guess."""
    if outcome(facts, course) != "failed" or not steps_are_too_large(facts, course):
        return
    chance, end = chance_of(facts, course), float(course.loss[-1])
    swings = (
        f" {percent_text(jaggedness(course.loss))} of its path from epoch to epoch went upwards."
        if _swings(facts, course)
        else ""
    )
    yield SYMPTOM.finding(
        most_moved(course),
        Evidence(
            "training loss at the end / loss of the best constant guess",
            end / chance,
            LOSS_ABOVE_CHANCE,
            f"{learnt_text(facts, course)} The training loss ended at {number_text(end)}; a constant guess has "
            f"{number_text(chance)}.{swings}",
        ),
        remedy=scaled_rate(facts, 0.1),
    )


def steps_are_too_large(facts: NetworkFacts, course: TrainingCourse) -> bool:
    """Whether the training loss swings, or ends above chance without coming down."""
    is_above = course.loss[-1] > LOSS_ABOVE_CHANCE * chance_of(facts, course)
    return _swings(facts, course) or bool(is_above and not comes_down(course))


def _swings(facts: NetworkFacts, course: TrainingCourse) -> bool:
    return jaggedness(course.loss) > JAGGED and mean_step(course.loss) > SWING * chance_of(facts, course)


SYMPTOM = Symptom(
    name="learning_rate_too_high",
    order=320,
    level="fault",
    title="The steps are too large",
    meaning="Each update overshoots, so the loss jumps about or settles above that of a constant guess.",
    sight="The loss goes up and down from epoch to epoch, or lies flat above the dotted line of chance.",
    rule=(
        "Before training: a look ahead learns at a smaller learning rate and not at this one; or one update takes the "
        f"loss to more than {LOSS_AFTER_UPDATE:g} times the larger of what it was and chance. After a training that "
        f"closed less than {percent_text(LEARNT_SHARE)} of the gap between a constant guess and a perfect answer: the "
        f"training loss ends above {LOSS_ABOVE_CHANCE:g} times chance without coming down; or more than "
        f"{percent_text(JAGGED)} of its path from epoch to epoch goes upwards, in steps of more than "
        f"{percent_text(SWING)} of chance on average."
    ),
    cause="The steps are too large, so updates overshoot the minimum and the loss cannot settle.",
    why=(
        "In a valley of curvature λ a step of learning rate η multiplies the distance from the bottom by 1 − ηλ. "
        "Beyond η = 2/λ each step ends farther away than it began."
    ),
    source="LeCun, Bottou, Orr and Müller, 1998, section 5",
    remedy="Use a learning rate ten times smaller, and again until the loss falls.",
    advice=f"A sound first update changes a kernel by about {percent_text(SOUND_UPDATE)} of its size.",
    example=StudyExample({}, "training.optimizer.learning_rate", 1.0, 0.001, is_trained=True),
    about="step",
    factors=("learning rate", "optimizer"),
    at_start=at_start,
    in_training=in_training,
)
