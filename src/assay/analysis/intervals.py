"""The mean of a few seeds and how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval; whatever is not known is None, so that it can be written as JSON.

    Attributes
    ----------
    mean, low, high : float or None
        `low` and `high` are None for a single value, all three for none.
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


def mean_interval(values: Iterable[float], confidence: float = 0.95) -> Interval:
    r"""Mean over seeds with a two-sided Student t interval.

    Parameters
    ----------
    values : iterable of float
        One number per seed; those that are not finite are left out.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        mean ± t · s / √n, with s the standard deviation with n - 1 in the denominator, and t the
        (1 + confidence) / 2 quantile of Student's distribution with n - 1 degrees of freedom.

    Notes
    -----
    Assumes that seeds are independent draws and that their values are about normal. With two or three seeds t is large
    (12.7, 4.3 at 0.95), and the interval honestly wide. It is about the mean over seeds on this very data set: it says
    nothing of other data.
    """
    finite = [float(value) for value in values if math.isfinite(value)]
    count = len(finite)
    if count == 0:
        return Interval(None, None, None, 0)
    mean = math.fsum(finite) / count
    if count == 1:
        return Interval(mean, None, None, 1)

    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in finite) / (count - 1))
    half_width = _student_quantile(count - 1, (1 + confidence) / 2) * deviation / math.sqrt(count)
    return Interval(mean, mean - half_width, mean + half_width, count)


@cache
def _student_quantile(degrees: int, probability: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))
