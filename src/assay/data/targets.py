"""What a network is to learn: labels checked, counted and written as numbers.

Text, true/false, one-hot rows and whole numbers with few different values are classes; other numbers are quantities to
regress. Several columns of 0 and 1 are labels, any number of which may hold at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.errors import DataError, did_you_mean

TASKS = ("binary", "multiclass", "multilabel", "regression")

FEW_VALUES = 20
"""Up to so many different whole numbers are classes; more are quantities such as ages, counts or prices."""

_ROWS_OF_A_CLASS = 2  # that a class has on average at least; whole numbers that hardly repeat are quantities
_ROWS_OF_A_NUMBERED_CLASS = 10  # of more classes than few, numbered from 0 without a gap as a label encoder does


@dataclass(frozen=True)
class Target:
    """Kind of target.

    Attributes
    ----------
    task : str
        One of `TASKS`.
    outputs : int
        Columns K of the targets: 1 for binary, one for each class, label or regressed quantity.
    classes : int or None
        Number of classes; None for multilabel and regression.
    """

    task: str
    outputs: int
    classes: int | None

    def encode(self, labels: np.ndarray) -> np.ndarray:
        """Labels (rows,) or quantities (rows, K) as float32 of shape (rows, K)."""
        if self.task == "multiclass":
            dense = np.zeros((len(labels), self.outputs), dtype=np.float32)
            dense[np.arange(len(labels)), labels] = 1.0
            return dense
        with np.errstate(over="ignore"):  # beyond float32 becomes infinite, which the caller checks
            return labels.astype(np.float32).reshape(len(labels), self.outputs)


def class_target(classes: int, task: str | None, *, where: str) -> Target:
    """The target of a data set with `classes` classes, for the task that the user asked for, if any.

    Two classes are binary unless ``multiclass`` is asked for, which writes them as two one-hot columns.

    Raises
    ------
    DataError
        If the task is unknown or does not fit classes.
    """
    check_task(task)
    if task == "regression":
        raise DataError(f'{where}: holds {classes} classes, not quantities; task = "regression" does not fit it.')
    if task == "multilabel":
        raise DataError(f'{where}: task = "multilabel" expects several columns of 0 and 1, got {classes} classes.')
    if task == "binary" and classes != 2:
        raise DataError(f'{where}: task = "binary" expects 2 classes, got {classes}. Write task = "multiclass".')
    if classes == 2 and task != "multiclass":
        return Target("binary", 1, 2)
    return Target("multiclass", classes, classes)


def check_task(task: str | None) -> None:
    """Raise a `DataError` unless `task` is one of `TASKS` or None."""
    if task is not None and task not in TASKS:
        raise DataError(
            f"data.task: unknown task '{task}'.{did_you_mean(task, TASKS)} Known tasks: {', '.join(TASKS)}."
        )


def read_targets(
    parts: Mapping[str, np.ndarray], *, task: str | None, where: str
) -> tuple[Target, dict[str, np.ndarray], tuple[str, ...] | None]:
    """Find out what the targets of a user's own data are.

    Parameters
    ----------
    parts : mapping of str to array, shape (rows,) or (rows, K)
        The targets of each part (train, validation, test); one meaning for all of them.
    task : str or None
        What the user says they are.
    where : str
        For messages: file and column.

    Returns
    -------
    target : Target
    labels : dict of str to array
        By part: int64 (rows,) classes, or float64 (rows, K) quantities or labels of 0 and 1.
    class_names : tuple of str or None

    Raises
    ------
    DataError
        If targets are missing, not numbers or words, of several shapes, or do not fit the task; if numbers that are to
        be classes are not whole; if there is one class only.
    """
    check_task(task)
    widths = {array.shape[1:] for array in parts.values()}
    if len(widths) > 1 or any(array.ndim > 2 for array in parts.values()):
        shapes = ", ".join(f"{part} {array.shape}" for part, array in parts.items())
        raise DataError(
            f"{where}: expected targets of shape (rows,) or (rows, outputs), the same in all parts, got {shapes}."
        )
    values = np.concatenate(list(parts.values()))
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.dtype.kind not in "biufUS":
        raise DataError(f"{where}: expected targets that are numbers or words, got {values.dtype}.")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
        raise DataError(
            f"{where}: {bad.sum()} of {len(bad)} targets are missing or not finite, the first in row "
            f"{bad.argmax() + 1}. Remove or fill these rows."
        )

    target, labels, names = _interpret(values, task, where)
    ends = np.cumsum([len(array) for array in parts.values()])[:-1]
    return target, dict(zip(parts, np.split(labels, ends), strict=True)), names


def _interpret(values: np.ndarray, task: str | None, where: str) -> tuple[Target, np.ndarray, tuple[str, ...] | None]:
    """Target, labels and class names of all rows at once."""
    if values.dtype.kind in "US" and values.ndim == 1:
        words, labels = np.unique(values, return_inverse=True)
        _require_two(len(words), str(words[0]), where)
        return class_target(len(words), task, where=where), labels, tuple(str(word) for word in words)
    if values.dtype.kind in "US":
        raise DataError(f"{where}: several targets are columns of numbers, or of 0 and 1, got words.")
    is_flag = values.dtype.kind == "b"
    if is_flag:
        values = values.astype(np.int64)
    if values.ndim == 2:
        return _interpret_columns(values, task, where)
    if task == "regression" or (task is None and not _are_classes(values)):
        return Target("regression", 1, None), values.astype(np.float64)[:, None], None
    labels, names = _classes(values, where)
    if is_flag:
        names = ("false", "true")
    return class_target(len(names), task, where=where), labels, names


def _interpret_columns(
    values: np.ndarray, task: str | None, where: str
) -> tuple[Target, np.ndarray, tuple[str, ...] | None]:
    """As `_interpret`, of several columns of numbers."""
    columns = values.shape[1]
    is_zero_or_one = bool(((values == 0) | (values == 1)).all())
    is_one_hot = is_zero_or_one and bool((values.sum(axis=1) == 1).all())
    if is_one_hot and task in (None, "binary", "multiclass"):
        # Two one-hot columns stay two outputs.
        names = tuple(str(label) for label in range(columns))
        return class_target(columns, task or "multiclass", where=where), values.argmax(axis=1), names
    if is_zero_or_one and task in (None, "multilabel"):
        return Target("multilabel", columns, None), values.astype(np.float64), None
    if task in (None, "regression"):
        return Target("regression", columns, None), values.astype(np.float64), None
    expected = "columns of 0 and 1" if task == "multilabel" else "labels or one-hot rows"
    raise DataError(f'{where}: task = "{task}" expects {expected}, got shape {values.shape} of other numbers.')


def _are_classes(values: np.ndarray) -> bool:
    """Whether numbers look like classes: nothing but 0 and 1, or whole-number types with few different values."""
    if values.dtype.kind == "f":
        return bool(((values == 0) | (values == 1)).all())
    found, rows = np.unique(values), len(values)
    is_numbered = bool(found[0] == 0 and found[-1] == len(found) - 1)
    if len(found) <= FEW_VALUES:
        return is_numbered or rows >= _ROWS_OF_A_CLASS * len(found)
    return is_numbered and rows >= _ROWS_OF_A_NUMBERED_CLASS * len(found)


def _classes(values: np.ndarray, where: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Numbers as classes 0, 1, …, in their order; and their names, the numbers."""
    whole = values == np.floor(values)
    if not whole.all():
        raise DataError(
            f"{where}: expected labels that are whole numbers, got {values[~whole][0]}. "
            'Write task = "regression" if it is a quantity.'
        )
    found, labels = np.unique(values, return_inverse=True)
    _require_two(len(found), f"{found[0]:g}", where)
    return labels.astype(np.int64), tuple(f"{int(value)}" for value in found)


def _require_two(classes: int, label: str, where: str) -> None:
    if classes < 2:
        raise DataError(f"{where}: every row has the same label, {label}. A classifier needs at least two classes.")
