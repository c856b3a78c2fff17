"""Where the first number of a step lies that is not finite: weights, inputs, the output of a layer, or a gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch

from assay.models.loop_hooks import inner_module, tensors_of
from assay.models.parameter_look import named_parameters

Origin = Literal["weights", "inputs", "forward", "loss", "backward", "unknown"]


@dataclass(frozen=True)
class Call:
    """What a model was called with, in which context of mixed precision."""

    args: Any
    kwargs: Mapping[str, Any]
    autocast: tuple[tuple[str, torch.dtype], ...]

    @property
    def is_half(self) -> bool:
        """Whether it computes in float16, whose losses are scaled."""
        return any(dtype == torch.float16 for _, dtype in self.autocast)

    @classmethod
    def now(cls, args: Any, kwargs: Mapping[str, Any]) -> Call:
        """With the context of this moment."""
        kinds = [kind for kind in ("cpu", "cuda") if torch.is_autocast_enabled(kind)]
        return cls(args, kwargs, tuple((kind, torch.get_autocast_dtype(kind)) for kind in kinds))


def first_nonfinite(
    model: torch.nn.Module, call: Call | None, order: Sequence[str], broken: Sequence[str], *, loss_is_broken: bool
) -> tuple[Origin, str]:
    """The origin, and the layer where there is one.

    Parameters
    ----------
    model : torch.nn.Module
        Before the step: its gradients are there.
    call : Call, optional
        The model's last training pass, which is made once more. Without it outputs are not looked at.
    order : sequence of str
        Layers in the order of execution, as far as it is known.
    broken : sequence of str
        The parameters with gradients that are not finite.
    loss_is_broken : bool
    """
    places = {name: place for place, name in enumerate(order)}

    def in_order(names: Sequence[str]) -> list[str]:
        layers = dict.fromkeys(name.rpartition(".")[0] for name in names)
        return sorted(layers, key=lambda name: places.get(name, len(places)))

    weights = [name for name, parameter in named_parameters(model) if not bool(parameter.isfinite().all())]
    if weights:
        return "weights", in_order(weights)[0]
    if call is None:
        return "unknown", ""
    if not all(bool(one.isfinite().all()) for one in tensors_of((call.args, call.kwargs)) if one.is_floating_point()):
        return "inputs", ""
    try:
        layer = _first_output(model, call)
    except Exception:  # it cannot be called twice, so nothing is known of its outputs
        return "unknown", ""
    if layer is not None:
        return "forward", layer
    if loss_is_broken:
        return "loss", ""
    # The gradient goes from the last layer to the first, and what is not finite stays so on its way.
    known = [name for name in in_order(broken) if name in places]
    return ("backward", known[-1]) if known else ("unknown", "")


def _first_output(model: torch.nn.Module, call: Call) -> str | None:
    """The first module whose output is not finite, in a pass that leaves the model as it was; None if there is none."""
    inner = inner_module(model)
    with_nan: list[str] = []
    with_infinite: list[str] = []

    def after(name: str, module: torch.nn.Module, args: Any, output: Any) -> None:
        for tensor in tensors_of(output):
            if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
                (with_nan if bool(tensor.isnan().any()) else with_infinite).append(name)

    buffers = {name: buffer.clone() for name, buffer in inner.named_buffers()}
    handles = [module.register_forward_hook(partial(after, name)) for name, module in inner.named_modules() if name]
    try:
        with ExitStack() as stack:
            stack.enter_context(torch.no_grad())
            devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
            stack.enter_context(torch.random.fork_rng(devices))
            for kind, dtype in call.autocast:
                stack.enter_context(torch.autocast(kind, dtype=dtype))
            output = inner.forward(*call.args, **call.kwargs)
        after(type(inner).__name__, inner, (), output)  # what it does outside of its layers
    finally:
        for handle in handles:
            handle.remove()
        with torch.no_grad():
            for name, buffer in inner.named_buffers():
                if name in buffers:
                    buffer.copy_(buffers[name])
    # Infinite numbers may be meant, as in a mask before a softmax; one that is not a number is not.
    return next(iter([*with_nan, *with_infinite]), None)
