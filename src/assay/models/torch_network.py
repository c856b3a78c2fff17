"""A PyTorch module and its loss as pure functions of the parameters, watched function by function, with gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from assay.choices import Choice
from assay.errors import ModelError
from assay.models.calls import Call, Link, Log, Site, links, ways_around
from assay.models.identification import activation_between
from assay.models.naming import blamed, one_line
from assay.models.torch_layers import KEEPING, KERNELS, activation_of, kind_of, plain_name
from assay.models.torch_loss import ELEMENTWISE, LossCall, broadcast_shapes, computable, is_loss
from assay.models.torch_parameters import unregistered

FLOAT_BYTES = 4
Loss = Callable[[Any, Any], Any]
Shapes = tuple[tuple[int, ...], tuple[int, ...]]


class Kernel(NamedTuple):
    """What one call of ``linear`` or a convolution multiplied and added.

    Attributes
    ----------
    function : str
    weight, bias : tensor, optional
    is_transposed : bool
        Its inputs lie along the first axis, (in, out, …).
    """

    function: str
    weight: Any
    bias: Any
    is_transposed: bool = False

    def rows(self, values: np.ndarray) -> np.ndarray:
        """An array like the weight as (units, inputs of a unit)."""
        if self.is_transposed:
            values = np.swapaxes(values, 0, 1)
        return values.reshape(len(values), -1)


class Traced(NamedTuple):
    """What one pass computes, as NumPy arrays; all but the first and the last two by link.

    Attributes
    ----------
    loss : float
    preactivations, activations, errors : list of array
    kernels, kernel_gradients : list of array
    biases, bias_gradients : list of array or None
    gradients : dict of str to array
        By parameter.
    entry : array, (B, …)
        The numbers that reach the first kernel.
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
    entry: np.ndarray


class Cost(NamedTuple):
    """What one example takes: bytes of all that is computed, and products of its forward pass."""

    bytes: int
    products: float


@dataclass(eq=False)
class Pass:
    """One pass through the module and, if targets were given, its loss.

    Attributes
    ----------
    log : Log
    kernels : dict of Site to Kernel
    output : object
        What the module returned.
    read : tensor, optional
        The tensor that the loss reads as the output; the module's own where no loss says.
    value : tensor, optional
        The mean loss.
    loss_calls : list of LossCall
    broadcast : pair of shapes, optional
        Of an output and a target that are compared although their shapes differ.
    labels_beyond : (low, high, K), optional
        The ends of the labels, where some lie outside those that K outputs can have.
    products : int
        Products of two numbers that the pass took.
    """

    log: Log
    kernels: dict[Site, Kernel]
    output: Any
    read: Any
    value: Any = None
    loss_calls: tuple[LossCall, ...] = ()
    broadcast: Shapes | None = None
    labels_beyond: tuple[float, float, int] | None = None
    products: int = 0

    @property
    def judged(self) -> float:
        """The loss that a constant output can be compared with: that of the one call, or all that the user adds."""
        value = self.loss_calls[0].value.mean() if len(self.loss_calls) == 1 else self.value
        return float(value.detach())

    @property
    def over_one(self) -> tuple[str, ...]:
        """The softmaxes and normalizations over a single number, which give the same for every input."""
        return self._over(lambda axis, size: size == 1)

    def over_rows(self, rows: int) -> tuple[str, ...]:
        """The softmaxes that run over the examples of a batch."""
        return tuple(name for name in self._over(lambda axis, size: axis == 0 and size == rows) if "soft" in name)

    def _over(self, is_meant: Callable[[int, int], bool]) -> tuple[str, ...]:
        names = (plain_name(call.owner) for call in self.log.calls if call.over and is_meant(*call.over))
        return tuple(dict.fromkeys(names))


class _Watcher(TorchFunctionMode):
    """Sees every function of torch that a module and its loss call."""

    def __init__(self, log: Log, names: Mapping[int, str], kernels: dict[Site, Kernel]) -> None:
        super().__init__()
        self.log, self.names, self.kernels = log, names, kernels
        self.is_loss = False
        self.loss_calls: list[LossCall] = []
        self.broadcast: Shapes | None = None
        self.labels_beyond: tuple[float, float, int] | None = None
        self.products = 0

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        kind, name = kind_of(function), plain_name(function)
        given = tuple(_tensors((args, kwargs)))
        if kind == "activation" and given:
            return self._activate(function, args, kwargs, given)
        read = args[:1]
        if self.is_loss:
            args, kwargs, beyond = computable(name, args, kwargs)
            self.labels_beyond = self.labels_beyond or beyond
        output = function(*args, **kwargs)
        if self.is_loss:
            self._note_loss(name, function, (*read, *args[1:]), kwargs, output)
        made = list(_tensors(output))
        if not made or not given:
            return output
        self._count_products(kind, given, made[0])
        kernel = self._kernel(name, args, kwargs)
        if kernel is not None and isinstance(output, torch.Tensor):
            owner = self.names.get(id(kernel.weight), name)
            site, output = self.log.apply(owner, output, lambda z: z)
            self.kernels[site] = kernel
            self.log.calls.append(Call("kernel", owner, given, output, site, Choice("linear")))
            return output
        kind = "other" if kind == "kernel" else kind
        over = _normalized_over(name, args, kwargs) if kind == "normalization" else ()
        for part in made:
            self.log.calls.append(Call(kind, function, given, part, keeps=name in KEEPING, over=over))
        return output

    def _count_products(self, kind: str, given: tuple[Any, ...], output: Any) -> None:
        """A layer uses each weight once at each position."""
        weights = sum(part.numel() for part in given if id(part) in self.names)
        if kind in ("kernel", "opaque") and output.ndim:
            units = output.shape[1] if kind == "kernel" and output.ndim > 3 else output.shape[-1]
            self.products += weights * (output.numel() // max(units, 1))

    def _activate(self, function: Any, args: Any, kwargs: Any, given: tuple[Any, ...]) -> Any:
        choice = activation_of(function, args, kwargs)
        first = args[0] if args else kwargs["input"]

        def apply(z: Any) -> Any:  # on a copy, so that a function that writes over its input leaves z as it was
            return function(z.clone(), *args[1:], **{key: kwargs[key] for key in kwargs if key != "input"})

        site, output = self.log.apply("activation", first, apply)
        axis = kwargs.get("dim", args[1] if len(args) > 1 else None)
        is_softmax = choice is not None and "softmax" in choice.name and isinstance(axis, int) and first.ndim > 0
        over = (axis % first.ndim, first.shape[axis]) if is_softmax else ()
        self.log.calls.append(Call("activation", function, given, output, site, choice, is_activated=True, over=over))
        return output

    def _kernel(self, name: str, args: Any, kwargs: Any) -> Kernel | None:
        """The weight and bias of a layer, where the function multiplies by one."""
        if name.startswith(("linear", "conv")) and name in KERNELS:
            weight = args[1] if len(args) > 1 else kwargs["weight"]
            bias = args[2] if len(args) > 2 else kwargs.get("bias")
            return Kernel(name, weight, bias, is_transposed="transpose" in name)
        if name in ("matmul", "mm") and len(args) == 2 and id(args[1]) in self.names and args[1].ndim == 2:
            return Kernel("linear", args[1], None, is_transposed=True)
        if name == "addmm" and len(args) == 3 and id(args[2]) in self.names:
            return Kernel("linear", args[2], args[0], is_transposed=True)
        return None

    def _note_loss(self, name: str, function: Any, args: Any, kwargs: Any, output: Any) -> None:
        if is_loss(name):
            self.loss_calls.append(LossCall.of(name, function, args, kwargs, output))
        if name in ELEMENTWISE:
            compared = [part for part in args[:2] if isinstance(part, torch.Tensor)]
            if len(compared) == 2:
                self.broadcast = self.broadcast or broadcast_shapes(*compared)


def _normalized_over(name: str, args: Any, kwargs: Any) -> tuple[int, int] | tuple[()]:
    """The axis and the number of entries that a layer normalization runs over; empty for others."""
    if name not in ("layer_norm", "rms_norm"):
        return ()
    shape = args[1] if len(args) > 1 else kwargs.get("normalized_shape", ())
    return (args[0].ndim - len(shape), int(np.prod(shape))) if args and len(shape) else ()


class TorchNetwork:
    """A module; nothing here changes it. `x` is a tuple of tensors, its arguments."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        self.name = type(module).__name__
        self.links: list[Link] = []
        self.sites: list[Site] = []
        self.kernels: dict[Site, Kernel] = {}

    def run(
        self,
        parameters: Mapping[str, Any],
        x: tuple[Any, ...],
        *,
        loss: Loss | None = None,
        y: Any = None,
        log: Log | None = None,
    ) -> Pass:
        """One pass; `log` may hold what is to be done on the way.

        Raises
        ------
        ModelError
            If the module or the loss fails on these examples: the user's own error, with its line.
        """
        log = Log() if log is None else log
        buffers = {name: buffer.detach().clone() for name, buffer in self.module.named_buffers()}
        kernels: dict[Site, Kernel] = {}
        known = (*parameters.items(), *unregistered(self.module))
        names = {id(tensor): name.removesuffix(".weight") for name, tensor in known}
        watcher = _Watcher(log, names, kernels)
        with same_random_numbers(parameters.values()), as_in_training_without_dropout(self.module), watcher:
            try:
                output = torch.func.functional_call(self.module, {**parameters, **buffers}, x)
            except Exception as error:  # whatever the user's own layers raise
                raise ModelError(f"module {self.name}: it fails on these examples. {blamed(error)}") from error
            if loss is None:
                return Pass(log, kernels, output, _first_tensor(output), products=watcher.products)
            watcher.is_loss = True
            try:
                value = loss(output, y)
            except Exception as error:
                shapes = ", ".join(str(tuple(part.shape)) for part in _tensors(output))
                raise ModelError(
                    f"loss of module {self.name}: it fails on outputs of shape {shapes} and targets of shape "
                    f"{tuple(y.shape) if hasattr(y, 'shape') else type(y).__name__}. {blamed(error)}"
                ) from error
        value = value.mean() if isinstance(value, torch.Tensor) else torch.as_tensor(float(value))
        calls = tuple(watcher.loss_calls)
        read = calls[0].output if len(calls) == 1 else _first_tensor(output)
        found = (value, calls, watcher.broadcast, watcher.labels_beyond, watcher.products)
        return Pass(log, kernels, output, read, *found)

    def parameters(self) -> dict[str, Any]:
        """Its parameters by name."""
        return {name: tensor.detach() for name, tensor in self.module.named_parameters()}

    def discover(self, x: tuple[Any, ...], loss: Loss | None = None, y: Any = None) -> tuple[Pass, Cost]:
        """Learn its links on few examples; the pass, and what an example costs.

        Raises
        ------
        ModelError
            If the module fails on them, or returns no tensor, or has no layer that is read.
        """
        with torch.no_grad():
            found = self.run(self.parameters(), x, loss=loss, y=y)
        if found.read is None:
            kind = type(found.output).__name__
            raise ModelError(f"module {self.name}: expected a tensor, or a tuple or dict of tensors, got {kind}.")
        self.kernels = found.kernels
        self.links = links(found.log.calls, found.read)
        if not self.links:
            raise ModelError(f"module {self.name}: expected a Linear, Conv1d, Conv2d or Conv3d layer, got none.")
        self.sites = list(dict.fromkeys(link.site for link in self.links))
        numbers = sum(call.output.numel() for call in found.log.calls)
        return found, Cost(FLOAT_BYTES * numbers // len(x[0]), found.products / len(x[0]))

    def structure(self, x: tuple[Any, ...], found: Pass) -> list[tuple[Choice | None, bool]]:
        """Of each link the activation, and whether a connection leads around it.

        Which way a signal can go is read off the calls. An activation that no call names is told by its numbers, and
        with random parameters, for the module's own may all be 0.
        """
        around = ways_around(found.log.calls, self.links, x, found.read)
        is_open = any(link.is_open for link in self.links)
        sites, inputs, output = self._random_pass(x) if is_open else ({}, {}, None)
        known = []
        for link, is_residual in zip(self.links, around, strict=True):
            choice = link.choice
            if link.is_open:
                made = inputs[link.next_kernel.site] if link.next_kernel else output
                z = by_units(numpy_of(sites[link.site][0]), self.kernels[link.kernel.site].function, len(x[0]))
                choice = None if made is None else activation_between(z, numpy_of(made))
            known.append((choice, is_residual))
        return known

    def _random_pass(self, x: tuple[Any, ...]) -> tuple[dict[Site, Any], dict[Site, Any], Any]:
        """With parameters that let a signal through: what passed at the sites, what kernels were given, the output."""
        random = np.random.Generator(np.random.Philox(0))
        parameters = {name: _drawn(tensor, random) for name, tensor in self.parameters().items()}
        x = tuple(
            torch.randn(part.shape, generator=_generator()).to(part) if part.is_floating_point() else part for part in x
        )
        with torch.no_grad():
            found = self.run(parameters, x)
        inputs = {call.site: call.inputs[0] for call in found.log.calls if call.kind == "kernel"}
        return found.log.sites, inputs, found.read

    def trace(
        self, x: tuple[Any, ...], y: Any, loss: Loss, parameters: Mapping[str, Any] | None = None
    ) -> tuple[Traced, Pass]:
        """Loss, signals and gradients, with these parameters instead of its own if they are given."""
        held = self.parameters() if parameters is None else dict(parameters)
        held = {name: tensor.clone().requires_grad_(tensor.is_floating_point()) for name, tensor in held.items()}
        with torch.enable_grad():
            found = self.run(held, x, loss=loss, y=y)
            at = [found.kernels[link.kernel.site] for link in self.links]
            wanted = [found.log.sites[link.site][0] for link in self.links]
            wanted += [kernel.weight for kernel in at]
            wanted += [kernel.bias for kernel in at if kernel.bias is not None]
            wanted += [tensor for tensor in held.values() if tensor.requires_grad]
            is_taken = [tensor.requires_grad for tensor in wanted]
            taken = [tensor for tensor in wanted if tensor.requires_grad]
            slopes = iter(self._gradients(found.value, taken))
        gradients = iter(
            [
                numpy_of(next(slopes)) if has else np.zeros(tuple(tensor.shape), np.float32)
                for tensor, has in zip(wanted, is_taken, strict=True)
            ]
        )
        errors, kernel_gradients = ([next(gradients) for _ in self.links] for _ in range(2))
        calls = [call for call in found.log.calls if call.kind == "kernel"]
        traced = Traced(
            loss=found.judged,
            preactivations=[numpy_of(found.log.sites[link.site][0]) for link in self.links],
            activations=[numpy_of(found.log.sites[link.site][1]) for link in self.links],
            errors=errors,
            kernels=[numpy_of(kernel.weight) for kernel in at],
            kernel_gradients=kernel_gradients,
            biases=[None if kernel.bias is None else numpy_of(kernel.bias) for kernel in at],
            bias_gradients=[None if kernel.bias is None else next(gradients) for kernel in at],
            gradients={name: next(gradients) for name, tensor in held.items() if tensor.requires_grad},
            entry=numpy_of(calls[0].inputs[0]),
        )
        return traced, found

    def slopes(
        self, parameters: Mapping[str, Any], x: tuple[Any, ...], y: Any, loss: Loss
    ) -> tuple[Pass, dict[str, Any]]:
        """One pass, and the gradients by parameter."""
        held = {name: tensor.detach().requires_grad_(tensor.is_floating_point()) for name, tensor in parameters.items()}
        taken = {name: tensor for name, tensor in held.items() if tensor.requires_grad}
        with torch.enable_grad():
            found = self.run(held, x, loss=loss, y=y)
            slopes = self._gradients(found.value, list(taken.values()))
        return found, dict(zip(taken, slopes, strict=True))

    def _gradients(self, value: Any, wanted: list[Any]) -> list[Any]:
        """Of the loss, zeros where it does not depend on a tensor."""
        if not value.requires_grad:
            return [torch.zeros_like(tensor) for tensor in wanted]
        try:
            return list(torch.autograd.grad(value, wanted, allow_unused=True, materialize_grads=True))
        except RuntimeError as error:
            raise ModelError(f"module {self.name}: its gradient cannot be computed. {one_line(error)}") from error


@contextmanager
def same_random_numbers(tensors: Iterable[Any]) -> Iterator[None]:
    """What is drawn inside is drawn anew by the next pass, and by the user, whose stream stays where it was."""
    cards = sorted({tensor.device.index for tensor in tensors if tensor.device.type == "cuda"})
    with torch.random.fork_rng(devices=cards):
        yield


@contextmanager
def as_in_training_without_dropout(module: torch.nn.Module) -> Iterator[None]:
    """Batch normalization takes the statistics of the batch, unless it alone is not in training; dropout is off."""
    modes = [(part, part.training) for part in module.modules()]
    was_fast = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)  # it computes a whole encoder layer in one call
        module.eval()
        for part, was_training in modes:
            if isinstance(part, torch.nn.modules.batchnorm._BatchNorm) and (was_training or not modes[0][1]):
                part.train()
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_fast)
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


def _first_tensor(output: Any) -> Any:
    """The output itself, or the first tensor of a tuple, a dict or a record; None where it holds none."""
    return next(_tensors(output), None)


def _tensors(nested: Any) -> Iterator[Any]:
    if isinstance(nested, torch.Tensor):
        yield nested
    elif isinstance(nested, tuple | list):
        for part in nested:
            yield from _tensors(part)
    elif isinstance(nested, Mapping):
        yield from _tensors(tuple(nested.values()))
