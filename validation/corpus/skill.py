"""What a program learnt, as one number: the share of the gap between the best constant answer and a perfect one.

It is R² on held-out rows, of quantities and of classes alike: a class is a row of 0 and 1, and the network's answer is
the probability that its loss reads out of what it returns. So a softmax before a loss with a softmax of its own is
measured as the loss sees it. `decisions` measures the classes alone, as the program's author would read them off.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, softmax

from corpus.program import Program

QUANTITIES = ("regression", "reconstruction")


def skill(program: Program, answers: np.ndarray, y: np.ndarray) -> float:
    """R², from -1 to 1; 0 for what the best constant could do, and for answers that are not numbers.

    Parameters
    ----------
    program : Program
    answers : array, shape (rows, …)
        What the trained network says of held-out rows; classes are the last axis.
    y : array
        The right answers in the program's own units: class numbers, rows of labels, or quantities.

    Returns
    -------
    float
        1 - Σ (answer - y)² / Σ (mean of y - y)², of several labels the mean over labels.
    """
    if not np.isfinite(answers).all():
        return 0.0
    if program.task in QUANTITIES:
        said, true = answers.reshape(y.shape), y
    elif program.task == "multilabel":
        said, true = claimed(program, answers), y
        return float(np.mean([_explained(said[:, k], true[:, k]) for k in range(program.classes)]))
    elif program.outputs == 1:
        said, true = claimed(program, answers).reshape(-1), y
    else:
        said, true = claimed(program, answers), np.eye(program.outputs)[y]
    return _explained(said.reshape(len(said), -1), true.reshape(len(true), -1))


def claimed(program: Program, answers: np.ndarray) -> np.ndarray:
    """The probabilities that the program's loss reads out of its answers."""
    exact = answers.astype(float)
    if program.loss == "cross_entropy":
        return np.asarray(softmax(exact, axis=-1))
    if program.loss == "bce_logits":
        return np.asarray(expit(exact))
    return np.clip(np.exp(np.minimum(exact, 0)) if program.loss == "nll" else exact, 0, 1)


def _explained(said: np.ndarray, true: np.ndarray) -> float:
    said, true = said.astype(float), true.astype(float)
    return float(max(-1.0, 1 - ((said - true) ** 2).sum() / ((true - true.mean(axis=0)) ** 2).sum()))


def decisions(program: Program, answers: np.ndarray, y: np.ndarray) -> float | None:
    """The same share for decisions alone: (a - 1/K) / (1 - 1/K), with a the mean over K classes of what is recognized.

    The largest output is the class; of one output, what lies above 0, or above a half where it is a probability. None
    for quantities.
    """
    if program.task in QUANTITIES:
        return None
    if not np.isfinite(answers).all():
        return 0.0
    if program.task == "multilabel":
        decided = _above(program, answers)
        return float(np.mean([_recognized(decided[:, k], y[:, k], 2) for k in range(program.classes)]))
    if program.outputs == 1:
        return _recognized(_above(program, answers).reshape(-1), y, 2)
    return _recognized(answers.argmax(axis=-1).reshape(-1), y.reshape(-1), program.outputs)


def _above(program: Program, answers: np.ndarray) -> np.ndarray:
    """Which of two classes is meant."""
    is_share = program.output in ("sigmoid", "softmax") or program.loss in ("mse", "l1", "bce")
    return (answers > (0.5 if is_share else 0.0)).astype(int)


def _recognized(decided: np.ndarray, y: np.ndarray, classes: int) -> float:
    shares = [float((decided[y == label] == label).mean()) for label in range(classes) if (y == label).any()]
    return float((np.mean(shares) - 1 / classes) / (1 - 1 / classes))
