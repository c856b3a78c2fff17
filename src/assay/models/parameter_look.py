"""The parameters of a PyTorch model around one step of its optimizer: sizes, gradients, and how far each is moved."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from assay.diagnosis.facts import ParameterFacts
from assay.models.loop_hooks import Owner, Scalars, Tap, inner_module
from assay.models.torch_parameters import unregistered

SAMPLE = 2**16
"""Of a parameter with more numbers, so many are compared before and after the step: a copy of all would take long."""


class ParameterLook:
    """Measures the parameters of a model before and after one step; `close` takes its hooks away.

    Parameters
    ----------
    owner : Owner
    model : torch.nn.Module
    optimizer : torch.optim.Optimizer
    scalars : Scalars
        Takes ``(what, parameter)``.

    Attributes
    ----------
    reached, reset : set of str
        Parameters that a backward pass has brought a gradient, and those that had none when one of them began.
    """

    def __init__(
        self, owner: Owner, model: torch.nn.Module, optimizer: torch.optim.Optimizer, scalars: Scalars
    ) -> None:
        self._model, self._scalars = model, scalars
        self._moving: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        self._gradients: dict[str, torch.Tensor] = {}
        self._updates: dict[str, torch.Tensor] = {}
        self._arrived: dict[str, torch.Tensor] = {}
        self.reached: set[str] = set()
        self.reset: set[str] = set()
        self._passes = 0
        self._handles: list[Any] = []
        self._given = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        for name, parameter in named_parameters(model):
            if parameter.requires_grad and id(parameter) in self._given:
                before, after = (Tap(owner, partial(hook, name)) for hook in (self._before_adding, self._after_adding))
                # As partial functions: the gradient alone does not tell whose it is.
                self._handles += [
                    parameter.register_hook(partial(_with_parameter, before, weakref.ref(parameter))),
                    parameter.register_post_accumulate_grad_hook(after),
                ]

    def close(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _before_adding(self, name: str, parameter: torch.nn.Parameter) -> None:
        """Note whether the gradient was reset since the last step, or measure what is left, when more of it comes."""
        self.reached.add(name)
        if parameter.grad is None or not parameter.grad.numel():
            self.reset.add(name)
        elif name not in self.reset:
            self._passes += 1
            self._scalars.add(("carried over", name, self._passes), norms([_values(parameter.grad)])[0])

    def _after_adding(self, name: str, parameter: torch.nn.Parameter) -> None:
        """Measure some of the gradient as the backward pass leaves it, so that a clipping after it is seen."""
        if parameter.grad is not None and parameter.grad.numel():
            self._arrived[name] = norms([_sample(_values(parameter.grad))])[0]

    def before_update(self) -> None:
        """Measure gradients and parameters, and keep what the step may move."""
        parameters = dict(named_parameters(self._model))
        self._measure("size", {name: _local(parameter) for name, parameter in parameters.items()})
        moving = {name: _sample(_local(one)) for name, one in parameters.items() if id(one) in self._given}
        self._moving = {name: (sample, sample.clone()) for name, sample in moving.items()}
        self._gradients = {name: _values(one.grad) for name, one in parameters.items() if one.grad is not None}
        self._measure("gradient", self._gradients)
        arrived = {name: _sample(self._gradients[name]) for name in self._arrived if name in self._gradients}
        self._measure("sample after", arrived)
        for name in arrived:
            self._scalars.add(("sample before", name), self._arrived[name])
        self._arrived = {}

    def after_update(self) -> None:
        """Measure how far the parameters have moved."""
        with torch.no_grad():
            self._updates = {name: now - old for name, (now, old) in self._moving.items() if now.shape == old.shape}
        self._measure("update", self._updates)
        self._moving = {}

    def refined(self, numbers: Mapping[Any, float]) -> dict[Any, float]:
        """Norms that came to 0 or to what is not finite, once more in double precision, where squares have room."""
        found = {}
        for (what, name, *_), number in numbers.items():
            tensors = {"gradient": self._gradients, "update": self._updates}.get(what, {})
            if name in tensors and not (0 < number < math.inf):
                found[what, name] = float(torch.linalg.vector_norm(tensors[name].double()))
        self._gradients, self._updates = {}, {}
        return found

    def _measure(self, what: str, tensors: Mapping[str, torch.Tensor]) -> None:
        known = {name: tensor for name, tensor in tensors.items() if tensor.numel()}
        for name, number in zip(known, norms(list(known.values())), strict=True):
            self._scalars.add((what, name), number)


def _with_parameter(hook: Tap, parameter: weakref.ref[torch.nn.Parameter], gradient: torch.Tensor) -> None:
    """Call a hook of a gradient with the parameter that it is for."""
    found = parameter()
    if found is not None:
        hook(found)


def parameter_facts(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    numbers: Mapping[Any, float],
    before: Mapping[str, ParameterFacts],
) -> tuple[ParameterFacts, ...]:
    """What is known of each parameter after a look, and of those that the model does not list.

    Parameters
    ----------
    model, optimizer
    numbers : mapping
        What a `ParameterLook` measured.
    before : mapping of str to ParameterFacts
        Those of the last look: gradients and updates are the largest of all looks.
    """
    rates = {id(one): _rate(group) for group in optimizer.param_groups for one in group["params"]}
    registered = list(named_parameters(model))
    listed = {id(parameter) for _, parameter in registered}
    found = []
    for name, parameter in registered:
        count = _local(parameter).numel()
        last = before.get(name)
        rms = numbers.get(("size", name), math.nan) / math.sqrt(max(count, 1))
        update = _size(numbers, "update", name, math.ceil(count / _stride(count)))
        if update is None or (update == 0 and count > SAMPLE):
            # It has no gradient, or it is not in this optimizer: it has moved if its size has changed.
            update = None if last is None or math.isnan(rms) else abs(rms - last.rms)
        gradient = _size(numbers, "gradient", name, count)
        found.append(
            ParameterFacts(
                name=name,
                size=count,
                is_trained=parameter.requires_grad,
                is_registered=True,
                is_in_optimizer=id(parameter) in rates,
                learning_rate=rates.get(id(parameter)),
                rms=rms,
                gradient=_largest(0.0 if gradient is None else gradient, None if last is None else last.gradient),
                update=_largest(update, None if last is None else last.update),
            )
        )
    return (*found, *(_of_unregistered(name, one) for name, one in _unregistered(model, {*listed, *rates})))


def _rate(group: Mapping[str, Any]) -> float | None:
    """Of a group of parameters; an optimizer of the user's own may have none."""
    return float(group["lr"]) if "lr" in group else None


def _of_unregistered(name: str, parameter: torch.nn.Parameter) -> ParameterFacts:
    """What is known of a parameter that gets a gradient, and that neither the model nor the optimizer lists."""
    count = parameter.numel()
    size, gradient = (float(norm) for norm in norms([parameter.detach(), _values(parameter.grad)]))
    root = math.sqrt(max(count, 1))
    return ParameterFacts(name, count, True, False, False, None, size / root, gradient / root, 0.0)


def _size(numbers: Mapping[Any, float], what: str, name: str, count: int) -> float | None:
    """Root mean square: NaN if an entry is not finite, 0 only if all are 0 exactly."""
    norm = numbers.get((what, name))
    if norm is None:
        return None
    return norm / math.sqrt(max(count, 1)) if math.isfinite(norm) else math.nan


def _largest(now: float | None, before: float | None) -> float | None:
    """The larger one; what is not a number counts as largest."""
    known = [value for value in (now, before) if value is not None]
    return next((value for value in known if math.isnan(value)), max(known, default=None))


def clipping_norms(numbers: Mapping[Any, float]) -> tuple[float, float] | None:
    """The norm of all gradients before and after the user's code between backward pass and step; None if not seen.

    A clipping by the norm scales all gradients by one factor, so some of each tell it.
    """
    names = [name for what, name, *_ in numbers if what == "sample before"]
    before, after = (math.hypot(*(numbers[what, name] for name in names)) for what in ("sample before", "sample after"))
    whole = math.hypot(*(numbers["gradient", name] for name in names))
    return (whole * before / after, whole) if 0 < after < math.inf and 0 < before < math.inf else None


def carried_over(look: ParameterLook, numbers: Mapping[Any, float]) -> bool | None:
    """Whether gradients of an earlier step were there, in most parameters, at every backward pass of this one.

    A pass that begins without them shows that they were reset: it may be the second, where another network's loss went
    through this one first, as in a generative adversarial network. None where no backward pass was seen.
    """
    if not look.reached:
        return None
    zeros = {name for (what, name, *_), number in numbers.items() if what == "carried over" and number == 0}
    return 2 * len(look.reached - look.reset - zeros) > len(look.reached)


def gradients_are_finite(optimizer: torch.optim.Optimizer) -> bool:
    """Whether all gradients that the optimizer is about to use are finite; waits for the device."""
    given = [one.grad for group in optimizer.param_groups for one in group["params"] if one.grad is not None]
    values = [_values(gradient) for gradient in given if gradient.numel()]
    scalars = Scalars()
    for place, number in enumerate(norms(values)):
        scalars.add(place, number)
    # A norm that is not finite may be that of large numbers, whose squares are beyond single precision.
    doubtful = [values[place] for place, number in scalars.fetched().items() if not math.isfinite(number)]
    return all(bool(tensor.isfinite().all()) for tensor in doubtful)


def nonfinite_gradients(model: torch.nn.Module) -> list[str]:
    """The parameters whose gradients are not finite."""
    return [
        name
        for name, parameter in named_parameters(model)
        if parameter.grad is not None and not bool(_values(parameter.grad).isfinite().all())
    ]


def norms(tensors: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
    """The Euclidean norm of each tensor, on its device; of half precision in single precision."""
    if not tensors:
        return []
    real = [torch.view_as_real(tensor) if tensor.is_complex() else tensor for tensor in tensors]
    is_double = any(tensor.dtype == torch.float64 for tensor in real)
    return torch._foreach_norm(real, 2.0, dtype=torch.float64 if is_double else torch.float32)


def named_parameters(model: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Parameter]]:
    """As the user's own module names them, each once; none that has no shape yet."""
    for name, parameter in inner_module(model).named_parameters():
        if not isinstance(parameter, torch.nn.parameter.UninitializedParameter):
            yield name, parameter


def _unregistered(model: torch.nn.Module, listed: set[int]) -> Iterator[tuple[str, torch.nn.Parameter]]:
    """Parameters in plain Python lists that get a gradient; a teacher that is hidden there on purpose gets none."""
    for name, parameter in unregistered(inner_module(model)):
        if id(parameter) not in listed and parameter.grad is not None:
            yield name, parameter


def _local(parameter: Any) -> torch.Tensor:
    """A parameter's numbers on this device: of one that is spread over several, its part."""
    tensor = parameter.detach()
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor


def _values(gradient: Any) -> torch.Tensor:
    """A gradient's numbers on this device; of a sparse one those that it holds."""
    tensor = _local(gradient)
    return tensor.coalesce().values() if tensor.is_sparse else tensor


def _sample(tensor: torch.Tensor) -> torch.Tensor:
    """All of a tensor, or every so manieth of its numbers where it has more than `SAMPLE`."""
    if tensor.numel() <= SAMPLE:
        return tensor  # not flattened: that would copy one that is not contiguous
    return tensor.reshape(-1)[:: _stride(tensor.numel())]


def _stride(count: int) -> int:
    return max(1, math.ceil(count / SAMPLE))
