"""Compiled programs: where they are kept between runs, and what compiling has cost."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from assay._lazy import lazy_module
from assay.engine.devices import on_cpu

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

Jitted: TypeAlias = "jax.stages.Wrapped"
Compiled: TypeAlias = "jax.stages.Compiled"

# JAX's own names of its events.
_MADE_READY = "/jax/core/compile/backend_compile_duration"
_FOUND_IN_CACHE = "/jax/compilation_cache/cache_hits"

PROGRAMS_KEPT = 32
"""The longest unused goes first. On a CPU a program holds 300 to 1,200 memory maps, of which Linux allows a process
65,530; with them gone it dies, in the midst of whatever it does."""

CPU_OPTIONS = {"xla_backend_optimization_level": 1}
"""LLVM's level 3 takes a tenth longer to compile, and what it makes is no faster (`benchmarks/compiler.py`)."""


def compiler_options(mesh: jax.sharding.Mesh) -> dict[str, int] | None:
    """What programs on these devices are compiled with; a GPU's compiler knows best."""
    return CPU_OPTIONS if on_cpu(list(mesh.devices.flat)) else None


def use_compilation_cache() -> Path:
    """Keep compiled programs in the user's own cache folder, so that a second study of the same shape starts at once.

    A shared folder would let others run code here (JAX's own warning), hence one per user. A folder that the user chose
    (`JAX_COMPILATION_CACHE_DIR`) stands.
    """
    chosen = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(chosen) if chosen else root / "assay" / "programs"
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return folder


class Programs:
    """The compiled programs of this process: each is compiled once, by the thread that asks for it first.

    Parameters
    ----------
    most : int
        How many are kept; the longest unused goes first.
    """

    def __init__(self, most: int = PROGRAMS_KEPT) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, Future[Compiled]] = OrderedDict()

    def ready(
        self, make: Callable[..., Jitted], static: tuple[Hashable, ...], arguments: tuple[object, ...]
    ) -> Compiled:
        """The compiled program of some arguments.

        Parameters
        ----------
        make : callable
            ``make(*static)`` is a jitted function. It is made anew for each program: one function would hold on to the
            programs of all its arguments' shapes for as long as any of them is used.
        static : tuple
            What is compiled in.
        arguments : tuple
            Arrays like those that it will be called with, or their `jax.ShapeDtypeStruct`.
        """
        leaves, structure = jax.tree.flatten(arguments)
        key = make, static, structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            else:
                mine = self._known[key] = Future()
                while len(self._known) > self.most:
                    self._known.popitem(last=False)
        if found is not None:
            return found.result()
        try:
            mine.set_result(make(*static).lower(*arguments).compile())
        except BaseException as error:
            with self._lock:
                self._known.pop(key, None)
            mine.set_exception(error)
        return mine.result()

    def forget(self) -> None:
        """Let go of all of them; one that is being compiled is still returned to those who wait for it."""
        with self._lock:
            self._known.clear()


PROGRAMS = Programs()
"""Those of this process."""


@dataclass
class Compilation:
    """What making programs ready has cost.

    Attributes
    ----------
    programs : int
        Compiled, or found in the cache.
    from_cache : int
    seconds : float
        Of all threads together: programs may be compiled beside each other, and beside training.
    """

    programs: int = 0
    from_cache: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        share = f"{self.from_cache} of them found in the cache" if self.from_cache else "none found in the cache"
        return f"{self.programs} compiled program{'s' * (self.programs != 1)}, {share}, in {self.seconds:.1f} s"


@contextmanager
def counted_compilation() -> Iterator[Compilation]:
    """Count what is compiled while the context lasts, in all threads."""
    count = Compilation()

    def on_event(event: str, **_: str | int) -> None:
        count.from_cache += event == _FOUND_IN_CACHE

    def on_duration(event: str, duration_secs: float, **_: str | int) -> None:
        if event == _MADE_READY:
            count.programs += 1
            count.seconds += duration_secs

    jax.monitoring.register_event_listener(on_event)
    jax.monitoring.register_event_duration_secs_listener(on_duration)
    try:
        yield count
    finally:
        jax.monitoring.unregister_event_listener(on_event)
        jax.monitoring.unregister_event_duration_listener(on_duration)
