"""One number per trial and metric: what a trial came to, on validation and on test data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from statistics import median_low
from typing import TYPE_CHECKING

from assay.selection import BestEpoch, best_epoch_of_each_split, selecting
from assay.store.schema import HISTORY_COLUMNS, empty_frame

if TYPE_CHECKING:
    import polars as pl

    from assay.store import Tables

SplitEpochs = Mapping[tuple[str, int], BestEpoch]
"""By condition and number of split, 0 where there is one: the best epoch by that split's own validation rows."""


def best_epochs(tables: Tables, conditions: Collection[str] | None = None) -> dict[str, BestEpoch | None]:
    """The best epoch of every condition, or of some, over its seeds that completed; of several splits the median.

    The epoch that the final phase was trained for is the one in the trials table; where there is none yet, it
    follows from the history.
    """
    return over_splits(tables, split_epochs(tables, conditions), conditions)


def split_epochs(tables: Tables, conditions: Collection[str] | None = None) -> dict[tuple[str, int], BestEpoch]:
    """As `best_epochs`, of each split; without those that are not known."""
    import polars as pl

    select = tables.study.design.select
    filters = [selecting(select)]
    if conditions is not None:
        filters.append(pl.col("condition").is_in(list(conditions)))
    chosen = best_epoch_of_each_split(tables.rows("history", *filters), select)
    *of_split, _ = tables.unit_columns
    trials = tables.trials.group_by("condition", *of_split).agg(_first_known("best_epoch"))
    recorded = {(name, *number, 0)[:2]: epoch for name, *number, epoch in trials.iter_rows() if epoch is not None}
    return {place: replace(best, epoch=recorded.get(place, best.epoch)) for place, best in chosen.items()}


def over_splits(
    tables: Tables, found: SplitEpochs, conditions: Collection[str] | None = None
) -> dict[str, BestEpoch | None]:
    """The median of each condition's splits, and the range over all of them, of every condition or of some."""
    names = [condition.name for condition in tables.conditions]
    of_condition: dict[str, list[BestEpoch]] = {
        name: [] for name in names if conditions is None or name in set(conditions)
    }
    for (name, _), best in found.items():
        of_condition[name].append(best)
    return {name: _middle(own) if own else None for name, own in of_condition.items()}


def _middle(splits: Sequence[BestEpoch]) -> BestEpoch:
    low, high = min(best.low for best in splits), max(best.high for best in splits)
    return BestEpoch(median_low(best.epoch for best in splits), low, high)


def measurements(tables: Tables, best: SplitEpochs | None = None) -> pl.DataFrame:
    """What each completed trial came to.

    Parameters
    ----------
    tables : Tables
    best : mapping, optional
        `split_epochs` of these tables; the conditions that it leaves out are left out.

    Returns
    -------
    polars.DataFrame
        Columns condition, seed, split, metric, value: ``validation`` at the condition's best epoch of the selection
        phase, ``test`` at the end of the final phase. Of several splits also resample, the number of the split, which
        has a best epoch of its own. Only trials that completed, and only finite values.
    """
    import polars as pl

    *of_split, _ = tables.unit_columns
    keys = ["condition", *of_split]
    columns = ["condition", *tables.unit_columns, "split", "metric", "value"]
    completed = tables.trials.filter(outcome="completed").select("trial")
    if completed.is_empty():
        kinds = {name: HISTORY_COLUMNS.get(name, "Int64") for name in columns}
        return empty_frame(kinds)
    chosen = split_epochs(tables) if best is None else best
    epochs = pl.DataFrame(
        [(name, number, one.epoch) for (name, number), one in chosen.items()],
        schema={"condition": pl.String, "resample": pl.Int64, "best": pl.Int64},
        orient="row",
    ).select(*keys, "best")
    is_validation = (pl.col("phase") == "select") & (pl.col("split") == "validation")
    is_test = (pl.col("phase") == "final") & (pl.col("split") == "test")
    history = tables.rows("history", is_validation | is_test, pl.col("value").is_finite())
    history = history.join(epochs, on=keys, how="inner")
    validation = history.filter(pl.col("epoch") == pl.col("best"), split="validation")
    test = history.filter(split="test")
    test = test.filter(pl.col("epoch") == pl.col("epoch").max().over("trial"))
    found = pl.concat([validation, test]).join(completed, on="trial", how="semi")
    return found.select(columns).sort(columns[:-1])


def ended_badly(tables: Tables) -> pl.DataFrame:
    """The rows of the trials table that diverged or failed; curves and means leave them out, and say so."""
    import polars as pl

    return tables.trials.filter(pl.col("outcome").is_in(["diverged", "failed"]))


def _first_known(column: str) -> pl.Expr:
    import polars as pl

    return pl.col(column).drop_nulls().first()
