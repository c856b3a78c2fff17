"""Where gradients neither vanish nor explode: the line χ₁ = 1 in the plane of σ_w and σ_b.

The line is best walked along by the variance q at its fixed point: there χ₁ = 1 gives σ_w², and V(q) = q gives σ_b².
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from assay.theory.gaussian_integrals import activation_moments, check_variance, mean_square_derivative
from assay.theory.smooth_pieces import Activation
from assay.theory.variance_map import find_root, variance_slope

_SCAN = 10.0 ** np.arange(-12, 8, 1 / 8)


@dataclass(frozen=True)
class EdgePoint:
    """A point of the edge of chaos.

    Attributes
    ----------
    weight_variance, bias_variance : float
        σ_w² and σ_b².
    q : float
        The fixed point of the length map there.
    variance_slope : float
        V'(q): below 1 the fixed point is stable; above 1 no network stays at it.
    """

    weight_variance: float
    bias_variance: float
    q: float
    variance_slope: float


def critical_gain(q: ArrayLike, *, activation: Activation, derivative: Activation | None = None) -> np.ndarray:
    r"""The gain σ_w that keeps the gradient's size in square layers whose pre-activations have variance q.

    Parameters
    ----------
    q : array, shape (P,)
        Pre-activation variance, at least 0; at 0 the limit from above is given.
    activation : callable
        The function φ, elementwise.
    derivative : callable, optional
        φ'; see `mean_square_derivative` for what is done without.

    Returns
    -------
    array, shape (P,)
        1 / √E[φ'(√q Z)²], the σ_w at which χ₁ = 1: √2 for ReLU, 1 for tanh near 0.

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.

    Notes
    -----
    χ₁ of [1]_ set to 1.

    References
    ----------
    .. [1] Poole et al., *Exponential expressivity in deep neural networks through transient chaos*, NeurIPS 2016.
    """
    with np.errstate(divide="ignore"):
        return 1 / np.sqrt(mean_square_derivative(q, activation=activation, derivative=derivative))


def edge_of_chaos(
    q: ArrayLike, *, activation: Activation, derivative: Activation | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""The edge of chaos as a line with q for its parameter.

    Parameters
    ----------
    q : array, shape (P,)
        Pre-activation variances at the fixed point, at least 0.
    activation : callable
        The function φ, elementwise.
    derivative : callable, optional
        φ'; see `mean_square_derivative` for what is done without.

    Returns
    -------
    tuple of two arrays, shape (P,)
        (σ_w, σ_b) with σ_w² = 1 / E[φ'(√q Z)²] and σ_b² = q - σ_w² E[φ(√q Z)²]. σ_b is nan where that is negative: no
        network has its fixed point and its edge at this q.

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.

    Notes
    -----
    The line of [1]_; [2]_ finds σ_w for a given σ_b, which `critical_weight_variance` does.

    References
    ----------
    .. [1] Schoenholz et al., *Deep information propagation*, ICLR 2017.
    .. [2] Hayou et al., *On the impact of the activation function on deep neural networks training*, ICML 2019.
    """
    gain = critical_gain(q, activation=activation, derivative=derivative)
    bias_variance = _bias_variance(np.asarray(q, float), gain, activation)
    return gain, np.sqrt(np.where(bias_variance >= 0, bias_variance, np.nan))[()]


def critical_weight_variance(
    bias_variance: float = 0.0, *, activation: Activation, derivative: Activation | None = None
) -> EdgePoint:
    r"""The critical σ_w² for a given σ_b².

    Parameters
    ----------
    bias_variance : float
        σ_b², at least 0.
    activation : callable
        The function φ, elementwise.
    derivative : callable, optional
        φ'; see `mean_square_derivative` for what is done without.

    Returns
    -------
    EdgePoint
        The one with the smallest q, if there are several.

    Raises
    ------
    ValueError
        If no σ_w² is critical for this σ_b², as for ReLU with any bias; if the variance is negative; or if the
        activation is not elementwise.

    Notes
    -----
    The curve of [1]_. If φ(0) = 0 and σ_b = 0, the point is q = 0 with σ_w = 1 / |φ'(0)|, or what the two
    one-sided slopes make of it: 2 for the σ_w² of ReLU [2]_.

    References
    ----------
    .. [1] Schoenholz et al., *Deep information propagation*, ICLR 2017.
    .. [2] He et al., *Delving deep into rectifiers*, ICCV 2015.
    """
    wanted = float(check_variance("bias_variance", bias_variance))

    def missing(q: float | np.ndarray) -> np.ndarray:
        gain = critical_gain(q, activation=activation, derivative=derivative)
        return (_bias_variance(np.asarray(q), gain, activation) - wanted) / q

    def point(q: float) -> EdgePoint:
        weight_variance = float(critical_gain(q, activation=activation, derivative=derivative)) ** 2
        slope = variance_slope(q, activation=activation, weight_variance=weight_variance)
        return EdgePoint(weight_variance, wanted, q, float(slope))

    at_zero = activation_moments(0.0, activation=activation)[1]
    if wanted == 0 and at_zero == 0:
        return point(0.0)
    scanned = missing(_SCAN)
    # Rounding leaves 1e-16 of either sign where the two sides are the same line, as they are for ReLU.
    sign = np.sign(np.where(np.abs(scanned) > 1e-12, scanned, 0.0))
    crossed = np.flatnonzero(sign[:-1] * sign[1:] < 0)
    if not crossed.size:
        raise ValueError(
            f"bias_variance: expected a value on the edge of chaos of this activation, got {bias_variance}: no "
            "weight variance gives χ₁ = 1 at a fixed point with it. See `edge_of_chaos` for the values that are on it."
        )
    low, high = np.log(_SCAN[crossed[0]]), np.log(_SCAN[crossed[0] + 1])
    return point(float(np.exp(find_root(lambda t: float(missing(np.exp(t))), low, high))))


def _bias_variance(q: np.ndarray, gain: np.ndarray, activation: Activation) -> np.ndarray:
    """σ_b² = q - σ_w² E φ²."""
    return q - gain**2 * activation_moments(q, activation=activation)[1]
