"""scikit-learn's ``MLPClassifier``, a pass over the data for each of a few networks on both cores.

It draws and shuffles for itself and has its own penalty and stopping: its losses are not compared.
"""

from __future__ import annotations

import warnings

import numpy as np
from joblib import Parallel, delayed
from sklearn.neural_network import MLPClassifier
from workloads import Workload

from assay.engine.devices import available_cores


class Contender:
    """As many networks as there are cores, side by side, as ``GridSearchCV(n_jobs=…)`` trains them."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        x, y = workload.rows
        self.x, self.y = np.asarray(x, np.float32), np.argmax(y, axis=1)
        self.chosen = workload.few()

    def round(self) -> dict[int, float]:
        """Network numbers; the losses are its own."""
        jobs = (delayed(fit)(self.workload, condition, self.x, self.y) for condition in self.chosen)
        losses = Parallel(n_jobs=available_cores())(jobs)
        return {condition * len(self.workload.seeds): loss for condition, loss in zip(self.chosen, losses, strict=True)}


def fit(workload: Workload, condition: int, x: np.ndarray, y: np.ndarray) -> float:
    """Train one network for one pass; its loss."""
    activation, _, optimizer, rate = workload.conditions[condition]
    model = MLPClassifier(
        workload.sizes[1:-1],
        activation=activation,
        solver=optimizer,
        alpha=0.0,
        batch_size=workload.batch_size,
        learning_rate_init=rate,
        momentum=0.0,
        max_iter=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one pass has not converged, it says
        return float(model.fit(x, y).loss_)
