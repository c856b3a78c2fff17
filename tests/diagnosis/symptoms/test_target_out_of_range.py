from __future__ import annotations

import re

import numpy as np
import pytest

from assay.choices import Choice


@pytest.mark.parametrize(
    ("output", "low", "high", "is_found"),
    [
        ("sigmoid", 0.0, 1.0, False),
        ("sigmoid", 0.0, 1.0001, True),
        ("sigmoid", -0.0001, 1.0, True),
        ("tanh", -1.0, 1.0, False),
        ("tanh", -1.0, 1.0001, True),
        ("relu", 0.0, 1e6, False),
        ("relu", -0.0001, 1e6, True),
        ("linear", -1e6, 1e6, False),
    ],
)
def test_targets_at_the_bound_can_be_reached_and_targets_beyond_cannot(facts, found, output, low, high, is_found):
    """Sigmoid lies in 0 to 1, tanh in −1 to 1, ReLU at or above 0."""
    known = facts(output=output, units=1, task="regression", data={"target_low": low, "target_high": high})
    assert [told.layers for told in found("target_out_of_range", known)] == [(4,)] * is_found


def test_classes_have_no_range(facts, found):
    """Only a regression asks for the targets themselves."""
    assert found("target_out_of_range", facts(output="sigmoid", data={"target_high": 9.0})) == []


def test_an_open_range_is_told_in_words(facts, found):
    """Infinity is not a number to print."""
    known = facts(output="relu", units=1, task="regression", data={"target_low": -1.5})
    (told,) = found("target_out_of_range", known)
    assert told.evidence.text == "The targets lie between -1.5 and 1, but 'relu' gives outputs of 0 and above."


def test_a_loss_that_is_not_known_may_compare_something_else(facts, found):
    """Such as the logarithm of a policy with a reward; nothing is certain then."""
    known = {"task": "regression", "output": "sigmoid", "units": 1, "data": {"target_low": -1.0}}
    assert len(found("target_out_of_range", facts(**known, loss=Choice("mean_squared_error")))) == 1
    assert found("target_out_of_range", facts(**known, loss=None)) == []


@pytest.mark.parametrize(("shift", "level"), [(0.0, "certain"), (0.25, "certain"), (0.27, "note"), (0.9, "note")])
def test_the_level_is_that_of_what_is_out_of_reach(facts, found, shift, level):
    """Of t uniform from s − 1 to s + 1, ReLU loses ∫ t² / 2 = (1 − s)³ / 6 over t < 0, of a variance of 1 / 3."""
    targets = np.linspace(-1, 1, 101) + shift
    data = {"target_low": shift - 1, "target_high": shift + 1, "target_quantiles": list(targets)}
    (one,) = found("target_out_of_range", facts(output="relu", units=1, task="regression", data=data))
    assert one.level == level
    lost = float(re.search(r"leave ([\d.]+) % of their variance unexplained", one.evidence.text)[1])
    assert lost == pytest.approx(100 * (1 - shift) ** 3 / 2, rel=0.05, abs=0.02)
