"""What one network answered on some rows, beside what was right: all that an analysis of errors reads."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.choices import Choice
from assay.data.scaling import Scaling
from assay.errors import StudyError
from assay.learning.losses import loss_values
from assay.learning.scores import ONE_CLASS, Answers


class AnsweredRows(Answers):
    """The answers of a kept network, row by row, with whose they are and of which rows.

    Parameters
    ----------
    task, targets, outputs, loss, output_activation
        As of `assay.learning.scores.Answers`; targets and outputs as the network was trained, shape (R, K).
    condition : str
    seed : int
    split : str
        ``validation`` or ``test``.
    epoch : int
        After which the network was asked.
    names : tuple of str
        Of the classes, of the labels, or of the target columns.
    rows, source_rows : array of int64, shape (R,)
        Number of a row in its part, and in the source; from 0.
    scaling : Scaling, optional
        What was done to the targets of a regression.
    """

    def __init__(
        self,
        task: str,
        targets: np.ndarray,
        outputs: np.ndarray,
        *,
        loss: Choice,
        output_activation: Choice,
        condition: str,
        seed: int,
        split: str,
        epoch: int,
        names: tuple[str, ...],
        rows: np.ndarray,
        source_rows: np.ndarray,
        scaling: Scaling | None = None,
    ) -> None:
        super().__init__(task, targets, outputs, loss=loss, output_activation=output_activation)
        self.condition, self.seed, self.split, self.epoch = condition, seed, split, epoch
        self.names, self.rows, self.source_rows, self.scaling = names, rows, source_rows, scaling

    @property
    def count(self) -> int:
        """Number of rows R."""
        return len(self.rows)

    @property
    def has_classes(self) -> bool:
        """Whether each row has one class."""
        return self.task in ONE_CLASS

    @property
    def quantities(self) -> tuple[np.ndarray, np.ndarray]:
        """Targets and outputs of a regression in the unit of its target columns, (R, K) each."""
        if self.scaling is None:
            return self.targets, self.outputs
        offset, scale = self.scaling.offset, self.scaling.scale
        return self.targets * scale + offset, self.outputs * scale + offset

    @property
    def class_probabilities(self) -> np.ndarray | None:
        """The probability of each class, (R, classes), or of each label, (R, K); None where outputs are none."""
        found = None if self.task == "regression" else self.probabilities
        if found is None or not np.isfinite(found).all():
            return None
        return np.column_stack([1 - found[:, 0], found[:, 0]]) if self.task == "binary" else found

    @property
    def is_wrong(self) -> np.ndarray:
        """Whether a row's class, or any of its labels, is wrong; bool (R,)."""
        wrong: np.ndarray = self.labels != self.classes
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
