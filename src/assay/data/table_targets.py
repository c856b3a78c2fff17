"""Columns of a table that are learnt: which task they pose, and what their owner should know of how they were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.data.cells import look, read_as
from assay.data.columns import Notice
from assay.data.preparation import as_numbers
from assay.data.raw import RawData
from assay.data.targets import Target, read_targets
from assay.errors import DataError

if TYPE_CHECKING:
    import polars as pl


def read_table_targets(frame: pl.DataFrame, task: str | None, *, where: str) -> RawData:
    """Labels and their meaning, with no features yet.

    Parameters
    ----------
    frame : polars.DataFrame
        The columns that are learnt. Several of 0 and 1 are labels unless the task says otherwise: their owner named
        them one by one.
    task : str or None
        What the user says they are.
    where : str
        For messages.

    Raises
    ------
    DataError
        As `target_array` and `read_targets`.
    """
    names = tuple(frame.columns)
    noun = f"column '{names[0]}'" if len(names) == 1 else f"columns {', '.join(names)}"
    values = target_array(frame, where=where)
    is_labels = values.ndim == 2 and bool(((values == 0) | (values == 1)).all())
    asked = "multilabel" if is_labels and task is None else task
    target, labels, class_names = read_targets({"train": values}, task=asked, where=f"{where}: {noun}")
    if target.task == "multiclass" and len(names) > 1:
        class_names = names
    notices = tuple(_notices(values, target, names[0]) if task is None else ())
    return RawData({}, labels, target, where, class_names, target_names=names, notices=notices)


def target_array(frame: pl.DataFrame, *, where: str) -> np.ndarray:
    """Columns to learn as an array, (rows,) of one and (rows, K) of several.

    Raises
    ------
    DataError
        If a column has gaps, or holds what is not learnt; if one of several holds words.
    """
    columns = [_values(column, is_alone=frame.width == 1, where=where) for column in frame.iter_columns()]
    if len(columns) == 1:
        return columns[0]
    words = next((name for name, one in zip(frame.columns, columns, strict=True) if one.dtype.kind == "U"), None)
    if words is not None:
        raise DataError(
            f"{where}: column '{words}' holds words, but several targets are columns of numbers, or of 0 and 1. "
            "Name one target, or columns of numbers alone."
        )
    return np.stack(columns, axis=1)


def _values(column: pl.Series, *, is_alone: bool, where: str) -> np.ndarray:
    """A column to learn: whole numbers, numbers, flags or words."""
    seen = look(column)
    if seen.kind in ("date", "other"):
        what, advice = f"{column.dtype} cells", ""
        if seen.kind == "date":
            what, advice = "dates", " Make a column of it that holds a number, such as days or hours."
        raise DataError(f"{where}: column '{column.name}' holds {what}, which are not learnt.{advice}")
    gaps = seen.values.is_null()
    if gaps.any():
        row = int(gaps.arg_max() or 0) + 1
        raise DataError(
            f"{where}: column '{column.name}' is to be learnt, but {gaps.sum()} of {len(gaps)} rows have no value "
            f"there, the first in row {row}. Remove these rows, or keep them in a file of their own to predict."
        )
    if seen.kind == "categorical" or (is_alone and seen.kind == "boolean" and seen.values.dtype != column.dtype):
        return np.array(read_as(column, "categorical")[0].to_list())  # classes called by the words: no, yes
    return (
        seen.values.to_numpy() if seen.values.dtype.is_integer() or seen.kind == "boolean" else as_numbers(seen.values)
    )


def _notices(values: np.ndarray, target: Target, name: str) -> list[Notice]:
    """How a target was read that may be meant otherwise."""
    if values.ndim == 2:
        if target.task == "multilabel" and (values.sum(axis=1) == 1).all():
            text = 'In each row exactly one target is 1: if they are classes, write data.task = "multiclass".'
            return [Notice("target", text)]
        return []
    different = np.unique(values)
    if values.dtype.kind not in "iu" or set(different.tolist()) <= {0, 1}:
        return []
    reading, other = (
        ("a quantity", "multiclass") if target.classes is None else (f"{target.classes} classes", "regression")
    )
    text = f"The target '{name}' holds {len(different)} different whole numbers and is learnt as {reading}"
    return [Notice("target", f'{text}; data.task = "{other}" learns it otherwise.', name)]
