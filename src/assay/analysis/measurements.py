"""One number per trial and metric: what a trial came to, on validation and on test data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.selection import BestEpoch, best_epoch_of_each, selecting
from assay.store.schema import HISTORY_COLUMNS, empty_frame

if TYPE_CHECKING:
    import polars as pl

    from assay.store import Tables

MEASUREMENT_COLUMNS = {name: HISTORY_COLUMNS[name] for name in ("condition", "seed", "split", "metric", "value")}


def best_epochs(tables: Tables, conditions: Collection[str] | None = None) -> dict[str, BestEpoch | None]:
    """The best epoch of every condition, or of some, over its seeds that completed.

    The epoch that the final phase was trained for is the one in the trials table; where there is none yet, it
    follows from the history.
    """
    import polars as pl

    select = tables.study.design.select
    names = [condition.name for condition in tables.conditions]
    filters = [selecting(select)]
    if conditions is not None:
        wanted = set(conditions)
        names = [name for name in names if name in wanted]
        filters.append(pl.col("condition").is_in(names))
    chosen = best_epoch_of_each(tables.rows("history", *filters), select)
    recorded = {
        name: epoch
        for name, epoch in tables.trials.group_by("condition").agg(_first_known("best_epoch")).iter_rows()
        if epoch is not None
    }
    found: dict[str, BestEpoch | None] = {}
    for name in names:
        best = chosen.get(name)
        found[name] = best and replace(best, epoch=recorded.get(name, best.epoch))
    return found


def measurements(tables: Tables, best: Mapping[str, BestEpoch | None] | None = None) -> pl.DataFrame:
    """What each completed trial came to.

    Parameters
    ----------
    tables : Tables
    best : mapping, optional
        `best_epochs` of these tables; the conditions that it leaves out are left out.

    Returns
    -------
    polars.DataFrame
        Columns condition, seed, split, metric, value: ``validation`` at the condition's best epoch of the selection
        phase, ``test`` at the end of the final phase. Only trials that completed, and only finite values.
    """
    import polars as pl

    completed = tables.trials.filter(outcome="completed").select("trial")
    chosen = best_epochs(tables) if best is None else best
    if completed.is_empty():
        return empty_frame(MEASUREMENT_COLUMNS)
    epochs = {name: -1 if found is None else found.epoch for name, found in chosen.items()}
    best_of_condition = pl.col("condition").replace_strict(epochs, default=None, return_dtype=pl.Int64)
    is_validation = (pl.col("phase") == "select") & (pl.col("split") == "validation")
    is_test = (pl.col("phase") == "final") & (pl.col("split") == "test")
    history = tables.rows("history", is_validation | is_test, pl.col("value").is_finite())
    validation = history.filter(pl.col("epoch") == best_of_condition, split="validation")
    test = history.filter(best_of_condition.is_not_null(), split="test")
    test = test.filter(pl.col("epoch") == pl.col("epoch").max().over("trial"))
    found = pl.concat([validation, test]).join(completed, on="trial", how="semi")
    return found.select(list(MEASUREMENT_COLUMNS)).sort("condition", "seed", "split", "metric")


def ended_badly(tables: Tables) -> pl.DataFrame:
    """The rows of the trials table that diverged or failed; curves and means leave them out, and say so."""
    import polars as pl

    return tables.trials.filter(pl.col("outcome").is_in(["diverged", "failed"]))


def _first_known(column: str) -> pl.Expr:
    import polars as pl

    return pl.col(column).drop_nulls().first()
