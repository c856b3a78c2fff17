"""A look ahead of a user's network in any framework: what is trained, on which examples, and what it is asked then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

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
from assay.probes import probe_rows

Batch = tuple[Any, Any]
"""Inputs and targets as the framework has them."""


class Ahead(ABC):
    """Updates of one network on the examples at hand; the network and its optimizer stay as they were.

    Parameters
    ----------
    count : int
        Of all examples.
    """

    def __init__(self, count: int) -> None:
        order = probe_rows(count, count)  # it begins with those that are looked at
        self._order = order
        self._pool, self._kept = np.split(order, [count - held_out_count(count)])

    def first(self, rows: int) -> Batch:
        """The first of the examples that are looked at."""
        return self.taken(self._order[:rows])

    def made(self, updates: int, rows: int, chance: float, floor: float) -> LookAhead | None:
        """So many updates on the first of the examples; at other learning rates too, where the own learns little.

        Parameters
        ----------
        updates, rows : int
        chance, floor : float
            The loss of the best constant output on these rows, and the smallest that any outputs reach.
        """
        few = self.first(rows)

        def at(factor: float) -> LookAhead | None:
            made = self.updated(lambda: few, updates, factor)
            if made is None:
                return None
            losses, parameters = made
            score = self._score(parameters) if len(self._pool) >= rows else None
            return LookAhead(losses, chance, floor, carried=score, evaluated=self.evaluated(few, parameters))

        def again(factor: float) -> float | None:
            random = np.random.Generator(np.random.Philox(len(self._pool)))
            several = min(MOST_ROWS, len(self._pool))
            made = self.updated(lambda: self.taken(random.permutation(self._pool)[:several]), 2 * updates, factor)
            return None if made is None else self._score(made[1])

        ahead = with_other_rates(at)
        return looked_at_again(ahead, again) if ahead is not None and len(self._kept) else ahead

    def _score(self, parameters: Any) -> float | None:
        """Whether the answers to examples that were kept apart fit their targets; see `score_of_deals`."""
        count = len(self._kept)
        if not count:
            return None
        random = np.random.Generator(np.random.Philox(count))
        orders = [np.arange(count), *(random.permutation(count) for _ in range(DEALS))]
        losses = self.losses_dealt(self.taken(self._kept), parameters, orders)
        return None if losses is None else score_of_deals(losses[0], losses[1:])

    # --- What a framework says ---------------------------------------------------------------------------------------

    @abstractmethod
    def taken(self, rows: np.ndarray) -> Batch:
        """Some of the examples."""

    @abstractmethod
    def updated(self, batch: Callable[[], Batch], updates: int, factor: float) -> tuple[tuple[float, ...], Any] | None:
        """The loss before each of so many updates and after the last, and the parameters then.

        The losses end with the first that is not finite. None where the updates cannot be made on a copy.

        Parameters
        ----------
        batch : callable
            The inputs and targets of the next update.
        updates : int
        factor : float
            Of the learning rate.
        """

    @abstractmethod
    def losses_dealt(self, batch: Batch, parameters: Any, orders: Sequence[np.ndarray]) -> list[float] | None:
        """The mean loss of the answers to a batch, its targets in each of these orders; None where it fails."""

    def evaluated(self, batch: Batch, parameters: Any) -> float | None:
        """The loss in evaluation mode; None where that is not asked for."""
        return None
