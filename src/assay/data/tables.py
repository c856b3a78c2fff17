"""A table as a data set: which columns are features, what is learnt, and what its owner should know.

::

    raw = read_table(Path("titanic.csv"), Question("survived", columns={"name": ColumnChoice("ignore")}))
    raw.plans, raw.notices, raw.faults
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay.data.cells import look, read_as
from assay.data.columns import ColumnChoice, ColumnPlan, Notice, check_choices, check_names, plan_column
from assay.data.files import Reading, read_frame
from assay.data.leaks import find_leaks
from assay.data.raw import RawData
from assay.data.roles import READERS
from assay.data.targets import read_targets
from assay.errors import DataError

if TYPE_CHECKING:
    import polars as pl

TABLES_KEPT = 2  # a study has one; a plan and the run that follows it read it once


@dataclass(frozen=True)
class Question:
    """What a user asks of a table.

    Attributes
    ----------
    target : str or tuple of str, optional
        The column to learn, or several; the last one unless given.
    task : str, optional
        Where it should not be read off the target.
    columns : mapping of str to ColumnChoice
        What is said of single columns.
    weight, group, time : str, optional
        Columns that are no features: how much a row counts, what belongs together, when it was.
    """

    target: str | tuple[str, ...] | None = None
    task: str | None = None
    columns: Mapping[str, ColumnChoice] = field(default_factory=dict)
    weight: str | None = None
    group: str | None = None
    time: str | None = None

    def __hash__(self) -> int:
        columns = tuple(sorted(self.columns.items(), key=lambda item: item[0]))
        return hash((self.target, self.task, columns, self.weight, self.group, self.time))

    @property
    def roles(self) -> dict[str, str]:
        """By role, the column that has it."""
        named = {"weight": self.weight, "group": self.group, "time": self.time}
        return {role: name for role, name in named.items() if name is not None}


def read_table(path: Path, question: Question) -> RawData:
    """A file of a table; read once a process as long as it stays what it is.

    Raises
    ------
    DataError
        As `read_frame` and `survey`.
    """
    if not path.is_file():
        read_frame(path)  # which says what is wrong
    status = path.stat()
    return _read_table(path, (status.st_mtime_ns, status.st_size), question)


@lru_cache(TABLES_KEPT)
def _read_table(path: Path, _stamp: tuple[int, int], question: Question) -> RawData:
    frame, reading = read_frame(path)
    return survey(frame, question, where=str(path), reading=reading)


def check(raw: RawData) -> RawData:
    """`raw`, unless some of its columns cannot be features as they are.

    Raises
    ------
    DataError
        Which columns, and what to do with each.
    """
    if raw.faults:
        raise DataError("\n".join(f"{raw.source}: {fault}" for fault in raw.faults))
    if raw.plans and not any(plan.is_feature for plan in raw.plans):
        raise DataError(f"{raw.source}: no column is left to learn from. {' '.join(map(str, raw.notices))}")
    return raw


def survey(frame: pl.DataFrame, question: Question, *, where: str, reading: Reading) -> RawData:
    """What a table holds and what will become of it; columns that cannot be used are told as faults.

    Parameters
    ----------
    frame : polars.DataFrame
        The table as read.
    question : Question
    where : str
        For messages: the file, or what the table is called.
    reading : Reading

    Raises
    ------
    DataError
        If a column that is asked for is not there, has two roles, or holds other cells than it should; if targets are
        missing; as `plan_column` and `read_targets`.
    """
    import polars as pl

    check_choices(question.columns, frame.columns, where=where)
    targets, notices = _targets(frame, question, where=where)
    check_names(targets, frame.columns, key="data.target", where=where)
    for role, name in question.roles.items():
        check_names([name], frame.columns, key=f"data.{role}", where=where)
    _check_roles(question, targets, where=where)
    roles = dict.fromkeys(targets, "target") | {name: role for role, name in question.roles.items()}

    plans: list[ColumnPlan] = []
    features: list[pl.Series] = []
    faults: list[Notice] = []
    for column in frame.iter_columns():
        if column.name in roles:
            plans.append(_plan_of_role(column, roles[column.name]))
            continue
        choice = question.columns.get(column.name, ColumnChoice())
        plan, values, told, fault = plan_column(column, choice, where=where)
        plans.append(plan)
        notices += told
        if plan.is_feature:
            features.append(values)
        if fault is not None:
            faults.append(Notice("unusable", fault, column.name))
    for role, name in question.roles.items():
        notices.append(
            Notice(role, f"Column '{name}' is the {role} of a row (data.{role}), so it is no feature.", name)
        )

    raw = _read_targets(frame, targets, question.task, where=where)
    notices += raw.notices
    x = pl.DataFrame(features)
    notices += find_leaks(x, plans, raw.y["train"], raw.target, targets)
    of_rows = {role: {"train": READERS[role](frame[name], where)} for role, name in question.roles.items()}
    return replace(
        raw,
        x={"train": x},
        weights=of_rows.get("weight"),
        groups=of_rows.get("group"),
        times=of_rows.get("time"),
        plans=tuple(plans),
        notices=tuple(notices),
        faults=tuple(faults),
        reading=reading,
    )


# ---- roles


def _targets(frame: pl.DataFrame, question: Question, *, where: str) -> tuple[list[str], list[Notice]]:
    """The columns to learn; the last that nothing else is said of, unless they are named."""
    if question.target is not None:
        names = [question.target] if isinstance(question.target, str) else list(question.target)
        if not names:
            raise DataError(f"{where}: data.target: expected the name of a column, or several, got none.")
        return names, []
    taken = {*question.roles.values(), *(name for name, choice in question.columns.items() if choice.kind == "ignore")}
    free = [name for name in frame.columns if name not in taken and frame[name].null_count() < frame.height]
    if len(free) < 2:
        raise DataError(
            f"{where}: expected two columns or more, what is learnt from and what is learnt, got "
            f"{frame.width} columns: {', '.join(frame.columns)}."
        )
    text = f"The last column, '{free[-1]}', is what is learnt; data.target names another."
    return [free[-1]], [Notice("target", text, free[-1])]


def _check_roles(question: Question, targets: Sequence[str], *, where: str) -> None:
    """A column has one role."""
    roles = [*(("target", name) for name in targets), *question.roles.items()]
    roles += [("columns", name) for name in question.columns]
    for number, (role, name) in enumerate(roles):
        for other, same in roles[:number]:
            if name == same:
                is_target = {other, role} == {"target", "columns"}
                advice = " Say what kind of target it is with data.task." if is_target else ""
                raise DataError(
                    f"{where}: column '{name}' is named by data.{other} and data.{role}; it has one role.{advice}"
                )


def _plan_of_role(column: pl.Series, role: str) -> ColumnPlan:
    seen = look(column)
    return ColumnPlan(column.name, role, seen.kind, seen.values.null_count(), seen.values.drop_nulls().n_unique())


# ---- what is learnt


def _read_targets(frame: pl.DataFrame, names: Sequence[str], task: str | None, *, where: str) -> RawData:
    """Labels and their meaning, with no features yet."""
    noun = f"column '{names[0]}'" if len(names) == 1 else f"columns {', '.join(names)}"
    columns = [target_values(frame[name], where=where) for name in names]
    if len(columns) > 1 and task is None and all(((one == 0) | (one == 1)).all() for one in columns):
        task = "multilabel"
    if len({one.dtype.kind in "OUS" for one in columns}) > 1 or (len(columns) > 1 and columns[0].dtype.kind in "US"):
        raise DataError(f"{where}: {noun}: several targets are columns of numbers, or of 0 and 1; some hold words.")
    values = columns[0] if len(columns) == 1 else np.stack(columns, axis=1)
    target, labels, class_names = read_targets({"train": values}, task=task, where=f"{where}: {noun}")
    notices = []
    if task is None and values.dtype.kind in "iu" and values.ndim == 1:
        different = len(np.unique(values))
        if target.task == "regression":
            reading, other = "a quantity", "multiclass"
        else:
            reading, other = f"{target.classes} classes", "regression"
        text = f"The target '{names[0]}' holds {different} different whole numbers and is learnt as {reading}"
        notices.append(Notice("target", f'{text}; data.task = "{other}" learns it otherwise.', names[0]))
    if target.task == "multilabel" and (labels["train"].sum(axis=1) == 1).all():
        text = 'In each row exactly one target is 1: if they are classes, write data.task = "multiclass".'
        notices.append(Notice("target", text))
    if target.task == "multiclass" and len(names) > 1:
        class_names = tuple(names)
    return RawData({}, labels, target, where, class_names, target_names=tuple(names), notices=tuple(notices))


def target_values(column: pl.Series, *, where: str) -> np.ndarray:
    """A column to learn: numbers, or words; a flag that is written as a word is a word."""
    seen = look(column)
    if seen.kind in ("date", "other"):
        what = "dates" if seen.kind == "date" else f"{column.dtype} cells"
        advice = "Make a column of it that holds a number, such as days or hours." if seen.kind == "date" else ""
        raise DataError(f"{where}: column '{column.name}' holds {what}, which are not learnt. {advice}".rstrip())
    gaps = seen.values.is_null()
    if gaps.any():
        row = int(gaps.arg_max() or 0) + 1
        raise DataError(
            f"{where}: column '{column.name}' is to be learnt, but {gaps.sum()} of {len(gaps)} rows have no value "
            f"there, the first in row {row}. Remove these rows, or keep them in a file of their own to predict."
        )
    if seen.kind == "boolean" and str(column.dtype) != "Boolean":
        return np.array(read_as(column, "categorical")[0].to_list())
    return np.array(seen.values.to_list()) if seen.kind == "categorical" else seen.values.to_numpy()
