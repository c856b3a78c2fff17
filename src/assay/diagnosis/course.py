"""How one training went, and what its curves say: how much was learnt, whether the loss settles, what has moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from assay.diagnosis import thresholds
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.traits import reads_probabilities
from assay.diagnosis.wording import percent_text

# `thresholds.LEARNT_SHARE` of a cross-entropy. Two equally common classes, each told with a probability of 0.85, have
# an R² of 1 − 0.15 · 0.85 / 0.25 = 0.49, and the cross-entropy closes 1 + (0.15 ln 0.15 + 0.85 ln 0.85) / ln 2 = 0.39.
LEARNT_SHARE_OF_ENTROPY = 0.4

Outcome = Literal["diverged", "unknown", "failed", "learnt"]


@dataclass(frozen=True)
class TrainingCourse:
    """How one trial went; arrays over the epochs that were recorded, epoch 0 (the untrained network) first.

    Attributes
    ----------
    loss : array, (E + 1,)
        On the training rows.
    metric : array, (E + 1,), optional
        The accuracy of a classifier, or the mean absolute error of a regression. None where it was not recorded.
    validation_loss : array, (E + 1,), optional
    has_diverged : bool
    diverged_step : int, optional
        The first step whose loss was not finite.
    signals : mapping of int to LayerSignals
        By epoch, as far as they were recorded.
    facts_at_start : NetworkFacts, optional
        What was known of the untrained network, where some of it is measured anew at every look: gradients and updates
        of the parameters belong to the signals of their own epoch.
    """

    loss: np.ndarray
    metric: np.ndarray | None
    validation_loss: np.ndarray | None = None
    has_diverged: bool = False
    diverged_step: int | None = None
    signals: Mapping[int, LayerSignals] = field(default_factory=dict)
    facts_at_start: NetworkFacts | None = None

    @property
    def epochs(self) -> int:
        """The last epoch."""
        return len(self.loss) - 1


def learnt_share(facts: NetworkFacts, course: TrainingCourse) -> float | None:
    """Share of the gap between a constant guess and a perfect answer that training closed, on the training rows.

    (accuracy − share of the commonest class) / (1 − that share). Of a regression, and where no accuracy was recorded,
    (chance loss − loss) / (chance loss − smallest loss that any outputs reach). None where nothing is known of the
    constant guess.
    """
    if facts.data is not None and facts.data.majority is not None and course.metric is not None:
        return float((course.metric[-1] - facts.data.majority) / max(1 - facts.data.majority, 1e-9))
    if not facts.chance_loss or facts.chance_loss <= facts.floor_loss:
        return None
    return float((facts.chance_loss - course.loss[-1]) / (facts.chance_loss - facts.floor_loss))


def outcome(facts: NetworkFacts, course: TrainingCourse) -> Outcome:
    """What became of a training: ``failed`` if it learnt less than half, ``unknown`` if that cannot be said."""
    if course.has_diverged:
        return "diverged"
    share = learnt_share(facts, course)
    if share is None or course.epochs < 1:
        return "unknown"
    return "failed" if share < _learnt_share_asked(facts, course) else "learnt"


def _learnt_share_asked(facts: NetworkFacts, course: TrainingCourse) -> float:
    """What counts as learnt: a cross-entropy asks for more than an accuracy does, or a squared error."""
    has_accuracy = facts.data is not None and facts.data.majority is not None and course.metric is not None
    is_entropy = facts.loss is not None and reads_probabilities(facts.loss)
    return LEARNT_SHARE_OF_ENTROPY if is_entropy and not has_accuracy else thresholds.LEARNT_SHARE


def learnt_text(facts: NetworkFacts, course: TrainingCourse) -> str:
    """The learnt share as a sentence."""
    share = max(learnt_share(facts, course) or 0.0, 0.0)
    return f"Training closed {percent_text(share)} of the gap between a constant guess and a perfect answer."


def chance_of(facts: NetworkFacts, course: TrainingCourse) -> float:
    """The loss of the best constant guess; that at the start where it is not known."""
    return facts.chance_loss or float(course.loss[0])


# --- Reading curves --------------------------------------------------------------------------------------------------


def fall_per_epoch(curve: np.ndarray) -> float:
    """The mean fall over the last third of the epochs, at least one."""
    span = max(1, (len(curve) - 1) // 3)
    return float((curve[-1 - span] - curve[-1]) / span)


def jaggedness(curve: np.ndarray) -> float:
    """Which part of the path from epoch to epoch goes upwards, behind the first: 0 for a falling curve, ½ for noise."""
    steps = np.diff(curve[1:])
    path = np.abs(steps).sum()
    return float(steps[steps > 0].sum() / path) if path > 0 else 0.0


def mean_step(curve: np.ndarray) -> float:
    """The mean size of a change from epoch to epoch, behind the first."""
    steps = np.abs(np.diff(curve[1:]))
    return float(steps.mean()) if len(steps) else 0.0


def comes_down(course: TrainingCourse) -> bool:
    """Whether the training loss ends below its start, and not by chance."""
    return bool(course.loss[-1] < course.loss[0] and jaggedness(course.loss) < thresholds.JAGGED)


# --- Reading signals -------------------------------------------------------------------------------------------------


def most_moved(course: TrainingCourse) -> tuple[int, ...]:
    """The layer whose kernel the updates moved most for its size, in the last record."""
    if not course.signals:
        return ()
    ratio = course.signals[max(course.signals)]("update", "ratio")
    return (int(np.nanargmax(ratio)) + 1,) if np.isfinite(ratio).any() else ()


def reach_of_updates(facts: NetworkFacts, course: TrainingCourse) -> float:
    """How far all updates together could move a kernel, in units of its size.

    The largest recorded update times the number of updates; infinite where either is not known.
    """
    if not course.signals or not facts.steps:
        return float("inf")
    recorded = [float(np.nanmax(signals("update", "ratio"))) for signals in course.signals.values()]
    return max(recorded) * facts.steps if np.isfinite(recorded).all() else float("inf")


@dataclass(frozen=True)
class Growth:
    """A share of some hidden layers that grew beyond half through training.

    Attributes
    ----------
    layers : tuple of int
    first, last : float
        The share in the layer where it is largest, at the first and the last recorded epoch.
    epoch : int
        The last that was recorded.
    """

    layers: tuple[int, ...]
    first: float
    last: float
    epoch: int


def growth_of(course: TrainingCourse, quantity: str) -> Growth | None:
    """Where the ``fraction`` of a quantity (``dead_units``, ``saturation``) grew; None where it did not."""
    epochs = sorted(course.signals)
    if len(epochs) < 2:
        return None
    first, last = (course.signals[epoch](quantity, "fraction")[:-1] for epoch in (epochs[0], epochs[-1]))
    grown = (last >= thresholds.GROWN_TO) & (last - first >= thresholds.GROWN_BY)
    layers = tuple(int(index) + 1 for index in np.flatnonzero(grown))
    if not layers:
        return None
    worst = layers[int(np.argmax(last[grown]))] - 1
    return Growth(layers, float(first[worst]), float(last[worst]), epochs[-1])
