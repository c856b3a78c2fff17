"""What is wrong with a loop that was watched: what its rules find, and what its losses say at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np

from assay.diagnosis.course import TrainingCourse, learnt_share
from assay.diagnosis.facts import NetworkFacts, ParameterFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.loop import ENOUGH_LOOKS, LoopFacts, NonfiniteFacts
from assay.diagnosis.rulebook import rule_book
from assay.diagnosis.symptoms import learning_rate_too_high, plateau
from assay.diagnosis.thresholds import LEARNT_SHARE
from assay.diagnosis.wording import number_text

BLOCK = 4  # looks whose mean loss is one point of a course: a single batch says little
# Of a gradient that has been 0 so often, no later step is expected to bring one: a layer that is left out at random is
# left out at so many looks in a row once in a hundred thousand times, if it is in every fourth step.
LOOKS_WITHOUT_GRADIENT = 8


def loop_findings(facts: LoopFacts, *, has_ended: bool = False) -> list[Finding]:
    """What is wrong with the loop so far, faults before notes.

    Parameters
    ----------
    facts : LoopFacts
    has_ended : bool
        No step is to come, so what was seen at few looks is judged too.
    """
    found = [finding for symptom in rule_book() if symptom.in_loop is not None for finding in symptom.in_loop(facts)]
    found += _unmoved(facts, has_ended=has_ended)
    if facts.nonfinite is not None:
        found.insert(0, _nonfinite(facts.nonfinite))
    return sorted(found, key=lambda finding: finding.level == "note")


# --- What was learnt -------------------------------------------------------------------------------------------------


def loop_course(facts: LoopFacts) -> TrainingCourse | None:
    """The loss at the first look, and its mean over the last looks. None where too few are known."""
    losses = np.array([loss for _, loss in facts.losses])
    if len(losses) < 2 * BLOCK or facts.nonfinite is not None or not np.isfinite(losses).all():
        return None
    course = np.array([losses[0], losses[-BLOCK:].mean()])
    return TrainingCourse(loss=course, metric=course)


def loop_outcome(facts: LoopFacts, chance: float | None) -> Literal["diverged", "unknown", "failed", "learnt"]:
    """What became of a loop, of its losses and that of the best constant output.

    Between `plateau.NOTHING_LEARNT` and half of the gap it is ``unknown``: how low the loss can get is not known of a
    user's data.
    """
    if facts.nonfinite is not None:
        return "diverged"
    course = loop_course(facts)
    share = None if course is None else learnt_share(NetworkFacts((), chance_loss=chance), course)
    if share is None:
        return "unknown"
    return "learnt" if share >= LEARNT_SHARE else "failed" if share < plateau.NOTHING_LEARNT else "unknown"


def learning_findings(facts: LoopFacts, chance: float | None) -> list[Finding]:
    """What a loop that has ended and has learnt nothing shows in its losses alone.

    A loss that has risen above its start and above that of a constant output, at each of the last looks, is a fault of
    the steps. One that stays is a note: the reason cannot be told from losses.
    """
    course = loop_course(facts)
    if course is None or chance is None or loop_outcome(facts, chance) != "failed":
        return []
    network = NetworkFacts((), chance_loss=chance)
    losses = [loss for _, loss in facts.losses]
    if min(losses[-BLOCK:]) > learning_rate_too_high.LOSS_ABOVE_CHANCE * max(*losses[:BLOCK], chance):
        return list(learning_rate_too_high.in_training(network, course))
    return [replace(finding, level="note") for finding in plateau.in_training(network, course)]


# --- Steps that are not finite ---------------------------------------------------------------------------------------


def _nonfinite(seen: NonfiniteFacts) -> Finding:
    loss_is_broken = seen.loss is not None and not np.isfinite(seen.loss)
    what = (
        f"the loss is {number_text(seen.loss)}" if loss_is_broken and seen.loss is not None else _gradients_text(seen)
    )
    text = f"At step {seen.step}, before the optimizer made it, {what}. {_place_text(seen)}".rstrip()
    evidence = Evidence("steps with a loss or a gradient that is not finite", float(seen.step), None, text)
    name = "divergence" if loss_is_broken else "nonfinite_gradient"
    return Finding(name, (), evidence, _cause(seen), Remedy(_remedy(seen)))


def _gradients_text(seen: NonfiniteFacts) -> str:
    loss = "" if seen.loss is None else f"the loss is {number_text(seen.loss)}, but "
    count = len(seen.parameters)
    first = f" ('{seen.parameters[0]}' is the first)" if seen.parameters else ""
    arrays = "the gradient of 1 parameter array is" if count == 1 else f"the gradients of {count} parameter arrays are"
    return f"{loss}{arrays} not finite{first}"


def _place_text(seen: NonfiniteFacts) -> str:
    where = {
        "weights": f"Weights are not finite before that step, first those of '{seen.layer}'.",
        "inputs": "What the model was given is not finite.",
        "forward": f"The first layer by order of execution whose output is not finite is '{seen.layer}'.",
        "loss": "The outputs of the model are finite; the loss makes of them what is not.",
        "backward": f"In the backward pass the first layer with such gradients is '{seen.layer}'; outputs are finite.",
        "unknown": "",
    }[seen.origin]
    return f"{where} {seen.last_sound}".strip()


def _cause(seen: NonfiniteFacts) -> str:
    return {
        "weights": "An earlier step made the weights so: it was too large, or its gradients were not finite.",
        "inputs": "The data hold numbers that are NaN (not a number) or infinite.",
        "forward": "A number in that layer grew beyond its type, or a function was asked for a value that it has not.",
        "loss": "The loss was asked for a value that it has not, such as the logarithm of 0, or overflowed its type.",
        "backward": (
            "A function has no finite slope there, such as √x, x/‖x‖ or log x at 0; or a slope met an infinite number."
        ),
        "unknown": "A number grew beyond its type, or a function was asked for a value that it does not have.",
    }[seen.origin]


def _remedy(seen: NonfiniteFacts) -> str:
    return {
        "weights": "Go back to weights from before, and use a smaller learning rate.",
        "inputs": "Remove or fill in these entries of the data.",
        "forward": "Look at what goes into that layer: smaller inputs, a smaller learning rate, or a larger type.",
        "loss": "Compute the loss of logits instead of probabilities, or keep them away from 0 and 1.",
        "backward": "Keep what is divided by, or what a root or a logarithm is taken of, away from 0 (add 1e-6).",
        "unknown": "Give on_nonfinite='raise' to stop before such a step and learn where it begins.",
    }[seen.origin]


# --- Weights that do not move ----------------------------------------------------------------------------------------


def _unmoved(facts: LoopFacts, *, has_ended: bool) -> Iterator[Finding]:
    """Trained parameters that no step has moved, by reason."""
    looks = len(facts.looks)
    if not looks or (looks < ENOUGH_LOOKS and not has_ended):
        return
    still = [one for one in facts.parameters if one.update == 0 and one.is_trained]
    reasons = {
        "not in the optimizer": [one for one in still if one.is_in_optimizer is False],
        "rate": [one for one in still if one.is_in_optimizer and one.learning_rate == 0],
    }
    if looks >= LOOKS_WITHOUT_GRADIENT or has_ended:
        reasons["no gradient"] = [
            one for one in still if one.is_in_optimizer and one.learning_rate != 0 and one.gradient == 0
        ]
    rounded = [one for one in still if one.is_in_optimizer and one.learning_rate and one.gradient]
    if 2 * sum(one.size for one in rounded) > sum(one.size for one in facts.parameters if one.is_trained):
        reasons["rounding"] = rounded  # a bias that a normalization takes away again may well stand still
    for reason, parameters in reasons.items():
        if parameters:
            finding = _unmoved_finding(reason, parameters, facts)
            # Who trains the last layer alone gives the optimizer no other, and need not freeze the rest.
            is_meant = reason == "not in the optimizer" and any(one.is_in_optimizer for one in facts.parameters)
            yield replace(finding, level="note") if is_meant else finding


def _unmoved_finding(reason: str, parameters: list[ParameterFacts], facts: LoopFacts) -> Finding:
    count = len(parameters)
    which = f"'{parameters[0].name}'" + (f" and {count - 1} more" if count > 1 else "")
    why, remedy = {
        "not in the optimizer": (
            "They are not among the parameters that the optimizer was given.",
            "Make the optimizer after the model, from `model.parameters()`.",
        ),
        "rate": (
            "The learning rate of their group is 0.",
            "Raise it; a schedule must be stepped as often as it was written for.",
        ),
        "rounding": (
            "They get gradients, but the update is smaller than the last digit of their numbers.",
            "Keep the parameters in float32, or raise the learning rate.",
        ),
        "no gradient": (
            "No gradient reaches them: it is None or exactly 0.",
            "See whether their output is used for the loss, and whether a `detach`, a `no_grad` or a constant cuts it.",
        ),
    }[reason]
    steps = len(facts.looks)
    text = f"Of {len(facts.parameters)} parameter arrays {count} did not move at any of {steps} looks: {which}."
    return Finding("no_update", (), Evidence("updates of exactly 0", float(count), None, text), why, Remedy(remedy))
