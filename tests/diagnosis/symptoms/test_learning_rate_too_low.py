from __future__ import annotations

import numpy as np
import pytest


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
