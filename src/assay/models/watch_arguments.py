"""What a watcher of a PyTorch loop may be given, and what it says of it."""

from __future__ import annotations

from typing import Any

import torch

from assay.errors import ModelError
from assay.models.loop_hooks import is_compiled

MOST_WRAPPERS = 4
BROADCASTING = ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")
"""Losses that compare number with number."""


def plain_optimizer(optimizer: Any) -> Any:
    """The optimizer itself, in wrappers such as Accelerate's and Lightning's."""
    seen = 0
    while not isinstance(optimizer, torch.optim.Optimizer) or not hasattr(optimizer, "_optimizer_step_pre_hooks"):
        inner = getattr(optimizer, "optimizer", None)
        if inner is None or seen > MOST_WRAPPERS:
            break
        optimizer, seen = inner, seen + 1
    return optimizer


def check_arguments(model: Any, optimizer: Any, loss: Any, on_nonfinite: Any, every: Any) -> None:
    """Refuse what cannot be watched."""
    if isinstance(model, torch.optim.Optimizer) and isinstance(optimizer, torch.nn.Module):
        raise ModelError("watch: the optimizer was given before the model. Write watch(model, optimizer).")
    if not isinstance(model, torch.nn.Module):
        raise ModelError(f"watch: expected a PyTorch module as model, got {type(model).__name__}.")
    if isinstance(optimizer, type):
        raise ModelError(f"watch: expected an optimizer, got the class {optimizer.__name__}. Make one of it first.")
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise ModelError(f"watch: expected an optimizer of torch.optim, got {type(optimizer).__name__}.")
    if isinstance(loss, type):
        raise ModelError(f"watch: loss: expected a module, got the class {loss.__name__}. Write {loss.__name__}().")
    if loss is not None and not callable(loss):
        raise ModelError(f"watch: loss: expected a module that computes the loss, got {type(loss).__name__}.")
    if on_nonfinite not in ("tell", "skip", "raise"):
        raise ModelError(f"watch: on_nonfinite: expected 'tell', 'skip' or 'raise', got {on_nonfinite!r}.")
    if every is not None and (not isinstance(every, int) or isinstance(every, bool) or every < 1):
        raise ModelError(f"watch: every: expected a whole number of at least 1, got {every!r}.")


def rank() -> int | None:
    """Of this process among several that train one model; None where there is one alone."""
    distributed = torch.distributed
    if not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() < 2:
        return None
    return distributed.get_rank()


def about(model: str, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """What a page tells of the training."""
    rates = sorted({float(group["lr"]) for group in optimizer.param_groups if "lr" in group})
    return {"model": model, "optimizer": type(optimizer).__name__, "learning rate": rates}


def blind_text(model: torch.nn.Module) -> str:
    """Why no layer was seen."""
    if is_compiled(model):
        return "The model is compiled: parameters, gradients and updates are looked at, and its layers are not."
    return "No layer of the model was called in this step, so none was looked at. Is it the model that is trained?"


def broadcast_shapes(
    loss: torch.nn.Module, outputs: torch.Tensor, targets: torch.Tensor
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Those that a loss stretches over each other; None where outputs and targets have one shape, as they should."""
    if type(loss).__name__ not in BROADCASTING or outputs.shape == targets.shape:
        return None
    return tuple(outputs.shape), tuple(targets.shape)
