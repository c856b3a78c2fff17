"""What a network gets wrong, in sentences: only what the rows bear out.

A sentence on how errors are spread is told where luck would bring it about with a probability of at most
`SIGNIFICANCE`, among all classes or pairs of classes.
"""

from __future__ import annotations

from assay.analysis.error_analysis.answers import AnsweredRows
from assay.analysis.error_analysis.calibration import Calibration
from assay.analysis.error_analysis.confusion import ClassErrors, ConfusedPair, Confusion
from assay.analysis.error_analysis.labels import LabelErrors
from assay.analysis.error_analysis.residuals import CONFIDENCE, Residuals
from assay.analysis.intervals import Interval
from assay.analysis.numbers import number_text

SIGNIFICANCE = 1 - CONFIDENCE
ENOUGH_ERRORS = 10
"""With fewer errors none of them is told as a share of all."""
LEAST_SHARE = 0.2
"""A pair with a smaller part of all errors has no share told."""
TOLD_PAIRS = TOLD_CLASSES = 3
LEAST_CORRELATION = 0.2
"""A weaker dependence of errors on the prediction is not worth a sentence."""


def share_text(part: float) -> str:
    """``8.3 %``, ``41 %``."""
    percent = 100 * part
    return f"{percent:.1f} %" if 0 < percent < 10 or 99 <= percent < 100 else f"{percent:.0f} %"


def quoted(name: str) -> str:
    """The name of a class; in quotation marks where it is more than a word."""
    return f"'{name}'" if " " in name else name


def class_sentences(confusion: Confusion, split: str) -> list[str]:
    """How often it is wrong, which classes it confuses, and which it does not find."""
    wrong, rows = confusion.wrong, confusion.rows
    if not wrong:
        return [f"It is right on all {rows:,} {split} rows."]
    found = [f"It is wrong on {wrong:,} of {rows:,} {split} rows ({share_text(wrong / rows)})."]
    classes = confusion.by_class()
    most = max(classes, key=lambda one: one.rows)
    if rows - wrong <= most.rows:
        found.append(f"It is right no more often than who always answers {quoted(most.name)}.")
    if len(classes) > 2:
        found += _pair_sentences(confusion)
    found += _recall_sentences(classes)
    found += [
        f"It never answers {quoted(one.name)}, the class of {one.rows:,} rows."
        for one in classes
        if one.predicted == 0 and one.rows >= ENOUGH_ERRORS / 2
    ]
    return found


def _pair_sentences(confusion: Confusion) -> list[str]:
    wrong, count = confusion.wrong, len(confusion.names)
    told: list[ConfusedPair] = []
    for pair in confusion.pairs():
        is_told = any((pair.taken_for, pair.truth) == (other.truth, other.taken_for) for other in told)
        if pair.p <= SIGNIFICANCE and not is_told:
            told.append(pair)
    if not told:
        if wrong < 5 * count:
            few = "error does" if wrong == 1 else f"{wrong:,} errors do"
            return [f"Its {few} not tell which classes it confuses."]
        return ["It confuses no two classes more often than others."]
    found = []
    for pair in told[:TOLD_PAIRS]:
        truth, other = quoted(pair.truth), quoted(pair.taken_for)
        text = f"It takes {truth} for {other} in {pair.count:,} of {pair.rows:,} cases"
        if pair.back:
            text += f", and {other} for {truth} in {pair.back:,}"
        share = (pair.count + pair.back) / wrong
        if wrong >= ENOUGH_ERRORS and share >= LEAST_SHARE:
            text += f"; {share_text(share)} of its errors are between the two"
        found.append(f"{text}.")
    return found


def _recall_sentences(classes: list[ClassErrors]) -> list[str]:
    low = [one for one in classes if one.p is not None and one.p <= SIGNIFICANCE]
    if len(classes) == 2 and low:
        worse, other = sorted(classes, key=lambda one: one.right / one.rows)
        return [
            f"It misses {worse.wrong:,} of {worse.rows:,} rows of {quoted(worse.name)} ({_missed(worse)}), "
            f"and {other.wrong:,} of {other.rows:,} of {quoted(other.name)} ({_missed(other)})."
        ]
    right, rows = sum(one.right for one in classes), sum(one.rows for one in classes)
    below = [one for one in low if one.right / one.rows < (right - one.right) / (rows - one.rows)]
    below.sort(key=lambda one: one.right / one.rows)
    return [
        f"It finds {one.right:,} of {one.rows:,} rows of {quoted(one.name)} ({share_text(one.right / one.rows)}), "
        f"and {share_text((right - one.right) / (rows - one.rows))} of the others."
        for one in below[:TOLD_CLASSES]
    ]


def _missed(one: ClassErrors) -> str:
    return share_text(one.wrong / one.rows)


def calibration_sentence(calibration: Calibration, z: float = 2.576) -> str | None:
    """Whether it is too sure; None where nothing speaks for it. `z` is the normal quantile of `SIGNIFICANCE`."""
    wrong = round((1 - calibration.right) * calibration.count)
    if abs(calibration.z) <= z or (calibration.z < 0 and wrong < ENOUGH_ERRORS / 2):
        return None
    how = "too sure" if calibration.z < 0 else "not sure enough"
    return (
        f"It is {how}: its answers have a probability of {share_text(calibration.sure)} on average, and "
        f"{share_text(calibration.right)} of them are right."
    )


def residual_sentences(residuals: Residuals, rows: int, split: str, *, is_alone: bool) -> list[str]:
    """By how much it errs, whether to one side, and where."""
    of = "" if is_alone else f" of {quoted(residuals.name)}"
    text = (
        f"Its predictions{of} are off by {number_text(residuals.mean_absolute_error)} on average "
        f"({rows:,} {split} rows)"
    )
    if residuals.r2 is not None:
        r2 = residuals.r2
        text += (
            f"; they explain {share_text(r2)} of the variance"
            if r2 > 0
            else f"; the mean of the targets would be off by less (R² = {number_text(r2)})"
        )
    found = [f"{text}."]
    bias = residuals.bias
    if bias.mean is not None and bias.low is not None and bias.high is not None and bias.low * bias.high > 0:
        size = "small" if bias.mean > 0 else "large"
        found.append(f"Its predictions{of} are too {size} by {number_text(abs(bias.mean))} on average.")
    slope = residuals.slope
    if slope is not None and slope.low is not None and slope.high is not None and not slope.low <= 1 <= slope.high:
        found.append(_slope_sentence(slope, of))
    spread, p = residuals.spread, residuals.spread_p
    if spread is not None and p is not None and p <= SIGNIFICANCE and abs(spread) >= LEAST_CORRELATION:
        found.append(f"Its errors{of} are larger where the prediction is {'large' if spread > 0 else 'small'}.")
    return found


def _slope_sentence(slope: Interval, of: str) -> str:
    assert slope.mean is not None
    what = "its extremes do not come true" if slope.mean < 1 else "it is too timid, truth lies further out"
    return f"Where its prediction{of} rises by 1, the target rises by {number_text(slope.mean)}: {what}."


def label_sentences(labels: list[LabelErrors], answers: AnsweredRows) -> list[str]:
    """How many rows and labels are wrong, and which labels it hardly finds."""
    rows, all_right = answers.count, answers.count - int(answers.is_wrong.sum())
    wrong, count = sum(label.wrong for label in labels), answers.labels.size
    found = [
        f"It has every label right on {all_right:,} of {rows:,} {answers.split} rows; of {count:,} labels {wrong:,} "
        f"{'is' if wrong == 1 else 'are'} wrong ({share_text(wrong / count)})."
    ]
    for label in labels:
        recall = label.recall
        if recall is not None and recall.high < 0.5:
            found.append(
                f"It finds {quoted(label.name)} on {recall.count:,} of the {recall.total:,} rows that have it."
            )
    return found
