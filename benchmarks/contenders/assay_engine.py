"""assay: the population as the laboratory trains it."""

from __future__ import annotations

import numpy as np
from workloads import Workload

from assay.engine import use_all_cores
from assay.engine.sparse import suits_sparse
from assay.engine.trainer import Trainer


class Contender:
    """All networks at once."""

    def __init__(self, workload: Workload) -> None:
        use_all_cores()
        self.workload = workload
        self.trainer = Trainer(
            workload.members,
            seeds=workload.seeds,
            batch_size=workload.batch_size,
            task=workload.task,
            sparse=suits_sparse(workload.rows[0]),
        )
        self.data = self.trainer.place(*workload.rows)
        self.start = self.trainer.save(self.trainer.start())

    def round(self) -> dict[int, float]:
        """Mean losses by network."""
        state = self.trainer.restore(self.start)
        if self.workload.epochs == 1:
            _, scores = self.trainer.train_epoch(state, self.data, 1)
            return dict(enumerate(np.ravel(scores["loss"])))
        orders = np.stack([self.workload.order(seed) for seed in self.workload.seeds])
        _, losses = self.trainer.train_steps(state, self.data, orders)
        return dict(enumerate(np.ravel(losses.mean(axis=2))))
