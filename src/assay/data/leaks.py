"""Columns that give the target away: nearly always something that was not known when the prediction is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from assay.data.columns import ColumnPlan, Notice
from assay.data.preparation import as_numbers
from assay.data.targets import Target

if TYPE_CHECKING:
    import polars as pl

CORRELATION = 0.999
"""Beyond this a number is the target but for rounding."""

_FEWEST_ROWS = 10  # two rows always lie on a line


def find_leaks(
    features: pl.DataFrame, plans: Sequence[ColumnPlan], labels: np.ndarray, target: Target, names: Sequence[str]
) -> list[Notice]:
    """A notice for each feature that is the target in other words.

    Parameters
    ----------
    features : polars.DataFrame
        Columns in the types of their kinds.
    plans : sequence of ColumnPlan
        Of all columns.
    labels : array
        As of `assay.data.targets.read_targets`.
    target : Target
    names : sequence of str
        The target's columns.
    """
    if len(labels) < _FEWEST_ROWS:
        return []
    notices = []
    for plan in plans:
        if not plan.is_feature or plan.kind == "other":
            continue
        cells = features[plan.name]
        if target.classes is not None and _is_one_to_one(cells, plan.levels, labels, target.classes):
            text = f"Column '{plan.name}' tells the class of '{names[0]}' in every row"
        elif (
            plan.kind != "categorical" and plan.levels > 1 and (found := _correlated(cells, labels, target)) is not None
        ):
            text = f"Column '{plan.name}' is correlated with '{names[found]}' beyond {CORRELATION}"
        else:
            continue
        text += ": is it known before the target is? If not, leave it out."
        notices.append(Notice("leak", text, plan.name))
    return notices


def _is_one_to_one(cells: pl.Series, levels: int, labels: np.ndarray, classes: int) -> bool:
    """Whether each class has one value of its own in a column without gaps."""
    import polars as pl

    if levels != classes or cells.null_count():
        return False
    return pl.DataFrame({"cell": cells, "label": labels}).n_unique() == classes


def _correlated(cells: pl.Series, labels: np.ndarray, target: Target) -> int | None:
    """The first column of the target that a number is correlated with, over the rows that have one."""
    if target.task == "multiclass":
        return None
    values = as_numbers(cells)
    rows = np.isfinite(values)
    if rows.sum() < _FEWEST_ROWS:
        return None
    x = _standard(values[rows])
    for number, column in enumerate(labels.reshape(len(labels), -1).T):
        if abs(float(x @ _standard(column[rows].astype(np.float64)))) > CORRELATION:
            return number
    return None


def _standard(values: np.ndarray) -> np.ndarray:
    """Centred, with length 1; 0 where constant."""
    centred = values - values.mean()
    length = float(np.sqrt(centred @ centred))
    return centred / length if length > 1e-12 * abs(float(values.mean())) * len(values) else np.zeros_like(centred)
