"""A maker of signal tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import polars as pl
import pytest

from assay.figures import SignalTables
from assay.store.schema import HISTOGRAM_COLUMNS, SIGNAL_COLUMNS, empty_frame, with_columns_of

QUANTILES = {"quantile_05": 0.05, "quantile_25": 0.25, "quantile_50": 0.5, "quantile_75": 0.75, "quantile_95": 0.95}


Recorded = Iterable[tuple[str, int, int, int, str, np.ndarray]]


def record(recorded: Recorded) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The signals and histograms of arrays, by NumPy's own statistics.

    Parameters
    ----------
    recorded : iterable of (condition, seed, epoch, layer, quantity, values)
        What the layers held.
    """
    signals: list[dict[str, Any]] = []
    histograms: list[dict[str, Any]] = []
    trials: dict[tuple[str, int], int] = {}
    for condition, seed, epoch, layer, quantity, values in recorded:
        trial = trials.setdefault((condition, seed), len(trials))
        place = {"trial": trial, "condition": condition, "seed": seed, "epoch": epoch, "layer": layer}
        place["quantity"] = quantity
        finite = values[np.isfinite(values)]
        known = finite if finite.size else np.zeros(1)
        statistics = {
            "mean": known.mean(),
            "std": known.std(),
            "minimum": known.min(),
            "maximum": known.max(),
            **{name: np.quantile(known, level) for name, level in QUANTILES.items()},
            "zero_fraction": np.mean(known == 0) if finite.size else 0.0,
            "nonfinite_count": values.size - finite.size,
        }
        signals += [place | {"statistic": name, "value": float(value)} for name, value in statistics.items()]
        ends = float(known.min()), float(known.max())
        counts = np.histogram(finite, 32, ends)[0] if ends[0] < ends[1] else np.eye(32, dtype=int)[0] * finite.size
        histograms.append(place | {"low": ends[0], "high": ends[1], "counts": counts.tolist()})
    if not signals:
        return empty_frame(SIGNAL_COLUMNS), empty_frame(HISTOGRAM_COLUMNS)
    return (
        with_columns_of(pl.DataFrame(signals), SIGNAL_COLUMNS),
        with_columns_of(pl.DataFrame(histograms), HISTOGRAM_COLUMNS),
    )


@pytest.fixture(scope="session")
def make_tables() -> Callable[..., SignalTables]:
    """Make signal tables of recorded arrays; conditions in the order in which they come."""

    def make(recorded: Recorded, theory: pl.DataFrame | None = None) -> SignalTables:
        recorded = list(recorded)
        return SignalTables(*record(recorded), list(dict.fromkeys(row[0] for row in recorded)), theory)

    return make


def normal_layers(
    conditions: dict[str, float], *, seeds: int = 2, epochs: int = 1, depth: int = 3, size: int = 400
) -> Recorded:
    """Normal pre-activations whose std is `factor` to the power of layer − 1, their ReLU, kernels and gradients."""
    for condition, factor in conditions.items():
        for seed, epoch, layer in np.ndindex(seeds, epochs, depth):
            draws = np.random.default_rng([seed, epoch, layer]).standard_normal((3, size))
            z = draws[0] * factor**layer
            arrays = {
                "preactivations": z,
                "activations": np.maximum(z, 0),
                "kernel": 0.1 * draws[1],
                "kernel_gradient": 1e-3 * draws[2] * factor**layer,
            }
            for quantity, values in arrays.items():
                yield condition, seed, epoch, layer + 1, quantity, values


@pytest.fixture
def fading_and_level(make_tables: Callable[..., SignalTables]) -> SignalTables:
    """Two conditions, two seeds, three epochs, three layers: one signal fades a thousandfold a layer, one is level."""
    return make_tables(normal_layers({"start=fading": 1e-3, "start=level": 1.0}, epochs=3))


@pytest.fixture(scope="session")
def record_arrays() -> Callable[[Recorded], tuple[pl.DataFrame, pl.DataFrame]]:
    """Signals and histograms of arrays, for a store."""
    return record


@pytest.fixture(scope="session")
def normal_arrays() -> Callable[..., Recorded]:
    """Normal values in every layer, growing or fading."""
    return normal_layers
