"""A look ahead of a Keras model: updates by its own optimizer on copies, and what of them carries over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import keras
import numpy as np

from assay.models.ahead import Ahead, Batch
from assay.models.calls import Log
from assay.models.keras_examples import count_of, taken, tensors_of
from assay.models.keras_network import loss_of_outputs, values_of
from assay.models.keras_objective import Objective
from assay.models.keras_steps import OwnSteps


class KerasAhead(Ahead):
    """Updates of one model.

    Parameters
    ----------
    steps : OwnSteps
    objective : Objective
    x : nested arrays, (B, …)
        All examples.
    """

    def __init__(self, steps: OwnSteps, objective: Objective, x: Any) -> None:
        super().__init__(count_of(x))
        self._steps, self._objective, self._x = steps, objective, x
        self._outputs = jax.jit(
            lambda parameters, state, x: steps.network.forward(parameters, state, x, Log())[0]  # without penalties
        )

    def taken(self, rows: np.ndarray) -> Batch:
        """Some of the examples, as tensors."""
        return tensors_of(taken(self._x, rows)), keras.ops.convert_to_tensor(self._objective.given[rows])

    def updated(
        self, batch: Callable[[], Batch], updates: int, factor: float
    ) -> tuple[tuple[float, ...], list[Any]] | None:
        """None where the learning rate follows a schedule and is to be changed."""
        made = self._steps.look_ahead(batch, self._objective.function, updates, factor)
        return None if made is None else (tuple(map(float, made[0])), made[1])

    def losses_dealt(self, batch: Batch, parameters: list[Any], orders: Sequence[np.ndarray]) -> list[float]:
        """Of one pass."""
        x, y = batch
        outputs = self._outputs(parameters, values_of(self._steps.network.state), x)
        return [
            float(loss_of_outputs(self._objective.function, keras.ops.take(y, order, axis=0), outputs))
            for order in orders
        ]
