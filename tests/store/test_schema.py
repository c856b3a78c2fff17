"""The columns of a results folder."""

from __future__ import annotations

import polars as pl
import pytest

from assay.store.schema import HISTORY_COLUMNS, empty_frame, trial_columns, with_columns_of


def test_factors_stand_between_the_fixed_columns_of_trials():
    """The trials table has trial, condition, seed, then a column per factor, then how the trial ended."""
    columns = trial_columns([{"network.activation": "relu", "training.epochs": 3}])
    assert list(columns)[:5] == ["trial", "condition", "seed", "network.activation", "training.epochs"]
    assert list(columns)[5] == "outcome"


@pytest.mark.parametrize(
    ("levels", "kind"),
    [
        ([0.1, 1], "Float64"),
        (["relu", "tanh"], "String"),
        ([0.1, {"name": "decay"}], "String"),
        ([True, False], "String"),
        ([None, 0.1], "Float64"),
        ([None, "relu"], "String"),
        ([None], "String"),
    ],
)
def test_a_factor_is_a_number_column_only_if_all_levels_are_numbers(levels, kind):
    """Levels that are all numbers make a number column, whatever follows from the data aside; others make text."""
    assert trial_columns([{"factor": level} for level in levels])["factor"] == kind


def test_a_table_with_a_missing_column_is_refused():
    """A frame must have exactly the columns of its table."""
    frame = empty_frame(HISTORY_COLUMNS).drop("seed")
    with pytest.raises(ValueError, match="expected the columns"):
        with_columns_of(frame, HISTORY_COLUMNS)


def test_columns_are_put_in_order_and_type():
    """A frame with the right columns is cast and ordered as the table says."""
    frame = empty_frame(HISTORY_COLUMNS).with_columns(pl.col("epoch").cast(pl.Int8)).select(reversed(HISTORY_COLUMNS))
    assert with_columns_of(frame, HISTORY_COLUMNS).schema == empty_frame(HISTORY_COLUMNS).schema
