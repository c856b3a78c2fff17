"""assay: the population as the laboratory trains it."""

from __future__ import annotations

import numpy as np
from population import Population
from workloads import Workload


class Contender:
    """All networks at once."""

    def __init__(self, workload: Workload) -> None:
        self.population = Population(workload)

    def round(self) -> dict[int, float]:
        """Mean losses by network."""
        ours = self.population
        if ours.workload.epochs > 1:
            return dict(enumerate(np.ravel(ours.train().mean(axis=2))))
        _, scores = ours.trainer.train_epoch(ours.start(), ours.data, 1)
        return dict(enumerate(np.ravel(scores["loss"])))
