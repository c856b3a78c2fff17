"""A look ahead of a PyTorch module: updates by its own optimizer on copies, and what of them carries over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from assay.models.ahead import Ahead, Batch
from assay.models.torch_network import TorchNetwork
from assay.models.torch_steps import CopiedSteps


class TorchAhead(Ahead):
    """Updates of one module.

    Parameters
    ----------
    network : TorchNetwork
    optimizer : torch.optim.Optimizer
    loss : callable
        ``(output, targets) -> loss``.
    x, y : tuple of tensor (B, …), and tensor (B, …)
        All examples.
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
        *,
        keeps_statistics: bool,
    ) -> None:
        super().__init__(len(y))
        self._network, self._optimizer, self._loss = network, optimizer, loss
        self._x, self._y, self._keeps_statistics = x, y, keeps_statistics

    def taken(self, rows: np.ndarray) -> Batch:
        """Some of the examples."""
        which = torch.as_tensor(rows)
        return tuple(part[which] for part in self._x), self._y[which]

    def updated(
        self, batch: Callable[[], Batch], updates: int, factor: float
    ) -> tuple[tuple[float, ...], dict[str, Any]] | None:
        """None where the user's own code fails with other weights than its own."""
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
        except Exception:  # whatever the user's own code raises
            return None
        return tuple(losses), copied.held

    def losses_dealt(
        self, batch: Batch, parameters: Mapping[str, Any], orders: Sequence[np.ndarray]
    ) -> list[float] | None:
        """Of one pass."""
        x, y = batch
        try:
            with torch.no_grad():
                output = self._network.run(parameters, x).output
                return [self._mean(output, y[torch.as_tensor(order)]) for order in orders]
        except Exception:  # whatever the user's own code raises on other examples
            return None

    def evaluated(self, batch: Batch, parameters: Mapping[str, Any]) -> float | None:
        """With the running statistics of now; infinite where it is not finite."""
        if not self._keeps_statistics:
            return None
        try:
            value = self._mean(self._network.evaluated(parameters, batch[0]), batch[1])
        except Exception:  # whatever the user's own code raises in evaluation mode
            return None
        return value if np.isfinite(value) else np.inf

    def _mean(self, output: Any, targets: Any) -> float:
        return float(torch.as_tensor(self._loss(output, targets)).mean())
