from __future__ import annotations

import numpy as np
import pytest

CHANCE = np.log(10)
FLAT = np.full(11, 1.0)


def swinging(size: float, up: float) -> np.ndarray:
    """A loss about chance, in epochs of one step upwards (the part `up` of the path) and one downwards."""
    steps = np.tile([2 * up * size, -2 * (1 - up) * size], 5)
    return 1 + np.concatenate([[0, 0], np.cumsum(steps)])


# --- Before training -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after", "is_found"), [(1, 1.99, False), (1, 2.01, True), (3, 5.9, False)])
def test_one_update_may_double_the_larger_of_the_loss_and_chance(facts, signals, found, before, after, is_found):
    """In units of chance."""
    seen = signals(loss_before=before * CHANCE, loss_after=after * CHANCE, update_ratio=[0.1, 0.5, 0.1, 0.1])
    assert [one.layers for one in found("learning_rate_too_high", facts(), seen)] == [(2,)] * is_found


@pytest.mark.parametrize(("largest", "rate"), [(0.5, 0.002), (0.011, 0.09), (0.009, 0.01)])
def test_the_remedy_is_a_first_update_of_one_percent(facts, signals, found, largest, rate):
    """0.1 · 0.01 / 0.5 = 0.002; where the first update is smaller than that, a tenth of the rate."""
    (told,) = found("learning_rate_too_high", facts(), signals(loss_after=10, update_ratio=[largest, 0.001, 0, 0]))
    assert told.remedy.settings["training.optimizer"] == {"name": "sgd", "learning_rate": pytest.approx(rate)}


def test_a_loss_that_overflows_by_one_update_is_found(facts, signals, found):
    """It is not a number because the outputs are not."""
    (told,) = found("learning_rate_too_high", facts(), signals(loss_after=np.nan, response_rms=np.inf))
    assert told.evidence.value is None
    assert found("learning_rate_too_high", facts(), signals(loss_after=np.nan)) == []


@pytest.mark.parametrize(("skill", "is_found"), [(0.049, False), (0.051, True)])
def test_a_smaller_rate_that_learns_tells_that_this_one_is_too_high(facts, signals, ahead, found, skill, is_found):
    """A tenth of the optimizer's 0.1; a larger rate that learns does not count."""
    told = found("learning_rate_too_high", facts(ahead=ahead(1.0, 1.2, rates=((0.1, skill),))), signals())
    assert [one.remedy.settings["training.optimizer"]["learning_rate"] for one in told] == [0.01] * is_found
    assert [one.evidence.value for one in told] == [1.2] * is_found
    assert found("learning_rate_too_high", facts(ahead=ahead(1.0, 1.2, rates=((10.0, skill),))), signals()) == []


@pytest.mark.parametrize(("last", "is_found"), [(1.071, True), (1.069, False)])
def test_a_look_ahead_whose_loss_comes_down_has_no_rate_that_is_too_high(facts, signals, ahead, found, last, is_found):
    """By 1 % of the mean of the first third of its losses, (first + 6 · last) / 7."""
    seen = ahead(1.146, last, rates=((0.1, 0.5),))
    assert len(found("learning_rate_too_high", facts(ahead=seen), signals())) == is_found


def test_a_loss_below_0_has_no_ratio(facts, signals, found):
    """A negative logarithm of a density may be of either sign: from −1 to −1.5 it came down."""
    seen = signals(loss_before=-1.0, loss_after=-1.5)
    assert found("learning_rate_too_high", facts(chance_loss=-2.0), seen) == []


# --- Of a training ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("end", "is_found"), [(1.09, False), (1.11, True)])
def test_a_training_must_not_end_above_chance(facts, course, found, end, is_found):
    """At 1.1 times chance, if it did not come down to there."""
    assert len(found("learning_rate_too_high", facts(), course([1.0, end, end, end]))) == is_found
    assert found("learning_rate_too_high", facts(), course([5.0, 3.0, 2.0, end])) == []


@pytest.mark.parametrize(("up", "is_found"), [(0.29, False), (0.31, True)])
def test_the_part_of_the_path_that_goes_upwards(facts, course, found, up, is_found):
    """A falling curve has none, noise about a level a half; 30 % is too much."""
    assert len(found("learning_rate_too_high", facts(), course(swinging(0.05, up)))) == is_found


@pytest.mark.parametrize(("size", "is_found"), [(0.019, False), (0.021, True)])
def test_small_swings_are_the_noise_of_batches(facts, course, found, size, is_found):
    """From a mean step of 2 % of chance it is the learning rate."""
    assert len(found("learning_rate_too_high", facts(), course(swinging(size, 0.5)))) == is_found


@pytest.mark.parametrize(("accuracy", "is_found"), [(0.549, True), (0.551, False)])
def test_a_training_that_learnt_half_is_left_alone(facts, course, found, accuracy, is_found):
    """An accuracy of 0.55 is half of the way from a constant guess, 0.1, to 1."""
    assert len(found("learning_rate_too_high", facts(), course(swinging(0.2, 0.5), accuracy))) == is_found
