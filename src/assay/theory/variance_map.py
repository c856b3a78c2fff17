"""How the variance of pre-activations goes from layer to layer at infinite width: the length map and its fixed points.

A layer is z = W φ(z of the layer before) + b with independent entries of mean 0; σ_w² = fan_in · Var[kernel] and
σ_b² = Var[bias].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from assay.theory.gaussian_integrals import SMALLEST_VARIANCE, activation_moments, check_variance, gaussian_rule
from assay.theory.smooth_pieces import Activation, evaluate, smooth_pieces

# Variances that are searched for fixed points. Half a step off the powers of ten, so that q* = 1 lies between two.
_SCAN = 10.0 ** (np.arange(-12, 12, 1 / 8) + 1 / 16)
_ROUNDING = 1e-12  # relative; a map closer than this to the identity leaves the variance where it is
_LAYERS_FOLLOWED = 200  # then the way is known, and the fixed point that lies on it is the limit


def variance_map(
    q: ArrayLike, *, activation: Activation, weight_variance: ArrayLike, bias_variance: ArrayLike = 0.0
) -> np.ndarray:
    r"""Pre-activation variance of the next layer, at infinite width.

    Parameters
    ----------
    q : array, shape (P,)
        Pre-activation variance of this layer, one per member; at least 0.
    activation : callable
        The function φ, elementwise.
    weight_variance, bias_variance : float or array, shape (P,)
        σ_w² = fan_in · Var[kernel], and σ_b² = Var[bias].

    Returns
    -------
    array, shape (P,)
        V(q) = σ_w² E[φ(√q Z)²] + σ_b², with Z a standard normal; infinite where q is.

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.

    Notes
    -----
    The length map of [1]_, Eq. 3. Finite networks scatter about it by O(1 / √width).

    References
    ----------
    .. [1] Poole et al., *Exponential expressivity in deep neural networks through transient chaos*, NeurIPS 2016.
    """
    _, mean_square = activation_moments(q, activation=activation)
    weight_variance = check_variance("weight_variance", weight_variance)
    return weight_variance * mean_square + check_variance("bias_variance", bias_variance)


def variance_slope(q: ArrayLike, *, activation: Activation, weight_variance: ArrayLike) -> np.ndarray:
    r"""Slope of the length map, whose size says how fast a variance comes back to a fixed point.

    Parameters
    ----------
    q : array, shape (P,)
        Pre-activation variance, finite and at least 0.
    activation : callable
        The function φ, elementwise.
    weight_variance : float or array, shape (P,)
        σ_w².

    Returns
    -------
    array, shape (P,)
        V'(q) = σ_w² E[φ(√q Z)² (Z² - 1)] / 2q.

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.

    Notes
    -----
    Integration by parts turns this into χ₁ + σ_w² E[φ'' φ], the form of [1]_; as it stands no derivative is
    needed, and φ may jump.

    References
    ----------
    .. [1] Schoenholz et al., *Deep information propagation*, ICLR 2017.
    """
    variance = check_variance("q", q)
    at_zero = evaluate(activation, np.zeros(1))[0] ** 2
    # φ² - φ(0)² is of the size of √q where φ(0) is not 0, and drowns in rounding below this.
    variance = np.maximum(variance, SMALLEST_VARIANCE if at_zero == 0 else 1e-8)
    rule = gaussian_rule(smooth_pieces(activation).breaks, variance)
    values = evaluate(activation, rule.z)
    with np.errstate(over="ignore"):
        squares = values**2 - at_zero
    growth = rule.mean(squares, rule.standard**2 - 1) / (2 * variance)
    return check_variance("weight_variance", weight_variance) * growth


def variance_trajectory(
    q: ArrayLike, depth: int, *, activation: Activation, weight_variance: ArrayLike, bias_variance: ArrayLike = 0.0
) -> np.ndarray:
    """Pre-activation variance of `depth` layers, the first of which has variance q; shape (depth, ...)."""
    variances = [np.broadcast_arrays(check_variance("q", q), weight_variance, bias_variance)[0]]
    while len(variances) < depth:
        variances.append(
            variance_map(
                variances[-1], activation=activation, weight_variance=weight_variance, bias_variance=bias_variance
            )
        )
    return np.stack(variances)


@dataclass(frozen=True)
class VarianceFixedPoint:
    """A variance q* that the length map leaves as it is.

    Attributes
    ----------
    q : float
    slope : float
        V'(q*): a small difference from q* is multiplied by it in every layer.
    pulls_from_below, pulls_from_above : bool
        Whether a variance a little below, or above, moves towards q*. At slope 1 only this tells.
    """

    q: float
    slope: float
    pulls_from_below: bool
    pulls_from_above: bool

    @property
    def is_stable(self) -> bool:
        """Whether variances on both sides come back; at q = 0 there is but one side."""
        return self.pulls_from_above and (self.pulls_from_below or self.q == 0)


def variance_fixed_points(
    *, activation: Activation, weight_variance: float, bias_variance: float = 0.0
) -> list[VarianceFixedPoint]:
    """The isolated fixed points of the length map, from 0 to 10¹², ascending.

    Parameters
    ----------
    activation : callable
        The function φ, elementwise.
    weight_variance, bias_variance : float
        σ_w² and σ_b².

    Returns
    -------
    list of VarianceFixedPoint
        Empty if every variance grows, as under the exponential. A map that is the identity (ReLU at σ_w² = 2, a linear
        network at 1) has no isolated one but 0.

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.

    Notes
    -----
    V(q) - q is scanned at eight points a decade and each change of sign refined; two fixed points closer than that, or
    one that touches without crossing, are not seen.
    """

    def growth(q: float | np.ndarray) -> np.ndarray:
        """ln(V(q) / q)."""
        mapped = variance_map(q, activation=activation, weight_variance=weight_variance, bias_variance=bias_variance)
        with np.errstate(divide="ignore"):
            return np.log(mapped / q)

    sign = np.sign(np.where(np.abs(grown := growth(_SCAN)) > _ROUNDING, grown, 0.0))
    moving = np.flatnonzero(sign)
    points = []
    if variance_map(0.0, activation=activation, weight_variance=weight_variance, bias_variance=bias_variance) == 0:
        pulls = bool(len(moving)) and sign[moving[0]] < 0
        points.append((0.0, False, bool(pulls)))
    for low, high in pairwise(moving):
        if sign[low] != sign[high]:
            q = float(np.exp(find_root(lambda t: float(growth(np.exp(t))), np.log(_SCAN[low]), np.log(_SCAN[high]))))
            points.append((q, bool(sign[low] > 0), bool(sign[high] < 0)))
    return [
        VarianceFixedPoint(
            q, float(variance_slope(q, activation=activation, weight_variance=weight_variance)), below, above
        )
        for q, below, above in points
    ]


def variance_limit(q: float, *, activation: Activation, weight_variance: float, bias_variance: float = 0.0) -> float:
    """Where the pre-activation variance goes with depth.

    Parameters
    ----------
    q : float
        Variance in the first layer, at least 0.
    activation : callable
        The function φ, elementwise.
    weight_variance, bias_variance : float
        σ_w² and σ_b².

    Returns
    -------
    float
        A fixed point (0 if the signal vanishes, however slowly), or inf if the variance diverges.

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.

    Notes
    -----
    √q V(q) = σ_w² ∫ φ(z)² exp(-z² / 2q) dz / √2π + √q σ_b² never falls with q. So V has no cycle of two, V'(q*) is at
    least -1/2, and every variance ends at a fixed point or at infinity.
    """
    settings: dict[str, Any] = {
        "activation": activation,
        "weight_variance": weight_variance,
        "bias_variance": bias_variance,
    }
    q = float(check_variance("q", q))
    for _ in range(_LAYERS_FOLLOWED):
        before, q = q, float(variance_map(q, **settings))
        if not np.isfinite(q):
            return float("inf")
        if abs(q - before) <= _ROUNDING * q:
            return q
    stations = [point.q for point in variance_fixed_points(**settings)]
    if q < before:
        return max((station for station in stations if station <= q), default=0.0)
    return min((station for station in stations if station >= q), default=float("inf"))


def find_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a continuous function changes its sign, to rounding."""
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-14, rtol=1e-14))
