"""What is known of each parameter of a PyTorch module: whether it is trained, and what one update does to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from assay.diagnosis.facts import ParameterFacts
from assay.models.torch_steps import peak_rate


def parameter_facts(
    module: torch.nn.Module,
    optimizer: torch.optim.Optimizer | None,
    gradients: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> tuple[ParameterFacts, ...]:
    """Of every parameter of a module, then of those in its plain lists.

    Parameters
    ----------
    module : torch.nn.Module
    optimizer : torch.optim.Optimizer, optional
    gradients : mapping of str to tensor, optional
    after : mapping of str to tensor, optional
        The parameters after one update.
    """
    groups = [] if optimizer is None else optimizer.param_groups
    rates = {id(own): float(group["lr"]) for group in groups if "lr" in group for own in group["params"]}
    peaks = {id(own): peak_rate(group) for group in groups for own in group["params"]}
    held = {id(own) for group in groups for own in group["params"]}
    registered = dict(module.named_parameters())
    stray = {name: own for name, own in unregistered(module) if id(own) not in set(map(id, registered.values()))}
    found = []
    for name, own in (*registered.items(), *stray.items()):
        slope = None if gradients is None else gradients.get(name)
        moved = None if after is None or name not in after else after[name] - own.detach()
        found.append(
            ParameterFacts(
                name=name,
                size=own.numel(),
                is_trained=own.requires_grad,
                is_registered=name in registered,
                is_in_optimizer=None if optimizer is None else id(own) in held,
                learning_rate=rates.get(id(own)),
                peak_rate=peaks.get(id(own)),
                rms=_rms(own.detach()),
                gradient=None if slope is None else _rms(torch.as_tensor(slope)),
                update=0.0 if after is not None and moved is None else (None if moved is None else _rms(moved)),
            )
        )
    return tuple(found)


def unregistered(module: torch.nn.Module) -> Iterator[tuple[str, Any]]:
    """The parameters of modules that lie in plain lists, tuples and dicts, where PyTorch does not find them."""
    for prefix, part in module.named_modules():
        for attribute, value in vars(part).items():
            if not attribute.startswith("_") and isinstance(value, list | tuple | dict):
                items = value.items() if isinstance(value, dict) else enumerate(value)
                for key, item in items:
                    name = f"{prefix}.{attribute}[{key}]".removeprefix(".")
                    if isinstance(item, torch.nn.Module):
                        yield from ((f"{name}.{inner}", own) for inner, own in item.named_parameters())
                    elif isinstance(item, torch.nn.Parameter):
                        yield name, item


def _rms(tensor: Any) -> float:
    """Root mean square, summed in float64."""
    if not tensor.numel():
        return 0.0
    return float(torch.linalg.vector_norm(tensor, dtype=torch.float64)) / math.sqrt(tensor.numel())
