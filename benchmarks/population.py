"""A workload as assay trains it, set up once and trained again and again from the same start."""

from __future__ import annotations

import time

import numpy as np
from jax import Array
from workloads import Workload

from assay.engine import use_all_cores
from assay.engine.arguments import State
from assay.engine.sparse import suits_sparse
from assay.engine.trainer import Trainer


class Population:
    """All networks of a workload at once, as the laboratory trains them.

    Parameters
    ----------
    tiles : int, optional
        Groups per seed; the engine's own choice when not given.
    """

    def __init__(self, workload: Workload, *, tiles: int | None = None) -> None:
        use_all_cores()
        self.workload = workload
        self.trainer = Trainer(
            workload.members,
            seeds=workload.seeds,
            batch_size=workload.batch_size,
            task=workload.task,
            tiles=tiles,
            sparse=suits_sparse(workload.rows[0]),
        )
        self.data = self.trainer.place(*workload.rows)
        self._start = self.trainer.save(self.trainer.start())
        self._orders = np.stack([workload.order(seed) for seed in workload.seeds])

    @property
    def net_steps(self) -> int:
        """Updates of all networks in one round."""
        return self.workload.num_nets * self.workload.steps

    def start(self) -> State[Array]:
        """The state of all networks before their first step."""
        return self.trainer.restore(self._start)

    def train(self) -> np.ndarray:
        """Make all steps of a round from the start; losses of each before its update, (C, S, steps)."""
        _, losses = self.trainer.train_steps(self.start(), self.data, self._orders)
        return losses

    def seconds(self) -> float:
        """Of a round, without putting the start in its place; the first time it compiles."""
        state = self.start()
        began = time.perf_counter()
        self.trainer.train_steps(state, self.data, self._orders)
        return time.perf_counter() - began
