"""Where an activation is smooth: the intervals between its kinks, and its derivative on each of them.

A kink spoils both a quadrature rule and a difference quotient that reach across it. So the line is cut until a
polynomial of degree 15 follows the activation on every piece; the cuts end up at the kinks and jumps, which need not be
known beforehand. The derivative is that of the polynomials, hence one-sided at every kink, and never sees a jump.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial import legendre

Activation = Callable[[np.ndarray], np.ndarray]

ORDER = 16
"""Gauss-Legendre nodes of a piece; exact for polynomials up to degree 31, hence for the square of degree 15."""

NODES, WEIGHTS = legendre.leggauss(ORDER)

# Row k: the projection (2k + 1) / 2 Σ_j w_j P_k(x_j) f(x_j) onto the Legendre polynomial P_k.
_TO_LEGENDRE = ((2 * np.arange(ORDER) + 1) / 2 * (legendre.legvander(NODES, ORDER - 1) * WEIGHTS[:, None])).T

# A kink closer to an end than the outermost node goes unseen by the nodes; the polynomial is compared here as well.
_ENDS = np.concatenate([0.1 ** np.arange(3, 8) - 1, 1 - 0.1 ** np.arange(3, 8)])
_AT_ENDS = legendre.legvander(_ENDS, ORDER - 1).T

# Fine about 0, where activations bend, then doubling. Beyond 2⁶⁴, z² has left float32, and a network with it.
_HALF_GRID = np.concatenate([[0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0], 2.0 ** np.arange(3, 65)])
_GRID = np.concatenate([-_HALF_GRID[::-1], [0.0], _HALF_GRID])
_REFINED_TO = 512.0  # further out an activation is expected to be smooth on the scale of z itself
_FINEST_LEVEL = 40  # halvings of a piece: 0.5 · 2⁻⁴⁰ = 5e-13
_KINK_LEVEL = 10  # a piece halved this often without success holds a kink
_MOST_KINKS = 32
_MOST_PENDING = 1024  # pieces still to halve; more of them mean a function that is rough everywhere
_ASIDE = 1e-9  # a kink is known to 5e-13 at least; a jump is what changes over two of these
_NOISE = 1000.0  # what is below this many roundings of the activation's own precision counts as followed


@dataclass(frozen=True)
class SmoothPieces:
    """An activation cut into pieces that a polynomial follows to rounding.

    Attributes
    ----------
    breaks : array, shape (pieces + 1,)
        Ends of the pieces, ascending.
    kinks : array, shape (kinks,)
        The breaks at which the activation, or its first, second or third derivative, jumps.
    jumps : array, shape (jumps,)
        The kinks at which the activation itself jumps.
    slopes : array, shape (ORDER - 1, pieces)
        Legendre coefficients of the derivative on each piece, mapped to [-1, 1].
    """

    breaks: np.ndarray
    kinks: np.ndarray
    jumps: np.ndarray
    slopes: np.ndarray

    def derivative(self, z: np.ndarray) -> np.ndarray:
        """φ'(z) where it exists, of the piece to the right at a break; same shape as `z`."""
        piece = np.clip(np.searchsorted(self.breaks, z, side="right") - 1, 0, self.slopes.shape[1] - 1)
        left, right = self.breaks[piece], self.breaks[piece + 1]
        inside = np.clip((2 * z - left - right) / (right - left), -1.0, 1.0)
        return legendre.legval(inside, self.slopes[:, piece], tensor=False)


@lru_cache(maxsize=64)
def smooth_pieces(activation: Activation) -> SmoothPieces:
    """Cut an activation at its kinks, and further until every piece is followed by a polynomial of degree 15.

    Parameters
    ----------
    activation : callable
        An elementwise, pure function of an array; float64 in, float64 out. What comes back as float32 is followed to
        the precision of float32 only. Kept for the last 64 functions.

    Returns
    -------
    SmoothPieces

    Raises
    ------
    ValueError
        If the function does not return one number for each number.
    """
    sampler = _Sampler(activation)
    breaks = _GRID
    for _ in range(_MOST_KINKS):
        refined, kink = _refine(sampler, breaks)
        if kink is None:
            break
        breaks = np.union1d(breaks, kink)
    coefficients = sampler.coefficients(refined[:-1], refined[1:])
    with np.errstate(over="ignore", invalid="ignore"):
        slopes = legendre.legder(coefficients, axis=1) * (2 / np.diff(refined))[:, None]
    # The same test on a window about each break: whatever is not smooth across it is a kink.
    inner = refined[1:-1]
    reach = np.minimum(np.minimum(np.diff(refined)[:-1], np.diff(refined)[1:]) / 2, 1 / 64)
    near = np.abs(inner) < _REFINED_TO
    rough = sampler.is_rough((inner - reach)[near], (inner + reach)[near])
    kinks = inner[near][rough]
    gap = evaluate(activation, kinks + _ASIDE) - evaluate(activation, kinks - _ASIDE)
    return SmoothPieces(refined, kinks, kinks[np.abs(gap) > 1e3 * _ASIDE * sampler.size], slopes.T)


def evaluate(function: Activation, z: np.ndarray) -> np.ndarray:
    """The function's values as float64; overflow gives inf in silence.

    Raises
    ------
    ValueError
        If the function does not return one number for each number.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        values = np.asarray(function(z))
    if values.shape != z.shape:
        raise ValueError(
            f"activation: expected an elementwise function, which maps an array of shape {z.shape} to the same shape; "
            f"got shape {values.shape}. The theory is of elementwise activations, not of softmax or glu."
        )
    return values.astype(np.float64)


class _Sampler:
    """An activation on intervals, with the size below which its changes are rounding."""

    def __init__(self, activation: Activation) -> None:
        self.activation = activation
        about_zero = np.linspace(-1.0, 1.0, 65)
        self.size = float(np.max(np.abs(evaluate(activation, about_zero))))
        returned = np.asarray(activation(about_zero)).dtype
        self.rounding = _NOISE * float(np.finfo(returned if returned.kind == "f" else np.float64).eps)

    def coefficients(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Legendre coefficients on each interval, shape (intervals, ORDER)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return evaluate(self.activation, _points(left, right, NODES)) @ _TO_LEGENDRE.T

    def is_rough(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Whether the polynomials miss something. What overflows is left as it is."""
        coefficients = self.coefficients(left, right)
        with np.errstate(over="ignore", invalid="ignore"):
            missed = evaluate(self.activation, _points(left, right, _ENDS)) - coefficients @ _AT_ENDS
        size = np.abs(coefficients)
        scale = np.maximum(size.max(axis=1, initial=0.0), self.size)
        # The last coefficients are the size of the first that are left out; the sum of those is larger.
        shape = size[:, -4:].max(axis=1, initial=0.0) > self.rounding * scale
        ends = np.abs(missed).max(axis=1, initial=0.0) > 100 * self.rounding * scale
        return np.isfinite(scale) & (shape | ends)


def _points(left: np.ndarray, right: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Places of [-1, 1] in each interval."""
    return (left + right)[:, None] / 2 + (right - left)[:, None] / 2 * places


def _refine(sampler: _Sampler, breaks: np.ndarray) -> tuple[np.ndarray, float | None]:
    """Halve rough pieces until all are smooth; with a point within the last of them if that took too long."""
    near = np.abs(breaks[:-1] + breaks[1:]) < 2 * _REFINED_TO
    left, right = breaks[:-1][near], breaks[1:][near]
    cuts, kink = [breaks], None
    for level in range(_FINEST_LEVEL):
        rough = sampler.is_rough(left, right)
        left, right = left[rough], right[rough]
        if not left.size or left.size > _MOST_PENDING:
            break
        middle = (left + right) / 2
        if level >= _KINK_LEVEL:
            kink = float(middle[0])
        cuts.append(middle)
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    return np.unique(np.concatenate(cuts)), kink
