"""PyTorch, all networks stacked: ``torch.func`` maps the gradient over stacked kernels, the update is one for all."""

from __future__ import annotations

import numpy as np
import torch
from torch.func import grad_and_value, vmap
from workloads import Workload

CLIP = 1e-7  # as Keras
FUNCTIONS = {"relu": torch.relu, "tanh": torch.tanh}


class Contender:
    """All networks at once, of one activation and one optimizer (SGD, Adam or RMSprop)."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        activation, _, self.optimizer, _ = workload.conditions[0]
        phi = FUNCTIONS[activation]
        x, y = workload.rows
        self.x, self.y = torch.from_numpy(np.asarray(x, np.float32)), torch.from_numpy(np.asarray(y, np.float32))
        self.orders = torch.from_numpy(np.stack([workload.order(seed) for seed in workload.seeds]).astype(np.int64))
        self.rates = torch.tensor([rate for *_, rate in workload.conditions], dtype=torch.float32)
        depth = len(workload.sizes) - 1
        self.start = [torch.from_numpy(kernels) for kernels in workload.stacked_kernels()]

        def loss(parameters, inputs, targets):
            h = inputs
            for layer in range(depth - 1):
                h = phi(h @ parameters[2 * layer] + parameters[2 * layer + 1])
            outputs = h @ parameters[-2] + parameters[-1]
            if workload.output == "softmax":
                return -(targets * torch.log(torch.softmax(outputs, -1).clamp(CLIP, 1 - CLIP))).sum(-1).mean()
            if workload.output == "sigmoid":
                likely = torch.sigmoid(outputs).clamp(CLIP, 1 - CLIP)
                return -(targets * torch.log(likely) + (1 - targets) * torch.log(1 - likely)).mean()
            return ((outputs - targets) ** 2).mean()

        by_rate = vmap(grad_and_value(loss), in_dims=(0, None, None))
        self.gradients = vmap(by_rate, in_dims=(0, 0, 0))

    @torch.no_grad()
    def round(self) -> dict[int, float]:
        """Mean losses by network."""
        parameters = []
        for kernel in self.start:
            parameters += [kernel.clone(), torch.zeros(*kernel.shape[:2], kernel.shape[3])]
        means = [torch.zeros_like(p) for p in parameters]
        squares = [torch.zeros_like(p) for p in parameters]
        rates = [self.rates.reshape(1, -1, *[1] * (p.ndim - 2)) for p in parameters]
        total = torch.zeros(len(self.workload.seeds), len(self.workload.conditions))
        for step in range(self.workload.steps):
            rows = self.orders[:, step]
            gradients, value = self.gradients(tuple(parameters), self.x[rows], self.y[rows])
            total += value
            gradients = list(gradients)
            if self.optimizer == "sgd":
                torch._foreach_sub_(parameters, torch._foreach_mul(gradients, rates))
                continue
            if self.optimizer == "adam":
                torch._foreach_lerp_(means, gradients, 0.1)
                torch._foreach_mul_(squares, 0.999)
                torch._foreach_addcmul_(squares, gradients, gradients, 0.001)
                size = (1 - 0.999 ** (step + 1)) ** 0.5 / (1 - 0.9 ** (step + 1))
                divisor = torch._foreach_sqrt(squares)
                torch._foreach_add_(divisor, 1e-7)
                moved = torch._foreach_mul(means, size)
            else:
                torch._foreach_mul_(squares, 0.9)
                torch._foreach_addcmul_(squares, gradients, gradients, 0.1)
                divisor = torch._foreach_sqrt(torch._foreach_add(squares, 1e-7))
                moved = gradients
            torch._foreach_div_(moved, divisor)
            torch._foreach_mul_(moved, rates)
            torch._foreach_sub_(parameters, moved)
        return dict(enumerate((total / self.workload.steps).T.ravel().numpy()))
