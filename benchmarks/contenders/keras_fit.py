"""Keras on its JAX backend, as a user has it: ``fit`` one model after another, every 32 steps in one call."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from workloads import Workload


class Contender:
    """A few of the networks; after the first round they are compiled, and only their start is set anew."""

    steps_per_execution = 32

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        x, y = workload.rows
        rows = workload.order(workload.seeds[0]).ravel()
        self.x, self.y = np.asarray(x, np.float32)[rows], np.asarray(y, np.float32)[rows]
        # All of the first seed.
        self.models = {condition: build(workload, condition, self.steps_per_execution) for condition in workload.few()}

    def round(self) -> dict[int, float]:
        """Mean losses by network."""
        losses = {}
        for condition, model in self.models.items():
            set_start(model, self.workload, condition)
            told = model.fit(self.x, self.y, batch_size=self.workload.batch_size, shuffle=False, verbose=0)
            losses[condition * len(self.workload.seeds)] = told.history["loss"][0]
        return losses


def build(workload: Workload, condition: int, steps_per_execution: int) -> keras.Model:
    """The compiled model of one condition."""
    activation, _, optimizer, rate = workload.conditions[condition]
    sizes = workload.sizes
    model = keras.Sequential([keras.Input(sizes[:1])])
    for units in sizes[1:-1]:
        model.add(keras.layers.Dense(units, activation))
    model.add(keras.layers.Dense(sizes[-1], workload.output))
    model.compile(
        keras.optimizers.get({"class_name": optimizer, "config": {"learning_rate": rate}}),
        loss=workload.loss,
        steps_per_execution=min(steps_per_execution, workload.steps),
    )
    return model


def set_start(model: keras.Model, workload: Workload, condition: int) -> None:
    """The initial parameters of the first seed, and an optimizer that has seen nothing."""
    kernels = workload.kernels(condition, workload.seeds[0])
    for layer, kernel in zip(model.layers, kernels, strict=True):
        layer.set_weights([kernel, np.zeros(kernel.shape[1], np.float32)])
    for variable in model.optimizer.variables:
        if variable is not model.optimizer.learning_rate:
            variable.assign(np.zeros(variable.shape))
