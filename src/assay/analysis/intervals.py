"""The mean of a few seeds, or a share of them, and how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from assay.analysis.scales import PLAIN, Scale
from assay.analysis.splits import widening


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval; whatever is not known is None, so that it can be written as JSON.

    Attributes
    ----------
    mean, low, high : float or None
        `low` and `high` are None where no interval can be estimated, all three where there is no value.
    count : int
        Number of values.
    """

    mean: float | None
    low: float | None
    high: float | None
    count: int

    def written(self) -> dict[str, float | None]:
        """As ``show --json`` writes it: mean, low, high."""
        return {"mean": self.mean, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Share:
    """How many of some seeds did a thing, and the interval of the chance of one more seed to do it.

    Attributes
    ----------
    count, total : int
    low, high : float
    """

    count: int
    total: int
    low: float
    high: float

    def written(self) -> dict[str, float]:
        """As JSON."""
        return {"seeds": self.count, "of": self.total, "low": self.low, "high": self.high}


def mean_interval(
    values: Iterable[float],
    confidence: float = 0.95,
    scale: Scale = PLAIN,
    resolution: float = 0.0,
    overlap: float | None = None,
) -> Interval:
    r"""Mean over seeds, or splits, with a two-sided Student t interval, carried through the scale of the metric.

    Parameters
    ----------
    values : iterable of float
        One number per seed, or per split; those that are not finite are left out.
    confidence : float
        Between 0 and 1.
    scale : Scale
        Of the metric, `assay.analysis.scales.scale_of`; the interval never leaves its ends.
    resolution : float
        The smallest step between two values: 1 / rows for an accuracy. A spread below it cannot be seen, so the
        standard deviation is taken to be at least this.
    overlap : float, optional
        Of splits of one table, the rows measured for each row trained on.

    Returns
    -------
    Interval
        g⁻¹(g(m) ± |g'(m)| · t · s / √n), with m the mean, s the standard deviation with n - 1 in the denominator, and t
        the (1 + confidence) / 2 quantile of Student's distribution with n - 1 degrees of freedom. On the plain scale
        that is m ± t · s / √n. Of splits √(1 / n + overlap) stands for 1 / √n. There is none for a single value, for
        values without a spread, and for a mean at an end of the scale.

    Notes
    -----
    Assumes that seeds are independent draws whose mean is about normal on the scale. With two or three seeds t is large
    (12.7, 4.3 at 0.95), and the interval honestly wide. ``validation/intervals.py`` measures how often it holds the
    true mean. It is about the mean over seeds on this very data set: it says nothing of other data. That of several
    splits is about tables of this size from the same source; see `assay.analysis.splits`.
    """
    finite = [float(value) for value in values if math.isfinite(value)]
    count = len(finite)
    if count == 0:
        return Interval(None, None, None, 0)
    mean = math.fsum(finite) / count
    spread = max(standard_deviation(finite), resolution) if count > 1 else 0.0
    if spread == 0 or not scale.contains(mean):
        return Interval(mean, None, None, count)
    half_width = scale.slope(mean) * student_quantile(count - 1, (1 + confidence) / 2) * spread / math.sqrt(count)
    half_width *= widening(count, overlap)
    centre = scale.transformed(mean)
    return Interval(mean, scale.back(centre - half_width), scale.back(centre + half_width), count)


def standard_deviation(values: list[float]) -> float:
    """Of a sample of at least two: n - 1 in the denominator; exactly 0 where all are equal."""
    if min(values) == max(values):
        return 0.0
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def share_interval(count: int, total: int, confidence: float = 0.95) -> Share:
    """The share `count` of `total`, at least one, with Jeffreys' interval.

    The interval holds the middle `confidence` of a Beta(count + ½, total - count + ½) distribution; its lower end is 0
    for none and its upper end 1 for all (Brown, Cai and DasGupta, "Interval estimation for a binomial proportion",
    Statistical Science 16, 2001, section 4.1.3).
    """
    from scipy.special import betaincinv

    below = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(betaincinv(count + 0.5, total - count + 0.5, below))
    high = 1.0 if count == total else float(betaincinv(count + 0.5, total - count + 0.5, 1 - below))
    return Share(count, total, low, high)


@cache
def student_quantile(degrees: float, probability: float) -> float:
    """The number below which Student's t lies with a probability."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


def student_tail(degrees: float, value: float) -> float:
    """The probability that Student's t lies above `value`."""
    from scipy.special import stdtr

    return float(stdtr(degrees, -value))


def noncentral_tail(degrees: int, shift: float, value: float) -> float:
    """The probability that the noncentral t lies above `value`; `shift` is its noncentrality."""
    from scipy.special import nctdtr

    return 1 - float(nctdtr(degrees, shift, value))
