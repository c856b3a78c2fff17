"""What the benchmarks share: a ratio's interval, a process's seconds, JAX's compilations, the machine, an agreement."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from assay.engine.devices import available_cores

# Losses of both sides must agree so far, or the comparison is invalid.
TOLERANCE = 1e-3
# Sides of the matrix product that says how fast the machine is.
GEMM_SIZE = 1536


def median_interval(ratios: np.ndarray) -> tuple[float, float, float]:
    """Median and a bootstrap 95 % interval of it."""
    drawn = np.random.default_rng(0).choice(ratios, size=(10_000, len(ratios)))
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return float(np.median(ratios)), float(low), float(high)


def timed(command: list[str], environment: Mapping[str, str]) -> tuple[str, float, float]:
    """Standard output, wall seconds and CPU seconds of a process."""
    before = os.times()
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    after = os.times()
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return done.stdout, wall, cpu


class Compilations:
    """Hears from JAX, from now on, of every program that this process compiles or takes from the compilation cache."""

    EVENTS = ("jaxpr_trace_duration", "jaxpr_to_mlir_module_duration", "backend_compile_duration")

    def __init__(self) -> None:
        from jax import monitoring

        self.spans: list[tuple[float, float]] = []
        self.names: Counter[str] = Counter()
        self.cache: Counter[str] = Counter()
        monitoring.register_event_time_span_listener(self._span)
        monitoring.register_event_listener(self._event)

    def _span(self, event: str, start: float, end: float, **about: Any) -> None:
        name = event.rpartition("/")[2]
        if name in self.EVENTS:
            self.spans.append((start, end))
        if name == "backend_compile_duration":  # told for a program taken from the cache, too
            self.names[str(about.get("fun_name"))] += 1

    def _event(self, event: str, **about: Any) -> None:
        self.cache[event.rpartition("/")[2]] += 1

    def told(self) -> dict[str, Any]:
        """Programs by name, those compiled, those from the cache, and the seconds it took (tracing included)."""
        hits = self.cache["cache_hits"]
        return {
            "compiled": sum(self.names.values()) - hits,
            "cache_hits": hits,
            "cache_misses": self.cache["cache_misses"],
            "seconds": covered(self.spans),
            "names": dict(self.names.most_common()),
        }


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """Length of the union of intervals: a trace inside a trace, or in another thread, counts once."""
    total, reached = 0.0, -np.inf
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def largest_difference(mine: Mapping[Any, float], theirs: Mapping[Any, float]) -> float:
    """Of the losses, relative; networks whose loss is not finite on both sides agree."""
    worst = 0.0
    for net, loss in theirs.items():
        if np.isfinite(loss) and np.isfinite(mine[net]):
            worst = max(worst, abs(mine[net] - loss) / max(abs(loss), 1e-6))
        elif np.isfinite(loss) != np.isfinite(mine[net]):
            worst = np.inf
    return worst


def agreement(difference: float) -> str:
    """What is said of the losses."""
    return f"agree to {difference:.0e}" if difference <= TOLERANCE else f"invalid: differ by {difference:.0e}"


def copy_rate(megabytes: int = 256, repeats: int = 4) -> float:
    """Bytes a second, read and written, of a copy in memory by one core."""
    a = np.ones(megabytes * 2**18, np.float32)
    b = np.empty_like(a)
    np.copyto(b, a)
    start = time.perf_counter()
    for _ in range(repeats):
        np.copyto(b, a)
    return repeats * 2.0 * a.nbytes / (time.perf_counter() - start)


def machine(*packages: str) -> str:
    """Cores, Python and those of the packages that are installed."""
    found = []
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return f"{available_cores()} cores ({platform.machine()}), Python {platform.python_version()}, {', '.join(found)}"
