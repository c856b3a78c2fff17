"""What an activation is like, measured on the function itself: a user's own has the same traits as a built-in one.

>>> traits_of(Choice("tanh")).saturates, traits_of(Choice("relu")).can_die
(True, True)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._lazy import lazy_module
from assay.choices import Choice
from assay.networks.activations import ACTIVATIONS, activate

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

Function = Callable[[np.ndarray], np.ndarray]

# Pre-activations at which a function is looked at: closely where a network's are, and far out on both sides.
NEAR = np.linspace(-30.0, 30.0, 60_001)
FAR = np.geomspace(30.0, 1e9, 500)
MIDDLE = 1e6
# A function is bounded if it grows by no more than this part of its size between MIDDLE and the end of FAR.
STILL = 1e-4
# A stretch on which φ is exactly constant kills a unit if at least DEAD_SHARE of standard normal pre-activations lie in
# it. Under a bounded function it is only the flat end of one that saturates, up to RECTIFIED_SHARE. Of the built-in
# functions, rectifiers have 16 % (sparse_plus) to 50 % (ReLU), squashing ones at most 16 % (hard_tanh) at either end.
DEAD_SHARE = 0.1
RECTIFIED_SHARE = 0.3
# Flat: the slope is below this part of the steepest slope.
FLAT = 0.05
# Two values are one, and a slope is none.
SAME = 1e-9


@dataclass(frozen=True)
class Traits:
    """What was measured of an activation φ, with its arguments.

    Attributes
    ----------
    low, high : float
        The ends of its range; infinite where it has none.
    saturates : bool
        Bounded on both sides, and flat far out on both: sigmoid, tanh.
    can_die : bool
        Exactly constant on a stretch in which a unit can stay for all examples, where it has no gradient: ReLU.
    dead_value : float
        φ on that stretch; 0 where there is none.
    mean : float
        E φ(Z) with Z standard normal; 0 for a zero-centred function.
    is_odd : bool
        φ(-z) = -φ(z).
    steepest : float
        The largest |φ'|.
    kinks : tuple of float
        Where the slope jumps.
    """

    low: float
    high: float
    saturates: bool
    can_die: bool
    dead_value: float
    mean: float
    is_odd: bool
    steepest: float
    kinks: tuple[float, ...]

    def written(self) -> dict[str, Any]:
        """As JSON; infinite ends as None."""
        ends = {"low": _finite(self.low), "high": _finite(self.high)}
        return {**asdict(self), **ends, "kinks": list(self.kinks)}

    @classmethod
    def of_written(cls, written: Mapping[str, Any]) -> Traits:
        """The inverse of `written`."""
        ends = {
            "low": -math.inf if written["low"] is None else written["low"],
            "high": math.inf if written["high"] is None else written["high"],
        }
        return cls(**{**written, **ends, "kinks": tuple(written["kinks"])})


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


_remembered: dict[Choice, Traits] = {}


def remember(choice: Choice, traits: Traits) -> None:
    """Traits of a user's own function that a results folder keeps, for where its code is not run."""
    _remembered[choice] = traits


def traits_of(choice: Choice) -> Traits | None:
    """The traits of an activation.

    Parameters
    ----------
    choice : Choice

    Returns
    -------
    Traits or None
        None for a function of a whole layer, and for a user's own code that was neither run nor remembered.
    """
    if not choice.is_loaded:
        return _remembered.get(choice)
    return _measured(choice) if ACTIVATIONS.of(choice).is_elementwise else None


@lru_cache(maxsize=512)
def _measured(choice: Choice) -> Traits:
    far = np.concatenate([-FAR[::-1], FAR])
    with np.errstate(all="ignore"):
        values, slopes = value_and_slope(choice, np.concatenate([NEAR, far]))
        (near, out), (slopes, slopes_out) = (np.split(array, [len(NEAR)]) for array in (values, slopes))
        low, high = 0.0 - _upper_end(-near, -out, far), _upper_end(near, out, far)
    share, value = _widest_flat(near)
    density = np.exp(-(NEAR**2) / 2) / math.sqrt(2 * math.pi) * (NEAR[1] - NEAR[0])
    finite = np.isfinite(slopes)
    size = np.nanmax(np.abs(near[np.isfinite(near)]), initial=SAME)
    middle = np.abs(NEAR) <= 10
    steepest = float(np.abs(slopes[finite]).max(initial=0.0))
    is_bounded = math.isfinite(low) and math.isfinite(high) and high > low
    is_flat_far_out = bool(np.nanmax(np.abs(slopes_out), initial=0.0) < FLAT * steepest)
    saturates = is_bounded and is_flat_far_out and share < RECTIFIED_SHARE
    return Traits(
        low=low,
        high=high,
        saturates=saturates,
        can_die=share >= DEAD_SHARE and not saturates and high > low,
        dead_value=value if share >= DEAD_SHARE and not saturates else 0.0,
        mean=float(np.where(density > 0, np.nan_to_num(near) * density, 0.0).sum()),
        is_odd=bool(np.allclose(near[middle], -near[::-1][middle], atol=1e-9 * size, rtol=1e-9)),
        steepest=steepest,
        kinks=_kinks(near),
    )


def _upper_end(near: np.ndarray, out: np.ndarray, far: np.ndarray) -> float:
    """The least upper bound of φ, rounded to six digits; infinite where it still grows far out."""
    if np.isposinf(near).any() or np.isposinf(out).any():
        return math.inf
    inner = np.nanmax(np.concatenate([near, out[np.abs(far) <= MIDDLE]]))
    whole = max(inner, np.nanmax(out))
    if whole - inner > STILL * max(abs(whole), abs(inner), 1.0):
        return math.inf
    return float(f"{whole:.6g}") + 0.0


def _widest_flat(near: np.ndarray) -> tuple[float, float]:
    """Of the stretches on which φ is exactly constant, the likeliest for Z standard normal: P(Z in it), and φ there."""
    from scipy.special import ndtr

    same = np.concatenate([[False], near[1:] == near[:-1], [False]])
    starts, stops = np.flatnonzero(~same[:-1] & same[1:]), np.flatnonzero(same[:-1] & ~same[1:])
    pairs = zip(starts, stops, strict=True)
    ends = [(-np.inf if a == 0 else NEAR[a], np.inf if b == len(NEAR) - 1 else NEAR[b]) for a, b in pairs]
    shares = [float(ndtr(b) - ndtr(a)) for a, b in ends]
    if not shares:
        return 0.0, 0.0
    best = int(np.argmax(shares))
    return shares[best], float(near[starts[best]])


def _kinks(near: np.ndarray) -> tuple[float, ...]:
    """Where the slope of φ jumps between two points of the grid, by its second differences."""
    step = NEAR[1] - NEAR[0]
    inner = np.abs(NEAR) <= 10
    slope = np.diff(near[inner]) / step
    jump = np.abs(np.diff(slope))
    with np.errstate(all="ignore"):
        # A smooth φ changes its slope by φ'' · step, a thousandth here; a kink by a share of the slopes themselves.
        found = np.flatnonzero(jump > 0.02 * max(np.nanmax(np.abs(slope), initial=0.0), SAME)) + 1
    places = NEAR[inner][found]
    apart = np.concatenate([[True], np.diff(places) > 3 * step]) if len(places) else np.zeros(0, bool)
    return tuple(round(float(place), 2) + 0.0 for place in places[apart][:16])


# --- In double precision ---------------------------------------------------------------------------------------------


def in_double(choice: Choice) -> Function:
    """φ as a function of a NumPy array, in double precision."""
    return lambda z: _both(choice)(z)[0]


def slope_in_double(choice: Choice) -> Function:
    """φ' as a function of a NumPy array, in double precision, by forward differentiation."""
    return lambda z: _both(choice)(z)[1]


def value_and_slope(choice: Choice, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """φ and φ' of an array, in double precision."""
    return _both(choice)(z)


@lru_cache(maxsize=256)
def _both(choice: Choice) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """φ and φ', compiled together and for few sizes: z is filled up to a power of two, at least 1024."""
    compiled = jax.jit(lambda z: jax.jvp(lambda z: activate(choice, z), (z,), (jax.numpy.ones_like(z),)))

    def padded(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        flat = np.ravel(np.asarray(z, np.float64))
        room = max(1024, 1 << max(0, flat.size - 1).bit_length())
        # A rule may ask while a program is being traced; the numbers are needed now.
        with jax.ensure_compile_time_eval(), jax.enable_x64(True):
            found = compiled(jax.numpy.asarray(np.pad(flat, (0, room - flat.size)), "float64"))
            value, slope = (np.asarray(array)[: flat.size].reshape(np.shape(z)) for array in found)
        return value, slope

    return padded
