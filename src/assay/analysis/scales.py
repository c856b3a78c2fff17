r"""On which scale the mean of a metric has an interval, so that none leaves the metric's bounds.

Student's t is about a mean on a scale without ends. An accuracy has ends at 0 and 1 and a loss one at 0, and the
mean of a few seeds near an end is spread one-sidedly. The delta method carries t through a function g that sends the
ends to infinity (Casella and Berger, *Statistical Inference*, 2002, section 5.5.4): the standard error of g(m) is about
|g'(m)| · s / √n.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from assay.learning.scores import find_metric


@dataclass(frozen=True)
class Scale:
    """A function g from the values of a metric to the whole line.

    Attributes
    ----------
    name : str
    transformed, back : callable
        g and its inverse.
    slope : callable
        g'.
    low, high : float
        The ends of the metric; infinite where it has none.
    counts_points : bool
        Differences are counted in hundredths, however near 0 the baseline is: a margin is a difference, and not a part
        of the baseline's value.
    """

    name: str
    transformed: Callable[[float], float]
    back: Callable[[float], float]
    slope: Callable[[float], float]
    low: float = -math.inf
    high: float = math.inf
    counts_points: bool = False

    def contains(self, value: float) -> bool:
        """Whether g is finite there: the value lies between the ends and at neither."""
        return self.low < value < self.high


def _logistic(value: float) -> float:
    """1 / (1 + e⁻ᵛ), without overflow."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


PLAIN = Scale("plain", lambda value: value, lambda value: value, lambda value: 1.0)
SHARE = Scale(
    "logit",
    lambda value: math.log(value / (1 - value)),
    lambda value: _logistic(max(-700.0, min(value, 700.0))),
    lambda value: 1 / (value * (1 - value)),
    low=0.0,
    high=1.0,
    counts_points=True,
)
"""Of a share, such as an accuracy: the logit."""
CORRELATION = Scale(
    "logit of (1 + m) / 2",
    lambda value: SHARE.transformed((1 + value) / 2),
    lambda value: 2 * SHARE.back(value) - 1,
    lambda value: 2 / (1 - value**2),
    low=-1.0,
    high=1.0,
    counts_points=True,
)
"""Of a correlation, between -1 and 1."""
EXPLAINED = Scale(
    "-log(1 - m)",
    lambda value: -math.log(1 - value),
    lambda value: 1 - math.exp(min(-value, 700.0)),
    lambda value: 1 / (1 - value),
    high=1.0,
    counts_points=True,
)
"""Of a share of the variance that is explained: 1 minus an error that is above 0."""
POSITIVE = Scale("log", math.log, lambda value: math.exp(min(value, 700.0)), lambda value: 1 / value, low=0.0)
"""Of a loss or an error that is above 0: the logarithm."""


def scale_of(metric: str, values: Iterable[float]) -> Scale:
    """The scale of a metric, of which a study has found these finite values.

    What is to be high has the scale of its ends. Other metrics are taken for positive where all their values are; a
    loss may be a formula of the user's own, or one that goes below 0, such as Keras' ``poisson``.
    """
    record = find_metric(metric)
    if record.higher_is_better:
        return next(scale for scale in (SHARE, CORRELATION, EXPLAINED) if scale.low == record.low)
    return POSITIVE if all(value > 0 for value in values) else PLAIN
