"""Numbers in words: how many digits of a measured value are shown."""

from __future__ import annotations

from assay.analysis.intervals import Interval


def metric_text(metric: str) -> str:
    """``mean_absolute_error`` in prose."""
    return metric.replace("_", " ")


def number_text(value: float | None, *, signed: bool = False) -> str:
    """A measured value in a few digits: three decimals where that says enough; a dash for None."""
    if value is None:
        return "–"
    sign = "+" if signed else ""
    if _has_three_decimals(value):
        return format(value, f"{sign}.3f")
    return format(value, f"{sign},.0f" if 1000 <= abs(value) < 1e6 else f"{sign}.3g")


def plus_minus_text(interval: Interval | None, *, signed: bool = False) -> str:
    """``0.970 ±0.005``: a t interval is symmetric, so its half width tells all; only the mean where there is none."""
    if interval is None:
        return number_text(None)
    if interval.mean is None or interval.low is None or interval.high is None:
        return number_text(interval.mean, signed=signed)
    mean, half_width = interval.mean, (interval.high - interval.low) / 2
    if _has_three_decimals(mean) or (abs(mean) < half_width and _has_three_decimals(half_width)):
        return f"{mean:{'+' if signed else ''}.3f} ±{half_width:.3f}"
    return f"{number_text(mean, signed=signed)} ±{number_text(half_width)}"


def interval_text(interval: Interval | None, *, signed: bool = False) -> str:
    """``0.970 [0.965, 0.975]``; only the mean where there is no interval."""
    if interval is None:
        return "–"
    mean = number_text(interval.mean, signed=signed)
    if interval.low is None:
        return mean
    return f"{mean} [{number_text(interval.low, signed=signed)}, {number_text(interval.high, signed=signed)}]"


def _has_three_decimals(value: float) -> bool:
    return value == 0 or 0.0005 <= abs(value) < 10
