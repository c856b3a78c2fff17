"""What a user's network is to learn: what its targets are, and the loss that goes with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.choices import Choice
from assay.errors import ModelError


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets of a network with K outputs.

    Attributes
    ----------
    dense : array of float32, (B, K)
        Classes as one-hot rows; targets at several positions of an example are rows of their own.
    task : str, optional
        ``binary``, ``multiclass`` or ``regression``; None for several labels an example.
    classes : int, optional
        None for quantities.
    """

    dense: np.ndarray
    task: str | None
    classes: int | None


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
        return Targets(dense, "multiclass" if is_one_hot else None, outputs if is_one_hot else None)
    if per_example == positions and outputs > 1:
        labels = y.reshape(-1)
        if not ((labels == np.floor(labels)) & (labels >= 0) & (labels < outputs)).all():
            raise ModelError(
                f"y: the model has {outputs} outputs, so one number for each example has to be a class from 0 to "
                f"{outputs - 1}; got numbers from {labels.min():g} to {labels.max():g}. Give the last layer as many "
                "units as there are classes, or one for a quantity."
            )
        return Targets(np.eye(outputs, dtype=np.float32)[labels.astype(np.int64)], "multiclass", outputs)
    raise ModelError(
        f"y: expected targets of shape (rows, {', '.join(map(str, output_shape)) or '1'}), as the model's outputs, got "
        f"{y.shape}. Give the last layer one unit for each target."
    )


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
