from __future__ import annotations

import pytest

GROWING = [1.44, 1.2, 1.0, 1.0]


@pytest.mark.parametrize(("ratio", "is_found"), [(0.251, False), (0.249, True)])
def test_the_cosine_falls_to_a_quarter(facts, signals, found, ratio, is_found):
    """From the first hidden layer to the last."""
    torn = signals(correlation_mean=[0.8, 0.5, 0.8 * ratio, 0.8], errors_rms=GROWING)
    told = found("chaotic_correlation", facts(), torn)
    assert [(one.layers, one.evidence.value) for one in told] == [((1, 2, 3), pytest.approx(ratio))] * is_found


@pytest.mark.parametrize(("first", "is_found"), [(0.099, False), (0.101, True)])
def test_inputs_must_have_had_something_in_common(facts, signals, found, first, is_found):
    """A cosine of at least 0.1 in the first hidden layer."""
    assert len(
        found("chaotic_correlation", facts(), signals(correlation_mean=[first, 0, 0, 0], errors_rms=GROWING))
    ) == (is_found)


@pytest.mark.parametrize(("per_layer", "is_found"), [(1.09, False), (1.11, True)])
def test_the_gradient_must_grow_too(facts, signals, found, per_layer, is_found):
    """By at least 10 % a layer on its way back: χ₁ governs both."""
    torn = signals(correlation_mean=[0.8, 0.4, 0.1, 0], errors_rms=[per_layer**2, per_layer, 1, 1])
    assert len(found("chaotic_correlation", facts(), torn)) == is_found
