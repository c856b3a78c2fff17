"""The layers of a PyTorch model in one step of a loop: outputs and their gradients, few examples of each."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch

from assay.models.loop_hooks import Owner, Scalars, Tap, inner_module, is_compiled, is_in_backward, tensors_of

ROWS = 32
"""So many examples of a batch are looked at: more would hardly change a standard deviation."""
NUMBERS = 2**16
"""Fewer, but at least `FEWEST`, where they have more numbers together than this."""
FEWEST = 2
STATISTICS = ("mean", "std", "rms", "zero_fraction", "nonfinite_count")


class LayerLook:
    """Hooks on a model for one step of the optimizer; `close` takes them away.

    A layer is a module with parameters of its own. It is measured in its first call of a training pass: one in which
    gradients are recorded, or a checkpointed segment that the model runs without them. Nothing is seen of the layers
    of a compiled model.

    Parameters
    ----------
    owner : Owner
    model : torch.nn.Module
    scalars : Scalars
        Takes ``(quantity, layer, statistic)``.

    Attributes
    ----------
    order : dict of str to str
        The layers that were called, in the order of execution, each with its class.
    loss : tensor, optional
        Of a model that returns its own, as ``output["loss"]``.
    """

    def __init__(self, owner: Owner, model: torch.nn.Module, scalars: Scalars) -> None:
        self.order: dict[str, str] = {}
        self.loss: torch.Tensor | None = None
        self._scalars, self._owner, self._is_inside = scalars, owner, False
        self._with_gradient: set[str] = set()
        self._handles: list[Any] = []
        compiled = is_compiled(model)
        top = model if compiled else inner_module(model)
        if getattr(top, "_compiled_call_impl", None) is not None:
            return  # a hook on it would be compiled too
        self._handles += [
            top.register_forward_pre_hook(Tap(owner, self._enter)),
            top.register_forward_hook(Tap(owner, self._leave)),
        ]
        for name, module in () if compiled else top.named_modules():
            if next(module.parameters(recurse=False), None) is not None:
                hook = Tap(owner, partial(self._after_layer, name))
                self._handles.append(module.register_forward_hook(hook))

    def close(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _enter(self, module: torch.nn.Module, args: Any) -> None:
        if torch.is_grad_enabled() and not is_in_backward():
            self._is_inside = True

    def _leave(self, module: torch.nn.Module, args: Any, output: Any) -> None:
        if not self._is_inside or is_in_backward():
            return
        self._is_inside = False
        loss = output.get("loss") if isinstance(output, dict) else None
        if isinstance(loss, torch.Tensor) and loss.numel() == 1:
            self.loss = loss.detach()

    def _after_layer(self, name: str, module: torch.nn.Module, args: Any, output: Any) -> None:
        tensor = next((one for one in tensors_of(output) if one.is_floating_point() and one.numel()), None)
        if tensor is None:
            return
        is_again = is_in_backward()  # a checkpointed segment, computed once more
        if name not in self.order and not is_again and (torch.is_grad_enabled() or self._is_inside):
            self.order[name] = type(module).__name__
            self._measure(name, tensor)
        if name in self.order and name not in self._with_gradient and tensor.requires_grad:
            self._with_gradient.add(name)
            tensor.register_hook(Tap(self._owner, partial(self._take_gradient, name)))

    def _measure(self, name: str, tensor: torch.Tensor) -> None:
        few = _few(tensor)
        root, mean = math.sqrt(few.numel()), few.mean()
        spread = torch.linalg.vector_norm(few - mean) / root  # many times as fast as `std`
        zeros = 1 - torch.count_nonzero(few) / few.numel()
        nonfinite = torch.count_nonzero(few - few)  # NaN where a number is not finite, else 0
        numbers = (mean, spread, torch.hypot(spread, mean), zeros, nonfinite)
        for statistic, number in zip(STATISTICS, numbers, strict=True):
            self._scalars.add(("preactivations", name, statistic), number)

    def _take_gradient(self, name: str, gradient: torch.Tensor) -> None:
        # Times the number of examples: of the loss of an example, where the loss is a mean over them.
        few = _few(gradient)
        size = torch.linalg.vector_norm(few) / math.sqrt(few.numel())
        self._scalars.add(("errors", name, "rms"), size * (len(gradient) if gradient.dim() else 1))


def _few(tensor: torch.Tensor) -> torch.Tensor:
    """The first examples, in single precision."""
    few = tensor.detach()
    if few.dim() == 0:
        return few.float()
    rows = NUMBERS // max(few[0].numel(), 1)
    return few[: min(max(rows, FEWEST), ROWS)].float()
