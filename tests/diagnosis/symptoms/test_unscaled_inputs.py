from __future__ import annotations

import pytest


@pytest.mark.parametrize(("rms", "is_found"), [(29.9, False), (30.0, True)])
def test_huge_inputs_are_found_whatever_they_do(facts, signals, found, rms, is_found):
    """At a root mean square of 30."""
    told = found("unscaled_inputs", facts(data={"rms": rms}), signals())
    assert [(one.layers, one.evidence.value, one.evidence.threshold) for one in told] == [((1,), rms, 30)] * is_found


@pytest.mark.parametrize(("rms", "is_found"), [(1.99, False), (2.0, True)])
def test_large_inputs_are_found_where_they_saturate_the_first_layer(facts, signals, found, rms, is_found):
    """At a root mean square of 2."""
    known = facts(activation="tanh", data={"rms": rms})
    assert len(found("unscaled_inputs", known, signals(saturation_fraction=[0.9, 0, 0, 0]))) == is_found


@pytest.mark.parametrize(("share", "is_found"), [(0.4, False), (0.401, True)])
def test_the_share_that_counts_as_saturated(facts, signals, found, share, is_found):
    """More than 40 % of the first layer's activations; other layers do not matter."""
    known = facts(activation="tanh", data={"rms": 5.0})
    assert len(found("unscaled_inputs", known, signals(saturation_fraction=[share, 1, 1, 0]))) == is_found


@pytest.mark.parametrize(("share", "is_found"), [(0.74, False), (0.75, True)])
def test_the_share_that_counts_as_dead(facts, signals, found, share, is_found):
    """75 % of the 32 units of the first layer, as of any layer."""
    known = facts(data={"rms": 5.0})
    assert len(found("unscaled_inputs", known, signals(dead_units_fraction=[share, 0, 0, 0]))) == is_found


def test_a_network_without_hidden_layers_has_only_the_larger_threshold(facts, signals, found):
    """Its first layer is the output, which may be saturated."""
    known = facts(hidden=0, data={"rms": 5.0})
    assert found("unscaled_inputs", known, signals(1, saturation_fraction=0.9)) == []
