import math

import numpy as np
import pytest

from assay.theory.depth_scales import depth_scales

# tanh at σ_b² = 0.05, the setting of Schoenholz et al. (2017); by independent quadrature, to the digits given.
# σ_w²: (q*, χ₁, c*, ξ_q, ξ_c, ξ_∇)
TABLE = {
    1.0: (0.194, 0.759, 1, 1.75, 3.63, 3.63),
    1.3: (0.315, 0.880, 1, 1.79, 7.83, 7.83),
    1.5: (0.418, 0.939, 1, 1.68, 15.8, 15.8),
    1.7: (0.533, 0.987, 1, 1.56, 74.9, 74.9),
    2.0: (0.722, 1.048, 0.744, 1.39, 25.2, 21.5),
    2.5: (1.064, 1.134, 0.447, 1.18, 11.8, 7.98),
    4.0: (2.196, 1.342, 0.165, 0.873, 6.98, 3.40),
}


@pytest.mark.parametrize("weight_variance", TABLE)
def test_depth_scales_of_tanh(weight_variance):
    """Fixed points and depth scales of tanh, from order to chaos."""
    scales = depth_scales(activation=np.tanh, weight_variance=weight_variance, bias_variance=0.05)
    found = (scales.q, scales.chi_1, scales.c, scales.xi_q, scales.xi_c, scales.xi_grad)
    assert found == pytest.approx(TABLE[weight_variance], rel=3e-3)
    assert scales.trainable_depth == 6 * scales.xi_c


def test_depth_scales_diverge_at_the_edge(formulas):
    """At the edge of chaos correlations and gradients reach any depth: ReLU under He."""
    scales = depth_scales(activation=formulas["relu"].activation, weight_variance=2.0)
    assert (scales.q, scales.c) == (1.0, 1.0)
    assert scales.chi_1 == pytest.approx(1.0)
    assert scales.xi_c == scales.xi_grad == scales.xi_q == math.inf


def test_xi_q_is_the_speed_of_the_length_map():
    """A difference in variance falls by e over ξ_q layers: q_l - q* ∝ exp(-l / ξ_q)."""
    from assay.theory.variance_map import variance_trajectory

    scales = depth_scales(activation=np.tanh, weight_variance=1.3, bias_variance=0.05)
    way = variance_trajectory(scales.q * 1.01, 9, activation=np.tanh, weight_variance=1.3, bias_variance=0.05)
    fall = np.log((way[:-1] - scales.q) / (way[1:] - scales.q))
    assert 1 / fall[-1] == pytest.approx(scales.xi_q, rel=1e-3)


def test_a_diverging_variance_has_no_depth_scales(formulas):
    """Without a fixed point everything but q is nan."""
    scales = depth_scales(activation=formulas["selu"].activation, weight_variance=2.0)
    assert scales.q == math.inf
    assert math.isnan(scales.chi_1)
    assert math.isnan(scales.trainable_depth)
