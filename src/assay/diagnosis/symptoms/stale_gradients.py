"""Gradients of earlier steps that were never removed: `zero_grad` is missing."""

from __future__ import annotations

from collections.abc import Iterator

from assay.diagnosis.examples import LoopExample
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.loop import ENOUGH_LOOKS, LoopFacts
from assay.diagnosis.symptom import Symptom


def in_loop(facts: LoopFacts) -> Iterator[Finding]:
    """At every look the gradients of the step before were still there."""
    seen = facts.carried_over
    if len(seen) < ENOUGH_LOOKS or not all(seen):
        return
    yield SYMPTOM.finding(
        (),
        Evidence(
            "steps that began with gradients of the step before / steps that were looked at",
            1.0,
            None,
            f"At each of {len(seen)} steps that were looked at (up to step {facts.looks[-1]}), the gradients of the "
            "step before were still there when the backward pass began.",
        ),
    )


SYMPTOM = Symptom(
    name="stale_gradients",
    order=500,
    level="fault",
    title="Gradients of all steps are added up",
    meaning="Gradients are not reset between the steps of the optimizer, so each step repeats all earlier ones.",
    sight="The loss falls, overshoots and swings, although the learning rate is a usual one.",
    rule=(
        f"At every look, and at {ENOUGH_LOOKS} at least, gradients other than 0 are there whenever a backward pass "
        "begins, from one step of the optimizer to the next. Several backward passes for one step, as in gradient "
        "accumulation on purpose, begin with a reset and do not count."
    ),
    cause="`optimizer.zero_grad()` is missing in the loop, or it is called on another optimizer.",
    why=(
        "PyTorch adds gradients to those that are there. Without a reset, step t uses g₁ + … + g_t: momentum of 1, "
        "which nothing damps."
    ),
    source="PyTorch, documentation of torch.optim.Optimizer.zero_grad, 2024; Polyak, 1964, on momentum",
    remedy="Call `optimizer.zero_grad()` once for each step, before `loss.backward()`.",
    example=LoopExample(
        illness="    loss.backward()\n    optimizer.step()\n",
        cure="    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n",
    ),
    factors=("gradients",),
    in_loop=in_loop,
)
