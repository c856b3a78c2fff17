"""For how many epochs a condition should be trained, judged on validation data alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    return metric.endswith("accuracy")


def best_epoch(history: pl.DataFrame, select: str) -> BestEpoch | None:
    """The epoch at which the mean over seeds of the selecting metric is best; the earliest of equals.

    Parameters
    ----------
    history : polars.DataFrame
        History of one condition. Only its selection phase is looked at, from epoch 1 on.
    select : str
        ``val_loss``, ``val_accuracy``, ``val_mean_absolute_error``, or ``last`` for the last epoch.

    Returns
    -------
    BestEpoch or None
        None when no seed completed: a seed counts when its values are finite at every epoch that was recorded.
    """
    import polars as pl

    split, metric = ("train", "loss") if select == "last" else ("validation", select.removeprefix("val_"))
    rows = history.filter(pl.col("epoch") >= 1, phase="select", split=split, metric=metric)
    by_epoch = rows.pivot(on="seed", index="epoch", values="value").sort("epoch")
    completed = [seed for seed in by_epoch.columns[1:] if by_epoch[seed].is_finite().fill_null(False).all()]
    if not completed:
        return None
    if select == "last":
        last = int(by_epoch["epoch"][-1])
        return BestEpoch(last, last, last)

    sign = -1.0 if is_higher_better(metric) else 1.0
    epochs = by_epoch["epoch"].to_list()
    scores = sign * by_epoch.select(completed).to_numpy()  # (epochs, seeds), small is good; argmin takes the earliest
    per_seed = [epochs[row] for row in scores.argmin(axis=0)]
    return BestEpoch(epochs[scores.mean(axis=1).argmin()], min(per_seed), max(per_seed))
