r"""How fast a training converges or diverges, as one number.

With v the losses of a training relative to the first, one for each step, a training has converged if the mean of the
last 20 of them is below 1. Its value is :math:`-\sum v` then, from 0 (learnt at once) down, and :math:`\sum 1 / v`
otherwise, from 0 (lost at once) up: far from 0 on either side lies what took long to tell, which is the boundary
(Sohl-Dickstein, *The boundary of neural network trainability is fractal*, arXiv:2402.06184, 2024).
"""

from __future__ import annotations

import numpy as np

LARGEST = 1e6
"""Of v, and of 1 / v; also what a loss that is not finite counts as."""
LAST_STEPS = 20


def relative_losses(losses: np.ndarray, first: np.ndarray) -> np.ndarray:
    """v: losses (C, steps) divided by `first` (C,), at most `LARGEST`.

    A loss that is not finite counts as the largest, and so does each after a first one that was not. Where the first is
    0 there is nothing to learn: v is 0 while the loss stays there, and the largest when it does not.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        v = np.asarray(losses, np.float64) / np.asarray(first, np.float64)[:, None]
    v[(first == 0)[:, None] & (losses == 0)] = 0.0
    v[~np.isfinite(v) | ~np.isfinite(first)[:, None]] = LARGEST
    return np.minimum(v, LARGEST)


class ConvergenceMeasure:
    """The measure of many trainings, whose losses come a stretch of steps at a time.

    Attributes
    ----------
    value : array, shape (C,)
        −Σ v of those that converged, Σ 1 / v of the others.
    converged : array, shape (C,), bool
    """

    def __init__(self) -> None:
        self._first = self._sum = self._reciprocals = np.zeros(0)
        self._last = np.zeros((0, 0))

    def add(self, losses: np.ndarray) -> None:
        """Go on with losses of shape (C, steps), each of a step's batch before its update."""
        if not self._first.size:
            self._first = losses[:, 0].astype(np.float64)
            self._sum, self._reciprocals = np.zeros((2, len(losses)))
            self._last = np.zeros((len(losses), 0))
        v = relative_losses(losses, self._first)
        self._sum = self._sum + v.sum(axis=1)
        self._reciprocals = self._reciprocals + (1 / np.maximum(v, 1 / LARGEST)).sum(axis=1)
        self._last = np.concatenate([self._last, v], axis=1)[:, -LAST_STEPS:]

    @property
    def converged(self) -> np.ndarray:
        return self._last.mean(axis=1) < 1

    @property
    def value(self) -> np.ndarray:
        return np.where(self.converged, -self._sum, self._reciprocals)
