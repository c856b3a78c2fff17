import math

import numpy as np
import pytest

from assay.theory.correlation_map import chi_1
from assay.theory.edge_of_chaos import critical_gain, critical_weight_variance, edge_of_chaos
from assay.theory.variance_map import variance_map

# (activation, σ_b², σ_w²). tanh: Xiao et al. (2018) train 10,000 layers at (1.05, 2.01e-5); the others, and erf, by
# independent quadrature. erf without bias: 1 / erf'(0)² = π/4.
CRITICAL = [
    ("tanh", 0.05, 1.7610),
    ("tanh", 2.01e-5, 1.0500),
    ("tanh", 0.2, 2.2852),
    ("tanh", 0.18, 2.2339),
    ("tanh", 0.1, 1.9861),
    ("tanh", 0.01, 1.4242),
    ("erf", 0.05, 1.3758),
    ("erf", 0.0, math.pi / 4),
    ("tanh", 0.04, 1.3041**2),  # the (σ_b, σ_w) of Hayou et al. (2019), there 1.298 and 1.227
    ("elu", 0.04, 1.2293**2),
    ("sigmoid", 0.0, 103.0),
    ("relu", 0.0, 2.0),
    ("leaky_relu", 0.0, 2 / 1.04),
    ("linear", 0.0, 1.0),
    ("gelu", 0.0, 4.0),
]


@pytest.mark.parametrize(("name", "bias_variance", "expected"), CRITICAL)
def test_published_points_of_the_edge(formulas, name, bias_variance, expected):
    """Critical σ_w² for a given σ_b²; there χ₁ = 1 and the variance stays."""
    phi, slope, _ = formulas[name]
    point = critical_weight_variance(bias_variance, activation=phi)
    assert point.weight_variance == pytest.approx(expected, rel=2e-4)
    settings = {"activation": phi, "weight_variance": point.weight_variance}
    assert chi_1(point.q, **settings, derivative=slope) == pytest.approx(1.0, abs=1e-8)
    assert variance_map(point.q, **settings, bias_variance=bias_variance) == pytest.approx(point.q, rel=1e-8)


def test_tanh_at_the_edge_has_its_published_variance():
    """At σ_b² = 0.05, q* is 0.570 and its fixed point stable."""
    point = critical_weight_variance(0.05, activation=np.tanh)
    assert point.q == pytest.approx(0.570, abs=5e-4)
    assert abs(point.variance_slope) < 1


def test_the_line_goes_through_its_points(formulas):
    """The line with q for its parameter holds the points found for given biases, and starts at (1, 0) for tanh."""
    point = critical_weight_variance(0.1, activation=np.tanh)
    sigma_w, sigma_b = edge_of_chaos(np.array([0.0, point.q]), activation=np.tanh)
    np.testing.assert_allclose(sigma_w**2, [1.0, point.weight_variance], rtol=1e-9)
    np.testing.assert_allclose(sigma_b**2, [0.0, 0.1], atol=1e-9)


def test_variances_that_no_bias_supports_are_nan(formulas):
    """Where V(q) exceeds q without any bias, there is no edge: the sigmoid below q = 45."""
    _, sigma_b = edge_of_chaos(np.array([1.0, 60.0]), activation=formulas["sigmoid"].activation)
    assert math.isnan(sigma_b[0])
    assert sigma_b[1] > 0


def test_critical_gains(formulas):
    """√2 for ReLU at any variance, 1 for the identity, 1.0717^-½ for SELU at variance 1."""
    gains = critical_gain(np.array([0.0, 0.1, 1e3]), activation=formulas["relu"].activation)
    np.testing.assert_allclose(gains, math.sqrt(2))
    assert critical_gain(1.0, activation=formulas["linear"].activation) == pytest.approx(1.0)
    assert critical_gain(1.0, activation=formulas["selu"].activation) == pytest.approx(1.0716**-0.5, rel=1e-4)


@pytest.mark.parametrize(("name", "bias_variance"), [("relu", 0.1), ("exponential", 0.0), ("linear", 0.5)])
def test_no_edge_is_said_so(formulas, name, bias_variance):
    """Where no σ_w² is critical, the error names the bias and where to look."""
    with pytest.raises(ValueError, match=rf"got {bias_variance}.*edge_of_chaos"):
        critical_weight_variance(bias_variance, activation=formulas[name].activation)
