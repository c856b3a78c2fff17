"""The rule book through training: what curves and recorded signals show after epoch 0.

A run is judged by what it did. One that learnt is healthy however it began, and gets notes at most (overfitting, more
epochs); one that did not learn gets its reason: divergence, a learning rate too high or too low, a plateau with the
illness it began with, units that died or saturated on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from assay.diagnosis import thresholds
from assay.diagnosis.certain import certain_findings
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence, Finding, Remedy
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.start import start_findings
from assay.diagnosis.wording import layers_text, number_text

PLATEAU_ADVICE = " If that does not help, mend what is found at the start (assay probe)."


@dataclass(frozen=True)
class TrainingCourse:
    """How one trial went; arrays over the epochs that were recorded, epoch 0 (the untrained network) first.

    Attributes
    ----------
    loss, metric : array, (E + 1,)
        On the training rows; the metric is the accuracy, or the mean absolute error of a regression.
    validation_loss : array, (E + 1,), optional
    has_diverged : bool
    diverged_step : int, optional
        The first step whose loss was not finite.
    signals : mapping of int to LayerSignals
        By epoch, as far as they were recorded.
    """

    loss: np.ndarray
    metric: np.ndarray
    validation_loss: np.ndarray | None = None
    has_diverged: bool = False
    diverged_step: int | None = None
    signals: Mapping[int, LayerSignals] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """The last epoch."""
        return len(self.loss) - 1


def training_findings(facts: NetworkFacts, course: TrainingCourse) -> list[Finding]:
    """What is wrong with a run, the reason of a failure first; notes where it learnt.

    Parameters
    ----------
    facts : NetworkFacts
        With its ``chance_loss``; without it nothing can be said of how much was learnt.
    course : TrainingCourse
    """
    if course.has_diverged:
        return [_divergence(facts, course), *_reasons_at_start(facts, course)]
    skill = learnt_share(facts, course)
    notes = [*_overfitting(course), *_still_falling(course)]
    if skill is None or course.epochs < 1:
        return [*certain_findings(facts), *notes]
    if skill < thresholds.LEARNT_SHARE:
        reasons = list(_reasons(facts, course, skill))
        if reasons:
            return [*reasons, *_reasons_at_start(facts, course)]
    changes = [*_dying(facts, course), *_saturating(course)]
    return [*certain_findings(facts), *(replace(change, level="note") for change in changes), *notes]


def learnt_share(facts: NetworkFacts, course: TrainingCourse) -> float | None:
    """How much of what the best constant output leaves was learnt on the training rows: 0 like chance, 1 all.

    (accuracy − share of the commonest class) / (1 − that share); of a regression, 1 − loss / chance loss.
    """
    if facts.data is not None and facts.data.majority is not None:
        return float((course.metric[-1] - facts.data.majority) / max(1 - facts.data.majority, 1e-9))
    if not facts.chance_loss:
        return None
    return float(1 - course.loss[-1] / facts.chance_loss)


# --- Why nothing was learnt ------------------------------------------------------------------------------------------


def _reasons(facts: NetworkFacts, course: TrainingCourse, skill: float) -> Iterator[Finding]:
    """The reason of a run that learnt less than half; none where its loss lies flat, for the data may hold no more."""
    chance = facts.chance_loss or float(course.loss[0])
    told = _skill_text(skill)
    falls = _fall_per_epoch(course.loss) / chance
    jagged = _jaggedness(course.loss)
    swings = jagged > thresholds.JAGGED and _mean_step(course.loss) > thresholds.SWING * chance
    comes_down = course.loss[-1] < course.loss[0] and jagged < thresholds.JAGGED
    if swings or (course.loss[-1] > thresholds.LOSS_ABOVE_CHANCE * chance and not comes_down):
        yield Finding(
            "learning_rate_too_high",
            _most_moved(course),
            Evidence(
                "training loss at the end / loss of the best constant output",
                float(course.loss[-1] / chance),
                thresholds.LOSS_ABOVE_CHANCE,
                f"{told} The training loss ends at {number_text(course.loss[-1])}, where a constant output has "
                f"{number_text(chance)}" + (f"; {jagged:.0%} of its way was upwards." if swings else "."),
            ),
            "The steps are too large for the loss to settle.",
            _scaled_rate(facts, 0.1),
        )
    elif (falls > thresholds.STILL_FALLING and comes_down) or _way(facts, course) < thresholds.SHORT_WAY:
        yield Finding(
            "learning_rate_too_low",
            (),
            Evidence(
                "fall of the training loss per epoch at the end, in units of chance",
                float(falls),
                thresholds.STILL_FALLING,
                f"{told} The training loss was falling by {falls:.1%} of chance an epoch when the budget of "
                f"{course.epochs} epochs ended, at {number_text(course.loss[-1])} after {number_text(course.loss[0])}.",
            ),
            "The steps are too small for this budget, or the budget too small for these steps.",
            _scaled_rate(facts, 10, " Or train for more epochs."),
        )
    elif skill < thresholds.NOTHING_LEARNT:
        yield Finding(
            "plateau",
            (),
            Evidence(
                "share learnt of what chance leaves",
                skill,
                thresholds.NOTHING_LEARNT,
                f"{told} The training loss went from {number_text(course.loss[0])} to {number_text(course.loss[-1])}; "
                f"a constant output has {number_text(chance)}.",
            ),
            "The loss lies on a plateau: no gradient that tells the inputs apart reaches the kernels.",
            _scaled_rate(facts, 0.1 if thresholds.LONG_WAY < _way(facts, course) < np.inf else 10, PLATEAU_ADVICE),
        )
    yield from _dying(facts, course)
    yield from _saturating(course)


def _divergence(facts: NetworkFacts, course: TrainingCourse) -> Finding:
    at = f"at step {course.diverged_step}" if course.diverged_step else f"after epoch {course.epochs}"
    layers = _most_moved(course)
    first = f" Layer {layers[0]} had been moving most for its size." if layers else ""
    return Finding(
        "divergence",
        layers,
        Evidence("loss", None, None, f"The loss became infinite or not a number {at}.{first}"),
        "Every step overshot by more than the one before: the learning rate is too high for this network.",
        _scaled_rate(facts, 0.1),
    )


def _reasons_at_start(facts: NetworkFacts, course: TrainingCourse) -> list[Finding]:
    """What the untrained network already showed, where it was recorded; else what is certain without looking."""
    if 0 in course.signals:
        return start_findings(facts, course.signals[0])
    return certain_findings(facts)


# --- What happens to units -------------------------------------------------------------------------------------------


def _dying(facts: NetworkFacts, course: TrainingCourse) -> Iterator[Finding]:
    yield from _growing(
        course,
        "dead_units",
        "dying_units",
        "units that are 0 for every example",
        "Large steps push units below 0 for every input, where a ReLU has no gradient to come back by.",
        Remedy("Use a smaller learning rate, or 'leaky_relu' or 'elu'.", {"network.activation": "leaky_relu"}),
    )


def _saturating(course: TrainingCourse) -> Iterator[Finding]:
    yield from _growing(
        course,
        "saturation",
        "growing_saturation",
        "activations that are saturated",
        "Large steps push pre-activations onto the flat parts of the activation, where the gradient is nearly 0.",
        Remedy("Use a smaller learning rate, or an activation that is not bounded.", {"network.activation": "relu"}),
    )


def _growing(
    course: TrainingCourse, quantity: str, symptom: str, words: str, cause: str, remedy: Remedy
) -> Iterator[Finding]:
    """A share of a layer that grew beyond half through training."""
    epochs = sorted(course.signals)
    if len(epochs) < 2:
        return
    first, last = (course.signals[epoch](quantity, "fraction")[:-1] for epoch in (epochs[0], epochs[-1]))
    grown = (last >= thresholds.GROWN_TO) & (last - first >= thresholds.GROWN_BY)
    layers = tuple(int(index) + 1 for index in np.flatnonzero(grown))
    if not layers:
        return
    worst = layers[int(np.argmax(last[grown]))] - 1
    yield Finding(
        symptom,
        layers,
        Evidence(
            f"share of {words}",
            float(last[worst]),
            thresholds.GROWN_TO,
            f"In {layers_text(layers)} the share of {words} grew from {first[worst]:.0%} to {last[worst]:.0%} by epoch "
            f"{epochs[-1]}.",
        ),
        cause,
        remedy,
    )


# --- Notes on a run that learnt --------------------------------------------------------------------------------------


def _overfitting(course: TrainingCourse) -> Iterator[Finding]:
    """The validation loss turns and rises while the training loss goes on falling."""
    validation = course.validation_loss
    if validation is None or len(validation) < 3 or not np.isfinite(validation).all():
        return
    best = int(validation[1:].argmin()) + 1
    if best > len(validation) - 3 or validation[best] <= 0:
        return
    rise = float(validation[-2:].mean() / validation[best] - 1)
    whole = float(validation[best + 1 :].mean() / validation[best] - 1)
    if min(rise, 2 * whole) < thresholds.OVERFITTING:  # one late peak is no trend
        return
    if course.loss[-1] >= course.loss[best]:
        return
    yield Finding(
        "overfitting",
        (),
        Evidence(
            "validation loss at the end / at its best, less 1",
            rise,
            thresholds.OVERFITTING,
            f"From epoch {best} on the validation loss rises, by {rise:.0%} to the end, while the training loss falls.",
        ),
        "The network learns its training rows by heart.",
        Remedy(f"Stop at epoch {best}, or use dropout, an L2 penalty or a smaller network.", {"training.epochs": best}),
        "note",
    )


def _still_falling(course: TrainingCourse) -> Iterator[Finding]:
    """The validation loss is best at the last epoch, and was falling by more than a little."""
    validation = course.validation_loss
    if validation is None or len(validation) < 4 or not np.isfinite(validation).all() or validation[-1] <= 0:
        return
    fall = _fall_per_epoch(validation) / float(validation[-1])
    if int(validation.argmin()) != course.epochs or fall < thresholds.MORE_EPOCHS:
        return
    yield Finding(
        "too_few_epochs",
        (),
        Evidence(
            "fall of the validation loss per epoch at the end",
            fall,
            thresholds.MORE_EPOCHS,
            f"The validation loss is best at the last epoch, {course.epochs}, and was falling by {fall:.0%} an epoch.",
        ),
        "Training ended while it was still getting better.",
        Remedy(f"Train for {2 * course.epochs} epochs.", {"training.epochs": 2 * course.epochs}),
        "note",
    )


# --- Reading curves --------------------------------------------------------------------------------------------------


def _fall_per_epoch(curve: np.ndarray) -> float:
    """The mean fall over the last third of the epochs, at least one."""
    span = max(1, (len(curve) - 1) // 3)
    return float((curve[-1 - span] - curve[-1]) / span)


def _jaggedness(curve: np.ndarray) -> float:
    """Which part of the way from epoch to epoch is upwards, behind the first: 0 for a falling curve, ½ for noise."""
    steps = np.diff(curve[1:])
    way = np.abs(steps).sum()
    return float(steps[steps > 0].sum() / way) if way > 0 else 0.0


def _mean_step(curve: np.ndarray) -> float:
    """The mean size of a change from epoch to epoch, behind the first."""
    steps = np.abs(np.diff(curve[1:]))
    return float(steps.mean()) if len(steps) else 0.0


def _most_moved(course: TrainingCourse) -> tuple[int, ...]:
    """The layer whose kernel the updates moved most for its size, in the last record."""
    if not course.signals:
        return ()
    ratio = course.signals[max(course.signals)]("update", "ratio")
    return (int(np.nanargmax(ratio)) + 1,) if np.isfinite(ratio).any() else ()


def _way(facts: NetworkFacts, course: TrainingCourse) -> float:
    """How far all updates together could take a kernel for its size: the largest recorded update times their number."""
    if not course.signals or not facts.steps:
        return float("inf")
    recorded = [float(np.nanmax(signals("update", "ratio"))) for signals in course.signals.values()]
    return max(recorded) * facts.steps if np.isfinite(recorded).all() else float("inf")


def _skill_text(skill: float) -> str:
    return f"At the end {max(skill, 0):.0%} of what chance leaves had been learnt."


def _scaled_rate(facts: NetworkFacts, factor: float, more: str = "") -> Remedy:
    """The learning rate times `factor`."""
    size = "ten times" if factor > 1 else "a tenth of"
    rate = facts.optimizer.arguments.get("learning_rate") if facts.optimizer is not None else None
    if facts.optimizer is None or rate is None:
        return Remedy(f"Try {size} the learning rate.{more}")
    changed: dict[str, Any] = {"name": facts.optimizer.name, **facts.optimizer.arguments}
    changed["learning_rate"] = float(f"{rate * factor:.2g}")
    return Remedy(f"Try a learning rate of {changed['learning_rate']:g}.{more}", {"training.optimizer": changed})
