"""The examples that probes look at, and what they return as the rows of the signals and histograms tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from assay.engine.tracing import Signals


def probe_rows(available: int, count: int) -> np.ndarray:
    """The training rows that probes look at: the same for every trial, drawn so that sorted data show all classes."""
    return np.random.Generator(np.random.Philox(available)).permutation(available)[:count]


def signal_frames(
    signals: Signals,
    *,
    trials: np.ndarray,
    conditions: Sequence[str],
    seeds: Sequence[int],
    epoch: int,
    recorded: np.ndarray,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Long rows of one probing.

    Parameters
    ----------
    signals : Signals
        As `Trainer.probe` returns them, arrays (C, S).
    trials : array of int, shape (C, S)
    conditions, seeds : sequence of str, length C, and of int, length S
    epoch : int
    recorded : array of bool, shape (C, S)
        Which trials to keep.

    Returns
    -------
    signals, histograms : polars.DataFrame
        With the columns of the store's tables.
    """
    import polars as pl

    condition, seed = np.nonzero(recorded)
    identity = pl.DataFrame(
        {
            "trial": trials[condition, seed],
            "condition": pl.Series(conditions, dtype=pl.String)[condition],
            "seed": np.asarray(seeds)[seed],
            "epoch": np.full(len(condition), epoch),
        }
    )

    def long(labels: pl.DataFrame, columns: dict[str, pl.Series | np.ndarray]) -> pl.DataFrame:
        """All trials for the first label, then all for the second, and so on."""
        each, all_of = np.arange(len(labels)), np.arange(len(identity))
        return pl.concat(
            [
                identity[np.tile(all_of, len(labels))],
                labels[np.repeat(each, len(identity))],
                pl.DataFrame(columns),
            ],
            how="horizontal",
        )

    measured = [
        (layer, quantity, statistic, values)
        for layer, found in enumerate(signals, start=1)
        for quantity, measurement in found.items()
        for statistic, values in measurement.statistics.items()
    ]
    drawn = [
        (layer, quantity, measurement.histogram)
        for layer, found in enumerate(signals, start=1)
        for quantity, measurement in found.items()
        if measurement.histogram is not None
    ]
    labels = {"layer": pl.Int64, "quantity": pl.String}

    def of_trials(arrays: Iterable[Any]) -> np.ndarray:
        return np.concatenate([array[condition, seed] for array in arrays])

    return (
        long(
            pl.DataFrame([row[:3] for row in measured], {**labels, "statistic": pl.String}, orient="row"),
            {"value": of_trials(row[3] for row in measured).astype(np.float64)},
        ),
        long(
            pl.DataFrame([row[:2] for row in drawn], labels, orient="row"),
            {
                "low": of_trials(histogram.low for *_, histogram in drawn).astype(np.float64),
                "high": of_trials(histogram.high for *_, histogram in drawn).astype(np.float64),
                "counts": pl.Series(of_trials(histogram.counts for *_, histogram in drawn)).arr.to_list(),
            },
        ),
    )
