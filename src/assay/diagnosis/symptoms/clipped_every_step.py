"""Gradients that are scaled down at every step, so that the clipping sets the size of the steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assay.diagnosis.examples import LoopExample
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.loop import ClippingFacts, LoopFacts
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import number_text, percent_text

# Looks that must agree: a norm that is the same at fewer may be so by chance.
LOOKS = 5
# The norm after clipping may differ by so much: `clip_grad_norm_` divides by the norm + 1e-6.
SAME = 0.001
# What is left of a gradient that counts as scaled down.
LEFT = 0.99
# What is left where the limit alone may keep the network from learning, and how far its steps would have to take it:
# this share of the size of all weights, if each of them went the same way.
NOTHING_LEFT, NOWHERE = 0.01, 0.1


def in_loop(facts: LoopFacts) -> Iterator[Finding]:
    """Every norm was scaled down, and to the same number."""
    seen = facts.clipping
    if len(seen) < LOOKS or not _all_clipped(seen):
        return
    before, after = np.array([one.before for one in seen]), np.array([one.after for one in seen])
    left = float(np.median(after / before))
    found = SYMPTOM.finding(
        (),
        Evidence(
            "norm of the gradients after / before clipping, median",
            left,
            LEFT,
            f"At each of {len(seen)} steps that were looked at, the gradients were scaled down to a norm of "
            f"{number_text(float(np.median(after)))}. Before, it was {number_text(float(before.min()))} to "
            f"{number_text(float(before.max()))}; {percent_text(left)} of it was left in the middle.",
        ),
    )
    gets_nowhere = facts.has_ended and left < NOTHING_LEFT and _reach(facts) < NOWHERE
    yield replace(found, level="fault") if gets_nowhere else found


def _reach(facts: LoopFacts) -> float:
    """How far all steps together could have taken the trained weights at most, as a share of their size; T ‖Δw‖ / ‖w‖.

    ‖Δw‖ is that of the largest updates of all looks.
    """
    trained = [one for one in facts.parameters if one.is_trained and one.update is not None]
    moved, size = (
        np.sqrt(sum(one.size * number(one) ** 2 for one in trained))
        for number in (lambda one: one.update, lambda one: one.rms)
    )
    return float(facts.steps * moved / size) if size > 0 else np.inf


def _all_clipped(seen: tuple[ClippingFacts, ...]) -> bool:
    before, after = np.array([one.before for one in seen]), np.array([one.after for one in seen])
    is_same = bool(np.ptp(after) <= SAME * after.max())
    return is_same and bool((after < LEFT * before).all()) and bool(np.ptp(before) > SAME * before.max())


SYMPTOM = Symptom(
    name="clipped_every_step",
    order=520,
    level="note",
    title="Clipped at every step",
    meaning="The gradients are scaled down to the same norm at every step, so their own size has no say.",
    sight="The norm of the gradients is the same number at every step.",
    rule=(
        f"At every look, and at {LOOKS:g} at least, the norm of all gradients was scaled down by more than "
        f"{percent_text(1 - LEFT)} ({LEFT:g} or less was left), and to the same number within {percent_text(SAME)} "
        f"({SAME:g}). It is a fault of a loop that has ended where less than {percent_text(NOTHING_LEFT)} was left "
        f"and all steps together could have moved the weights by less than {percent_text(NOWHERE)} of their size."
    ),
    cause="The limit of `clip_grad_norm_` lies below the norm of every step, so the limit sets the size of the steps.",
    why=(
        "A clipped step is η · limit · g / ‖g‖: gradient descent on the direction alone. Its length does not fall as "
        "the gradient does, and the learning rate cannot be told from the limit."
    ),
    source="Pascanu, Mikolov and Bengio, 2013, section 3.2",
    remedy="Raise the limit to about the usual norm, or lower the learning rate and leave the limit for outliers.",
    advice="With Adam, whose steps do not depend on the gradient's scale, it matters less.",
    example=LoopExample(
        illness=(
            "    optimizer.zero_grad()\n    loss.backward()\n"
            "    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.01)\n    optimizer.step()\n"
        ),
        cure=(
            "    optimizer.zero_grad()\n    loss.backward()\n"
            "    torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)\n    optimizer.step()\n"
        ),
    ),
    factors=("gradients", "learning rate"),
    in_loop=in_loop,
)
