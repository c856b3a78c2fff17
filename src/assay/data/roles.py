"""Columns that say something of a row beside its features: how much it counts, what it belongs to, when it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.data.cells import look, read_as
from assay.data.columns import refuse_cells
from assay.data.preparation import as_numbers
from assay.errors import DataError

if TYPE_CHECKING:
    import polars as pl


def read_weights(column: pl.Series, where: str) -> np.ndarray:
    """How much each row counts: float64 (rows,), at least 0, not all 0.

    Raises
    ------
    DataError
        For other cells, with the row; as the other readers.
    """
    weights = _numbers(column, "weight", where)
    _refuse(column, weights < 0, "below 0, but a weight is 0 or more", where)
    if not weights.any():
        raise DataError(f"{where}: column '{column.name}': all weights are 0, so no row would count.")
    return weights


def read_groups(column: pl.Series, where: str) -> np.ndarray:
    """Which rows belong together: int64 (rows,), a number for each different cell."""
    words, _ = read_as(column, "categorical")
    refuse_cells(column, words.is_null(), "empty, but is the group of its row", where=where)
    return np.unique(words.to_list(), return_inverse=True)[1].astype(np.int64)


def read_times(column: pl.Series, where: str) -> np.ndarray:
    """When each row was: float64 (rows,), days of dates, or the numbers as they are."""
    seen = look(column)
    if seen.kind != "date":
        return _numbers(column, "time", where)
    refuse_cells(column, seen.values.is_null(), "empty, but is the time of its row", where=where)
    return as_numbers(seen.values)


READERS = {"weight": read_weights, "group": read_groups, "time": read_times}
"""By role, what reads its column."""


def _numbers(column: pl.Series, noun: str, where: str) -> np.ndarray:
    """Finite numbers without a gap."""
    values, bad = read_as(column, "numeric")
    refuse_cells(column, bad, f"no number, but is the {noun} of its row", where=where)
    refuse_cells(column, values.is_null(), f"empty, but is the {noun} of its row", where=where)
    numbers = as_numbers(values)
    _refuse(column, ~np.isfinite(numbers), "infinite", where)
    return numbers


def _refuse(column: pl.Series, bad: np.ndarray, what: str, where: str) -> None:
    import polars as pl

    refuse_cells(column, pl.Series(bad), what, where=where)
