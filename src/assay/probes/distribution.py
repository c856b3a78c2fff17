"""The distribution of an array's values: what every probe of an array keeps.

Values that are not finite are counted beside and never enter a statistic. One counting pass over fine bins gives the
quantiles and the histogram, which is 100 times as fast on a CPU as sorting.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from assay.engine.tracing import Histogram, Measurement

FINE_BINS = 1024
BINS = 32
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def distribution(values: Array, padding: Array) -> Measurement:
    """Statistics and histogram of each member's values.

    Parameters
    ----------
    values : array, shape (M, N)
    padding : array of int, shape ()
        How many of the N are not values but NaN that fills the row.

    Returns
    -------
    Measurement
        ``mean``, ``std``, ``rms`` (root mean square), ``minimum``, ``maximum``, ``quantile_05`` … ``quantile_95``
        (to a 1024th of the range), ``zero_fraction``, ``nonfinite_count``, each (M,); and a histogram of 32 equal bins
        from minimum to maximum. All 0 where no value is finite.
    """
    finite = jnp.isfinite(values)
    count = jnp.sum(finite, axis=1)
    some = jnp.maximum(count, 1)
    known = jnp.where(finite, values, 0.0)
    has_values = count > 0
    low = jnp.where(has_values, jnp.min(jnp.where(finite, values, jnp.inf), axis=1), 0.0)
    high = jnp.where(has_values, jnp.max(jnp.where(finite, values, -jnp.inf), axis=1), 0.0)
    # In units of the largest value, so that the square of 1e30 does not overflow, nor that of 1e-30 vanish.
    scale = jnp.maximum(jnp.maximum(jnp.abs(low), jnp.abs(high)), jnp.finfo(jnp.float32).tiny)
    scaled = known / scale[:, None]
    mean = jnp.sum(scaled, axis=1) / some
    deviation = jnp.where(finite, scaled - mean[:, None], 0.0)
    std = jnp.sqrt(jnp.sum(deviation**2, axis=1) / some)
    fine = _fine_counts(scaled, finite, low / scale, high / scale)
    statistics = {
        "mean": mean * scale,
        "std": std * scale,
        "rms": jnp.sqrt(mean**2 + std**2) * scale,
        "minimum": low,
        "maximum": high,
        **_quantiles(fine, low, high, some),
        "zero_fraction": jnp.sum((values == 0) & finite, axis=1) / some,
        "nonfinite_count": values.shape[1] - padding - count,
    }
    return Measurement(statistics, Histogram(low, high, fine.reshape(-1, BINS, FINE_BINS // BINS).sum(axis=2)))


def _fine_counts(scaled: Array, finite: Array, low: Array, high: Array) -> Array:
    """Counts in 1024 equal bins between the ends, (M, 1024); a value at the upper end is in the last."""
    width = jnp.maximum(high - low, jnp.finfo(jnp.float32).tiny)
    place = jnp.floor((scaled - low[:, None]) / width[:, None] * FINE_BINS)
    place = jnp.clip(jnp.nan_to_num(place), 0, FINE_BINS - 1).astype(jnp.int32)

    def count(place: Array, finite: Array) -> Array:
        return jnp.zeros(FINE_BINS, jnp.int32).at[place].add(finite.astype(jnp.int32))

    return jax.vmap(count)(place, finite)


def _quantiles(fine: Array, low: Array, high: Array, count: Array) -> dict[str, Array]:
    """Linear within the bin in which the cumulative count passes the quantile."""
    cumulative = jnp.cumsum(fine, axis=1).astype(jnp.float32)
    found = {}
    for quantile in QUANTILES:
        target = quantile * count[:, None].astype(jnp.float32)
        place = jnp.argmax(cumulative >= target, axis=1)
        here = jnp.take_along_axis(fine, place[:, None], axis=1)[:, 0]
        below = jnp.take_along_axis(cumulative, place[:, None], axis=1)[:, 0] - here
        inside = (target[:, 0] - below) / jnp.maximum(here, 1)
        position = (place + jnp.clip(inside, 0.0, 1.0)) / FINE_BINS
        found[f"quantile_{round(100 * quantile):02d}"] = low * (1 - position) + high * position
    return found
