"""What is wrong with a loop that was watched: what its rules find, and what its losses say at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from assay.diagnosis.course import TrainingCourse, learnt_share
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Finding, Remedy
from assay.diagnosis.loop import LoopFacts
from assay.diagnosis.rulebook import rule_book
from assay.diagnosis.symptoms import divergence, learning_rate_too_high, nonfinite_gradient, plateau, sorted_batches
from assay.diagnosis.thresholds import LEARNT_SHARE

BLOCK = 4  # looks whose mean loss is one point of a course: a single batch says little
PROBE = Remedy(
    "Ask assay.probe(model, x, y, loss=…, optimizer=…) for the reason, before training: it looks into the network and "
    "tries other learning rates on a copy."
)
NONFINITE = (divergence.SYMPTOM.name, nonfinite_gradient.SYMPTOM.name)


def loop_findings(facts: LoopFacts) -> list[Finding]:
    """What is wrong with the loop so far: a step that is not finite first, then faults, then notes."""
    found = [finding for symptom in rule_book() if symptom.in_loop is not None for finding in symptom.in_loop(facts)]
    return sorted(found, key=lambda finding: (finding.symptom not in NONFINITE, finding.level == "note"))


# --- What was learnt -------------------------------------------------------------------------------------------------


def loop_course(facts: LoopFacts) -> TrainingCourse | None:
    """The loss at the first look, and at the end. None where too few are known.

    The end is the mean over the last four looks, or over the last two if that is lower: early looks lie close together,
    so the last four may begin when most of the training was to come.
    """
    losses = np.array([loss for _, loss in facts.losses])
    if len(losses) < 2 * BLOCK or facts.nonfinite is not None or not np.isfinite(losses).all():
        return None
    course = np.array([losses[0], min(losses[-BLOCK:].mean(), losses[-BLOCK // 2 :].mean())])
    return TrainingCourse(loss=course, metric=course)


def loop_outcome(facts: LoopFacts, chance: float | None) -> Literal["diverged", "unknown", "failed", "learnt"]:
    """What became of a loop, of its losses and that of the best constant output.

    Between `plateau.NOTHING_LEARNT` and half of the gap it is ``unknown``: how low the loss can get is not known of a
    user's data. So it is where the batches are sorted, for the loss of one kind of rows is not that of all.
    """
    if facts.nonfinite is not None:
        return "diverged"
    if facts.batch_mix is not None and sorted_batches.are_sorted(facts.batch_mix):
        return "unknown"
    course = loop_course(facts)
    share = None if course is None else learnt_share(NetworkFacts((), chance_loss=chance), course)
    if share is None:
        return "unknown"
    return "learnt" if share >= LEARNT_SHARE else "failed" if share < plateau.NOTHING_LEARNT else "unknown"


def learning_findings(facts: LoopFacts, chance: float | None) -> list[Finding]:
    """What a loop that has ended and has learnt nothing shows in its losses alone.

    A loss that has risen above its start and above that of a constant output, at each of the last looks, is a fault of
    the steps. Of one that stays the reason cannot be told from losses, so a probe is advised.
    """
    course = loop_course(facts)
    if course is None or chance is None or loop_outcome(facts, chance) != "failed":
        return []
    network = NetworkFacts((), chance_loss=chance)
    losses = [loss for _, loss in facts.losses]
    if min(losses[-BLOCK:]) > learning_rate_too_high.LOSS_ABOVE_CHANCE * max(*losses[:BLOCK], chance):
        return list(learning_rate_too_high.in_training(network, course))
    return [replace(plateau.nothing_learnt(network, course), remedy=PROBE)]
