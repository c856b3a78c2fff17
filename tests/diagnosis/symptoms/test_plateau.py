from __future__ import annotations

import numpy as np
import pytest

FLAT = np.ones(11)


@pytest.mark.parametrize(("accuracy", "is_found"), [(0.189, True), (0.191, False)])
def test_less_than_a_tenth_was_learnt(facts, course, found, accuracy, is_found):
    """An accuracy of 0.19 is a tenth of the way from a constant guess, 0.1, to 1."""
    assert len(found("plateau", facts(), course(FLAT, accuracy))) == is_found


@pytest.mark.parametrize(("ratio", "rate"), [(0.0299, 1.0), (0.0301, 0.01)])
def test_large_updates_ask_for_smaller_steps_and_others_for_larger(facts, course, signals, found, ratio, rate):
    """1,000 steps of 3 % of a kernel are thirty times its size."""
    (told,) = found("plateau", facts(), course(FLAT, signals={0: signals(update_ratio=ratio)}))
    assert told.remedy.settings["training.optimizer"] == {"name": "sgd", "learning_rate": rate}


def test_a_regression_is_measured_by_its_loss(facts, course, found):
    """A loss of 0.95 times that of the best constant guess has closed 5 % of the gap."""
    known = facts(output="linear", units=1, task="regression", data={"majority": None, "classes": None})
    (told,) = found("plateau", known, course(0.95 * FLAT))
    assert told.evidence.value == pytest.approx(0.05)
    assert found("plateau", known, course(0.85 * FLAT)) == []


def test_what_steps_explain_is_no_plateau(facts, course, found):
    """Neither a loss that swings nor one that still falls."""
    assert found("plateau", facts(), course([1, 3, 1, 3, 1, 3, 0.5])) == []
    assert found("plateau", facts(), course(1 - 0.01 * np.arange(10))) == []
