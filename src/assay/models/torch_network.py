"""A PyTorch module and its loss as pure functions of the parameters, watched function by function, with gradients."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from assay.choices import Choice
from assay.diagnosis.facts import AttentionFacts, LookupFacts
from assay.errors import ModelError
from assay.models.calls import Call, Link, Log, Site, ends_branch, links, ways_around
from assay.models.identification import activation_between
from assay.models.loop_hooks import tensors_of
from assay.models.their_code import blamed, one_line
from assay.models.torch_attention import attention_of, scaled_scores, scores_of_heads
from assay.models.torch_kernels import KINDS, Kernel, kernel_of
from assay.models.torch_layers import ATTENTION, KEEPING, activation_of, kind_of, plain_name
from assay.models.torch_loss import ELEMENTWISE, LossCall, broadcast_shapes, computable, is_loss
from assay.models.torch_parameters import unregistered

# A layer that is called more often is in a loop: of its calls the first and the last are looked at.
MOST_CALLS = 2
Loss = Callable[[Any, Any], Any]
Shapes = tuple[tuple[int, ...], tuple[int, ...]]


class Traced(NamedTuple):
    """What one pass computes; all but the first and the last two by link.

    Attributes
    ----------
    loss : float
    preactivations, activations, errors : list of tensor
    kernels, kernel_gradients : list of tuple of tensor
    biases, bias_gradients : list of tensor or None
    gradients : dict of str to tensor
        By parameter.
    entry : array, (B, …)
        The numbers that reach the first kernel.
    through_time : dict of Site to float
        By recurrent layer; see `LayerFacts`.
    """

    loss: float
    preactivations: list[Any]
    activations: list[Any]
    errors: list[Any]
    kernels: list[Any]
    kernel_gradients: list[Any]
    biases: list[Any]
    bias_gradients: list[Any]
    gradients: dict[str, Any]
    entry: np.ndarray
    through_time: dict[Site, float]


class Later(NamedTuple):
    """What becomes of the loss, and by link of the pre-activations and kernels, after an update."""

    loss: float
    preactivations: list[Any]
    kernels: list[Any]


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
    entry : tensor, (B, …), optional
        The numbers that reach the first kernel.
    attentions : tuple of AttentionFacts
        Where structure is known already.
    over_time : mapping of Site to tensor
        The inputs of recurrent layers.
    lookups : mapping of Site to (lowest, highest, size)
        The indices that embeddings were asked for, and the size of their tables.
    lookups_beyond : tuple of LookupFacts
        The tables that were asked for rows which they do not have.
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
    entry: Any = None
    attentions: tuple[AttentionFacts, ...] = ()
    over_time: Mapping[Site, Any] = field(default_factory=dict)
    lookups: Mapping[Site, tuple[int, int, int]] = field(default_factory=dict)
    lookups_beyond: tuple[LookupFacts, ...] = ()

    @property
    def judged(self) -> float:
        """The loss that a constant output can be compared with: that of the one call, or all that the user adds."""
        value = self.loss_calls[0].value.mean() if len(self.loss_calls) == 1 else self.value
        return float(value.detach())

    @property
    def negated(self) -> str:
        """The loss of which exactly the negative is minimized; empty where none is."""
        if len(self.loss_calls) != 1:
            return ""
        value, minimized = float(self.loss_calls[0].value.detach().mean()), float(self.value.detach())
        return self.loss_calls[0].name if value > 0 and abs(value + minimized) <= 1e-5 * value else ""

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
        self.entry: Any = None
        self.has_entry = False
        self.attentions: list[AttentionFacts] = []
        self.over_time: dict[Site, Any] = {}
        self.lookups: dict[Site, tuple[int, int, int]] = {}
        self._softmax: tuple[Any, Any] | None = None
        self.lookups_beyond: dict[str, LookupFacts] = {}
        self._lookup = (0, 0, 0)

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        kind, name = kind_of(function), plain_name(function)
        given = tuple(tensors_of((args, kwargs)))
        if kind == "activation" and given:
            return self._activate(function, args, kwargs, given)
        read = args[0] if args else kwargs.get("input")
        if self.is_loss:
            args, kwargs, beyond = computable(name, args, kwargs)
            self.labels_beyond = self.labels_beyond or beyond
        if KINDS.get(name) == "recurrent" and torch.is_grad_enabled() and not args[0].requires_grad:
            args = (args[0].detach().requires_grad_(), *args[1:])  # to see what comes back to each step
        if KINDS.get(name) == "embedding" and len(args) > 1:
            args = (self._held_in_table(args[0], args[1]), *args[1:])
        output = function(*args, **kwargs)
        if self.is_loss:
            self._note_loss(name, function, (args, kwargs), read, output)
        made = list(tensors_of(output))
        if not made or not given:
            return output
        self._count_products(kind, function, given, made[0])
        kernel = kernel_of(name, args, kwargs, self.names)
        if kernel is not None:
            return self._pass_kernel(kernel, given, output, (args, kwargs))
        if self.log.wanted is not None:
            self._look_at_attention(name, args, kwargs, given, made)
        kind = "other" if kind == "kernel" else kind
        over = _normalized_over(name, args, kwargs) if kind == "normalization" else ()
        for part in made:
            self.log.note(Call(kind, function, given, part, keeps=name in KEEPING, over=over))
        return output

    def _pass_kernel(self, kernel: Kernel, given: tuple[Any, ...], output: Any, arguments: Any) -> Any:
        """Note a layer; of several outputs the first is looked at."""
        owner = self.names.get(id(kernel.weights[0]), kernel.function)
        owner = owner if kernel.is_plain else owner.removesuffix(".in_proj_weight").removesuffix(".weight_ih_l0")
        first, *others = (output,) if isinstance(output, torch.Tensor) else output
        site, first = self.log.apply(owner, first, lambda z: z)
        self.kernels[site] = kernel
        if kernel.kind == "recurrent":
            self.over_time[site] = given[0]
        elif kernel.kind == "embedding":
            self.lookups[site] = self._lookup
        elif kernel.kind == "attention" and self.log.wanted is not None:
            self._tell_attention(owner, scores_of_heads(*arguments))
        if self.entry is None or not self.has_entry:  # indices are no sizes, so of an embedding its output is taken
            self.has_entry = kernel.kind != "embedding"
            self.entry = (given[0] if self.has_entry else first).detach()
        self.log.note(Call("kernel", owner, given, first, site, Choice("linear")))
        for part in tensors_of(others):
            self.log.note(Call("passive", owner, (first,), part))  # such as the last state
        return first if isinstance(output, torch.Tensor) else (first, *others)

    def _held_in_table(self, indices: Any, table: Any) -> Any:
        """The indices, those without a row as the nearest that has one; PyTorch's error does not say which table it is.

        What lies beyond is a finding; the rest of the network is to be looked at all the same.
        """
        low, high = (int(indices.min()), int(indices.max())) if indices.numel() else (0, 0)
        self._lookup = (low, high, len(table))
        if low >= 0 and high < len(table):
            return indices
        name = self.names.get(id(table), "embedding")
        self.lookups_beyond[name] = LookupFacts(name, low, high, len(table))
        return indices.clamp(0, len(table) - 1)

    def _look_at_attention(self, name: str, args: Any, kwargs: Any, given: tuple[Any, ...], made: list[Any]) -> None:
        """Of one call of PyTorch's, or of a softmax whose output is multiplied with something."""
        if name == ATTENTION:
            self._tell_attention(f"attention {len(self.attentions) + 1}", scaled_scores(args, kwargs))
        elif self._softmax is not None and any(part is self._softmax[1] for part in given):
            if name in ("matmul", "bmm", "einsum"):
                self._tell_attention(f"attention {len(self.attentions) + 1}", self._softmax[0])
            elif name in KEEPING:
                self._softmax = self._softmax[0], made[0]

    def _tell_attention(self, name: str, scores: Any) -> None:
        found = attention_of(name, scores)
        if found is not None:
            self.attentions.append(found)

    def _count_products(self, kind: str, function: Any, given: tuple[Any, ...], output: Any) -> None:
        """A layer uses each weight once at each position."""
        weights = sum(part.numel() for part in given if id(part) in self.names)
        is_product = kind == "kernel" or (kind == "opaque" and KINDS.get(plain_name(function)) != "embedding")
        if is_product and output.ndim:
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
        if over and over[0] == first.ndim - 1 and choice == Choice("softmax") and self.log.wanted is not None:
            self._softmax = first.detach(), output
        self.log.note(Call("activation", function, given, output, site, choice, is_activated=True, over=over))
        return output

    def _note_loss(self, name: str, function: Any, arguments: Any, read: Any, output: Any) -> None:
        """A loss, with the output that it was given: what it computes with may have been held within limits."""
        args, kwargs = arguments
        if is_loss(name):
            self.loss_calls.append(replace(LossCall.of(name, function, args, kwargs, output), output=read))
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
    """A module; nothing here changes it. `x` is a tuple of tensors, its arguments.

    `output` names the one that the loss reads, of a module that returns several: a key of a dict, a place in a tuple.
    """

    def __init__(self, module: torch.nn.Module, output: str | int | None = None) -> None:
        self.module, self.output = module, output
        self.name = type(module).__name__
        self.links: list[Link] = []
        self.sites: list[Site] = []
        self.loops: dict[Any, int] = {}
        self.ending: set[Site] = set()
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
            if self.output is not None:
                output = self._named(output)
            if loss is None:
                return Pass(log, kernels, output, _first_tensor(output), products=watcher.products)
            watcher.is_loss = True
            try:
                value = loss(output, y)
            except Exception as error:
                shapes = ", ".join(str(tuple(part.shape)) for part in tensors_of(output))
                raise ModelError(
                    f"loss of module {self.name}: it fails on outputs of shape {shapes} and targets of shape "
                    f"{tuple(y.shape) if hasattr(y, 'shape') else type(y).__name__}. {blamed(error)}"
                ) from error
        value = value.mean() if isinstance(value, torch.Tensor) else torch.as_tensor(float(value))
        calls = tuple(watcher.loss_calls)
        read = calls[0].output if len(calls) == 1 else _first_tensor(output)
        found = (value, calls, watcher.broadcast, watcher.labels_beyond, watcher.products, watcher.entry)
        beyond = tuple(watcher.lookups_beyond.values())
        seen = (tuple(watcher.attentions), watcher.over_time, watcher.lookups, beyond)
        return Pass(log, kernels, output, read, *found, *seen)

    def evaluated(self, parameters: Mapping[str, Any], x: tuple[Any, ...]) -> Any:
        """What the module returns in evaluation mode with these parameters, and its buffers as they are."""
        modes = {part: part.training for part in self.module.modules()}
        buffers = {name: buffer.detach().clone() for name, buffer in self.module.named_buffers()}
        self.module.eval()
        try:
            with torch.no_grad():
                output = torch.func.functional_call(self.module, {**parameters, **buffers}, x)
        finally:
            for part, mode in modes.items():
                part.training = mode
        return output if self.output is None else self._named(output)

    def _named(self, output: Any) -> Any:
        """The output that was asked for."""
        try:
            return output[self.output]
        except (KeyError, IndexError, TypeError) as error:
            known = list(output) if isinstance(output, Mapping) else f"{type(output).__name__} of {len(output)}"
            raise ModelError(f"output: module {self.name} returns no {self.output!r}. It returns: {known}.") from error

    def parameters(self) -> dict[str, Any]:
        """Copies of its parameters by name: a pass may write over them, as an embedding with a largest norm does."""
        return {name: tensor.detach().clone() for name, tensor in self.module.named_parameters()}

    def discover(self, x: tuple[Any, ...], loss: Loss | None = None, y: Any = None) -> tuple[Pass, Cost]:
        """Learn its links on few examples; the pass, and what an example costs.

        Raises
        ------
        ModelError
            If the module fails on them, or returns no tensor, or has no layer that is read.
        """
        parameters = self.parameters()
        with torch.no_grad():
            found = self.run(parameters, x, loss=loss, y=y)
        if found.read is None:
            kind = type(found.output).__name__
            raise ModelError(f"module {self.name}: expected a tensor, or a tuple or dict of tensors, got {kind}.")
        self.kernels = {site: kernel.without_numbers() for site, kernel in found.kernels.items()}
        self.links = links(found.log.calls, found.read)
        if not self.links:
            raise ModelError(f"module {self.name}: expected a Linear, Conv1d, Conv2d or Conv3d layer, got none.")
        self._leave_out_of_loops()
        self.sites = list(dict.fromkeys(link.site for link in self.links))
        held = {part.data_ptr(): part.nbytes() for part in (call.output.untyped_storage() for call in found.log.calls)}
        given = {tensor.untyped_storage().data_ptr() for tensor in (*parameters.values(), *x)}
        computed = sum(size for place, size in held.items() if place not in given)
        return found, Cost(computed // len(x[0]), found.products / len(x[0]))

    def _leave_out_of_loops(self) -> None:
        """Of a layer that is called again and again, such as a cell for each step, keep the first and the last call."""
        calls = Counter(link.kernel.owner for link in self.links)
        self.loops = {owner: count for owner, count in calls.items() if count > MOST_CALLS}
        self.links = [
            link
            for link in self.links
            if link.kernel.owner not in self.loops or _repeated(link.kernel.site) in (1, calls[link.kernel.owner])
        ]

    def structure(self, x: tuple[Any, ...], found: Pass) -> list[tuple[Choice | None, bool]]:
        """Of each link the activation, and whether a connection leads around it; `ending` holds branches' ends.

        Which way a signal can go is read off the calls. An activation that no call names is told by its numbers, and
        with random parameters, for the module's own may all be 0.
        """
        around = ways_around(found.log.calls, self.links, x, found.read)
        self.ending = {link.site for link in self.links if ends_branch(found.log.calls, link.kernel, _is_sum)}
        plain = [self.kernels[link.kernel.site].is_plain for link in self.links]
        is_open = any(link.is_open and is_plain for link, is_plain in zip(self.links, plain, strict=True))
        sites, inputs, output = self._random_pass(x) if is_open else ({}, {}, None)
        known = []
        for link, is_residual in zip(self.links, around, strict=True):
            choice = link.choice
            if link.is_open and self.kernels[link.kernel.site].is_plain:
                made = inputs[link.next_kernel.site] if link.next_kernel else output
                z = self.kernels[link.kernel.site].by_units(numpy_of(sites[link.site][0]), len(x[0]))
                choice = None if made is None else activation_between(z, numpy_of(made))
            known.append((choice, is_residual))
        self.links = [link.without_numbers() for link in self.links]
        return known

    def _random_pass(self, x: tuple[Any, ...]) -> tuple[dict[Site, Any], dict[Site, Any], Any]:
        """With parameters that let a signal through: what passed at the sites, what kernels were given, the output."""
        random = torch.Generator().manual_seed(0)  # its own stream, so that the user's is where it was
        parameters = {name: _drawn(tensor, random) for name, tensor in self.module.named_parameters()}
        x = tuple(
            torch.randn(part.shape, generator=random).to(part) if part.is_floating_point() else part for part in x
        )
        with torch.no_grad():
            found = self.run(parameters, x)
        inputs = {call.site: call.inputs[0] for call in found.log.calls if call.kind == "kernel"}
        return found.log.sites, inputs, found.read

    def trace(self, x: tuple[Any, ...], y: Any, loss: Loss) -> tuple[Traced, Pass]:
        """Loss, signals and gradients, with its own parameters."""
        held = {name: tensor.requires_grad_(tensor.is_floating_point()) for name, tensor in self.parameters().items()}
        with torch.enable_grad():
            found = self.run(held, x, loss=loss, y=y, log=Log(wanted=frozenset(self.sites)))
            at = [found.kernels[link.kernel.site] for link in self.links]
            sites = [found.log.sites[link.site] for link in self.links]
            wanted = [z for z, _ in sites] + [tensor for kernel in at for tensor in (*kernel.weights, kernel.bias)]
            wanted += found.over_time.values()
            wanted += held.values()
            slopes = self._slopes(found.value, [tensor for tensor in wanted if tensor is not None])
        traced = Traced(
            loss=found.judged,
            preactivations=[z.detach() for z, _ in sites],
            activations=[a.detach() for _, a in sites],
            errors=[slopes[id(z)] for z, _ in sites],
            kernels=[tuple(weight.detach() for weight in kernel.weights) for kernel in at],
            kernel_gradients=[tuple(slopes[id(weight)] for weight in kernel.weights) for kernel in at],
            biases=[None if kernel.bias is None else kernel.bias.detach() for kernel in at],
            bias_gradients=[None if kernel.bias is None else slopes[id(kernel.bias)] for kernel in at],
            gradients={name: slopes[id(tensor)] for name, tensor in held.items() if tensor.requires_grad},
            entry=numpy_of(found.entry),
            through_time={
                site: _first_to_last(slopes[id(inputs)], found.kernels[site].examples_axis)
                for site, inputs in found.over_time.items()
            },
        )
        found.log.sites.clear()  # what is wanted is held without what autograd keeps for it
        return traced, found

    def later(self, x: tuple[Any, ...], y: Any, loss: Loss, parameters: Mapping[str, Any]) -> Later:
        """What becomes of the loss, the pre-activations and the kernels with other parameters."""
        with torch.no_grad():
            found = self.run(parameters, x, loss=loss, y=y, log=Log(wanted=frozenset(self.sites)))
        return Later(
            found.judged,
            [found.log.sites[link.site][0] for link in self.links],
            [found.kernels[link.kernel.site].weights for link in self.links],
        )

    def _slopes(self, value: Any, wanted: list[Any]) -> dict[int, Any]:
        """Gradients by the tensor's id, each computed once; zeros of what has none."""
        unique = list({id(tensor): tensor for tensor in wanted}.values())
        taken = [tensor for tensor in unique if tensor.requires_grad]
        found = dict(zip(map(id, taken), self._gradients(value, taken), strict=True))
        return {
            id(tensor): found.get(id(tensor), torch.zeros((), dtype=tensor.dtype).expand(tensor.shape))
            for tensor in unique
        }

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


def _is_sum(call: Call) -> bool:
    return plain_name(call.owner) in ("add", "iadd", "radd")


def _repeated(site: Site) -> int:
    """The how-manieth call of its owner it is."""
    _, number = cast(tuple[str, int], site)
    return number


def _first_to_last(slope: Any, examples_axis: int) -> float:
    """Root mean square of a gradient (T, B, F) or (B, T, F) at the first step, divided by that at the last."""
    steps = slope if examples_axis == 1 else slope.swapaxes(0, 1)
    first, last = (float(torch.linalg.vector_norm(part.double())) for part in (steps[0], steps[-1]))
    return first / last if last > 0 else float("nan")


def _drawn(tensor: Any, random: torch.Generator) -> Any:
    """Numbers that let a signal through: kernels keep its size, scales and biases are of one sign."""
    drawn = torch.empty(tensor.shape)
    if tensor.ndim > 1:
        drawn.normal_(0, math.sqrt(2 / max(1, math.prod(tensor.shape[1:]))), generator=random)
    else:
        drawn.uniform_(0.5, 1.5, generator=random)
    return drawn.to(tensor)


def _first_tensor(output: Any) -> Any:
    """The output itself, or the first tensor of a tuple, a dict or a record; None where it holds none."""
    return next(tensors_of(output), None)
