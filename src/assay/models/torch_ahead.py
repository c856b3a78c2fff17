"""A look ahead of a PyTorch module: updates by its own optimizer on copies, and what of them carries over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from assay.diagnosis.ahead import (
    DEALS,
    MOST_ROWS,
    LookAhead,
    held_out_count,
    looked_at_again,
    score_of_deals,
    with_other_rates,
)
from assay.models.torch_loss import LossCall
from assay.models.torch_network import Pass, TorchNetwork
from assay.models.torch_steps import CopiedSteps
from assay.probes import probe_rows

Batch = tuple[tuple[Any, ...], Any]


class TorchAhead:
    """Updates of one module on the examples at hand; the module and its optimizer stay as they were.

    Parameters
    ----------
    network : TorchNetwork
    optimizer : torch.optim.Optimizer
    loss : callable
        ``(output, targets) -> loss``.
    x, y : tuple of tensor (B, …), and tensor (B, …)
        All examples.
    read_as : callable
        From a pass and its targets to the call that reads the output.
    keeps_statistics : bool
        Whether running statistics will be at the end of the training as they are now, so that evaluation is to be
        looked at.
    """

    def __init__(
        self,
        network: TorchNetwork,
        optimizer: torch.optim.Optimizer,
        loss: Callable[[Any, Any], Any],
        x: tuple[Any, ...],
        y: Any,
        read_as: Callable[[Pass, Any], LossCall],
        *,
        keeps_statistics: bool,
    ) -> None:
        self._network, self._optimizer, self._loss = network, optimizer, loss
        self._x, self._y, self._read_as = x, y, read_as
        self._keeps_statistics = keeps_statistics

    def made(self, updates: int, rows: int) -> LookAhead | None:
        """So many updates on the first of the examples that are looked at.

        At other learning rates too, if the module's own learns nothing. None where the loss has no end below, the
        optimizer cannot make an update alone, or the user's code fails on fewer examples.
        """
        order = probe_rows(len(self._y), len(self._y))
        pool, kept = np.split(order, [len(order) - held_out_count(len(order))])
        few = self._taken(order[:rows])
        try:
            with torch.no_grad():
                found = self._network.run(self._network.parameters(), few[0], loss=self._loss, y=few[1])
                call = self._read_as(found, few[1])
            chance, floor = call.chance(), call.floor()
        except Exception:  # whatever the user's own code raises on fewer examples
            return None
        if chance is None or chance <= floor:  # without an end below, or nothing to learn
            return None

        def at(factor: float) -> LookAhead | None:
            made = self._updated(lambda: few, updates, factor)
            if made is None:
                return None
            score = self._score(kept, made[1]) if len(pool) >= rows else None
            return LookAhead(made[0], chance, floor, carried=score, evaluated=self._evaluated(few, made[1]))

        def again(factor: float) -> float | None:
            random = np.random.Generator(np.random.Philox(len(pool)))
            several = min(MOST_ROWS, len(pool))
            made = self._updated(lambda: self._taken(random.permutation(pool)[:several]), 2 * updates, factor)
            return None if made is None else self._score(kept, made[1])

        ahead = with_other_rates(at)
        return looked_at_again(ahead, again) if ahead is not None and len(kept) else ahead

    def _taken(self, rows: np.ndarray) -> Batch:
        which = torch.as_tensor(rows)
        return tuple(part[which] for part in self._x), self._y[which]

    def _updated(
        self, batch: Callable[[], Batch], updates: int, factor: float
    ) -> tuple[tuple[float, ...], dict[str, Any]] | None:
        """The loss before each of so many updates and after the last, and the parameters then.

        Parameters
        ----------
        batch : callable
            The inputs and targets of the next update.
        updates : int
        factor : float
            Of the learning rate.
        """
        copied = CopiedSteps(self._optimizer, dict(self._network.module.named_parameters()))
        copied.multiply_rate(factor)
        losses: list[float] = []
        try:
            for update in range(updates + 1):
                found, slopes = self._network.slopes(copied.held, *batch(), self._loss)
                losses.append(found.judged)
                if update == updates or not np.isfinite(losses[-1]):
                    break
                copied.step(slopes)
        except Exception:  # whatever the user's own code raises with other weights than its own
            return None
        return tuple(losses), copied.held

    def _evaluated(self, batch: Batch, parameters: Mapping[str, Any]) -> float | None:
        """The loss in evaluation mode with the running statistics of now; None without such statistics."""
        if not self._keeps_statistics:
            return None
        try:
            value = float(torch.as_tensor(self._loss(self._network.evaluated(parameters, batch[0]), batch[1])).mean())
        except Exception:  # whatever the user's own code raises in evaluation mode
            return None
        return value if np.isfinite(value) else np.inf

    def _score(self, rows: np.ndarray, parameters: Mapping[str, Any]) -> float | None:
        """Whether the answers to examples that were kept apart fit their targets; see `score_of_deals`."""
        if not len(rows):
            return None
        x, y = self._taken(rows)
        random = np.random.Generator(np.random.Philox(len(rows)))
        orders = [torch.arange(len(rows)), *(torch.as_tensor(random.permutation(len(rows))) for _ in range(DEALS))]
        try:
            with torch.no_grad():
                output = self._network.run(parameters, x).output
                own, *dealt = (float(torch.as_tensor(self._loss(output, y[order])).mean()) for order in orders)
        except Exception:  # whatever the user's own code raises on other examples
            return None
        return score_of_deals(own, dealt)
