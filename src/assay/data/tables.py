"""A table as a data set: which columns are features, what is learnt, and what its owner should know.

::

    raw = read_table(Path("titanic.csv"), Question("survived", columns={"name": ColumnChoice("ignore")}))
    raw.plans, raw.notices, raw.faults
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from assay.data.cells import Cells, look_at
from assay.data.columns import ColumnChoice, ColumnPlan, Notice, check_choices, check_names, plan_column
from assay.data.files import Reading, read_frame
from assay.data.leaks import find_leaks
from assay.data.raw import RawData
from assay.data.roles import READERS
from assay.data.table_targets import read_table_targets
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

    notices += _notices_of_reading(frame.columns, reading)
    seen = look_at(frame)
    plans: list[ColumnPlan] = []
    features: list[pl.Series] = []
    faults: list[Notice] = []
    for column in frame.iter_columns():
        if column.name in roles:
            plans.append(_plan_of_role(column.name, roles[column.name], seen[column.name]))
            continue
        choice = question.columns.get(column.name, ColumnChoice())
        plan, values, told, fault = plan_column(column, seen[column.name], choice, where=where)
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

    raw = read_table_targets(frame.select(targets), question.task, where=where)
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


def _notices_of_reading(names: Sequence[str], reading: Reading) -> list[Notice]:
    """What was left out or taken for granted when a file was read."""
    notices = []
    if reading.empty_rows:
        rows = "1 row" if reading.empty_rows == 1 else f"{reading.empty_rows} rows"
        notices.append(Notice("empty_rows", f"At the end {rows} without a cell: left out."))
    if reading.format == "csv" and all(re.fullmatch(r"[+-]?\d+([.,]\d+)?", name) for name in names):
        shown = ", ".join(names[:3])
        text = f"The first line holds the names of the columns, but it is numbers ({shown}): is it a row?"
        notices.append(Notice("header", text))
    return notices


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


def _plan_of_role(name: str, role: str, seen: Cells) -> ColumnPlan:
    return ColumnPlan(name, role, seen.kind, seen.values.null_count(), seen.values.drop_nulls().n_unique())
