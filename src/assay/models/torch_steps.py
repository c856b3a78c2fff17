"""Updates by a user's own PyTorch optimizer, made on copies: the module and the optimizer stay as they were."""

from __future__ import annotations

import copy
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import torch


def peak_rate(group: Mapping[str, Any]) -> float | None:
    """The largest learning rate that a group of parameters has now or that its schedule names."""
    rates = [float(group[name]) for name in ("lr", "initial_lr", "max_lr") if name in group]
    return max(rates) if rates else None


def rates_of(optimizer: torch.optim.Optimizer) -> tuple[float, float] | None:
    """The largest learning rate of its groups now, and the largest that is known of their schedules; None without."""
    now = [float(group["lr"]) for group in optimizer.param_groups if "lr" in group]
    peaks = [peak for peak in map(peak_rate, optimizer.param_groups) if peak is not None]
    return (max(now), max(peaks)) if now and peaks else None


def is_scheduled(optimizer: torch.optim.Optimizer) -> bool:
    """Whether a scheduler of ``torch.optim.lr_scheduler`` changes its learning rates."""
    return any("initial_lr" in group for group in optimizer.param_groups)


def decay_cosine(
    optimizer: torch.optim.Optimizer, parameters: Mapping[str, Any], gradients: Mapping[str, Any]
) -> float | None:
    """Cosine between the next update and the one that weight decay alone would make, over all kernels.

    Measured on copies, so that it does not matter how an optimizer applies its decay: with gradients of 0 nothing else
    moves. Both are made at the largest learning rate that is known, for a warm-up may begin at 0.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
    parameters, gradients : mapping of str to tensor

    Returns
    -------
    float or None
        None without weight decay.
    """
    if not any(group.get("weight_decay") for group in optimizer.param_groups):
        return None
    product, own, other = 0.0, 0.0, 0.0
    for part in _updated_alone(optimizer, parameters):
        updated, decayed = CopiedSteps(optimizer, part), CopiedSteps(optimizer, part)
        for copied in (updated, decayed):
            copied.multiply_rate(1.0)
        updated.step(gradients)
        decayed.step({name: torch.zeros_like(tensor) for name, tensor in part.items()})
        for name, tensor in part.items():
            if tensor.ndim > 1:
                room = torch.promote_types(tensor.dtype, torch.float32)  # the squares of half precision would be 0
                moved, pulled = (copied.held[name].sub_(tensor.detach()).to(room) for copied in (updated, decayed))
                product += float((moved * pulled).sum(dtype=torch.float64))
                own += float(moved.square().sum(dtype=torch.float64))
                other += float(pulled.square().sum(dtype=torch.float64))
    return product / math.sqrt(own * other) if own > 0 and other > 0 else None


def after_one_step(
    optimizer: torch.optim.Optimizer, parameters: Mapping[str, Any], gradients: Mapping[str, Any]
) -> dict[str, Any]:
    """The parameters after the next update, by name; those that the optimizer does not move as they are."""
    after: dict[str, Any] = {}
    for part in _updated_alone(optimizer, parameters):
        copied = CopiedSteps(optimizer, part)
        copied.step(gradients)
        after |= copied.held
    return after


def _updated_alone(optimizer: torch.optim.Optimizer, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The parameters in parts whose updates do not depend on each other.

    PyTorch's own optimizers update each tensor by itself, so a copy of one tensor and of its state is enough at a time.
    One of the user's own may look at all of them.
    """
    kind = type(optimizer)
    if not kind.__module__.startswith("torch.optim") or kind is torch.optim.LBFGS:
        yield dict(parameters)
        return
    for name, tensor in parameters.items():
        yield {name: tensor}


class CopiedSteps:
    """The next updates of a module's parameters, without touching them.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Its rule, its groups and its state so far are copied.
    parameters : mapping of str to tensor
        The module's own, by name.

    Attributes
    ----------
    held : dict of str to tensor
        The copies. Those that the optimizer has, and that are not frozen, are moved by `step`.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, parameters: Mapping[str, Any]) -> None:
        self.held = {name: tensor.detach().clone() for name, tensor in parameters.items()}
        copies = {id(tensor): self.held[name] for name, tensor in parameters.items()}
        trained = {id(tensor) for tensor in parameters.values() if tensor.requires_grad}
        self.optimizer = copy.copy(optimizer)  # of its class, without hooks
        self.optimizer.param_groups = [
            {**group, "params": [copies[id(own)] for own in group["params"] if id(own) in trained]}
            for group in optimizer.param_groups
        ]
        state = {own: copy.deepcopy(held) for own, held in optimizer.state.items() if id(own) in trained}
        self.optimizer.state = defaultdict(dict, {copies[id(own)]: held for own, held in state.items()})
        self.moved = {id(tensor) for group in self.optimizer.param_groups for tensor in group["params"]}

    def multiply_rate(self, factor: float) -> None:
        """Go on at this multiple of the largest learning rate that is known of each group."""
        for group in self.optimizer.param_groups:
            group["lr"] = (peak_rate(group) or 0.0) * factor

    def step(self, gradients: Mapping[str, Any]) -> None:
        """One update with these gradients by name."""
        for name, tensor in self.held.items():
            tensor.grad = gradients[name].to(tensor) if id(tensor) in self.moved and name in gradients else None
        if self.moved:
            with torch.no_grad():
                type(self.optimizer).step(self.optimizer)
        for tensor in self.held.values():
            tensor.grad = None
