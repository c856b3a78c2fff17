"""What a user's own data hold and what will become of them, before anything is split or trained: facts, not words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.data.columns import ColumnPlan, Notice
from assay.data.datasets import read_own, training_index
from assay.data.files import Reading
from assay.data.fitting import fit_columns
from assay.data.preparation import Column
from assay.data.raw import RawData, WordRanks
from assay.data.request import DataRequest
from assay.data.targets import Target

if TYPE_CHECKING:
    import polars as pl

LEVELS_TOLD = 50
"""Of a column of words, at most so many levels are told with their rows."""


End = float | str | None


@dataclass(frozen=True)
class ColumnOutline:
    """One column of a table.

    Attributes
    ----------
    plan : ColumnPlan
    column : Column, optional
        What it becomes, learnt from the training rows; None of a column that is no feature, or cannot be one as it is.
    low, high : float or str, optional
        The ends of numbers, and of dates as ISO writes them.
    levels : tuple of (str, int)
        Words or true and false with their rows, the most frequent first; at most `LEVELS_TOLD`.
    """

    plan: ColumnPlan
    column: Column | None
    low: End
    high: End
    levels: tuple[tuple[str, int], ...]

    def written(self) -> dict[str, Any]:
        """As JSON."""
        plan, column = self.plan, self.column
        return {
            "column": plan.name,
            "role": plan.role,
            "kind": plan.kind,
            "gaps": plan.gaps,
            "different_values": plan.levels,
            "low": self.low,
            "high": self.high,
            "levels": [{"level": level, "rows": rows} for level, rows in self.levels],
            "features": None if column is None else list(column.feature_names),
            "fill": None if column is None else column.fill,
            "has_indicator": None if column is None else column.has_indicator,
        }


@dataclass(frozen=True)
class TargetOutline:
    """What is learnt.

    Attributes
    ----------
    names : tuple of str
        The columns; empty of arrays.
    target : Target
    classes : tuple of (str, int)
        Each class with its rows; of labels the rows in which each holds.
    ranges : tuple of (float, float, float)
        Smallest value, mean and largest value of each regressed quantity.
    """

    names: tuple[str, ...]
    target: Target
    classes: tuple[tuple[str, int], ...]
    ranges: tuple[tuple[float, float, float], ...]

    @classmethod
    def of(cls, raw: RawData) -> TargetOutline:
        """Counted over all rows."""
        labels, names = np.concatenate(list(raw.y.values())), raw.target_names or ()
        if raw.target.classes is not None:
            counts = np.bincount(labels, minlength=raw.target.classes).tolist()
            words = raw.class_names or tuple(map(str, range(len(counts))))
            return cls(names, raw.target, tuple(zip(words, counts, strict=True)), ())
        columns = labels.reshape(len(labels), -1).T
        if raw.target.task == "multilabel":
            words = names or tuple(str(number) for number in range(len(columns)))
            return cls(names, raw.target, tuple(zip(words, columns.sum(axis=1).astype(int).tolist(), strict=True)), ())
        ranges = tuple((float(each.min()), float(each.mean()), float(each.max())) for each in columns)
        return cls(names, raw.target, (), ranges)

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "columns": list(self.names),
            **asdict(self.target),
            "classes": [{"class": name, "rows": rows} for name, rows in self.classes],
            "ranges": [dict(zip(("low", "mean", "high"), ends, strict=True)) for ends in self.ranges],
        }


@dataclass(frozen=True)
class Outline:
    """What a file, a frame or arrays hold.

    Attributes
    ----------
    source : str
    rows : dict of str to int
        Of each part that the source has.
    features : int, optional
        How many features a network gets; None while `faults` stand.
    shape : tuple of int, optional
        Of a row, where rows are arrays.
    columns : tuple of ColumnOutline
        Of a table.
    target : TargetOutline
    reading : Reading, optional
        How a table was written.
    notices, faults : tuple of Notice
        What should be known, and what must be settled first.
    """

    source: str
    rows: dict[str, int]
    features: int | None
    shape: tuple[int, ...] | None
    columns: tuple[ColumnOutline, ...]
    target: TargetOutline
    reading: Reading | None
    notices: tuple[Notice, ...]
    faults: tuple[Notice, ...]

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "source": self.source,
            "rows": self.rows,
            "features": self.features,
            "shape": None if self.shape is None else list(self.shape),
            "reading": None if self.reading is None else asdict(self.reading),
            "target": self.target.written(),
            "columns": [column.written() for column in self.columns],
            "notices": [asdict(notice) for notice in self.notices],
            "faults": [asdict(fault) for fault in self.faults],
        }


def outline(request: DataRequest, base: Path | None = None) -> Outline:
    """Look at a user's own data.

    Parameters
    ----------
    request : DataRequest
        With a path, or rows that were given in Python.
    base : Path, optional
        The folder from which a relative path is taken.

    Raises
    ------
    DataError
        If the data cannot be read, or a target or a column that is named is not there; columns that cannot be used as
        they are do not raise, but are told as faults.
    """
    raw = read_own(request, base, is_checked=False)
    x = raw.x["train"]
    shape: tuple[int, ...] | None = None
    columns: tuple[ColumnOutline, ...] = ()
    if isinstance(x, np.ndarray | WordRanks):
        shape = tuple(x.shape[1:])
        features = math.prod(shape)
    else:
        columns = tuple(_columns(raw, x, x[training_index(request, raw)]))
        features = sum(len(each.column.feature_names) for each in columns if each.column is not None)
    return Outline(
        source=raw.source,
        rows=raw.rows,
        features=None if raw.faults else features,
        shape=shape,
        columns=columns,
        target=TargetOutline.of(raw),
        reading=raw.reading,
        notices=raw.notices,
        faults=raw.faults,
    )


def notices(request: DataRequest, base: Path | None = None) -> tuple[Notice, ...]:
    """What the owner of a request's table should know; nothing of named sets and arrays. Errors as `load`."""
    is_table = request.name is None and not str(request.path).lower().endswith(".npz")
    return read_own(request, base).notices if is_table else ()


def _columns(raw: RawData, table: pl.DataFrame, training: pl.DataFrame) -> Iterator[ColumnOutline]:
    faulty = {fault.column for fault in raw.faults}
    usable = [plan for plan in raw.plans if plan.is_feature and plan.name not in faulty]
    learnt = {column.name: column for column in fit_columns(usable, training)}
    for plan in raw.plans:
        values = table[plan.name] if plan.is_feature else None
        low, high, levels = _seen(plan, values)
        yield ColumnOutline(plan, learnt.get(plan.name), low, high, levels)


def _seen(plan: ColumnPlan, values: pl.Series | None) -> tuple[End, End, tuple[tuple[str, int], ...]]:
    """The ends of numbers and dates, or the most frequent levels, of the whole column."""
    if values is None or plan.kind in ("empty", "other"):
        return None, None, ()
    if plan.kind in ("categorical", "boolean"):
        counts = values.drop_nulls().value_counts(sort=True, name="rows").head(LEVELS_TOLD)
        return None, None, tuple((_word(level), rows) for level, rows in counts.iter_rows())
    low, high = ((_moment(end) if plan.kind == "date" else float(end)) for end in _ends(values))
    return low, high, ()


def _ends(values: pl.Series) -> tuple[Any, Any]:
    return values.min(), values.max()


def _word(level: object) -> str:
    return str(level).lower() if isinstance(level, bool) else str(level)


def _moment(moment: Any) -> str:
    """A date, with the time of day if it is not midnight."""
    return moment.isoformat(sep=" ").removesuffix(" 00:00:00")
