"""How well rows are mixed over batches, from sums that are kept as the batches come."""

from __future__ import annotations

import numpy as np

from assay.diagnosis.facts import BatchMix


class MixSums:
    """What is needed of the targets t of batches b with n_b rows, sums s_b: N, Σ t, Σ t² and Σ_b s_b² / n_b.

    The share η² = Σ_b n_b (m_b − m)² / Σ (t − m)² follows from them, with m_b and m the means of a batch and of all.
    The mean of η² over all ways of dealing the N rows to the k batches is (k − 1) / (N − 1).
    """

    def __init__(self) -> None:
        self._batches = self._rows = 0
        self._origin: np.ndarray | float = 0.0  # near the mean, so that the differences of squares keep their digits
        self._sum: np.ndarray | float = 0.0
        self._squares = self._of_batches = 0.0

    def add(self, rows: np.ndarray) -> None:
        """A batch of numbers, (n, K)."""
        if not self._batches:
            self._origin = rows.mean(axis=0, dtype=np.float64)
        moved = rows - self._origin
        self._note(len(moved), moved.sum(axis=0), float((moved**2).sum()))

    def add_labels(self, labels: np.ndarray, classes: int) -> None:
        """A batch of class numbers, (n,): the same as of their 0/1 columns."""
        counts = np.bincount(labels[(labels >= 0) & (labels < classes)].astype(np.int64), minlength=classes)
        self._note(int(counts.sum()), counts.astype(np.float64), float(counts.sum()))

    def _note(self, rows: int, total: np.ndarray, squares: float) -> None:
        if rows:
            self._batches, self._rows = self._batches + 1, self._rows + rows
            self._sum = self._sum + total
            self._squares += squares
            self._of_batches += float((total**2).sum()) / rows

    def mix(self) -> BatchMix | None:
        """None of fewer than two batches, and of targets that do not vary."""
        if self._batches < 2:
            return None
        of_all = float((np.asarray(self._sum) ** 2).sum()) / self._rows
        whole, between = self._squares - of_all, self._of_batches - of_all
        if not (np.isfinite(whole) and whole > 1e-9 * self._squares):
            return None
        return BatchMix(self._batches, max(0.0, between / whole), (self._batches - 1) / (self._rows - 1))
