"""Over how many layers a network remembers what it was given: the depth scales of deep information propagation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.theory.correlation_map import chi_1, correlation_fixed_point, correlation_slope
from assay.theory.smooth_pieces import Activation
from assay.theory.variance_map import variance_limit, variance_slope

TRAINABLE_SCALES = 6
"""Networks train up to a depth of about 6 ξ_c (Schoenholz et al., ICLR 2017)."""


@dataclass(frozen=True)
class DepthScales:
    """Fixed point and depth scales of one (activation, σ_w², σ_b²); depths are in layers.

    Attributes
    ----------
    q : float
        The fixed point q* of the length map.
    c : float
        The fixed point c* of the correlation map.
    chi_1 : float
        Factor on the squared gradient per layer.
    xi_q : float
        Depth over which a difference in variance falls by e; 0 if it is gone at once, inf if it stays.
    xi_c : float
        Depth over which the difference between two inputs falls by e; inf at the edge of chaos.
    xi_grad : float
        Depth over which a squared gradient changes by e, downwards if χ₁ < 1, upwards otherwise.
    """

    q: float
    c: float
    chi_1: float
    xi_q: float
    xi_c: float
    xi_grad: float

    @property
    def trainable_depth(self) -> float:
        """About the deepest network that trains, 6 ξ_c layers."""
        return TRAINABLE_SCALES * self.xi_c


def depth_scales(
    *,
    activation: Activation,
    weight_variance: float,
    bias_variance: float = 0.0,
    q: float = 1.0,
    derivative: Activation | None = None,
) -> DepthScales:
    r"""The depth scales of [1]_.

    Parameters
    ----------
    activation : callable
        The function φ, elementwise.
    weight_variance, bias_variance : float
        σ_w² and σ_b².
    q : float
        Pre-activation variance of the first layer, from which the fixed point is sought.
    derivative : callable, optional
        φ'; see `mean_square_derivative` for what is done without.

    Returns
    -------
    DepthScales
        All but `q` are nan if the variance diverges: depth scales are those of a fixed point.

    Raises
    ------
    ValueError
        If a variance is negative, or the activation is not elementwise.

    Notes
    -----
    ξ_q = -1 / ln|V'(q*)|, ξ_c = -1 / ln χ_c with χ_c the slope of the correlation map at c*, and
    ξ_∇ = 1 / |ln χ₁|. At c* = 1, χ_c is χ₁. Where φ jumps, ξ_c lacks what the jump adds to χ_c.

    References
    ----------
    .. [1] Schoenholz et al., *Deep information propagation*, ICLR 2017.
    """
    limit = variance_limit(q, activation=activation, weight_variance=weight_variance, bias_variance=bias_variance)
    if not np.isfinite(limit):
        return DepthScales(limit, np.nan, np.nan, np.nan, np.nan, np.nan)
    slope = float(variance_slope(limit, activation=activation, weight_variance=weight_variance))
    chi = float(chi_1(limit, activation=activation, weight_variance=weight_variance, derivative=derivative))
    c = correlation_fixed_point(
        q=limit,
        activation=activation,
        weight_variance=weight_variance,
        bias_variance=bias_variance,
        derivative=derivative,
    )
    chi_c = chi
    if c < 1:
        chi_c = float(
            correlation_slope(
                c,
                q=limit,
                activation=activation,
                weight_variance=weight_variance,
                bias_variance=bias_variance,
                derivative=derivative,
            )
        )
    return DepthScales(limit, c, chi, _scale(slope), _scale(chi_c), _scale(chi))


def _scale(factor: float) -> float:
    """Layers over which powers of a factor change by e: 1 / |ln|factor||."""
    with np.errstate(divide="ignore"):
        rate = abs(float(np.log(np.abs(factor))))
    return 1 / rate if rate > 1e-9 else float("inf")
