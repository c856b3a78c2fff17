"""Is a condition better than the baseline? Asked of the same seeds in both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from assay.analysis.intervals import Interval, mean_interval

RESOLUTION = 2.0**-21
"""Values are float32 with 24 binary digits: a difference of two is known to about this part of them."""

Conclusion = Literal["better", "worse", "no evidence"]


@dataclass(frozen=True)
class Comparison:
    """A paired difference and what follows from it.

    Attributes
    ----------
    difference : Interval
        Condition minus baseline, over the seeds that both completed; no interval where none can be estimated.
    conclusion : str
        ``better`` or ``worse`` when the interval leaves out zero, else ``no evidence``.
    """

    difference: Interval
    conclusion: Conclusion


def compare_paired(
    values: Mapping[int, float],
    baseline_values: Mapping[int, float],
    *,
    higher_is_better: bool,
    confidence: float = 0.95,
) -> Comparison:
    """Compare a condition with the baseline over the seeds that both completed.

    Parameters
    ----------
    values, baseline_values : mapping of int to float
        By seed, the value of each trial that completed.
    higher_is_better : bool
        True for an accuracy, False for a loss or an error.
    confidence : float
        Of the interval, between 0 and 1.

    Notes
    -----
    A seed gives the same initial draws and the same batches in every condition, so what is common to both cancels in
    the difference of one seed, and the interval of the differences is narrower than the two means suggest. Seeds are
    assumed independent and their differences about normal; see `mean_interval`.

    With one common seed there is no interval, and with none (say, because the condition always diverged) not even a
    difference: both are ``no evidence``, and the outcomes of the condition tell the rest.

    There is none either where all seeds differ by the same. Accuracies come in steps of one example, so two or three
    seeds may well agree by chance: a standard deviation of zero then says that the steps are coarse, not that seeds do
    not matter, and an interval of no width would call any difference certain.

    Each interval is for its comparison alone. Of twenty conditions that change nothing, about one is called better or
    worse at a confidence of 0.95.
    """
    seeds = sorted(values.keys() & baseline_values.keys())
    differences = [values[seed] - baseline_values[seed] for seed in seeds]
    difference = mean_interval(differences, confidence)
    size = max((abs(values[seed]) + abs(baseline_values[seed]) for seed in seeds), default=0.0)
    if differences and max(differences) - min(differences) <= RESOLUTION * size:
        difference = replace(difference, low=None, high=None)
    if difference.low is None or difference.high is None or difference.low <= 0 <= difference.high:
        return Comparison(difference, "no evidence")
    is_better = (difference.low > 0) == higher_is_better
    return Comparison(difference, "better" if is_better else "worse")
