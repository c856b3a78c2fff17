"""Whether a network is as often right as it is sure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.analysis.error_analysis.answers import AnsweredRows
from assay.analysis.intervals import Share, share_interval
from assay.learning.scores import BINS, METRICS


@dataclass(frozen=True)
class CalibrationBin:
    """Answers that are about equally sure.

    Attributes
    ----------
    low, high : float
        Ends of the bin.
    count : int
    said : float
        Mean probability.
    happened : Share
        How often it was so, with the 95 % interval.
    """

    low: float
    high: float
    count: int
    said: float
    happened: Share


@dataclass(frozen=True)
class Calibration:
    """What a network gave as probabilities, and what became true.

    Attributes
    ----------
    of : str
        What the bins are of: the second of two classes, the answer given where there are more, or any label.
    bins : tuple of CalibrationBin
        Those of `BINS` equal bins of [0, 1] that hold an answer.
    error : float or None
        The metric ``calibration_error``, by how sure the answers given are; None of several labels.
    count : int
    sure, right : float
        Of the answers given, whichever they are: their mean probability, and how often they are right.
    z : float
        (right - sure) over its standard deviation, were every probability true: √Σ p (1 - p) / count.
    """

    of: str
    bins: tuple[CalibrationBin, ...]
    error: float | None
    count: int
    sure: float
    right: float
    z: float


def calibration_of(answers: AnsweredRows) -> Calibration | None:
    """Compute the calibration of a network; None where its outputs are no probabilities."""
    probabilities = answers.class_probabilities
    if probabilities is None or not answers.count:
        return None
    if answers.task == "multiclass":
        said, is_so, of = probabilities.max(axis=1), ~answers.is_wrong, "the answer given"
    elif answers.task == "binary":
        said, is_so, of = probabilities[:, 1], answers.labels == 1, answers.name(1)
    else:
        said, is_so, of = probabilities.ravel(), answers.labels.ravel() == 1, "any label"
    bins = _bins(said, is_so)
    is_answer = answers.task == "multiclass"
    sure = said if is_answer else np.maximum(said, 1 - said)
    right = is_so if is_answer else is_so == (said > 0.5)
    variance, excess = float((sure * (1 - sure)).sum()), float(right.sum() - sure.sum())
    return Calibration(
        of=of,
        bins=bins,
        error=METRICS["calibration_error"].of(answers) if answers.has_classes else None,
        count=len(said),
        sure=float(sure.mean()),
        right=float(right.mean()),
        z=excess / math.sqrt(max(variance, 1e-12)),
    )


def _bins(said: np.ndarray, is_so: np.ndarray) -> tuple[CalibrationBin, ...]:
    """A bin holds its upper end and not its lower one, but for 0."""
    place = np.clip(np.ceil(said * BINS).astype(int) - 1, 0, BINS - 1)
    found = []
    for number in range(BINS):
        here = place == number
        count = int(here.sum())
        if count:
            happened = share_interval(int(is_so[here].sum()), count)
            low, high = number / BINS, (number + 1) / BINS
            found.append(CalibrationBin(low, high, count, float(said[here].mean()), happened))
    return tuple(found)
