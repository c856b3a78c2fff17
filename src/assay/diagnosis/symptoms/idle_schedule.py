"""A schedule that holds the learning rate near 0 for most of a training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.diagnosis.examples import LoopExample
from assay.diagnosis.finding import Evidence, Finding
from assay.diagnosis.loop import LoopFacts
from assay.diagnosis.symptom import Symptom
from assay.diagnosis.wording import number_text, percent_text

# Looks that a loop must have had: the schedules of a few steps say little.
LOOKS = 8
# A learning rate below this share of the largest is idle, and half of the steps may be.
IDLE, MOST_IDLE = 0.01, 0.5
# What a warm-up must have reached of the rate that it leads to.
WARM = 0.1


def in_loop(facts: LoopFacts) -> Iterator[Finding]:
    """The rates of the looks, each standing for the steps up to the next look."""
    if not facts.has_ended or len(facts.rates) < LOOKS or len(facts.rates) != len(facts.looks):
        return
    rates = np.array([rate for rate, _ in facts.rates])
    peak = max(largest for _, largest in facts.rates)
    if not peak > 0:
        return
    spans = np.diff([*facts.looks, facts.steps + 1])
    idle = float(spans[rates < IDLE * peak].sum() / spans.sum())
    reached = float(rates.max() / peak)
    if idle >= MOST_IDLE and reached >= WARM:
        yield SYMPTOM.finding(
            (),
            Evidence(
                "share of the steps with a learning rate below 1 % of the largest",
                idle,
                MOST_IDLE,
                f"For {percent_text(idle)} of {facts.steps} steps the learning rate was below {percent_text(IDLE)} of "
                f"its largest, {number_text(peak)}; it ended at {number_text(float(rates[-1]))}.",
            ),
        )
    elif reached < WARM:
        yield SYMPTOM.finding(
            (),
            Evidence(
                "largest learning rate of the training, as a share of the one that its schedule leads to",
                reached,
                WARM,
                f"In {facts.steps} steps the learning rate came to {number_text(float(rates.max()))}, which is "
                f"{percent_text(reached)} of the {number_text(peak)} that the optimizer was given.",
            ),
            detail="The training ended before its warm-up did.",
        )


SYMPTOM = Symptom(
    name="idle_schedule",
    order=535,
    level="fault",
    title="The schedule holds the learning rate near 0",
    meaning="For most of the training the learning rate is far below the one that the optimizer was given.",
    sight="A curve that is flat after the first steps, or from the beginning.",
    rule=(
        f"A loop of at least {LOOKS} looks has ended, and its learning rate was below {percent_text(IDLE)} of its "
        f"largest for at least {percent_text(MOST_IDLE)} of the steps; or it never came to {percent_text(WARM)} of the "
        "rate that the optimizer was given."
    ),
    cause=(
        "A schedule counts calls of scheduler.step(). One that was made for epochs and is called at each step runs out "
        "early; one that was made for steps and is called once an epoch hardly begins."
    ),
    why="A decay of 0.9 for each call is 1 % after 44 calls, for 0.9⁴⁴ = 0.0097.",
    source="Goyal et al., Accurate, large minibatch SGD, 2017, section 2.2, on warm-up",
    remedy="Call scheduler.step() as often as the schedule expects: after each update, or after each epoch.",
    example=LoopExample(
        '    optimizer.param_groups[0]["lr"] = 0.1 * 0.9**watch.step\n'
        "    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n",
        '    optimizer.param_groups[0]["lr"] = 0.1 * 0.9 ** (watch.step // 16)\n'
        "    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n",
    ),
    factors=("learning rate",),
    in_loop=in_loop,
)
