"""What the papers predict of a network before it is trained, for any elementwise activation.

Activations are plain functions of an array, z -> φ(z) in double precision; kinks and derivatives are found. This room
imports nothing of assay but its errors.

>>> import numpy as np
>>> from assay.theory import depth_scales
>>> round(depth_scales(activation=np.tanh, weight_variance=1.5, bias_variance=0.05).xi_c, 1)
15.8
"""

from assay.theory.batch_gradients import PairSignals, batch_gradient_std, pair_signals
from assay.theory.correlation_map import chi_1, correlation_fixed_point, correlation_map, correlation_slope
from assay.theory.dead_units import born_dead_lower_bound, born_dead_upper_bound, survival_probability
from assay.theory.depth_scales import DepthScales, depth_scales
from assay.theory.edge_of_chaos import EdgePoint, critical_gain, critical_weight_variance, edge_of_chaos
from assay.theory.finite_networks import (
    BackwardSignals,
    ForwardSignals,
    NetworkLayer,
    backward_signals,
    forward_signals,
)
from assay.theory.gaussian_integrals import activation_moments, correlated_product, mean_square_derivative
from assay.theory.variance_map import (
    VarianceFixedPoint,
    variance_fixed_points,
    variance_limit,
    variance_map,
    variance_slope,
    variance_trajectory,
)

__all__ = [
    "BackwardSignals",
    "DepthScales",
    "EdgePoint",
    "ForwardSignals",
    "NetworkLayer",
    "PairSignals",
    "VarianceFixedPoint",
    "activation_moments",
    "backward_signals",
    "batch_gradient_std",
    "born_dead_lower_bound",
    "born_dead_upper_bound",
    "chi_1",
    "correlated_product",
    "correlation_fixed_point",
    "correlation_map",
    "correlation_slope",
    "critical_gain",
    "critical_weight_variance",
    "depth_scales",
    "edge_of_chaos",
    "forward_signals",
    "mean_square_derivative",
    "pair_signals",
    "survival_probability",
    "variance_fixed_points",
    "variance_limit",
    "variance_map",
    "variance_slope",
    "variance_trajectory",
]
