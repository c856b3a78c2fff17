"""A PyTorch module as a pure function of its parameters, watched function by function, and its gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from assay.choices import Choice
from assay.errors import ModelError
from assay.models.calls import Call, Link, Log, Site, links
from assay.models.identification import activation_between
from assay.models.naming import one_line
from assay.models.torch_layers import activation_of, kind_of

FLOAT_BYTES = 4
Loss = Callable[[Any, Any], Any]


class Kernel(NamedTuple):
    """What one call of ``linear`` or a convolution multiplied and added."""

    function: str
    weight: Any
    bias: Any


class Traced(NamedTuple):
    """What one pass computes, as NumPy arrays; all but the last by link.

    Attributes
    ----------
    loss : float
    preactivations, activations, errors : list of array
    kernels, kernel_gradients : list of array
    biases, bias_gradients : list of array or None
    gradients : dict of str to array
        By parameter.
    """

    loss: float
    preactivations: list[np.ndarray]
    activations: list[np.ndarray]
    errors: list[np.ndarray]
    kernels: list[np.ndarray]
    kernel_gradients: list[np.ndarray]
    biases: list[np.ndarray | None]
    bias_gradients: list[np.ndarray | None]
    gradients: dict[str, np.ndarray]


class _Watcher(TorchFunctionMode):
    """Sees every function of torch that a module calls."""

    def __init__(self, log: Log, names: Mapping[int, str], kernels: dict[Site, Kernel]) -> None:
        super().__init__()
        self.log, self.names, self.kernels = log, names, kernels

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        kind = kind_of(function)
        given = tuple(_tensors((args, kwargs)))
        if kind == "activation" and given:
            choice = activation_of(function, args, kwargs)
            first = args[0] if args else kwargs["input"]

            def apply(z: Any) -> Any:  # on a copy, so that a function that writes over its input leaves z as it was
                return function(z.clone(), *args[1:], **{key: kwargs[key] for key in kwargs if key != "input"})

            site, output = self.log.apply("activation", first, apply)
            self.log.calls.append(Call("activation", function, given, output, site, choice, is_activated=True))
            return output
        output = function(*args, **kwargs)
        if not isinstance(output, torch.Tensor) or not given:
            return output
        if kind == "kernel":
            weight = args[1] if len(args) > 1 else kwargs["weight"]
            bias = args[2] if len(args) > 2 else kwargs.get("bias")
            name = self.names.get(id(weight), function.__name__)
            site, output = self.log.apply(name, output, lambda z: z)
            self.kernels[site] = Kernel(function.__name__, weight, bias)
            self.log.calls.append(Call("kernel", name, given, output, site, Choice("linear")))
        else:
            self.log.calls.append(Call(kind, function, given, output))
        return output


class TorchNetwork:
    """A module; nothing here changes it. `x` is a tuple of tensors, its arguments."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        self.links: list[Link] = []
        self.sites: list[Site] = []

    def forward(self, parameters: Mapping[str, Any], x: tuple[Any, ...], log: Log) -> tuple[Any, dict[Site, Kernel]]:
        """The output, and what each kernel is."""
        buffers = {name: buffer.detach().clone() for name, buffer in self.module.named_buffers()}
        kernels: dict[Site, Kernel] = {}
        names = {id(tensor): name.removesuffix(".weight") for name, tensor in parameters.items()}
        with as_in_training_without_dropout(self.module), _Watcher(log, names, kernels):
            output = torch.func.functional_call(self.module, {**parameters, **buffers}, x)
        return output, kernels

    def parameters(self) -> dict[str, Any]:
        """Its parameters by name."""
        return {name: tensor.detach() for name, tensor in self.module.named_parameters()}

    def discover(self, x: tuple[Any, ...]) -> tuple[tuple[int, ...], int]:
        """Learn its links on few examples; the shape of one example's output, and bytes that an example takes.

        Raises
        ------
        ModelError
            If the module fails on them, or has several outputs or no layer that is read.
        """
        log = Log()
        name = type(self.module).__name__
        try:
            with torch.no_grad():
                output, self.kernels = self.forward(self.parameters(), x, log)
        except Exception as error:  # whatever the user's own layers raise
            raise ModelError(f"module {name}: it fails on these examples. {one_line(error)}") from error
        if not isinstance(output, torch.Tensor):
            raise ModelError(f"module {name}: expected one tensor as its output, got {type(output).__name__}.")
        self.links = links(log.calls, output)
        if not self.links:
            raise ModelError(f"module {name}: expected a Linear, Conv1d, Conv2d or Conv3d layer, got none.")
        self.sites = list(dict.fromkeys(link.site for link in self.links))
        numbers = sum(call.output.numel() for call in log.calls)
        return tuple(output.shape[1:]), FLOAT_BYTES * numbers // len(x[0])

    def structure(self, x: tuple[Any, ...]) -> list[tuple[Choice | None, bool]]:
        """Of each link the activation, and whether a connection leads around it; see `KerasNetwork.structure`."""
        random = np.random.Generator(np.random.Philox(0))
        parameters = {name: _drawn(tensor, random) for name, tensor in self.parameters().items()}
        x = tuple(torch.randn(part.shape, generator=_generator()) if part.is_floating_point() else part for part in x)

        def run(gates: Mapping[Site, float]) -> tuple[Any, Log]:
            log = Log(gates=gates)
            with torch.no_grad():
                return self.forward(parameters, x, log)[0], log

        output, log = run({})
        inputs = {call.site: call.inputs[0] for call in log.calls if call.kind == "kernel"}
        known = []
        for link in self.links:
            choice = link.choice
            if link.is_open:
                made = inputs[link.next_kernel.site] if link.next_kernel else output
                z = by_units(log.sites[link.site][0].numpy(), self.kernels[link.kernel.site].function, len(x[0]))
                choice = activation_between(z, made.numpy())
            cut = run({link.kernel.site: 0.0})[0].numpy().reshape(len(x[0]), -1)
            is_residual = len(cut) > 1 and bool((np.ptp(cut, axis=0) > 1e-5 * np.abs(cut).max()).any())
            known.append((choice, is_residual))
        return known

    def trace(
        self, x: tuple[Any, ...], y: Any, loss: Loss, parameters: Mapping[str, np.ndarray] | None = None
    ) -> Traced:
        """Loss, signals and gradients, with these parameters instead of its own if they are given."""
        held = self.parameters()
        if parameters is not None:
            held = {name: torch.tensor(parameters[name]).to(tensor) for name, tensor in held.items()}
        held = {name: tensor.clone().requires_grad_(tensor.is_floating_point()) for name, tensor in held.items()}
        log = Log()
        with torch.enable_grad():
            output, kernels = self.forward(held, x, log)
            value = loss(output, y).mean()
            at = [kernels[link.kernel.site] for link in self.links]
            wanted = [log.sites[link.site][0] for link in self.links]
            wanted += [kernel.weight for kernel in at]
            wanted += [kernel.bias for kernel in at if kernel.bias is not None]
            wanted += list(held.values())
            wanted = [tensor if tensor.requires_grad else tensor.requires_grad_() for tensor in wanted]
            found = torch.autograd.grad(value, wanted, allow_unused=True, materialize_grads=True)
        gradients = iter([numpy_of(tensor) for tensor in found])
        errors, kernel_gradients = ([next(gradients) for _ in self.links] for _ in range(2))
        return Traced(
            loss=float(value.detach()),
            preactivations=[numpy_of(log.sites[link.site][0]) for link in self.links],
            activations=[numpy_of(log.sites[link.site][1]) for link in self.links],
            errors=errors,
            kernels=[numpy_of(kernel.weight) for kernel in at],
            kernel_gradients=kernel_gradients,
            biases=[None if kernel.bias is None else numpy_of(kernel.bias) for kernel in at],
            bias_gradients=[None if kernel.bias is None else next(gradients) for kernel in at],
            gradients=dict(zip(held, gradients, strict=True)),
        )


@contextmanager
def as_in_training_without_dropout(module: torch.nn.Module) -> Iterator[None]:
    """Batch normalization takes the statistics of the batch, unless it alone is not in training; dropout is off."""
    modes = [(part, part.training) for part in module.modules()]
    try:
        module.eval()
        for part, was_training in modes:
            if isinstance(part, torch.nn.modules.batchnorm._BatchNorm) and (was_training or not modes[0][1]):
                part.train()
        yield
    finally:
        for part, was_training in modes:
            part.training = was_training


def numpy_of(tensor: Any) -> np.ndarray:
    """On the host, as float32."""
    return tensor.detach().cpu().float().numpy()


def by_units(array: np.ndarray, function: str, rows: int) -> np.ndarray:
    """Outputs of a layer as (B, P, U): examples, positions, units."""
    if function != "linear" and array.ndim > 2:
        array = np.moveaxis(array, 1, -1)
    return array.reshape(rows, -1, array.shape[-1])


def _drawn(tensor: Any, random: np.random.Generator) -> Any:
    """Numbers that let a signal through: kernels keep its size, scales and biases are of one sign."""
    shape = tuple(tensor.shape)
    if len(shape) > 1:
        drawn = random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
    else:
        drawn = random.uniform(0.5, 1.5, shape)
    return torch.as_tensor(drawn).to(tensor)


def _generator() -> Any:
    """Its own stream, so that the user's is where it was."""
    return torch.Generator().manual_seed(0)


def _tensors(nested: Any) -> Iterator[Any]:
    if isinstance(nested, torch.Tensor):
        yield nested
    elif isinstance(nested, tuple | list):
        for part in nested:
            yield from _tensors(part)
    elif isinstance(nested, dict):
        yield from _tensors(tuple(nested.values()))
