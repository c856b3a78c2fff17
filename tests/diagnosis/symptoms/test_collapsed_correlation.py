from __future__ import annotations

import pytest


@pytest.mark.parametrize(("distance", "is_found"), [(3.01e-3, False), (2.99e-3, True)])
def test_the_last_hidden_layer_tells_inputs_apart(facts, signals, found, distance, is_found):
    """Down to 1 − cosine = 0.003; the output layer does not count."""
    told = found("collapsed_correlation", facts(), signals(correlation_mean=[0.5, 0.9, 1 - distance, 1]))
    assert [one.layers for one in told] == [(3,)] * is_found


@pytest.mark.parametrize(("first", "is_found"), [(0.00999, False), (0.01001, True)])
def test_inputs_that_were_alike_from_the_first_layer_on_are_no_collapse(facts, signals, found, first, is_found):
    """The distance must have shrunk to a tenth: 0.01 is ten times 0.001."""
    told = found("collapsed_correlation", facts(), signals(correlation_mean=[1 - first, 0.99, 0.999, 0.5]))
    assert len(told) == is_found


def test_numbers_that_have_overflowed_have_no_cosine(facts, signals, found):
    """Another symptom tells them."""
    overflowed = signals(correlation_mean=[0.5, 0.9, 0.9999, 1], preactivations_nonfinite_count=[0, 0, 0, 1])
    assert found("collapsed_correlation", facts(), overflowed) == []
