from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

# --- Before training -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "is_found"), [(632, True), (633, False)])
def test_the_budget_must_hold_the_path_of_the_rate_that_learns(facts, signals, ahead, found, steps, is_found):
    """20 updates at 100 times the rate are as far as 100 · 20 / √10 = 632.5 updates at the rate itself."""
    seen = ahead(1.0, 0.999, rates=((10.0, 0.0), (100.0, 0.5)))
    told = found("learning_rate_too_low", facts(ahead=seen, steps=steps), signals())
    assert [one.evidence.value for one in told] == [pytest.approx(2000 / np.sqrt(10))] * is_found


def test_the_remedy_is_the_rate_that_learns_most(facts, signals, ahead, found):
    """The optimizer's 0.1 times 100, not times 10; what diverges counts for nothing."""
    seen = ahead(1.0, 0.999, rates=((10.0, 0.06), (100.0, 0.7), (1000.0, -1.0)))
    (told,) = found("learning_rate_too_low", facts(ahead=seen, steps=500), signals())
    assert told.remedy.settings == {"training.optimizer": {"name": "sgd", "learning_rate": 10.0}}
    assert "as many at 10 close 70 % of the gap" in told.evidence.text


@pytest.mark.parametrize(("skill", "is_found"), [(0.049, False), (0.051, True)])
def test_a_larger_rate_must_learn(facts, signals, ahead, found, skill, is_found):
    """Else the rate is not to blame; nor is it where only a smaller one does, or a schedule raises it."""
    larger, smaller = (facts(ahead=ahead(1, 0.999, rates=((factor, skill),))) for factor in (1000.0, 0.1))
    assert len(found("learning_rate_too_low", larger, signals())) == is_found
    assert found("learning_rate_too_low", smaller, signals()) == []
    assert found("learning_rate_too_low", replace(larger, is_scheduled=True), signals()) == []


@pytest.mark.parametrize(("is_assumed", "is_found"), [(False, True), (True, False)])
def test_a_budget_that_nobody_named_is_taken_to_be_long(facts, signals, ahead, found, is_assumed, is_found):
    """6,325 updates are needed: more than the 1,000 named, fewer than 10,000."""
    seen = ahead(1.0, 0.999, rates=((1000.0, 0.5),))
    known = facts(ahead=seen, steps=1000, is_budget_assumed=is_assumed)
    assert len(found("learning_rate_too_low", known, signals())) == is_found


@pytest.mark.parametrize(("last", "is_found"), [(0.951, True), (0.949, False)])
def test_a_look_ahead_that_learns_is_fast_enough(facts, signals, ahead, found, last, is_found):
    """It closed 5 % of the gap; the loss came from far above, so the pace would be too slow for the budget."""
    known = facts(ahead=ahead(1.1, last, rates=((10.0, 0.5),)), steps=20)
    assert len(found("learning_rate_too_low", known, signals())) == is_found


def test_the_rate_of_the_parameters_comes_first(facts, signals, parameter, ahead, found):
    """A schedule may have changed what the optimizer was built with."""
    seen = ahead(1.0, 0.999, rates=((10.0, 0.5),))
    known = facts(ahead=seen, steps=50, parameters=(parameter(learning_rate=1e-4),))
    (told,) = found("learning_rate_too_low", known, signals())
    assert told.remedy.text == "Use a learning rate of 0.001."


# --- Of a training ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fall", "is_found"), [(0.0019, False), (0.0021, True)])
def test_a_loss_that_still_falls_was_cut_off(facts, course, found, fall, is_found):
    """By more than 0.2 % of chance per epoch."""
    assert len(found("learning_rate_too_low", facts(), course(1 - fall * np.arange(10), 0.2))) == is_found


@pytest.mark.parametrize(("ratio", "is_found"), [(1.01e-4, False), (0.99e-4, True)])
def test_updates_that_could_not_move_a_kernel_are_too_small(facts, course, signals, found, ratio, is_found):
    """1,000 steps of 0.01 % of a kernel are a tenth of its size."""
    seen = {0: signals(update_ratio=ratio)}
    assert len(found("learning_rate_too_low", facts(), course(np.ones(10), signals=seen))) == is_found


@pytest.mark.parametrize(("accuracy", "is_found"), [(0.549, True), (0.551, False)])
def test_a_training_that_learnt_half_is_left_alone(facts, course, found, accuracy, is_found):
    """An accuracy of 0.55 is half of the way from a constant guess, 0.1, to 1."""
    assert len(found("learning_rate_too_low", facts(), course(1 - 0.01 * np.arange(10), accuracy))) == is_found


def test_steps_that_are_too_large_are_not_too_small(facts, course, found):
    """A loss that swings is another symptom."""
    swings = [1, 3, 1, 3, 1, 3, 0.5]
    assert found("learning_rate_too_low", facts(), course(swings)) == []
    assert len(found("learning_rate_too_high", facts(), course(swings))) == 1


def test_the_sentence_tells_the_fall_as_a_loss(facts, course, found):
    """Chance is ln 10 = 2.303: nine epochs of 1 % of it are 0.023 each."""
    (told,) = found("learning_rate_too_low", facts(), course(1 - 0.01 * np.arange(10), 0.28))
    assert told.evidence.text == (
        "Training closed 20 % of the gap between a constant guess and a perfect answer. The training loss fell from "
        "2.3 to 2.1 in 9 epochs, and was still falling by 0.023 per epoch (threshold 0.00461)."
    )
    assert told.remedy.text == "Try a learning rate of 1, or train for more epochs."
