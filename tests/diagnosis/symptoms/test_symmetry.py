from __future__ import annotations

from dataclasses import replace

import pytest

from assay.diagnosis import start_findings


@pytest.mark.parametrize(("share", "is_found"), [(0.5, False), (0.501, True)])
def test_more_than_half_of_the_units_have_a_copy(facts, signals, found, share, is_found):
    """In a hidden layer; the output's units have different targets."""
    told = found("symmetry", facts(), signals(identical_units_fraction=[0, share, 0.1, 1]))
    assert [(one.layers, one.evidence.value) for one in told] == [((2,), share)] * is_found


def test_a_branch_of_zeros_is_no_symmetry(facts, signals, found):
    """Its units get different gradients from what they are added to; without a way around they stay equal."""
    sound = facts()
    branch = replace(sound, layers=tuple(replace(layer, is_residual=True) for layer in sound.layers))
    zeros = signals(identical_units_fraction=1, kernel_rms=0)
    assert found("symmetry", branch, zeros) == []
    assert len(found("symmetry", sound, zeros)) == 1
    assert len(found("symmetry", branch, signals(identical_units_fraction=1))) == 1


def test_infinite_units_are_no_copies(facts, signals, found):
    """Where numbers have overflowed they all look the same."""
    overflowed = signals(identical_units_fraction=1, errors_nonfinite_count=[0, 1, 0, 0])
    assert found("symmetry", facts(), overflowed) == []


def test_the_initializer_is_blamed_by_name(facts, signals, found):
    """As far as it is known."""
    (told,) = found("symmetry", facts(initializer="zeros"), signals(identical_units_fraction=1))
    assert told.cause.startswith("The initializer zeros gives all units of a layer the same kernel.")
    (told,) = found("symmetry", facts(initializer=None), signals(identical_units_fraction=1))
    assert told.cause.startswith("The initializer gives all units of a layer the same kernel.")


@pytest.mark.parametrize(("last", "level"), [(0.71, "fault"), (0.69, "note")])
def test_copies_that_do_not_hinder_are_a_note(facts, signals, ahead, last, level):
    """A look ahead closes 30 % of the gap all the same."""
    copies = signals(identical_units_fraction=1)
    told = start_findings(facts(ahead=ahead(1.0, last)), copies)
    assert [one.level for one in told if one.symptom == "symmetry"] == [level]
