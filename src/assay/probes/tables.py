"""The examples that probes look at, and what they return as the rows of the signals and histograms tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
    count = len(condition)
    identity = {
        "trial": trials[condition, seed],
        "condition": np.asarray(conditions, object)[condition],
        "seed": np.asarray(seeds)[seed],
    }
    labels = [
        (layer, quantity, statistic)
        for layer, measured in enumerate(signals, start=1)
        for quantity, measurement in measured.items()
        for statistic in measurement.statistics
    ]
    values = [signals[layer - 1][quantity].statistics[statistic] for layer, quantity, statistic in labels]
    long = pl.DataFrame(
        {
            **{name: np.tile(column, len(labels)) for name, column in identity.items()},
            "epoch": np.full(count * len(labels), epoch),
            "layer": np.repeat([layer for layer, _, _ in labels], count),
            "quantity": np.repeat(np.asarray([quantity for _, quantity, _ in labels], object), count),
            "statistic": np.repeat(np.asarray([statistic for _, _, statistic in labels], object), count),
            "value": np.concatenate([np.asarray(value, np.float64)[condition, seed] for value in values]),
        },
        schema_overrides={"condition": pl.String, "quantity": pl.String, "statistic": pl.String},
    )
    drawn = [
        (layer, quantity, measurement.histogram)
        for layer, measured in enumerate(signals, start=1)
        for quantity, measurement in measured.items()
        if measurement.histogram is not None
    ]
    histograms = pl.DataFrame(
        {
            **{name: np.tile(column, len(drawn)) for name, column in identity.items()},
            "epoch": np.full(count * len(drawn), epoch),
            "layer": np.repeat([layer for layer, _, _ in drawn], count),
            "quantity": np.repeat(np.asarray([quantity for _, quantity, _ in drawn], object), count),
            "low": np.concatenate([histogram.low[condition, seed] for _, _, histogram in drawn]).astype(np.float64),
            "high": np.concatenate([histogram.high[condition, seed] for _, _, histogram in drawn]).astype(np.float64),
            "counts": np.concatenate([histogram.counts[condition, seed] for _, _, histogram in drawn]).tolist(),
        },
        schema_overrides={"condition": pl.String, "quantity": pl.String, "counts": pl.List(pl.Int32)},
    )
    return long, histograms
