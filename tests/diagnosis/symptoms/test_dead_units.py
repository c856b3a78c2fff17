from __future__ import annotations

import pytest


@pytest.mark.parametrize(("width", "share", "is_found"), [(100, 0.74, False), (100, 0.75, True)])
def test_three_quarters_of_a_wide_layer(facts, signals, found, width, share, is_found):
    """Half of the units are off where all inputs point the same way, which is sound."""
    told = found("dead_units", facts(width=width), signals(dead_units_fraction=[0, share, 0.1, 1]))
    assert [(one.layers, one.evidence.threshold) for one in told] == [((2,), 0.75)] * is_found


@pytest.mark.parametrize(("width", "share", "is_found"), [(10, 0.39, False), (10, 0.4, True)])
def test_two_fifths_of_a_narrow_layer(facts, signals, found, width, share, is_found):
    """A smaller share counts where it leaves few units alive."""
    told = found("dead_units", facts(width=width), signals(dead_units_fraction=[0, share, 0, 0]))
    assert [(one.layers, one.evidence.threshold) for one in told] == [((2,), 0.4)] * is_found


@pytest.mark.parametrize(("width", "is_found"), [(16, False), (14, True)])
def test_few_are_less_than_eight_units_alive(facts, signals, found, width, is_found):
    """Half of 16 leaves eight alive, half of 14 seven."""
    assert len(found("dead_units", facts(width=width), signals(dead_units_fraction=[0.5, 0, 0, 0]))) == is_found


def test_only_what_has_no_slope_on_one_side_can_die(facts, signals, found):
    """A tanh that is 0 everywhere is something else."""
    dead = signals(dead_units_fraction=[0.9, 0, 0, 0])
    assert len(found("dead_units", facts(activation="relu"), dead)) == 1
    assert found("dead_units", facts(activation="leaky_relu"), dead) == []
    assert found("dead_units", facts(activation="tanh"), dead) == []


@pytest.mark.parametrize(("width", "is_told"), [(15, True), (16, False)])
def test_narrow_layers_are_told_to_become_wider(facts, signals, found, width, is_told):
    """Below 16 units a layer may die by chance alone."""
    (told,) = found("dead_units", facts(width=width), signals(dead_units_fraction=[0.9, 0, 0, 0]))
    assert ("Wider layers help" in told.remedy.text) == is_told
