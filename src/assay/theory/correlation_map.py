"""How the correlation between two inputs goes from layer to layer, and whether it ends in order or in chaos.

In the ordered phase (χ₁ < 1) two inputs become the same, and gradients vanish; in the chaotic phase (χ₁ > 1) near
inputs part, and gradients explode.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from assay.theory.gaussian_integrals import (
    SMALLEST_VARIANCE,
    check_variance,
    correlated_product,
    mean_square_derivative,
)
from assay.theory.smooth_pieces import Activation, smooth_pieces
from assay.theory.variance_map import find_root, variance_map


def chi_1(
    q: ArrayLike, *, activation: Activation, weight_variance: ArrayLike, derivative: Activation | None = None
) -> np.ndarray:
    r"""Factor on the squared gradient from one layer to the one below it.

    Parameters
    ----------
    q : array, shape (P,)
        Pre-activation variance, at least 0; at 0 the limit from above is given.
    activation : callable
        The function φ, elementwise.
    weight_variance : float or array, shape (P,)
        σ_w², for a gradient in square layers fan_in · Var[kernel].
    derivative : callable, optional
        φ'; see `mean_square_derivative` for what is done without.

    Returns
    -------
    array, shape (P,)
        χ₁ = σ_w² E[φ'(√q Z)²].

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.

    Notes
    -----
    χ₁ of [1]_. It is the mean squared singular value of a layer's Jacobian, and the slope of the correlation map at
    c = 1 unless φ jumps: then that slope is infinite, but backpropagation does not see the jump.

    References
    ----------
    .. [1] Poole et al., *Exponential expressivity in deep neural networks through transient chaos*, NeurIPS 2016.
    """
    slope = mean_square_derivative(q, activation=activation, derivative=derivative)
    return check_variance("weight_variance", weight_variance) * slope


def correlation_map(
    c: ArrayLike, *, q: ArrayLike, activation: Activation, weight_variance: ArrayLike, bias_variance: ArrayLike = 0.0
) -> np.ndarray:
    r"""Correlation of two inputs' pre-activations in the next layer, at infinite width.

    Parameters
    ----------
    c : array, shape (P,)
        Correlation in this layer, in [-1, 1].
    q : array, shape (P,)
        Pre-activation variance of both inputs; usually the fixed point q*.
    activation : callable
        The function φ, elementwise.
    weight_variance, bias_variance : float or array, shape (P,)
        σ_w² and σ_b².

    Returns
    -------
    array, shape (P,)
        (σ_w² E[φ(z₁) φ(z₂)] + σ_b²) / V(q), with z₁ and z₂ of variance q and correlation c; nan where V(q) is 0.

    Raises
    ------
    ValueError
        If a correlation is outside [-1, 1], a variance is negative, or the activation is not elementwise.

    Notes
    -----
    The C-map of [1]_, for two inputs of equal length.

    References
    ----------
    .. [1] Poole et al., *Exponential expressivity in deep neural networks through transient chaos*, NeurIPS 2016.
    """
    covariance = check_variance("weight_variance", weight_variance) * correlated_product(c, q, activation=activation)
    length = variance_map(q, activation=activation, weight_variance=weight_variance, bias_variance=bias_variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (covariance + bias_variance) / length


def correlation_slope(
    c: ArrayLike,
    *,
    q: ArrayLike,
    activation: Activation,
    weight_variance: ArrayLike,
    bias_variance: ArrayLike = 0.0,
    derivative: Activation | None = None,
) -> np.ndarray:
    """Slope of `correlation_map` at c, same arguments: σ_w² E[φ'(z₁) φ'(z₂)] · q / V(q), which is χ₁ at c = 1, q = q*.

    At q = 0 the limit from above is given. Where φ jumps, the part of the slope that the jump makes is missing.
    """
    q = np.maximum(check_variance("q", q), SMALLEST_VARIANCE)
    function = derivative or smooth_pieces(activation).derivative
    product = correlated_product(c, q, activation=activation, function=function)
    length = variance_map(q, activation=activation, weight_variance=weight_variance, bias_variance=bias_variance)
    return check_variance("weight_variance", weight_variance) * product * q / length


def correlation_fixed_point(
    *,
    q: float,
    activation: Activation,
    weight_variance: float,
    bias_variance: float = 0.0,
    derivative: Activation | None = None,
) -> float:
    r"""The correlation c* at which any two different inputs end.

    Parameters
    ----------
    q : float
        A fixed point q* of the length map.
    activation : callable
        The function φ, elementwise.
    weight_variance, bias_variance : float
        σ_w² and σ_b².
    derivative : callable, optional
        φ'; see `mean_square_derivative` for what is done without.

    Returns
    -------
    float
        1 in the ordered phase and at its edge, less than 1 in the chaotic phase.

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.

    Notes
    -----
    The map is a power series in c with positive coefficients (the squared Hermite coefficients of φ), so it is convex
    on [0, 1]: below 1 it meets the identity once if its slope at 1 exceeds 1, and not at all otherwise.
    """
    ordered = chi_1(q, activation=activation, weight_variance=weight_variance, derivative=derivative) <= 1 + 1e-12
    if ordered and not smooth_pieces(activation).jumps.size:
        return 1.0

    def excess(c: float) -> float:
        mapped = correlation_map(
            c, q=q, activation=activation, weight_variance=weight_variance, bias_variance=bias_variance
        )
        return float(mapped) - c

    if excess(0.0) <= 0:
        return 0.0
    for distance in 0.5 ** np.arange(1.0, 31.0):
        if excess(1 - distance) < 0:
            return find_root(excess, 0.0, 1 - distance)
    return 1.0
