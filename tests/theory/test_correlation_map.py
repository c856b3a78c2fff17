import numpy as np
import pytest

from assay.theory.correlation_map import chi_1, correlation_fixed_point, correlation_map, correlation_slope
from assay.theory.variance_map import variance_limit, variance_trajectory


@pytest.mark.parametrize(("sigma_w", "expected"), [(1.3, 0.940), (2.5, 1.585), (4.0, 2.367)])
def test_chi_of_transient_chaos(sigma_w, expected):
    """χ₁ of tanh at σ_b = 0.3, the setting of Poole et al. (2016), Fig. 2."""
    q = variance_limit(1.0, activation=np.tanh, weight_variance=sigma_w**2, bias_variance=0.09)
    assert chi_1(q, activation=np.tanh, weight_variance=sigma_w**2) == pytest.approx(expected, abs=6e-4)


# Factor on the squared gradient over 10, 20 and 50 layers from q = 1 at zero bias, under σ_w² = 1 and 2; to 2 digits.
PRODUCTS = {
    ("linear", 1): (1, 1, 1),
    ("relu", 1): (9.8e-4, 9.5e-7, 8.9e-16),
    ("relu", 2): (1, 1, 1),
    ("leaky_relu", 1): (0.52**10, 0.52**20, 0.52**50),
    ("leaky_relu", 2): (1.04**10, 1.04**20, 1.04**50),
    ("tanh", 1): (0.071, 0.036, 0.014),
    ("tanh", 2): (1.9, 5.2, 106),
    ("sigmoid", 1): (2.3e-13, 6.6e-26, 1.6e-63),
    ("softsign", 1): (5.9e-3, 1.5e-3, 2.5e-4),
    ("softsign", 2): (0.19, 0.27, 0.93),
    ("softplus", 2): (0.024, 2.0e-3, 6.8e-6),
    ("elu", 1): (0.070, 0.020, 0.0034),
    ("elu", 2): (8.5, 31, 377),
    ("selu", 1): (2.0, 4.0, 31.7),
    ("selu", 2): (95, 1.0e3, 8.5e4),
    ("gelu", 2): (0.053, 6.0e-5, 5.6e-14),
    ("silu", 2): (4.8e-3, 4.7e-6, 4.4e-15),
}


@pytest.mark.parametrize("case", PRODUCTS, ids=str)
def test_gradient_factors_of_deep_networks(formulas, case):
    """Products of χ₁ along the way of the variance, for the common activations under Glorot and He."""
    name, weight_variance = case
    phi = formulas[name].activation
    q = variance_trajectory(1.0, 50, activation=phi, weight_variance=weight_variance)
    chi = chi_1(q, activation=phi, weight_variance=weight_variance)
    products = [np.prod(chi[:depth]) for depth in (10, 20, 50)]
    assert products == pytest.approx(PRODUCTS[case], rel=0.03, abs=0)


def test_sigmoid_shrinks_gradients_by_four_in_each_layer(formulas):
    """Under Glorot χ₁ = 0.0557: the gradient's norm falls to 0.236 of itself (Glorot and Bengio, 2010)."""
    phi = formulas["sigmoid"].activation
    q = variance_limit(1.0, activation=phi, weight_variance=1.0)
    assert np.sqrt(chi_1(q, activation=phi, weight_variance=1.0)) == pytest.approx(0.236, abs=5e-4)


def test_relu_map_is_the_arc_cosine_kernel(formulas):
    """Under He, C(c) = (sin θ + (π - θ) cos θ) / π and C'(c) = (π - θ) / π, for any q (Cho and Saul, 2009)."""
    c = np.linspace(-1, 1, 9)
    theta = np.arccos(c)
    settings = {"q": 3.0, "activation": formulas["relu"].activation, "weight_variance": 2.0}
    np.testing.assert_allclose(
        correlation_map(c, **settings), (np.sin(theta) + (np.pi - theta) * c) / np.pi, atol=1e-12
    )
    np.testing.assert_allclose(correlation_slope(c, **settings), (np.pi - theta) / np.pi, atol=1e-9)
    assert correlation_fixed_point(**settings) == 1.0


def test_erf_ends_in_chaos_where_its_closed_form_does(formulas):
    """c* of erf solves σ_w² (2/π) asin(2cq / (1 + 2q)) + σ_b² = c q; a given derivative changes nothing."""
    erf, slope, _ = formulas["erf"]
    q = variance_limit(1.0, activation=erf, weight_variance=3.0, bias_variance=0.1)
    settings = {"q": q, "activation": erf, "weight_variance": 3.0, "bias_variance": 0.1}
    c = correlation_fixed_point(**settings)
    assert 0 < c < 1
    assert 3 * 2 / np.pi * np.arcsin(2 * c * q / (1 + 2 * q)) + 0.1 == pytest.approx(c * q, abs=1e-10)
    assert correlation_slope(c, **settings, derivative=slope) == pytest.approx(correlation_slope(c, **settings), 1e-9)


def test_odd_activations_without_bias_decorrelate_in_chaos():
    """With no bias, two inputs of a chaotic tanh network end orthogonal."""
    q = variance_limit(1.0, activation=np.tanh, weight_variance=4.0)
    assert correlation_fixed_point(q=q, activation=np.tanh, weight_variance=4.0) == pytest.approx(0.0, abs=1e-12)


def test_a_jump_parts_inputs_even_where_gradients_vanish(formulas):
    """Across a jump the nearest inputs part: c* < 1 although χ₁ < 1."""
    phi = formulas["threshold"].activation
    q = variance_limit(1.0, activation=phi, weight_variance=0.8, bias_variance=0.1)
    assert chi_1(q, activation=phi, weight_variance=0.8) < 1
    c = correlation_fixed_point(q=q, activation=phi, weight_variance=0.8, bias_variance=0.1)
    assert c < 1
    assert correlation_map(c, q=q, activation=phi, weight_variance=0.8, bias_variance=0.1) == pytest.approx(c)


def test_correlations_of_a_wide_random_network_follow_the_map():
    """Three layers of width 1000 carry the correlation of two inputs as the map says."""
    rng = np.random.default_rng(0)
    width, weight_variance, c = 1000, 2.5, 0.9
    measured = []
    for _ in range(3):
        shared, own = rng.standard_normal((2, width))
        z = np.stack([shared, c * shared + np.sqrt(1 - c**2) * own])
        for _ in range(3):
            z = np.tanh(z) @ rng.standard_normal((width, width)) * np.sqrt(weight_variance / width)
        measured.append(z[0] @ z[1] / np.linalg.norm(z[0]) / np.linalg.norm(z[1]))
    q = 1.0
    for _ in range(3):
        mapped = correlation_map(c, q=q, activation=np.tanh, weight_variance=weight_variance)
        q, c = variance_trajectory(q, 2, activation=np.tanh, weight_variance=weight_variance)[1], mapped
    assert np.mean(measured) == pytest.approx(c, abs=0.03)
