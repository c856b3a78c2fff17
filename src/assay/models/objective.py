"""What a user's network is to learn: what its targets are, and the loss that goes with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.choices import Choice
from assay.errors import ModelError

# Shares of float32 that were divided by their sum, or written with three decimals.
SHARES_TOLERANCE = 0.02


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets of a network with K outputs.

    Attributes
    ----------
    dense : array of float32, (B, K)
        Classes as one-hot rows; targets at several positions of an example are rows of their own.
    task : str, optional
        ``binary``, ``multiclass``, ``multilabel`` or ``regression``; None where it is not known.
    classes : int, optional
        None for quantities, and for several labels an example.
    labels_beyond : (low, high, K), optional
        The ends of the class numbers where some are not among 0 … K − 1. In the dense rows they are numbered from 0,
        and those that are still too large are the last class.
    """

    dense: np.ndarray
    task: str | None
    classes: int | None
    labels_beyond: tuple[float, float, int] | None = None


def read_targets(y: np.ndarray, output_shape: tuple[int, ...]) -> Targets:
    """Find out what the targets of a network are.

    Parameters
    ----------
    y : array, (B, …)
        Class numbers, one-hot rows or quantities.
    output_shape : tuple of int
        Of one example's output; its last axis has the K outputs.

    Raises
    ------
    ModelError
        If they do not fit the outputs.
    """
    outputs = output_shape[-1] if output_shape else 1
    if y.dtype.kind not in "biuf":
        raise ModelError(f"y: expected targets that are numbers, got {y.dtype}. Number the classes from 0.")
    per_example = y.size // max(len(y), 1)
    positions = int(np.prod(output_shape[:-1]))
    if per_example == positions * outputs:
        dense = y.reshape(-1, outputs).astype(np.float32)
        if not bool(np.isin(dense, (0.0, 1.0)).all()):
            return Targets(dense, "regression", None)
        if outputs == 1:
            return Targets(dense, "binary", 2)
        is_one_hot = bool((dense.sum(axis=1) == 1).all())
        return Targets(dense, "multiclass", outputs) if is_one_hot else Targets(dense, "multilabel", None)
    if per_example == positions and outputs > 1:
        return _of_labels(y.reshape(-1), outputs)
    raise ModelError(
        f"y: expected targets of shape (rows, {', '.join(map(str, output_shape)) or '1'}), as the model's outputs, got "
        f"{y.shape}. Give the last layer one unit for each target."
    )


def _of_labels(labels: np.ndarray, outputs: int) -> Targets:
    """Class numbers, one for each row."""
    low, high = float(labels.min()), float(labels.max())
    if not (labels == np.floor(labels)).all():
        raise ModelError(
            f"y: the model has {outputs} outputs, so one number for each example has to be a class from 0 to "
            f"{outputs - 1}; got numbers from {low:g} to {high:g} with fractions. Give the last layer one unit for a "
            "quantity."
        )
    beyond = (low, high, outputs) if low < 0 or high > outputs - 1 else None
    known = np.clip(labels - (0 if beyond is None else low), 0, outputs - 1).astype(np.int64)
    return Targets((known[:, None] == np.arange(outputs)).astype(np.float32), "multiclass", outputs, beyond)


def is_of_shares(dense: np.ndarray) -> bool:
    """Whether the numbers of each row are shares of the classes: none below 0, and 1 together."""
    return bool((dense >= 0).all() and (np.abs(dense.sum(axis=1) - 1) <= SHARES_TOLERANCE).all())


def fitting_loss(targets: Targets, output_activation: Choice | None) -> Choice:
    """The loss that goes with the targets and with what the last layer applies; for one that was given none."""
    is_linear = output_activation is not None and output_activation.name == "linear"
    logits = {"from_logits": True} if is_linear else {}
    if targets.task == "multiclass" and (is_linear or output_activation == Choice("softmax")):
        return Choice("categorical_crossentropy", logits)
    if targets.task == "regression":
        return Choice("mean_squared_error")
    return Choice("binary_crossentropy", logits)


def dense_loss(loss: Choice) -> Choice:
    """The same loss on one-hot rows, which is how its targets are kept here."""
    is_sparse = loss.name == "sparse_categorical_crossentropy"
    return Choice("categorical_crossentropy", loss.arguments) if is_sparse else loss
