"""What a table or arrays are, wherever they come from: a file, a frame, or a pair of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.data.columns import ColumnChoice
from assay.data.files import Reading, check_kind
from assay.data.memory import read_memory
from assay.data.npz_files import check_numbers, read_arrays, read_npz
from assay.data.raw import RawData
from assay.data.tables import Question, check, read_table, survey, target_values
from assay.data.targets import read_targets
from assay.errors import DataError

if TYPE_CHECKING:
    import polars as pl

ARRAYS_ONLY = "{}: an .npz has its targets in y_train or y, and no columns with names"


def raw_of(
    source: Any,
    *,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    columns: Mapping[str, ColumnChoice] | None = None,
    weight: str | None = None,
    group: str | None = None,
    time: str | None = None,
    name: str = "data",
    is_checked: bool = True,
) -> RawData:
    """Rows and labels as they lie in a source, and what will become of its columns.

    Parameters
    ----------
    source : path, arrays, frame, or pair (x, y)
        A file (`assay.data.files.FILE_KINDS`); arrays by the names of an ``.npz``; a table that `read_memory` takes; or
        features and targets apart, each an array or a table.
    target, task, columns, weight, group, time
        As of a `Question`; of arrays only the task.
    name : str
        What the source is called in messages, where it is no file.
    is_checked : bool
        Whether columns that cannot be features as they are raise; otherwise `RawData.faults` tells them.

    Raises
    ------
    DataError
        As the readers of files, `read_memory` and `survey`; if x and y have not the same rows.
    """
    names = target if target is None or isinstance(target, str) else tuple(target)
    question = Question(names, task, columns or {}, weight, group, time)
    if isinstance(source, str | Path):
        path = Path(source)
        if check_kind(path) != ".npz":
            return _checked(read_table(path, question), is_checked)
        refuse_columns(question, ARRAYS_ONLY.format(path))
        return read_npz(path, task=task)
    if isinstance(source, Mapping):
        refuse_columns(question, f"{name}: arrays have no columns with names")
        return read_arrays(source, task=task, where=name)
    if isinstance(source, tuple) and len(source) == 2:
        return _checked(_of_pair(*source, question, name), is_checked)
    frame = read_memory(source, name=name)
    if isinstance(frame, np.ndarray):
        raise DataError(f"{name}: an array has no column to learn. Give features and targets as a pair, data = (x, y).")
    return _checked(survey(frame, question, where=name, reading=Reading("frame")), is_checked)


def refuse_columns(question: Any, why: str) -> None:
    """Raise a `DataError` if columns are named, of data that have none."""
    for field in ("target", "columns", "weight", "group", "time"):
        if getattr(question, field):
            raise DataError(f"data.{field}: names a column of a table; {why}.")


def _checked(raw: RawData, is_checked: bool) -> RawData:
    return check(raw) if is_checked else raw


def _of_pair(features: Any, targets: Any, question: Question, name: str) -> RawData:
    """Features and targets apart."""
    x, y = read_memory(features, name=f"{name}: x"), read_memory(targets, name=f"{name}: y")
    if len(x) != len(y):
        raise DataError(f"{name}: x has {len(x)} rows but y has {len(y)}; expected one target for each row.")
    if isinstance(x, np.ndarray):
        refuse_columns(question, f"{name}: x is an array, whose columns have no names")
        return _of_array(x, y, question, name)
    y = _as_frame(y)
    both = sorted(set(x.columns) & set(y.columns))
    if both:
        raise DataError(
            f"{name}: x and y both have a column '{both[0]}'. Leave it out of x, or name the one of y otherwise."
        )
    if question.target is not None:
        raise DataError(f"{name}: data.target: the targets are given as y; leave data.target out.")
    of_pair = Question(
        tuple(y.columns), question.task, question.columns, question.weight, question.group, question.time
    )
    return survey(x.hstack(y), of_pair, where=name, reading=Reading("frame"))


def _of_array(x: np.ndarray, y: pl.DataFrame | np.ndarray, question: Question, name: str) -> RawData:
    if x.ndim < 2 or 0 in x.shape[1:]:
        raise DataError(f"{name}: x: expected shape (rows, features), got {x.shape}.")
    check_numbers(x, where=f"{name}: x")
    names = None
    if not isinstance(y, np.ndarray):
        names = tuple(y.columns)
        columns = [target_values(column, where=f"{name}: y") for column in y.iter_columns()]
        y = columns[0] if len(columns) == 1 else np.stack(columns, axis=1)
    target, labels, class_names = read_targets({"train": y}, task=question.task, where=f"{name}: y")
    return RawData({"train": x}, labels, target, name, class_names, target_names=names)


def _as_frame(y: pl.DataFrame | np.ndarray) -> pl.DataFrame:
    """Targets as columns with names."""
    import polars as pl

    if not isinstance(y, np.ndarray):
        return y
    if y.ndim > 2:
        raise DataError(f"y: expected targets of shape (rows,) or (rows, outputs), got {y.shape}.")
    columns = y.reshape(len(y), -1).T
    names = ["target"] if len(columns) == 1 else [f"target {number}" for number in range(1, len(columns) + 1)]
    return pl.DataFrame([pl.Series(name, column.tolist()) for name, column in zip(names, columns, strict=True)])
