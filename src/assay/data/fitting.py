"""What is learnt of a table's columns before training, from the training rows alone: levels, fills, scaling.

scikit-learn's `SimpleImputer` and `OneHotEncoder` learn; their numbers are copied, so that a kept network needs
neither. How a number is scaled is `assay.data.scaling`, as for every other data set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from assay.data.columns import ColumnPlan
from assay.data.preparation import Column, Preparation, as_numbers
from assay.data.scaling import Scaling, fit_scaling

if TYPE_CHECKING:
    import polars as pl


def fit_preparation(
    plans: Sequence[ColumnPlan], rows: pl.DataFrame, scaling: str, *, aside: Sequence[str] = ()
) -> Preparation:
    """Learn a table's preparation.

    Parameters
    ----------
    plans : sequence of ColumnPlan
        Of the columns that become features.
    rows : polars.DataFrame
        The training rows, each column in the type of its kind.
    scaling : str
        A key of `assay.data.scaling.SCALINGS`.
    aside : sequence of str
        Columns that the table has beside them.
    """
    columns = fit_columns(plans, rows)
    raw = Preparation((len(columns),), fit_scaling("none", np.zeros((1, 1))), columns, tuple(aside))
    return replace(raw, scaling=_fit_scaling(scaling, columns, raw.raw_features(rows)))


def fit_columns(plans: Sequence[ColumnPlan], rows: pl.DataFrame) -> tuple[Column, ...]:
    """Levels, fills and indicators, in the order of the plans."""
    fills = _fit_numbers([plan for plan in plans if plan.kind != "categorical"], rows)
    columns = []
    for plan in plans:
        has_gaps = rows[plan.name].null_count() > 0
        has_indicator = has_gaps if plan.indicator is None else plan.indicator
        levels: tuple[str, ...] = ()
        fill: float | str | None = fills.get(plan.name)
        if plan.kind == "categorical":
            levels, fill = _fit_levels(plan, rows[plan.name])
        columns.append(Column(plan.name, plan.kind, levels, fill, has_indicator, plan.date_format))
    return tuple(columns)


def _fit_numbers(plans: Sequence[ColumnPlan], rows: pl.DataFrame) -> dict[str, float]:
    """What stands for a gap in columns of numbers, dates (as days) and booleans; nothing where gaps are not filled."""
    found = {plan.name: float(plan.fill) for plan in plans if not isinstance(plan.fill, str)}
    for strategy in ("median", "most_frequent"):
        names = [plan.name for plan in plans if plan.fill == strategy]
        if names:
            from sklearn.impute import SimpleImputer

            numbers = np.column_stack([as_numbers(rows[name]) for name in names])
            # A column without any value among the training rows keeps its place, with 0.
            imputer = SimpleImputer(strategy=strategy, keep_empty_features=True).fit(numbers)
            found |= dict(zip(names, imputer.statistics_.tolist(), strict=True))
    return found


def _fit_levels(plan: ColumnPlan, cells: pl.Series) -> tuple[tuple[str, ...], str | None]:
    """The levels of a categorical column, and the one that stands for a gap."""
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder

    words = np.array(cells.to_list(), dtype=object)[:, None]
    is_given = plan.fill not in ("most_frequent", "none")
    fill = str(plan.fill) if is_given else None
    if plan.fill == "most_frequent" and cells.null_count() < len(cells):
        imputer = SimpleImputer(strategy="most_frequent", missing_values=None).fit(words)
        fill = str(imputer.statistics_[0])
    if fill is not None:
        words = np.where(words == None, fill, words)  # noqa: E711  (elementwise)
    words = words[words[:, 0] != None]  # noqa: E711
    levels = OneHotEncoder(handle_unknown="ignore").fit(words).categories_[0] if len(words) else ()
    return tuple(str(level) for level in levels), fill


def _fit_scaling(name: str, columns: Sequence[Column], x: np.ndarray) -> Scaling:
    """Of numbers, dates and booleans; features that are 0 or 1 by their making are left as they are."""
    is_number = np.concatenate([column.is_scaled for column in columns])
    if is_number.all():
        return fit_scaling(name, x)
    offset, scale = np.zeros(len(is_number)), np.ones(len(is_number))
    if is_number.any():
        own = fit_scaling(name, x[:, is_number])
        offset[is_number], scale[is_number] = own.offset, own.scale
    return Scaling(name, offset, scale)


def count_features(plans: Sequence[ColumnPlan], rows: pl.DataFrame) -> int:
    """How many features a table becomes, from its training rows."""
    learnt = fit_columns([plan for plan in plans if plan.features is None], rows)
    return sum(plan.features or 0 for plan in plans) + sum(len(column.is_scaled) for column in learnt)
