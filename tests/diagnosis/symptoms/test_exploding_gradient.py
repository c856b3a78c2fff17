from __future__ import annotations

import pytest


@pytest.mark.parametrize(("ratio", "is_found"), [(19.9, False), (20.0, True)])
def test_the_first_hidden_layer_is_compared_with_the_last(facts, signals, found, ratio, is_found):
    """At twenty times the errors' root mean square; the output layer does not count."""
    told = found("exploding_gradient", facts(), signals(errors_rms=[ratio, ratio**0.5, 1, 0.001]))
    assert [(one.layers, one.evidence.value) for one in told] == [((1, 2, 3), ratio)] * is_found


@pytest.mark.parametrize(("per_layer", "is_found"), [(1.24, False), (1.26, True)])
def test_each_layer_must_take_part(facts, signals, found, per_layer, is_found):
    """By a mean factor above 1 / 0.8 = 1.25, however much comes together over nineteen layers."""
    deep = signals(20, errors_rms=[per_layer ** (19 - at) for at in range(20)])
    assert len(found("exploding_gradient", facts(hidden=19), deep)) == is_found
