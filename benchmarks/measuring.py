"""What the benchmarks share: the interval of a ratio, and the machine that it was measured on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from assay.engine.devices import available_cores


def median_interval(ratios: np.ndarray) -> tuple[float, float, float]:
    """Median and a bootstrap 95 % interval of it."""
    drawn = np.random.default_rng(0).choice(ratios, size=(10_000, len(ratios)))
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return float(np.median(ratios)), float(low), float(high)


def machine(*packages: str) -> str:
    """Cores, Python and those of the packages that are installed."""
    found = []
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return f"{available_cores()} cores ({platform.machine()}), Python {platform.python_version()}, {', '.join(found)}"
