import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from assay.theory.gaussian_integrals import activation_moments, correlated_product, mean_square_derivative


def by_quad(function, q, kinks, mean=0.0):
    """E f(z) by the adaptive quadrature of QUADPACK, between the kinks."""
    s = math.sqrt(q)
    cuts = sorted({-13.0, 0.0, 13.0, *(u for kink in kinks if abs(u := (kink - mean) / s) < 13)})

    def integrand(u):
        return float(function(np.float64(mean + s * u))) * math.exp(-(u**2) / 2) / math.sqrt(2 * math.pi)

    return sum(quad(integrand, low, high, epsabs=1e-13, epsrel=1e-11, limit=200)[0] for low, high in pairwise(cuts))


@pytest.mark.parametrize("q", [0.02, 1.3, 9.0])
def test_moments_agree_with_quadpack(formula, q):
    """Mean, mean square and mean squared derivative of every activation are right to 1e-9."""
    phi, slope, kinks = formula
    mean, mean_square = activation_moments(q, activation=phi, mean=0.4)
    assert mean == pytest.approx(by_quad(phi, q, kinks, 0.4), rel=1e-9, abs=1e-11)
    assert mean_square == pytest.approx(by_quad(lambda z: phi(z) ** 2, q, kinks, 0.4), rel=1e-9, abs=1e-11)
    squared_slope = by_quad(lambda z: slope(z) ** 2, q, kinks, 0.4)
    assert mean_square_derivative(q, activation=phi, mean=0.4) == pytest.approx(squared_slope, rel=1e-9, abs=1e-11)
    given = mean_square_derivative(q, activation=phi, derivative=slope, mean=0.4)
    assert given == pytest.approx(squared_slope, rel=1e-9, abs=1e-11)


def test_erf_has_its_closed_form_at_any_variance(formulas):
    """E erf(z)² = (2/π) asin(2q / (1 + 2q)) and E erf'(z)² = (4/π) / √(1 + 4q) (Williams, 1997), from 0 to 10⁹."""
    q = np.array([0.0, 1e-20, 1e-3, 1.0, 50.0, 1e4, 1e9])
    _, mean_square = activation_moments(q, activation=formulas["erf"].activation)
    np.testing.assert_allclose(mean_square, 2 / np.pi * np.arcsin(2 * q / (1 + 2 * q)), rtol=1e-10)
    slope = mean_square_derivative(q, activation=formulas["erf"].activation)
    np.testing.assert_allclose(slope, 4 / np.pi / np.sqrt(1 + 4 * q), rtol=1e-9)


def test_relu_has_its_closed_form_at_any_variance(formulas):
    """E relu(z)² = q / 2 and E relu'(z)² = 1/2, even in the limit of variance 0."""
    q = np.array([0.0, 1e-30, 1.0, 1e12, 1e30])
    _, mean_square = activation_moments(q, activation=formulas["relu"].activation)
    np.testing.assert_allclose(mean_square, q / 2, rtol=1e-12)
    np.testing.assert_allclose(mean_square_derivative(q, activation=formulas["relu"].activation), 0.5, rtol=1e-10)


def test_exponential_is_right_up_to_overflow():
    """E exp(z)² = exp(2q), up to 10¹⁷³; what is beyond float64 is infinite, not an error or a wrong number."""
    q = np.array([1.0, 20.0, 100.0, 200.0])
    np.testing.assert_allclose(activation_moments(q, activation=np.exp)[1], np.exp(2 * q), rtol=1e-9)
    assert activation_moments(1e4, activation=np.exp)[1] == np.inf
    assert activation_moments(np.inf, activation=np.exp)[1] == np.inf


def test_arguments_are_broadcast():
    """Variances and means of any shape are taken together."""
    mean, mean_square = activation_moments(np.ones((3, 1)), activation=lambda z: z, mean=np.arange(2.0))
    np.testing.assert_allclose(mean, [[0, 1]] * 3, atol=1e-14)
    np.testing.assert_allclose(mean_square, [[1, 2]] * 3)


CORRELATIONS = [-1.0, -0.9, -0.3, 0.0, 0.2, 0.7, 0.99, 0.999999, 1.0]


@pytest.mark.parametrize("q", [1e-3, 1.0, 1e4])
def test_relu_pairs_are_the_arc_cosine_kernels(formulas, q):
    """E relu relu = q (sin θ + (π - θ) cos θ) / 2π and E relu' relu' = (π - θ) / 2π (Cho and Saul, 2009)."""
    c = np.array(CORRELATIONS)
    theta = np.arccos(c)
    relu, slope, _ = formulas["relu"]
    product = correlated_product(c, q, activation=relu)
    np.testing.assert_allclose(product / q, (np.sin(theta) + (np.pi - theta) * c) / (2 * np.pi), atol=1e-12)
    slopes = correlated_product(c, q, activation=relu, function=slope)
    np.testing.assert_allclose(slopes, (np.pi - theta) / (2 * np.pi), atol=1e-12)


@pytest.mark.parametrize("q", [1e-3, 1.0, 1e4])
def test_erf_pairs_are_the_arcsine_kernel(formulas, q):
    """E erf erf = (2/π) asin(2cq / (1 + 2q)) (Williams, 1997)."""
    c = np.array(CORRELATIONS)
    product = correlated_product(c, q, activation=formulas["erf"].activation)
    np.testing.assert_allclose(product, 2 / np.pi * np.arcsin(2 * c * q / (1 + 2 * q)), atol=1e-12)


def test_wrong_numbers_are_refused():
    """Negative variances and correlations beyond 1 are refused by name."""
    with pytest.raises(ValueError, match="variance: expected numbers of at least 0, got -1"):
        activation_moments(-1.0, activation=np.tanh)
    with pytest.raises(ValueError, match=r"correlation: expected numbers between -1 and 1, got 1\.5"):
        correlated_product(1.5, 1.0, activation=np.tanh)
