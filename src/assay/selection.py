"""For how many epochs a condition should be trained, judged on validation data alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.learning.scores import find_metric

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class BestEpoch:
    """The best epoch of a condition, counted from 1.

    Attributes
    ----------
    epoch : int
        Where the mean over seeds is best.
    low, high : int
        The earliest and the latest best epoch of a single seed.
    """

    epoch: int
    low: int
    high: int


def is_higher_better(metric: str) -> bool:
    """True for an accuracy; losses and errors are to be small."""
    return find_metric(metric).higher_is_better


def ranking(select: str) -> str:
    """The validation metric that says which seed of a condition is the best: the one that `select` names.

    ``last`` names none; the loss stands in for it.
    """
    return "loss" if select == "last" else select.removeprefix("val_")


def ranked_by(select: str) -> pl.Expr:
    """The rows of a history that hold the metric of `ranking`: of the selection phase, on the validation rows."""
    import polars as pl

    is_metric = (pl.col("split") == "validation") & (pl.col("metric") == ranking(select))
    return is_metric & (pl.col("phase") == "select")


def selecting(select: str) -> pl.Expr:
    """The rows of a history that decide best epochs: from epoch 1 on, the selection phase of one split and metric.

    Parameters
    ----------
    select : str
        ``val_`` and the name of a metric, such as ``val_loss``, or ``last`` for the last epoch.
    """
    import polars as pl

    split, metric = _split_and_metric(select)
    is_metric = (pl.col("split") == split) & (pl.col("metric") == metric)
    return is_metric & (pl.col("phase") == "select") & (pl.col("epoch") >= 1)


def best_epoch_of_each(history: pl.DataFrame, select: str) -> dict[str, BestEpoch]:
    """Each condition's epoch at which the mean over seeds of the selecting metric is best; the earliest of equals.

    Parameters
    ----------
    history : polars.DataFrame
        Columns condition, seed, phase, epoch, split, metric, value, in any order of rows. Only the rows that
        `selecting` picks are looked at; seeds that must not count are to be left out.
    select : str
        As in `selecting`.

    Returns
    -------
    dict of str to BestEpoch
        Without the conditions of which no seed completed: a seed counts when its values are finite at every epoch that
        was recorded of its condition.
    """
    import polars as pl

    rows = history.filter(selecting(select))
    if rows.is_empty():
        return {}
    names = rows["condition"].unique(maintain_order=True).to_list()
    condition = rows["condition"].cast(pl.Enum(names)).to_physical().to_numpy()
    seeds, seed = np.unique(rows["seed"].to_numpy(), return_inverse=True)
    epoch = rows["epoch"].to_numpy() - 1

    # S, C, E: seeds, conditions, epochs from 1. Conditions may differ in how many epochs they have.
    values = np.full((len(seeds), len(names), epoch.max() + 1), np.nan)
    values[seed, condition, epoch] = rows["value"].to_numpy()
    is_recorded = np.zeros(values.shape[1:], bool)
    is_recorded[condition, epoch] = True
    completed = np.all(np.isfinite(values) | ~is_recorded, axis=2)  # (S, C)
    if select == "last":
        best = values.shape[2] - is_recorded[:, ::-1].argmax(axis=1)
        low = high = best
    else:
        sign = -1.0 if is_higher_better(_split_and_metric(select)[1]) else 1.0
        scores = np.where(is_recorded, sign * values, np.inf)  # small is good; argmin takes the earliest
        total = np.where(completed[:, :, None], scores, 0.0).sum(axis=0)
        best = 1 + (total / np.maximum(completed.sum(axis=0), 1)[:, None]).argmin(axis=1)
        per_seed = 1 + np.where(completed[:, :, None], scores, np.inf).argmin(axis=2)
        low = np.where(completed, per_seed, values.shape[2]).min(axis=0)
        high = np.where(completed, per_seed, 0).max(axis=0)
    found = zip(names, best.tolist(), low.tolist(), high.tolist(), completed.any(axis=0), strict=True)
    return {name: BestEpoch(*epochs) for name, *epochs, has_completed in found if has_completed}


def best_epoch_of_each_split(history: pl.DataFrame, select: str) -> dict[tuple[str, int], BestEpoch]:
    """As `best_epoch_of_each`, each of several splits by its own validation rows: by condition and number of split.

    A history without the column ``resample`` is of one split, number 0.
    """
    whole = {(0,): history}
    parts = history.partition_by("resample", as_dict=True) if "resample" in history.columns else whole
    return {
        (name, number): best
        for (number,), rows in parts.items()
        for name, best in best_epoch_of_each(rows, select).items()
    }


def _split_and_metric(select: str) -> tuple[str, str]:
    return ("train", "loss") if select == "last" else ("validation", select.removeprefix("val_"))
