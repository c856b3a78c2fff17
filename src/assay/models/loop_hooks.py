"""How a watcher reaches into a PyTorch model: hooks that vanish when the model is copied, and numbers that wait.

Nothing here waits for a device: what is measured stays on it until `Scalars.fetched`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

import torch

from assay.errors import NonfiniteError

WRAPPERS = ("DistributedDataParallel", "DataParallel")


class Owner(Protocol):
    """Whom a hook belongs to."""

    seconds: float
    """Time that its hooks took."""

    def failed(self, error: Exception) -> None:
        """Something of ours went wrong: the user's training goes on."""


class Tap:
    """A hook: it calls a function, notes its time, and keeps what goes wrong in it from the user's training.

    In a copy of the model, or in one that was saved, it does nothing; while a model is compiled, traced or
    transformed it keeps still, so it leaves no trace in the program.
    """

    def __init__(self, owner: Owner, function: Callable[..., Any]) -> None:
        self.owner, self.function = owner, function

    def __call__(self, *args: Any) -> Any:
        if torch.compiler.is_compiling() or torch.jit.is_tracing() or is_transforming():
            return None
        began = time.perf_counter()
        try:
            return self.function(*args)
        except NonfiniteError:  # what the user asked for
            raise
        except Exception as error:
            self.owner.failed(error)
            return None
        finally:
            self.owner.seconds += time.perf_counter() - began

    def __deepcopy__(self, memo: Any) -> Any:
        return _left_behind()

    def __reduce__(self) -> tuple[Any, ...]:
        return partial, (sys.audit, "assay.watch")


def _left_behind() -> Callable[..., None]:
    """Takes the place of a hook in a copy or a file of a watched model, which may be loaded where assay is not.

    It is a function of Python's own that takes any arguments: it tells an event, to which nobody listens.
    """
    return partial(sys.audit, "assay.watch")


class Scalars:
    """Numbers on their devices, fetched all at once."""

    def __init__(self) -> None:
        self._held: dict[torch.device, tuple[list[Any], list[torch.Tensor]]] = {}

    def add(self, key: Any, number: torch.Tensor) -> None:
        """Keep a tensor of one number under a key."""
        keys, numbers = self._held.setdefault(number.device, ([], []))
        keys.append(key)
        numbers.append(number)

    def fetched(self) -> dict[Any, float]:
        """All numbers by their keys; waits for the devices."""
        found: dict[Any, float] = {}
        with torch.no_grad():
            for keys, numbers in self._held.values():
                found |= zip(keys, torch.stack([number.float() for number in numbers]).tolist(), strict=True)
        return found

    def clear(self) -> None:
        """Forget what was fetched."""
        self._held = {}


def tensors_of(nested: Any) -> Iterator[torch.Tensor]:
    """The tensors in tuples, lists and mappings."""
    if isinstance(nested, torch.Tensor):
        yield nested
    elif isinstance(nested, tuple | list):
        for part in nested:
            yield from tensors_of(part)
    elif isinstance(nested, Mapping):
        yield from tensors_of(tuple(nested.values()))


def inner_module(model: torch.nn.Module) -> torch.nn.Module:
    """The user's own module, in the wrappers of `torch.compile` and of training on several devices."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and type(model).__name__ in WRAPPERS:
            inner = model.module
        if not isinstance(inner, torch.nn.Module):
            return model
        model = inner


def is_compiled(model: torch.nn.Module) -> bool:
    """Whether it runs as a compiled program, into which no hook looks."""
    while True:
        if hasattr(model, "_orig_mod") or getattr(model, "_compiled_call_impl", None) is not None:
            return True
        if type(model).__name__ not in WRAPPERS:
            return False
        assert isinstance(model.module, torch.nn.Module)
        model = model.module


def is_in_backward() -> bool:
    """Whether a backward pass is being made, in which checkpointed layers compute once more."""
    task = getattr(torch._C, "_current_graph_task_id", None)
    return task is not None and task() != -1


def is_transforming() -> bool:
    """Whether a transform of `torch.func` calls the model, such as `vmap`: its tensors are not to be kept."""
    level = getattr(torch._C._functorch, "maybe_current_level", None)
    return level is not None and level() is not None


def is_capturing() -> bool:
    """Whether a CUDA graph is being recorded, in which nothing may be fetched."""
    return torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing()
