"""The tables that figures of the signal read."""

from __future__ import annotations

import pytest

from assay.errors import StoreError
from assay.figures import SignalTables


def test_conditions_come_in_the_order_of_the_study(fading_and_level):
    """However they are asked for; all of them where none is named."""
    assert fading_and_level.chosen(["start=level", "start=fading"]) == ["start=fading", "start=level"]
    assert fading_and_level.chosen() == fading_and_level.conditions


def test_an_unknown_condition_is_told_with_the_near_miss(fading_and_level):
    """And all that there are."""
    with pytest.raises(StoreError, match=r"No condition 'start=levl'. Did you mean 'start=level'\? There are: start=f"):
        fading_and_level.chosen(["start=levl"])


def test_epochs_and_depth_are_read_from_the_signals(fading_and_level):
    """Three epochs, 0 the first, and three layers."""
    assert fading_and_level.epochs() == [0, 1, 2]
    assert fading_and_level.depth(["start=level"]) == 3


def test_a_results_folder_without_signals_gives_empty_tables(tmp_path, synthetic):
    """Its conditions are known all the same."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    tables = SignalTables.of(results)
    assert tables.is_empty
    assert (tables.epochs(), tables.depth()) == ([], 0)
    assert tables.conditions == [condition.name for condition in results.conditions]
