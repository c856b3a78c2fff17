"""KerasTuner: a search over the networks, one trial for each, from its model to its entry in the oracle's books.

Every trial builds and compiles a model of its own, so a round is never warm: it trains each of a few networks for all
steps of the whole job, as so many epochs of the same batches. The mean loss of the first is that of a round.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import keras_tuner
import numpy as np
from contenders import keras_fit
from workloads import Workload


class Networks(keras_tuner.HyperModel):
    """The networks of a workload, as KerasTuner wants them."""

    def __init__(self, workload: Workload, chosen: list[int]) -> None:
        super().__init__()
        self.workload, self.chosen = workload, chosen
        self.losses: dict[int, float] = {}

    def build(self, hp: keras_tuner.HyperParameters) -> Any:
        """The compiled model of a condition, at its start."""
        condition = hp.Choice("condition", self.chosen)
        model = keras_fit.build(self.workload, condition, keras_fit.Contender.steps_per_execution)
        keras_fit.set_start(model, self.workload, condition)
        return model

    def fit(self, hp: keras_tuner.HyperParameters, model: Any, *args: Any, **kwargs: Any) -> Any:
        """`Model.fit`, whose first loss is noted."""
        told = model.fit(*args, **kwargs)
        self.losses[hp.get("condition") * len(self.workload.seeds)] = told.history["loss"][0]
        return told


class Contender:
    """A few of the networks, anew in every round."""

    def __init__(self, workload: Workload) -> None:
        assert workload.job_steps % workload.steps == 0
        self.workload = workload
        x, y = workload.rows
        rows = workload.order(workload.seeds[0]).ravel()
        self.x, self.y = np.asarray(x, np.float32)[rows], np.asarray(y, np.float32)[rows]

    def round(self) -> dict[int, float]:
        """Mean losses of the first epoch, by network."""
        chosen = self.workload.few()
        networks = Networks(self.workload, chosen)
        with tempfile.TemporaryDirectory() as folder:
            tuner = keras_tuner.GridSearch(
                networks, keras_tuner.Objective("loss", "min"), max_trials=len(chosen), directory=folder
            )
            tuner.search(
                self.x,
                self.y,
                batch_size=self.workload.batch_size,
                epochs=self.workload.job_steps // self.workload.steps,
                shuffle=False,
                verbose=0,
            )
        return networks.losses
