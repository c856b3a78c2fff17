"""What is known of an initializer, the draw that it starts from, and the table of all of them.

For each (seed, layer, role) there is one array of uniform numbers u in (0, 1). A normal initializer returns
mean + stddev · Φ⁻¹(u), a uniform one minval + (maxval - minval) · u, and so on. Seed s therefore starts every condition
of the same shape from the same luck, scaled by each initializer: the largest entry of one is the largest of all.

Draws are made on the host in double precision and rounded once to float32. Kernels have Keras' orientation,
(fan_in, units).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from assay.choices import REQUIRED, Named, Own, Table, own_defaults
from assay.errors import StudyError
from assay.expressions import NUMPY, Expression
from assay.own_code import OwnCode, not_loaded, told_as_theirs

ROLES = {"kernel": 0, "bias": 1, "decoder": 2}
VARIABLES = ("normal", "uniform", "fan_in", "fan_out", "depth")
F = TypeVar("F", bound=Callable[..., np.ndarray])


@dataclass(frozen=True)
class Draw:
    """Where an array of parameters takes its luck from.

    Attributes
    ----------
    seed : int
        The user's seed, at least 0.
    layer : int
        1 for the first layer.
    role : {"kernel", "bias", "decoder"}
        The last is the kernel that leads back from a layer's outputs to its inputs, in an autoencoder.
    shape : tuple of int
        (fan_in, units) or (units,).
    depth : int
        Number of kernels of the network.
    """

    seed: int
    layer: int
    role: str
    shape: tuple[int, ...]
    depth: int = 1

    @property
    def fans(self) -> tuple[int, int]:
        """(fan_in, fan_out); for a bias both are its length, as Keras counts."""
        return self.shape[0], self.shape[-1]

    @property
    def fan_in(self) -> int:
        """Inputs of a unit."""
        return self.fans[0]

    @property
    def fan_out(self) -> int:
        """Units of the layer."""
        return self.fans[1]

    def uniform(self) -> np.ndarray:
        """The base draw: uniform in (0, 1), one number for each parameter."""
        stream = np.random.Philox(np.random.SeedSequence(self.seed, spawn_key=(self.layer, ROLES[self.role])))
        # random() is a multiple of 2⁻⁵³ in [0, 1); half a step up from 0 keeps Φ⁻¹(u) finite.
        return np.maximum(np.random.Generator(stream).random(self.shape), 2.0**-54)

    def normal(self) -> np.ndarray:
        """The standard normal draw, Φ⁻¹(u)."""
        from scipy.special import ndtri

        return ndtri(self.uniform())

    def truncated_normal(self) -> np.ndarray:
        """The standard normal cut at ±2: Φ⁻¹(a + u (b - a)) with a = Φ(-2), b = Φ(2)."""
        from scipy.special import ndtr, ndtri

        low, high = ndtr(-2.0), ndtr(2.0)
        return ndtri(low + self.uniform() * (high - low))


@dataclass(frozen=True, eq=False, kw_only=True)
class Initializer(Named):
    """One initializer.

    Attributes
    ----------
    function : callable
        ``(draw, **arguments) -> entries``, an array of the shape of the `Draw`.
    variance : str
        Of a kernel's entries, by `fan_in`, `fan_out` and the arguments; empty where there is none to tell beforehand.
    activations : tuple of str
        For which it is meant.
    fills_biases : bool
        Whether it can fill a vector.
    is_learnt : bool
        It is not a draw alone, and theory knows nothing of it.
    moments : callable, optional
        ``(arguments, fan_in, units) -> (mean, variance)`` of a kernel's entries, where they are no quantile function
        of the uniform draw, entry by entry.
    check : callable, optional
        ``(arguments, where)``; raises a `StudyError` for an argument that makes no sense.
    """

    variance: str = ""
    activations: tuple[str, ...] = ()
    fills_biases: bool = True
    is_learnt: bool = False
    moments: Callable[[dict[str, Any], int, int], tuple[float, float]] | None = None
    check: Callable[[dict[str, Any], str], None] | None = None


def adopt(own: Own, where: str) -> Initializer:
    """The record of a user's own initializer.

    Raises
    ------
    StudyError
        If it cannot fill an array.
    """
    return _of_expression(own) if isinstance(own, Expression) else _of_code(own, where)


INITIALIZERS: Table[Initializer] = Table("initializer", "initializers", adopt, variables=VARIABLES)
"""Every initializer by its names."""


def initializer(**known: Any) -> Callable[[F], F]:
    """Enter the function below into `INITIALIZERS`; the arguments are those of `Initializer`."""

    def enter(function: F) -> F:
        INITIALIZERS.add(Initializer(name=function.__name__, function=function, **known))
        return function

    return enter


# --- A user's own ----------------------------------------------------------------------------------------------------


def _of_expression(own: Expression) -> Initializer:
    """A formula of the draw, entry by entry; ``normal`` and ``uniform`` are the same luck."""

    def function(draw: Draw, **arguments: Any) -> np.ndarray:
        values: dict[str, Any] = {name: float(getattr(draw, name)) for name in ("fan_in", "fan_out", "depth")}
        for name in ("normal", "uniform"):
            if name in own.names:
                values[name] = getattr(draw, name)()
        with np.errstate(all="ignore"):
            found = own.evaluate({**values, **arguments}, NUMPY)
        return np.broadcast_to(np.asarray(found, np.float64), draw.shape)

    return Initializer(name=own.text, function=function, own_arguments=dict.fromkeys(own.settings, REQUIRED))


def _of_code(own: OwnCode, where: str) -> Initializer:
    """A function of a `Draw`."""
    if own.function is None:
        return Initializer(name=own.reference, function=not_loaded(own), own_arguments=own.arguments)
    theirs = own.function
    try:
        defaults = own_defaults(theirs, 1)
    except ValueError as error:
        raise StudyError(f"{where}: '{own.reference}': {error}, the draw.") from None

    def function(draw: Draw, **arguments: Any) -> np.ndarray:
        with told_as_theirs(own, f"'{own.reference}'"):
            found = np.asarray(theirs(draw, **arguments), np.float64)
        if found.shape != draw.shape:
            raise StudyError(
                f"'{own.reference}': expected entries of shape {draw.shape}, the shape of the draw, got {found.shape}."
            )
        return found

    return Initializer(name=own.reference, function=function, own_arguments=defaults, moments=_pooled(function))


def _pooled(function: Callable[..., np.ndarray]) -> Callable[[dict[str, Any], int, int], tuple[float, float]]:
    """Moments over the entries of enough kernels for one part in a thousand: 2²¹ entries, or 64 kernels."""

    def moments(arguments: dict[str, Any], fan_in: int, units: int) -> tuple[float, float]:
        count = min(64, max(1, 2**21 // (fan_in * units)))
        kernels = [function(Draw(seed, 1, "kernel", (fan_in, units)), **arguments) for seed in range(count)]
        entries = np.stack(kernels)
        return float(entries.mean()), float(entries.var())

    return moments
