"""Makers of answers: what a network said, written down by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from assay.analysis.error_analysis import Answers
from assay.choices import Choice

MakeAnswers = Callable[..., Answers]


def answers(task: str, names: Sequence[str], targets: Any, outputs: Any, **more: Any) -> Answers:
    """Rows numbered from 0, that lie in the source in reverse."""
    targets, outputs = np.asarray(targets, float), np.asarray(outputs, float)
    count = len(targets)
    losses = {
        "binary": "binary_crossentropy",
        "multiclass": "categorical_crossentropy",
        "multilabel": "binary_crossentropy",
        "regression": "mean_squared_error",
    }
    known: dict[str, Any] = {"condition": "activation=relu", "seed": 3, "split": "validation", "epoch": 7}
    known |= {"rows": np.arange(count), "source_rows": 100 - np.arange(count), "loss": Choice(losses[task])}
    return Answers(task=task, names=tuple(names), targets=targets, outputs=outputs, **(known | more))


@pytest.fixture(scope="session")
def make_answers() -> MakeAnswers:
    """Make answers of a task from targets and outputs of shape (rows, K)."""
    return answers


@pytest.fixture(scope="session")
def classed() -> MakeAnswers:
    """Make answers of classes from counts: truth → what it is taken for → how often, each with probability 0.8."""

    def make(counts: dict[str, dict[str, int]], sure: float = 0.8) -> Answers:
        names = list(counts)
        pairs = [
            (names.index(truth), names.index(said))
            for truth, row in counts.items()
            for said, count in row.items()
            for _ in range(count)
        ]
        truth, said = np.array(pairs).T
        if len(names) == 2:
            return answers("binary", names, truth[:, None], np.where(said == 1, sure, 1 - sure)[:, None])
        rest = (1 - sure) / (len(names) - 1)
        outputs = np.full((len(pairs), len(names)), rest)
        outputs[np.arange(len(pairs)), said] = sure
        return answers("multiclass", names, np.eye(len(names))[truth], outputs)

    return make
