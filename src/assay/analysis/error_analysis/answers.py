"""What one network answered on some rows, beside what was right: all that an analysis of errors reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.choices import Choice
from assay.data.scaling import Scaling
from assay.errors import StudyError
from assay.learning.losses import LOSSES, loss_values

CLASSES = ("binary", "multiclass")
"""Tasks in which a row has one class."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Targets and outputs of a network, row by row.

    Attributes
    ----------
    condition : str
    seed : int
    split : str
        ``validation`` or ``test``.
    epoch : int
        After which the network was asked.
    task : str
        ``binary``, ``multiclass``, ``multilabel`` or ``regression``.
    names : tuple of str
        Of the classes, of the labels, or of the target columns.
    targets, outputs : array of float64, shape (R, K)
        As the network was trained: one-hot, 0 or 1, or numbers that may have been scaled.
    rows, source_rows : array of int64, shape (R,)
        Number of a row in its part, and in the source; from 0.
    loss : Choice
        What was minimized.
    threshold : float
        Outputs above it say 1, where a row has one class of two or several labels.
    scaling : Scaling, optional
        What was done to the targets of a regression.
    """

    condition: str
    seed: int
    split: str
    epoch: int
    task: str
    names: tuple[str, ...]
    targets: np.ndarray
    outputs: np.ndarray
    rows: np.ndarray
    source_rows: np.ndarray
    loss: Choice
    threshold: float = 0.5
    scaling: Scaling | None = None

    @property
    def count(self) -> int:
        """Number of rows R."""
        return len(self.rows)

    @property
    def has_classes(self) -> bool:
        """Whether each row has one class."""
        return self.task in CLASSES

    @property
    def labels(self) -> np.ndarray:
        """The class of each row, int64 (R,); 0 or 1 for each label of several, (R, K)."""
        return self._decided(self.targets, 0.5)

    @property
    def predicted(self) -> np.ndarray:
        """What the network says, as `labels`."""
        return self._decided(self.outputs, self.threshold)

    def _decided(self, values: np.ndarray, threshold: float) -> np.ndarray:
        if self.task == "multiclass":
            return values.argmax(axis=1)
        above = (values > threshold).astype(np.int64)
        return above if self.task == "multilabel" else above[:, 0]

    @property
    def quantities(self) -> tuple[np.ndarray, np.ndarray]:
        """Targets and outputs of a regression in the unit of its target columns, (R, K) each."""
        if self.scaling is None:
            return self.targets, self.outputs
        offset, scale = self.scaling.offset, self.scaling.scale
        return self.targets * scale + offset, self.outputs * scale + offset

    @property
    def probabilities(self) -> np.ndarray | None:
        """The probability of each class, float64 (R, classes), or of each label, (R, K).

        None where outputs are no probabilities: of a regression, of margins, of a network whose classes do not add up
        to 1. Outputs that the loss takes for logits are turned into probabilities as the loss does.
        """
        values = self.outputs
        if self.task == "regression" or not np.isfinite(values).all():
            return None
        if _takes_logits(self.loss):
            from scipy.special import expit, softmax

            values = softmax(values, axis=1) if self.task == "multiclass" else expit(values)
        if values.min() < 0 or values.max() > 1:
            return None
        if self.task == "binary":
            return np.column_stack([1 - values[:, 0], values[:, 0]])
        if self.task == "multiclass" and np.abs(values.sum(axis=1) - 1).max() > 1e-3:
            return None
        return values

    @property
    def is_wrong(self) -> np.ndarray:
        """Whether a row's class, or any of its labels, is wrong; bool (R,)."""
        wrong: np.ndarray = self.labels != self.predicted
        return np.asarray(wrong.reshape(self.count, -1).any(axis=1))

    @property
    def losses(self) -> np.ndarray:
        """The loss of each row, float64 (R,), infinite where it is not a number.

        Where the loss is code of the user's own, which a folder is read without running, the mean squared error.
        """
        import jax

        targets, outputs = (jax.numpy.asarray(values.T, "float32") for values in (self.targets, self.outputs))
        try:
            found: Any = loss_values(self.loss, targets, outputs)
        except StudyError:  # `assay.own_code.not_loaded`
            found = np.mean((self.targets - self.outputs) ** 2, axis=1)
        values = np.asarray(found, np.float64)
        return np.where(np.isfinite(values), values, np.inf)

    def name(self, label: int) -> str:
        """Of a class or of a column."""
        return self.names[label]


def _takes_logits(loss: Choice) -> bool:
    return bool(LOSSES.arguments(loss).get("from_logits", False))
