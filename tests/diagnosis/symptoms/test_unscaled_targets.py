from __future__ import annotations

import pytest


@pytest.mark.parametrize(("low", "high", "is_found"), [(-9.9, 9.9, False), (0.0, 10.0, True), (-10.0, 0.0, True)])
def test_the_largest_target_in_size_decides(facts, signals, found, low, high, is_found):
    """At 10, on either side of 0."""
    known = facts(output="linear", units=1, task="regression", data={"target_low": low, "target_high": high})
    assert [told.layers for told in found("unscaled_targets", known, signals())] == [(4,)] * is_found


def test_classes_and_bounded_outputs_are_left_alone(facts, signals, found):
    """A bounded output is told as a target out of range."""
    assert found("unscaled_targets", facts(data={"target_high": 99.0}), signals()) == []
    bounded = facts(output="sigmoid", task="regression", data={"target_high": 99.0})
    assert found("unscaled_targets", bounded, signals()) == []
