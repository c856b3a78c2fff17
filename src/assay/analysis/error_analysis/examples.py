"""The rows with the largest loss: where to look first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.analysis.error_analysis.answers import AnsweredRows
from assay.analysis.numbers import number_text

SHOWN_EXAMPLES = 12


@dataclass(frozen=True)
class Example:
    """One row.

    Attributes
    ----------
    row, source_row : int
        Its number in its part, and in the source; from 0.
    loss : float
    is_wrong : bool or None
        None of a regression, where every row is off by something.
    target, predicted : str
        In words: names of classes or labels, or numbers in the unit of the target.
    probability : float or None
        That the network gave to what it predicted, where a row has one class.
    probability_of_target : float or None
        That it gave to what was right.
    """

    row: int
    source_row: int
    loss: float
    is_wrong: bool | None
    target: str
    predicted: str
    probability: float | None = None
    probability_of_target: float | None = None


def worst_examples(answers: AnsweredRows, count: int = SHOWN_EXAMPLES) -> list[Example]:
    """The `count` rows with the largest loss, the worst first; of classes and labels only what is wrong."""
    losses = answers.losses
    order = np.argsort(-losses, kind="stable")
    if answers.task != "regression":
        order = order[answers.is_wrong[order]]
    return [_example(answers, int(place), float(losses[place])) for place in order[:count]]


def _example(answers: AnsweredRows, place: int, loss: float) -> Example:
    where: dict[str, Any] = {
        "row": int(answers.rows[place]),
        "source_row": int(answers.source_rows[place]),
        "loss": loss,
    }
    if answers.task == "regression":
        targets, outputs = (values[place].tolist() for values in answers.quantities)
        return Example(**where, is_wrong=None, target=_numbers(targets), predicted=_numbers(outputs))
    truth, said = answers.labels[place], answers.classes[place]
    is_wrong = bool(answers.is_wrong[place])
    if answers.task == "multilabel":
        words = [_listed([answers.name(k) for k in np.flatnonzero(labels).tolist()]) for labels in (truth, said)]
        return Example(**where, is_wrong=is_wrong, target=words[0], predicted=words[1])
    probabilities = answers.class_probabilities
    return Example(
        **where,
        is_wrong=is_wrong,
        target=answers.name(int(truth)),
        predicted=answers.name(int(said)),
        probability=None if probabilities is None else float(probabilities[place, said]),
        probability_of_target=None if probabilities is None else float(probabilities[place, truth]),
    )


def _numbers(values: list[float]) -> str:
    return ", ".join(number_text(value) for value in values)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
