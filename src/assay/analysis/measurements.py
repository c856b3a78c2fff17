"""One number per trial and metric: what a trial came to, on validation and on test data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.best_epoch import BestEpoch, best_epoch
from assay.store.schema import HISTORY_COLUMNS, empty_frame

if TYPE_CHECKING:
    import polars as pl

    from assay.store import Results

MEASUREMENT_COLUMNS = {name: HISTORY_COLUMNS[name] for name in ("condition", "seed", "split", "metric", "value")}


def best_epochs(results: Results) -> dict[str, BestEpoch | None]:
    """The best epoch of every condition, over its seeds that completed.

    The epoch that the final phase was trained for is the one in the trials table; where there is none yet, it
    follows from the history.
    """
    select = results.study.design.select
    history = {name: rows for (name,), rows in results.history.partition_by("condition", as_dict=True).items()}
    recorded = {
        name: epoch
        for name, epoch in results.trials.group_by("condition").agg(_first_known("best_epoch")).iter_rows()
        if epoch is not None
    }
    found = {}
    for condition in results.conditions:
        best = best_epoch(history[condition.name], select) if condition.name in history else None
        if best is not None and condition.name in recorded:
            best = BestEpoch(recorded[condition.name], best.low, best.high)
        found[condition.name] = best
    return found


def measurements(results: Results) -> pl.DataFrame:
    """What each completed trial came to.

    Returns
    -------
    polars.DataFrame
        Columns condition, seed, split, metric, value: ``validation`` at the condition's best epoch of the selection
        phase, ``test`` at the end of the final phase. Only trials that completed, and only finite values.
    """
    import polars as pl

    completed = results.trials.filter(outcome="completed").select("trial")
    epochs = {name: best.epoch for name, best in best_epochs(results).items() if best is not None}
    if not epochs or completed.is_empty():
        return empty_frame(MEASUREMENT_COLUMNS)
    history = results.history.join(completed, on="trial", how="semi").filter(pl.col("value").is_finite())
    best = pl.DataFrame({"condition": list(epochs), "epoch": list(epochs.values())})
    validation = history.filter(phase="select", split="validation").join(best, on=["condition", "epoch"], how="semi")
    test = history.filter(phase="final", split="test")
    test = test.filter(pl.col("epoch") == pl.col("epoch").max().over("trial"))
    return pl.concat([validation, test]).select(list(MEASUREMENT_COLUMNS)).sort("condition", "seed", "split", "metric")


def ended_badly(results: Results) -> pl.DataFrame:
    """The rows of the trials table that diverged or failed; curves and means leave them out, and say so."""
    import polars as pl

    return results.trials.filter(pl.col("outcome").is_in(["diverged", "failed"]))


def _first_known(column: str) -> pl.Expr:
    import polars as pl

    return pl.col(column).drop_nulls().first()
