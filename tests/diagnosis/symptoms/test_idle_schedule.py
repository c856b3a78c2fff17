from __future__ import annotations

import math

import pytest
import torch

import assay
from assay.diagnosis import symptom_of
from assay.diagnosis.loop import LoopFacts

RULE = symptom_of("idle_schedule").in_loop
LOOKS = (1, 2, 4, 8, 16, 32, 64, 128, 200, 300)


def of(rates, *, peak=None, has_ended=True, steps=300):
    """A loop with these rates at its looks."""
    largest = max(rates) if peak is None else peak
    known = tuple((rate, largest) for rate in rates)
    return LoopFacts(steps, LOOKS[: len(rates)], rates=known, has_ended=has_ended)


def at_looks(schedule):
    return [0.1 * schedule(step) for step in LOOKS]


@pytest.mark.parametrize(
    ("schedule", "is_found"),
    [
        (lambda step: 1.0, False),
        (lambda step: 0.9**step, True),  # below 1 % from step 44 on
        (lambda step: 0.5 * (1 + math.cos(math.pi * step / 300)), False),
        (lambda step: max(0.0, 1 - step / 300), False),
        (lambda step: min(step / 30, 1.0), False),
        (lambda step: 0.1 ** (step // 100), False),
    ],
    ids=["constant", "decay by the step", "cosine", "linear", "warm-up", "steps of 100"],
)
def test_a_rate_that_is_near_0_most_of_the_time_is_told(schedule, is_found):
    """The usual schedules end near 0, and are not there for long."""
    assert [one.level for one in RULE(of(at_looks(schedule)))] == ["fault"] * is_found


@pytest.mark.parametrize(("last", "is_found"), [(64, True), (200, False)])
def test_half_of_the_steps_may_be_idle(last, is_found):
    """From step 64 of 300 on are 79 %, from 200 on 34 %."""
    rates = [0.1 if step < last else 0.0009 for step in LOOKS]
    told = list(RULE(of(rates)))
    assert len(told) == is_found
    if told:
        assert told[0].evidence.value == pytest.approx(237 / 300)


@pytest.mark.parametrize(("reached", "is_found"), [(0.0099, True), (0.0101, False)])
def test_a_warm_up_must_come_to_a_tenth(reached, is_found):
    """Of the rate that the optimizer was given, 0.1."""
    told = list(RULE(of([reached * step / 300 for step in LOOKS], peak=0.1)))
    assert len(told) == is_found
    if told:
        assert "ended before its warm-up did" in told[0].cause


def test_it_is_told_at_the_end_and_of_enough_looks():
    """A warm-up that goes on may still end; a rate of 0 is another symptom."""
    rates = at_looks(lambda step: 0.9**step)
    assert list(RULE(of(rates, has_ended=False))) == []
    assert list(RULE(of(rates[:7], steps=64))) == []
    assert list(RULE(of([0.0] * 10))) == []


@pytest.mark.parametrize(("every", "is_found"), [("step", True), ("epoch", False)])
def test_a_schedule_of_pytorch_that_is_called_too_often(every, is_found):
    """A decay by 0.9 for each of 20 epochs, called at each of 200 steps."""
    torch.manual_seed(0)
    x = torch.randn(320, 4)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    watch = assay.watch(model, optimizer, verbose=False)
    for _ in range(20):
        for rows in x.split(32):
            optimizer.zero_grad()
            (model(rows) - rows[:, :1]).square().mean().backward()
            optimizer.step()
            if every == "step":
                schedule.step()
        if every == "epoch":
            schedule.step()
    watch.close()
    assert ("idle_schedule" in [one.symptom for one in watch.findings]) == is_found
