"""New rows for a network that was trained on others: the same columns, in the same kinds, or one clear error.

::

    new = conform("new.csv", preparation)
    preparation.apply(new.rows), new.notices
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.data.cells import read_as
from assay.data.columns import Notice, refuse_cells
from assay.data.files import check_kind, read_frame
from assay.data.memory import read_memory
from assay.data.npz_files import check_numbers, read_rows
from assay.data.preparation import Column, Preparation
from assay.errors import DataError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Conformed:
    """New rows as a preparation takes them.

    Attributes
    ----------
    rows : polars.DataFrame or array
        Exactly the columns of the preparation, in the types of their kinds; or numbers of shape (rows, F).
    notices : tuple of Notice
        Levels that the training rows did not have.
    """

    rows: pl.DataFrame | np.ndarray
    notices: tuple[Notice, ...] = ()


def conform(rows: Any, preparation: Preparation, *, name: str = "rows") -> Conformed:
    """New rows in the form of those that a network was trained on.

    Parameters
    ----------
    rows : path, frame, mapping of columns, or array
        A file (`assay.data.files.FILE_KINDS`), or what `read_memory` takes. Columns that the training table had and
        that are no features, its target among them, may be there and are left out.
    preparation : Preparation
    name : str
        What the rows are called in messages, where they are no file.

    Raises
    ------
    DataError
        If columns are missing or foreign, all of them in one message; if a cell is not of the kind of its column, or
        empty where no gap is filled, with its row; if numbers are not finite or of another shape.
    """
    if isinstance(rows, str | Path):
        name = str(rows)
        path = Path(rows)
        given: pl.DataFrame | np.ndarray = read_rows(path) if check_kind(path) == ".npz" else read_frame(path)[0]
    else:
        given = read_memory(rows, name=name)
    if not preparation.columns:
        return Conformed(_numbers(given, preparation, name))
    if isinstance(given, np.ndarray):
        shown = ", ".join(column.name for column in preparation.columns)
        raise DataError(f"{name}: expected a table with the columns {shown}, got an array of shape {given.shape}.")
    _check_columns(given, preparation, name)
    columns, notices = [], []
    for column in preparation.columns:
        cells = _read(given[column.name], column, name)
        columns.append(cells)
        notices += _unknown_levels(cells, column)
    rows_of_kinds = given.select(column.name for column in preparation.columns).with_columns(columns)
    return Conformed(rows_of_kinds, tuple(notices))


def _check_columns(frame: pl.DataFrame, preparation: Preparation, name: str) -> None:
    """All columns that are missing or foreign, in one message."""
    expected = [column.name for column in preparation.columns]
    missing = [one for one in expected if one not in frame.columns]
    foreign = [one for one in frame.columns if one not in expected and one not in preparation.aside]
    parts = []
    if missing:
        parts.append(f"missing: {', '.join(f'{one!r}' + _near(one, foreign) for one in missing)}")
    if foreign:
        parts.append(f"foreign: {', '.join(repr(one) for one in foreign)}")
    if parts:
        raise DataError(
            f"{name}: the columns are not those of the table that was learnt from; {'; '.join(parts)}. "
            f"Expected: {', '.join(expected)}."
        )


def _near(name: str, foreign: list[str]) -> str:
    """`` (is it 'Age'?)``, where a foreign column has nearly this name."""
    near = get_close_matches(name.lower(), [one.lower() for one in foreign], n=1)
    return next((f" (is it '{one}'?)" for one in foreign if [one.lower()] == near), "")


def _read(cells: pl.Series, column: Column, name: str) -> pl.Series:
    """The cells of a column in the type of its kind."""
    values, bad = read_as(cells, column.kind, column.date_format)
    refuse_cells(cells, bad, f"not {_NOUNS[column.kind]}", where=name)
    if column.kind == "numeric" and values.dtype.is_float():
        refuse_cells(cells, values.is_infinite().fill_null(False), "infinite", where=name)
    if column.fill is None and column.kind != "categorical":
        refuse_cells(cells, values.is_null(), "empty, and gaps of this column are not filled", where=name)
    return values


_NOUNS = {"numeric": "a number", "boolean": "true or false", "date": "a date", "categorical": "a word"}


def _unknown_levels(cells: pl.Series, column: Column) -> list[Notice]:
    if column.kind != "categorical":
        return []
    unknown = cells.filter(cells.is_not_null() & ~cells.is_in(list(column.levels)).fill_null(True))
    if unknown.is_empty():
        return []
    words = unknown.unique(maintain_order=True).to_list()
    shown = ", ".join(repr(word) for word in words[:3]) + (", …" if len(words) > 3 else "")
    count = "1 cell holds a level" if len(unknown) == 1 else f"{len(unknown)} cells hold levels"
    text = f"Column '{column.name}': {count} that the training rows did not have ({shown}); its features are 0 there."
    return [Notice("levels", text, column.name)]


def _numbers(given: pl.DataFrame | np.ndarray, preparation: Preparation, name: str) -> np.ndarray:
    """Rows of numbers, as a matrix of shape (rows, F)."""
    features = math.prod(preparation.shape)
    if not isinstance(given, np.ndarray):
        columns = [read_as(column, "numeric") for column in given.iter_columns()]
        for (values, bad), cells in zip(columns, given.iter_columns(), strict=True):
            refuse_cells(cells, bad | values.is_null(), "not a number", where=name)
        given = np.column_stack([values.to_numpy() for values, _ in columns])
    check_numbers(given, where=name)
    matrix = given.reshape(len(given), -1)
    if matrix.shape[1] != features:
        raise DataError(
            f"{name}: expected rows of shape {preparation.shape}, {features} numbers each, got an array of shape "
            f"{given.shape}."
        )
    return matrix
