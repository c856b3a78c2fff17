"""All that is said of what one network gets wrong."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from assay.analysis.error_analysis.answers import AnsweredRows
from assay.analysis.error_analysis.calibration import Calibration, calibration_of
from assay.analysis.error_analysis.confusion import Confusion
from assay.analysis.error_analysis.examples import SHOWN_EXAMPLES, Example, worst_examples
from assay.analysis.error_analysis.labels import LabelErrors, label_errors
from assay.analysis.error_analysis.residuals import Residuals, residuals_of
from assay.analysis.error_analysis.wording import (
    calibration_sentence,
    class_sentences,
    label_sentences,
    residual_sentences,
)
from assay.analysis.intervals import Interval, Share


@dataclass(frozen=True, eq=False, repr=False)
class ErrorAnalysis:
    """What one network gets wrong; printed, it is its sentences.

    Attributes
    ----------
    answers : AnsweredRows
    confusion : Confusion or None
        Where each row has one class.
    labels : list of LabelErrors
        Where a row has several labels, else empty.
    residuals : list of Residuals
        A column each, of a regression; else empty.
    calibration : Calibration or None
        Where outputs are probabilities.
    worst : list of Example
        The rows with the largest loss.
    """

    answers: AnsweredRows
    confusion: Confusion | None
    labels: list[LabelErrors]
    residuals: list[Residuals]
    calibration: Calibration | None
    worst: list[Example]

    @property
    def heading(self) -> str:
        """Whose errors: ``activation=relu, seed 2, after epoch 7``."""
        return f"{self.answers.condition}, seed {self.answers.seed}, after epoch {self.answers.epoch}"

    def sentences(self) -> list[str]:
        """What it gets wrong in plain words."""
        answers = self.answers
        if self.confusion is not None:
            found = class_sentences(self.confusion, answers.split)
        elif self.labels:
            found = label_sentences(self.labels, answers)
        else:
            is_alone = len(self.residuals) == 1
            found = [
                sentence
                for column in self.residuals
                for sentence in residual_sentences(column, answers.count, answers.split, is_alone=is_alone)
            ]
        sure = None if self.calibration is None else calibration_sentence(self.calibration)
        return found if sure is None else [*found, sure]

    def __repr__(self) -> str:
        return "\n".join([f"{self.heading}:", *self.sentences()])

    def written(self) -> dict[str, Any]:
        """As ``assay show --errors --json`` prints it."""
        answers = self.answers
        return {
            "condition": answers.condition,
            "seed": answers.seed,
            "epoch": answers.epoch,
            "split": answers.split,
            "rows": answers.count,
            "task": answers.task,
            "sentences": self.sentences(),
            "confusion": None if self.confusion is None else _confusion(self.confusion),
            "labels": [_with_shares(label) for label in self.labels],
            "residuals": [_residuals(column) for column in self.residuals],
            "calibration": None if self.calibration is None else _calibration(self.calibration),
            "worst": [asdict(example) | {"loss": _finite(example.loss)} for example in self.worst],
        }


def analyse(answers: AnsweredRows, examples: int = SHOWN_EXAMPLES) -> ErrorAnalysis:
    """Analyse the errors of a network.

    Parameters
    ----------
    answers : AnsweredRows
    examples : int
        How many of the rows with the largest loss to name.
    """
    return ErrorAnalysis(
        answers=answers,
        confusion=Confusion.of(answers) if answers.has_classes else None,
        labels=label_errors(answers) if answers.task == "multilabel" else [],
        residuals=residuals_of(answers) if answers.task == "regression" else [],
        calibration=calibration_of(answers),
        worst=worst_examples(answers, examples),
    )


def _confusion(confusion: Confusion) -> dict[str, Any]:
    return {
        "names": list(confusion.names),
        "counts": confusion.counts.tolist(),
        "classes": [
            {
                "name": one.name,
                "rows": one.rows,
                "predicted": one.predicted,
                "right": one.right,
                "recall": _share(one.recall),
                "precision": _share(one.precision),
            }
            for one in confusion.by_class()
        ],
        "pairs": [
            {"truth": pair.truth, "taken_for": pair.taken_for, "count": pair.count, "rows": pair.rows}
            for pair in confusion.pairs()
        ],
    }


def _with_shares(label: LabelErrors) -> dict[str, Any]:
    return asdict(label) | {"recall": _share(label.recall), "precision": _share(label.precision)}


def _share(share: Share | None) -> dict[str, float] | None:
    return None if share is None else {"mean": share.count / share.total, "low": share.low, "high": share.high}


def _calibration(calibration: Calibration) -> dict[str, Any]:
    found = asdict(calibration)
    found["bins"] = [
        {"low": b.low, "high": b.high, "count": b.count, "said": b.said, "happened": _share(b.happened)}
        for b in calibration.bins
    ]
    return found


def _residuals(column: Residuals) -> dict[str, Any]:
    arrays = {name: values.tolist() for name, values in vars(column).items() if isinstance(values, np.ndarray)}
    plain = {
        name: value.written() if isinstance(value, Interval) else _finite(value)
        for name, value in vars(column).items()
        if name not in arrays
    }
    return plain | arrays


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
