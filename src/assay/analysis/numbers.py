"""Numbers in words: how many digits of a measured value are shown."""

from __future__ import annotations

from assay.analysis.intervals import Interval
from assay.learning.scores import find_metric


def metric_text(metric: str) -> str:
    """``mean_absolute_error`` in prose."""
    return find_metric(metric).label or metric.replace("_", " ")


def number_text(value: float | None, *, signed: bool = False) -> str:
    """A measured value in a few digits: three decimals where that says enough; a dash for None."""
    if value is None:
        return "–"
    sign = "+" if signed else ""
    if _has_three_decimals(value):
        return format(value, f"{sign}.3f")
    return format(value, f"{sign},.0f" if 1000 <= abs(value) < 1e6 else f"{sign}.3g")


def interval_text(interval: Interval | None, *, signed: bool = False) -> str:
    """``0.970 [0.965, 0.975]``, the ends as the mean is written; only the mean where there is no interval."""
    if interval is None or interval.mean is None:
        return number_text(None)
    if interval.low is None or interval.high is None:
        return number_text(interval.mean, signed=signed)
    values = (interval.mean, interval.low, interval.high)
    if _has_three_decimals(max(map(abs, values))):
        mean, low, high = (f"{value:{'+' if signed else ''}.3f}" for value in values)
    else:
        mean, low, high = (number_text(value, signed=signed) for value in values)
    return f"{mean} [{low}, {high}]"


def _has_three_decimals(value: float) -> bool:
    return value == 0 or 0.0005 <= abs(value) < 10
