"""What the targets that a watcher has seen say: the loss of the best constant output, and how well they are mixed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn

from assay.diagnosis.facts import BatchMix
from assay.models.batch_mix import MixSums

MOST_ROWS = 4096  # of one batch
MOST_NUMBERS = 2_000_000  # of all
ROWS_OF_A_CLASS = 20  # with fewer, the entropy of the counts lies below that of the classes


class ChanceLoss:
    """Collects targets, and tells the loss of the best constant output on them.

    Parameters
    ----------
    loss : torch.nn.Module, optional
        ``CrossEntropyLoss``, ``NLLLoss``, ``BCELoss``, ``BCEWithLogitsLoss``, ``MSELoss`` or ``L1Loss`` that takes a
        plain mean; of others nothing is told.
    """

    def __init__(self, loss: Any) -> None:
        self._kind = type(loss) if type(loss) in _RULES and _is_plain(loss) else None
        self._ignored = getattr(loss, "ignore_index", None)
        self._targets: list[np.ndarray] = []
        self._classes = self._taken = 0
        self._sums = MixSums()

    def take(self, outputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Keep the targets of a batch; fetches them from their device."""
        if self._kind is None or self._taken > MOST_NUMBERS:
            return
        if self._kind in (nn.CrossEntropyLoss, nn.NLLLoss):
            if targets.is_floating_point():
                self._kind = None  # probabilities
                return
            self._classes = outputs.shape[1] if outputs.dim() > 1 else outputs.shape[0]
        elif outputs.shape != targets.shape:
            self._kind = None  # every output is compared with every target
            return
        few = targets.detach()[:MOST_ROWS].float().cpu().numpy()
        self._taken += few.size
        self._targets.append(few)
        if self._classes:
            self._sums.add_labels(few[few != self._ignored], self._classes)
        elif few.size:
            self._sums.add(few.reshape(len(few), -1))

    def value(self) -> float | None:
        """None where it is not known."""
        if self._kind is None or not self._targets:
            return None
        if self._classes:
            return _entropy_of_classes(np.concatenate([t.reshape(-1) for t in self._targets]), self)
        targets = np.concatenate([array.reshape(len(array), -1) for array in self._targets])
        value = float(_RULES[self._kind](targets))
        return value if math.isfinite(value) and value > 0 else None

    def batch_mix(self) -> BatchMix | None:
        """How much of the targets' variance lies between batches; None where they are not known or do not vary."""
        return None if self._kind is None else self._sums.mix()

    @property
    def classes(self) -> int:
        """Of a classification; 0 otherwise."""
        return self._classes

    @property
    def ignored(self) -> int | None:
        """The target that does not count."""
        return self._ignored


def _entropy_of_classes(targets: np.ndarray, of: ChanceLoss) -> float | None:
    counted = targets[targets != of.ignored] if of.ignored is not None else targets
    if len(counted) < ROWS_OF_A_CLASS * of.classes:
        return None
    _, counts = np.unique(counted, return_counts=True)
    shares = counts / counts.sum()
    value = float(-(shares * np.log(shares)).sum())
    return value or None


def _binary_entropy(targets: np.ndarray) -> float:
    shares = targets.mean(axis=0)
    inner = shares[(shares > 0) & (shares < 1)]
    return float(-(inner * np.log(inner) + (1 - inner) * np.log(1 - inner)).sum() / len(shares))


def _mean_deviation(targets: np.ndarray) -> float:
    return float(np.abs(targets - np.median(targets, axis=0)).mean())


_RULES: dict[type, Any] = {
    nn.CrossEntropyLoss: None,
    nn.NLLLoss: None,
    nn.BCELoss: _binary_entropy,
    nn.BCEWithLogitsLoss: _binary_entropy,
    nn.MSELoss: lambda targets: targets.var(axis=0).mean(),
    nn.L1Loss: _mean_deviation,
}
"""The loss of the best constant output, of targets (B, K); of classes it is the entropy of their shares."""


def _is_plain(loss: Any) -> bool:
    has_weights = any(getattr(loss, name, None) is not None for name in ("weight", "pos_weight"))
    return loss.reduction == "mean" and not has_weights and not getattr(loss, "label_smoothing", 0.0)
