"""What is left of a regression's targets when the prediction is taken away, column by column."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.analysis.error_analysis.answers import AnsweredRows
from assay.analysis.intervals import Interval, mean_interval

CONFIDENCE = 0.99
"""Of the intervals from which a sentence follows."""
ENOUGH_ROWS = 20
"""With fewer rows nothing is said of how residuals depend on the prediction."""


@dataclass(frozen=True, eq=False)
class Residuals:
    """One target column, in its own unit.

    Attributes
    ----------
    name : str
    predicted, residual : array of float64, shape (R,)
        The prediction, and target - prediction: above 0 where the network says too little.
    source_rows : array of int64, shape (R,)
    bias : Interval
        Of the mean residual; Student's t at `CONFIDENCE`.
    root_mean_squared_error, mean_absolute_error : float
    r2 : float or None
        1 - Σ residual² / Σ (target - mean)²; None where all targets are equal.
    slope : Interval or None
        By how much targets rise where the prediction rises by 1, by least squares; 1 is right. None of few rows.
    spread : float or None
        Spearman's rank correlation of |residual| with the prediction; None of few rows.
    spread_p : float or None
        The probability of one so far from 0 by luck.
    """

    name: str
    predicted: np.ndarray
    residual: np.ndarray
    source_rows: np.ndarray
    bias: Interval
    root_mean_squared_error: float
    mean_absolute_error: float
    r2: float | None
    slope: Interval | None
    spread: float | None
    spread_p: float | None


def residuals_of(answers: AnsweredRows) -> list[Residuals]:
    """The residuals of each target column; rows whose prediction is not finite are left out."""
    targets, outputs = answers.quantities
    return [
        _column(answers.name(column), targets[:, column], outputs[:, column], answers.source_rows)
        for column in range(targets.shape[1])
    ]


def _column(name: str, target: np.ndarray, predicted: np.ndarray, source_rows: np.ndarray) -> Residuals:
    here = np.isfinite(predicted)
    target, predicted, source_rows = target[here], predicted[here], source_rows[here]
    residual = target - predicted
    around_mean = float(((target - target.mean()) ** 2).sum()) if target.size else 0.0
    is_enough = len(target) >= ENOUGH_ROWS and np.ptp(predicted) > 0 and np.ptp(np.abs(residual)) > 0
    slope, spread, spread_p = _dependence(target, predicted, residual) if is_enough else (None, None, None)
    return Residuals(
        name=name,
        predicted=predicted,
        residual=residual,
        source_rows=source_rows,
        bias=mean_interval(residual.tolist(), CONFIDENCE),
        root_mean_squared_error=math.sqrt(float(np.mean(residual**2))) if target.size else math.nan,
        mean_absolute_error=float(np.abs(residual).mean()) if target.size else math.nan,
        r2=1 - float((residual**2).sum()) / around_mean if around_mean > 0 else None,
        slope=slope,
        spread=spread,
        spread_p=spread_p,
    )


def _dependence(target: np.ndarray, predicted: np.ndarray, residual: np.ndarray) -> tuple[Interval, float, float]:
    from scipy.stats import linregress, spearmanr, t

    line = linregress(predicted, target)
    half_width = float(t.ppf((1 + CONFIDENCE) / 2, len(target) - 2)) * float(line.stderr)
    slope = Interval(float(line.slope), float(line.slope) - half_width, float(line.slope) + half_width, len(target))
    rank = spearmanr(np.abs(residual), predicted)
    return slope, float(rank.statistic), float(rank.pvalue)
