"""A look ahead of a Keras model: updates by its own optimizer on copies, and what of them carries over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np

from assay.diagnosis.ahead import (
    DEALS,
    MOST_ROWS,
    LookAhead,
    held_out_count,
    looked_at_again,
    score_of_deals,
    with_other_rates,
)
from assay.models.calls import Log
from assay.models.keras_examples import count_of, taken, tensors_of
from assay.models.keras_network import loss_of_outputs, values_of
from assay.models.keras_objective import Objective
from assay.models.keras_steps import OwnSteps
from assay.probes import probe_rows

Batch = tuple[Any, Any]


class KerasAhead:
    """Updates of one model on the examples at hand; the model and its optimizer stay as they were.

    Parameters
    ----------
    steps : OwnSteps
    objective : Objective
    x : nested arrays, (B, …)
        All examples.
    """

    def __init__(self, steps: OwnSteps, objective: Objective, x: Any) -> None:
        self._steps, self._objective, self._x = steps, objective, x
        self._outputs = jax.jit(
            lambda parameters, state, x: steps.network.forward(parameters, state, x, Log())[0]  # without penalties
        )

    def made(self, updates: int, few: Batch, chance: float, floor: float) -> LookAhead | None:
        """So many updates on a few examples, the first of those that are looked at.

        At other learning rates too, if the model's own learns nothing.

        Parameters
        ----------
        updates : int
        few : (x, y)
            Tensors.
        chance, floor : float
            The loss of the best constant output on them, and the smallest that any outputs reach.
        """
        order = probe_rows(count_of(self._x), count_of(self._x))
        pool, kept = np.split(order, [len(order) - held_out_count(len(order))])

        def at(factor: float) -> LookAhead | None:
            made = self._updated(lambda: few, updates, factor)
            if made is None:
                return None
            score = self._score(kept, made[1]) if len(pool) >= len(few[1]) else None
            return LookAhead(tuple(map(float, made[0])), chance, floor, carried=score)

        def again(factor: float) -> float | None:
            random = np.random.Generator(np.random.Philox(len(pool)))
            several = min(MOST_ROWS, len(pool))
            made = self._updated(lambda: self._taken(random.permutation(pool)[:several]), 2 * updates, factor)
            return None if made is None else self._score(kept, made[1])

        ahead = with_other_rates(at)
        return looked_at_again(ahead, again) if ahead is not None and len(kept) else ahead

    def _taken(self, rows: np.ndarray) -> Batch:
        return tensors_of(taken(self._x, rows)), keras.ops.convert_to_tensor(self._objective.given[rows])

    def _updated(self, batch: Callable[[], Batch], updates: int, factor: float) -> tuple[np.ndarray, list[Any]] | None:
        return self._steps.look_ahead(batch, self._objective.function, updates, factor)

    def _score(self, rows: np.ndarray, parameters: list[Any]) -> float | None:
        """Whether the answers to examples that were kept apart fit their targets; see `score_of_deals`."""
        if not len(rows):
            return None
        x, y = self._taken(rows)
        outputs = self._outputs(parameters, values_of(self._steps.network.state), x)
        random = np.random.Generator(np.random.Philox(len(rows)))
        orders = [np.arange(len(rows)), *(random.permutation(len(rows)) for _ in range(DEALS))]
        own, *dealt = (
            float(loss_of_outputs(self._objective.function, keras.ops.take(y, order, axis=0), outputs))
            for order in orders
        )
        return score_of_deals(own, dealt)
