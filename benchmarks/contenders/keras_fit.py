"""Keras on its JAX backend, as a user has it: ``fit`` one model after another, every 32 steps in one call."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from workloads import Workload

STEPS_PER_EXECUTION = 32


class Contender:
    """A few of the networks; after the first round they are compiled, and only their start is set anew."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        x, y = workload.rows
        self.x, self.y = np.asarray(x, np.float32), np.asarray(y, np.float32)
        # All of the first seed.
        self.nets = {condition * len(workload.seeds): self.build(condition) for condition in workload.few()}

    def build(self, condition: int) -> keras.Model:
        """The model of one condition."""
        activation, _, optimizer, rate = self.workload.conditions[condition]
        sizes = self.workload.sizes
        model = keras.Sequential([keras.Input(sizes[:1])])
        for units in sizes[1:-1]:
            model.add(keras.layers.Dense(units, activation))
        model.add(keras.layers.Dense(sizes[-1], self.workload.output))
        model.compile(
            keras.optimizers.get({"class_name": optimizer, "config": {"learning_rate": rate}}),
            loss=self.workload.loss,
            steps_per_execution=min(STEPS_PER_EXECUTION, self.workload.steps),
        )
        return model

    def round(self) -> dict[int, float]:
        """Mean losses by network."""
        losses = {}
        seed = self.workload.seeds[0]
        rows = self.workload.order(seed).ravel()
        x, y = self.x[rows], self.y[rows]
        for net, model in self.nets.items():
            kernels = self.workload.kernels(net // len(self.workload.seeds), seed)
            for layer, kernel in zip(model.layers, kernels, strict=True):
                layer.set_weights([kernel, np.zeros(kernel.shape[1], np.float32)])
            for variable in model.optimizer.variables:
                if variable is not model.optimizer.learning_rate:
                    variable.assign(np.zeros(variable.shape))
            told = model.fit(x, y, batch_size=self.workload.batch_size, shuffle=False, verbose=0)
            losses[net] = told.history["loss"][0]
        return losses
