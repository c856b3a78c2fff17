"""PyTorch as most people write it: one model after another, eager, with the fused update where there is one."""

from __future__ import annotations

import numpy as np
import torch
from workloads import Workload

FUNCTIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}
CLIP = 1e-7  # as Keras


def cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Of probabilities, as Keras has it."""
    return -(targets * torch.log(torch.softmax(outputs, -1).clamp(CLIP, 1 - CLIP))).sum(-1).mean()


LOSSES = {"softmax": cross_entropy, "linear": torch.nn.functional.mse_loss}


class Contender:
    """A few of the networks."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        x, y = workload.rows
        self.x, self.y = torch.from_numpy(np.asarray(x, np.float32)), torch.from_numpy(np.asarray(y, np.float32))
        self.chosen = workload.few()

    def round(self) -> dict[int, float]:
        """Mean losses by network."""
        workload, seed = self.workload, self.workload.seeds[0]
        order = torch.from_numpy(workload.order(seed).astype(np.int64))
        losses = {}
        for condition in self.chosen:
            activation, _, optimizer, rate = workload.conditions[condition]
            parts: list[torch.nn.Module] = []
            for kernel in workload.kernels(condition, seed):
                layer = torch.nn.Linear(*kernel.shape)
                with torch.no_grad():
                    layer.weight.copy_(torch.from_numpy(kernel.T.copy()))
                    layer.bias.zero_()
                parts += [layer, FUNCTIONS[activation]()]
            model, criterion = torch.nn.Sequential(*parts[:-1]), LOSSES[workload.output]
            updates = {
                "sgd": lambda p, rate=rate: torch.optim.SGD(p, rate, fused=True),
                "adam": lambda p, rate=rate: torch.optim.Adam(p, rate, fused=True),
                "rmsprop": lambda p, rate=rate: torch.optim.RMSprop(p, rate, alpha=0.9, eps=1e-7, foreach=True),
            }[optimizer](model.parameters())
            total = torch.zeros(())
            for step, rows in enumerate(order, start=1):
                if optimizer == "adam":  # Keras adds it before the correction of the second moment
                    updates.param_groups[0]["eps"] = 1e-7 / (1 - 0.999**step) ** 0.5
                updates.zero_grad()
                loss = criterion(model(self.x[rows]), self.y[rows])
                loss.backward()
                updates.step()
                total += loss.detach()
            losses[condition * len(workload.seeds)] = float(total) / len(order)
        return losses
