"""The parameters of a population's trials as they were after the epoch that was each one's best, on the host.

They are taken while the population trains on, a whole population at a time: the parameters of all members leave the
devices as two arrays a layer, at most once an epoch, and only where some trial takes them.

Index letters: C conditions, S seeds, G groups, M slots of a group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import numpy as np

from assay.engine.arguments import LayerParameters, State
from assay.engine.trainer import Trainer

_EPOCH, _SCORES, _LEAF = "epoch", "scores", "leaf/"


@dataclass
class Snapshot:
    """What has been taken so far.

    Attributes
    ----------
    epoch : array of int, shape (C, S)
        After which the parameters of each trial were taken; 0 where none were.
    scores : array, shape (C, S)
        The validation metric at that epoch, by which seeds of a condition are ranked; NaN where it is not known.
    leaves : list of array, (G, M, …)
        The parameters as they lie in the engine's state, kernel and bias of each layer; empty before the first.
    """

    epoch: np.ndarray
    scores: np.ndarray
    leaves: list[np.ndarray]

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Snapshot:
        """Before anything is taken."""
        return cls(np.zeros(shape, int), np.full(shape, np.nan), [])

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Snapshot | None:
        """From the arrays of a checkpoint; None where it holds none."""
        if _EPOCH not in arrays:
            return None
        leaves = [arrays[name].copy() for name in sorted(arrays) if name.startswith(_LEAF)]
        return cls(arrays[_EPOCH].copy(), arrays[_SCORES].copy(), leaves)

    def arrays(self) -> dict[str, np.ndarray]:
        """For a checkpoint."""
        leaves = {f"{_LEAF}{number:04d}": leaf for number, leaf in enumerate(self.leaves)}
        return {_EPOCH: self.epoch, _SCORES: self.scores, **leaves}

    def take(
        self, trainer: Trainer, state: State[jax.Array], trials: np.ndarray, epoch: int, scores: np.ndarray
    ) -> None:
        """Take the parameters of some `trials`, shape (C, S), that have these `scores`; the state stays as it is."""
        found = jax.tree.leaves(trainer.fetched(state))
        if not self.leaves:
            self.leaves = [np.zeros_like(leaf) for leaf in found]
        place = tuple(index[trials] for index in trainer.layout.position)
        for held, leaf in zip(self.leaves, found, strict=True):
            held[place] = leaf[place]
        self.epoch[trials] = epoch
        self.scores[trials] = scores[trials]

    def improved(self, scores: np.ndarray, living: np.ndarray, *, higher: bool) -> np.ndarray:
        """Which conditions have a better mean over their living seeds than what was taken, shape (C,).

        Parameters
        ----------
        scores : array, shape (C, S)
            Of the present epoch.
        living : array, shape (C, S), bool
            Seeds that may choose: those that have not diverged.
        higher : bool
            Whether a large score is a good one.
        """
        sign = 1.0 if higher else -1.0
        now, before = (sign * np.where(living, values, 0.0).sum(axis=1) for values in (scores, self.scores))
        is_new = (living & (self.epoch == 0)).any(axis=1)
        # A score that was not a number is worse than any: a comparison with it is false.
        return living.any(axis=1) & (is_new | (now > before) | (np.isnan(before) & ~np.isnan(now)))

    def best_of_each(self, candidates: np.ndarray, *, higher: bool) -> np.ndarray:
        """Of each condition the candidate with the best score, the earliest seed of equals; shape (C, S), bool."""
        costs = np.where(candidates & ~np.isnan(self.scores), -self.scores if higher else self.scores, np.inf)
        chosen = np.zeros(candidates.shape, bool)
        # Where no score is known any candidate stands, and the first is taken.
        best = np.where(np.isinf(costs).all(axis=1), candidates.argmax(axis=1), costs.argmin(axis=1))
        chosen[np.arange(len(chosen)), best] = True
        return chosen & candidates

    def parameters(self) -> list[LayerParameters[np.ndarray]]:
        """By layer, as `Trainer.fetched` gave them."""
        return [LayerParameters(kernel, bias) for kernel, bias in zip(self.leaves[::2], self.leaves[1::2], strict=True)]
