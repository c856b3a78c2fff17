"""Data sets made on the spot, each by a seed: the same seed gives the same points."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from assay.choices import defaults_of
from assay.errors import DataError, did_you_mean

Points = tuple[np.ndarray, np.ndarray]
"""x of shape (rows, F), float64; labels of shape (rows,), int64, or float64 quantities of a regression."""


def ball(seed: int, *, rows: int = 1000, features: int = 10, radius: float = 1.0) -> Points:
    """Points spread evenly in a ball; the class says whether |sum of coordinates| is beyond half the radius.

    Class 0 is a slab through the middle and class 1 the two caps beside it: no linear model separates them.
    """
    generator = np.random.default_rng(seed)
    direction = generator.standard_normal((rows, features))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    # The volume within r grows as r^F, so r = radius · u^(1/F) with u uniform.
    x = radius * direction * generator.random((rows, 1)) ** (1 / features)
    return x, (np.abs(x.sum(axis=1)) > radius / 2).astype(np.int64)


def moons(seed: int, *, rows: int = 1000, noise: float = 0.1) -> Points:
    """Two interleaved half circles, as scikit-learn's `make_moons`."""
    from sklearn.datasets import make_moons

    return make_moons(rows, noise=noise, random_state=seed)


def circles(seed: int, *, rows: int = 1000, noise: float = 0.1, factor: float = 0.5) -> Points:
    """A circle around another of `factor` its radius, as scikit-learn's `make_circles`."""
    from sklearn.datasets import make_circles

    return make_circles(rows, noise=noise, factor=factor, random_state=seed)


def spirals(seed: int, *, rows: int = 1000, noise: float = 0.02, classes: int = 2, turns: float = 1.5) -> Points:
    """Interleaved spiral arms, one for each class.

    Arm k holds the points r (cos θ, sin θ) with θ = 2π (turns · r + k / classes), r = √u and u uniform in (0, 1), which
    spreads them evenly; `noise` is the standard deviation added to both coordinates.
    """
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(rows) % classes)
    r = np.sqrt(generator.random(rows))
    angle = 2 * math.pi * (turns * r + labels / classes)
    x = r[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return x + noise * generator.standard_normal(x.shape), labels


def blobs(seed: int, *, rows: int = 1000, noise: float = 1.0, classes: int = 3, features: int = 2) -> Points:
    """Gaussian clouds of standard deviation `noise`, one for each class, as scikit-learn's `make_blobs`."""
    from sklearn.datasets import make_blobs

    return make_blobs(rows, n_features=features, centers=classes, cluster_std=noise, random_state=seed)


def noise(seed: int, *, rows: int = 1000, features: int = 16) -> Points:
    """Standard normal inputs and a standard normal target that does not depend on them: to be learnt by heart alone."""
    generator = np.random.default_rng(seed)
    return generator.standard_normal((rows, features)), generator.standard_normal(rows)


SYNTHETIC: dict[str, Callable[..., Points]] = {
    "ball": ball,
    "moons": moons,
    "circles": circles,
    "spirals": spirals,
    "blobs": blobs,
    "noise": noise,
}
"""Every synthetic data set; its keyword-only arguments are what a study may set."""

# Smallest and largest value of each argument, and whether it must be a whole number.
_RANGES: dict[str, tuple[float, float, bool]] = {
    "rows": (10, math.inf, True),
    "features": (1, math.inf, True),
    "classes": (2, math.inf, True),
    "noise": (0, math.inf, False),
    "radius": (1e-6, math.inf, False),
    "factor": (0, 1 - 1e-6, False),
    "turns": (0, math.inf, False),
}


def check_arguments(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments of the synthetic set `name`: its defaults, overridden by `arguments`.

    Raises
    ------
    DataError
        If an argument is unknown, of the wrong kind, or out of range.
    """
    known = defaults_of(SYNTHETIC[name])
    for key, value in arguments.items():
        where = f"data.arguments.{key}"
        if key not in known:
            raise DataError(f"{where}: '{name}' takes {', '.join(known)}.{did_you_mean(key, known)}")
        low, high, whole = _RANGES[key]
        kind = int if whole else int | float
        if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high or math.isinf(value):
            expected = f"a {'whole ' if whole else ''}number of at least {low:g}"
            raise DataError(f"{where}: expected {expected}{', below 1' if high < math.inf else ''}, got {value!r}.")
    return {**known, **arguments}
