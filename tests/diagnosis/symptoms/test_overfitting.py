from __future__ import annotations

import numpy as np
import pytest

FALLING = np.exp(-np.arange(11) / 4)


@pytest.mark.parametrize(("rise", "is_found"), [(0.099, False), (0.101, True)])
def test_a_validation_loss_that_rises_by_a_tenth(facts, course, found, rise, is_found):
    """From its best to the end."""
    validation = [1, 0.8, 0.7, 0.6, 0.5, *[0.5 * (1 + rise)] * 6]
    told = found("overfitting", facts(), course(FALLING, 0.9, validation_loss=validation))
    assert [(one.level, one.evidence.value) for one in told] == [("note", pytest.approx(rise))] * is_found


@pytest.mark.parametrize(("before", "is_found"), [(0.02, False), (0.04, True)])
def test_one_late_peak_is_no_trend(facts, course, found, before, is_found):
    """The mean rise over all epochs behind the best must be 5 %, half of the threshold."""
    validation = [1, 0.8, 0.7, 0.6, 0.5, *[0.5 * (1 + before)] * 4, 0.55, 0.5501]
    mean = (4 * before + 0.1 + 0.1002) / 6
    assert (mean >= 0.05) == is_found
    assert len(found("overfitting", facts(), course(FALLING, 0.9, validation_loss=validation))) == is_found


def test_a_training_loss_that_rises_too_is_something_else(facts, course, found):
    """Then nothing is memorized."""
    validation = [1, 0.5, *[0.9] * 9]
    assert found("overfitting", facts(), course(1 / FALLING, 0.9, validation_loss=validation)) == []
    assert len(found("overfitting", facts(), course(FALLING, 0.9, validation_loss=validation))) == 1


@pytest.mark.parametrize(("best", "is_found"), [(8, True), (9, False)])
def test_two_epochs_must_follow_the_best(facts, course, found, best, is_found):
    """A single one is no trend."""
    validation = np.where(np.arange(11) == best, 0.5, 0.9)
    assert len(found("overfitting", facts(), course(FALLING, 0.9, validation_loss=validation))) == is_found
