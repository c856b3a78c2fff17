"""How much each row counts in the loss: by its class, by a column of the data, or by both.

The loss of a batch of B rows is Σ wᵢ ℓᵢ / B, penalties beside, as under Keras' ``class_weight`` and ``sample_weight``.
Class weights act in training alone, a column in every loss; metrics count each row alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.errors import StudyError, did_you_mean

ClassWeight = str | Mapping[str, float]
"""``none``, ``balanced``, or a weight by the name or the number of a class."""


@dataclass(frozen=True)
class RowWeights:
    """The weights of the rows of a data set, by part; arrays of float32, shape (rows,).

    Attributes
    ----------
    training : mapping of str to array
        In the loss that is minimized.
    scores : mapping of str to array
        In the loss of rows that are looked at only.
    """

    training: Mapping[str, np.ndarray]
    scores: Mapping[str, np.ndarray]


def row_weights(
    asked: ClassWeight,
    targets: Mapping[str, np.ndarray],
    columns: Mapping[str, np.ndarray | None],
    class_names: Sequence[str] | None,
) -> RowWeights | None:
    """The weights of all rows; None where every row counts alike.

    Parameters
    ----------
    asked : str or mapping
        Of the classes.
    targets : mapping of str to array, shape (rows, K)
        Dense targets of each part, ``train`` among them.
    columns : mapping of str to array, shape (rows,)
        What the data say of each part; None where they say nothing.
    class_names : sequence of str, optional

    Raises
    ------
    StudyError
        If a weight is of no class.
    """
    if asked == "none" and all(column is None for column in columns.values()):
        return None
    scores = {
        part: np.ones(len(y), np.float32) if (column := columns[part]) is None else np.asarray(column, np.float32)
        for part, y in targets.items()
    }
    if asked == "none":
        return RowWeights(scores, scores)
    of_class = class_weights(asked, targets["train"], class_names)
    return RowWeights({part: of_class[classes_of(targets[part])] * found for part, found in scores.items()}, scores)


def classes_of(y: np.ndarray) -> np.ndarray:
    """The class of each row, (rows,), of one-hot targets or of 0 and 1."""
    return y.argmax(axis=1) if y.shape[1] > 1 else np.round(y[:, 0]).astype(int)


def class_weights(asked: ClassWeight, y_train: np.ndarray, class_names: Sequence[str] | None) -> np.ndarray:
    """The weight of each class, float32 (classes,).

    Balanced, a class with n_k of the n training rows has n / (K · n_k), with K the number of classes that have rows
    (King and Zeng, "Logistic regression in rare events data", Political Analysis 9, 2001; scikit-learn's formula). A
    class that a table does not name, or that has no training rows, has the weight 1.
    """
    classes = max(2, y_train.shape[1])
    weights = np.ones(classes)
    if isinstance(asked, Mapping):
        for label, weight in asked.items():
            weights[_class_of(label, classes, class_names)] = weight
    else:
        counts = np.bincount(classes_of(y_train), minlength=classes)
        weights[counts > 0] = len(y_train) / ((counts > 0).sum() * counts[counts > 0])
    return weights.astype(np.float32)


def _class_of(label: str, classes: int, class_names: Sequence[str] | None) -> int:
    """The number of a class, by its name or its number."""
    names = list(class_names or map(str, range(classes)))
    if label in names:
        return names.index(label)
    if label.isdecimal() and int(label) < classes:
        return int(label)
    raise StudyError(
        f"training.class_weight: unknown class '{label}'.{did_you_mean(label, names)} Classes: {', '.join(names)}; "
        f"or their numbers, 0 to {classes - 1}."
    )
