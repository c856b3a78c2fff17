import math

import numpy as np
import pytest

from assay.theory.variance_map import (
    variance_fixed_points,
    variance_limit,
    variance_map,
    variance_slope,
    variance_trajectory,
)


def test_relu_halves_the_variance_under_glorot(formulas):
    """σ_w² = 1 halves a ReLU network's variance in every layer: 2⁻³⁴ = 5.8e-11 after 34 (He et al., 2015)."""
    way = variance_trajectory(1.0, 35, activation=formulas["relu"].activation, weight_variance=1.0)
    np.testing.assert_allclose(way, 0.5 ** np.arange(35), rtol=1e-10)


@pytest.mark.parametrize(("sigma_w", "q"), [(1.3, 0.607), (2.5, 4.079), (4.0, 12.604)])
def test_tanh_fixed_points_of_transient_chaos(sigma_w, q):
    """The stable q* of tanh at σ_b = 0.3, the setting of Poole et al. (2016), Fig. 1; q* by independent quadrature."""
    (point,) = variance_fixed_points(activation=np.tanh, weight_variance=sigma_w**2, bias_variance=0.09)
    assert point.q == pytest.approx(q, abs=6e-4)
    assert point.is_stable
    assert point.pulls_from_below
    assert point.pulls_from_above


def test_selu_has_its_fixed_point_at_one(formulas):
    """SELU under LeCun keeps variance 1, and comes back to it (Klambauer et al., 2017)."""
    zero, one = variance_fixed_points(activation=formulas["selu"].activation, weight_variance=1.0)
    assert (zero.q, zero.is_stable) == (0.0, False)
    assert one.q == pytest.approx(1.0, abs=1e-9)
    assert one.is_stable


@pytest.mark.parametrize(("name", "gain", "slope"), [("silu", 1.98800, 1.0), ("gelu", 1.98306, 1.0)])
def test_half_stable_points_of_swish_and_gelu(formulas, name, gain, slope):
    """The half-stable critical points (σ_w², σ_b², q*) that Roberts, Yaida and Hanin (2022) give for swish and GELU."""
    bias, q = {"silu": (0.55514, 14.3202), "gelu": (0.17292, 3.5616)}[name]
    phi = formulas[name].activation
    assert variance_map(q, activation=phi, weight_variance=gain, bias_variance=bias) == pytest.approx(q, rel=1e-5)
    assert variance_slope(q, activation=phi, weight_variance=gain) == pytest.approx(slope, abs=1e-5)


@pytest.mark.parametrize("name", ["tanh", "gelu", "sigmoid", "relu", "threshold", "hard_shrink"])
@pytest.mark.parametrize("q", [1e-3, 0.7, 30.0])
def test_slope_is_that_of_the_map(formulas, name, q):
    """V' is the difference quotient of V, also of an activation that jumps."""
    phi = formulas[name].activation
    above, below = (variance_map(q * (1 + step), activation=phi, weight_variance=1.7) for step in (1e-4, -1e-4))
    expected = (above - below) / (2e-4 * q)
    assert variance_slope(q, activation=phi, weight_variance=1.7) == pytest.approx(expected, rel=1e-5, abs=1e-8)


def test_slope_at_zero_is_the_limit(formulas):
    """At q = 0, V' is σ_w² φ'(0)² where φ(0) = 0, and σ_w² (φ'² + φ φ'') at 0 elsewhere: 1/16 for the sigmoid."""
    assert variance_slope(0.0, activation=np.tanh, weight_variance=1.5) == pytest.approx(1.5, rel=1e-9)
    assert variance_slope(0.0, activation=formulas["relu"].activation, weight_variance=1.5) == pytest.approx(0.75)
    sigmoid = formulas["sigmoid"].activation
    assert variance_slope(0.0, activation=sigmoid, weight_variance=1.0) == pytest.approx(1 / 16, abs=1e-6)


# From variance 1 at zero bias, where the variance goes under σ_w² = 1 (LeCun, Glorot) and 2 (He).
LIMITS = {
    "linear": (1.0, math.inf),
    "relu": (0.0, 1.0),
    "leaky_relu": (0.0, math.inf),
    "tanh": (0.0, 0.618),
    "sigmoid": (0.265, 0.555),
    "softsign": (0.0, 0.079),
    "softplus": (0.856, math.inf),
    "elu": (0.0, math.inf),
    "selu": (1.0, math.inf),
    "gelu": (0.0, 0.0),
    "silu": (0.0, 0.0),
    "exponential": (math.inf, math.inf),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_under_the_common_initializers(formulas, name):
    """Where each activation's variance ends, however slowly it goes there."""
    limits = [
        variance_limit(1.0, activation=formulas[name].activation, weight_variance=weight_variance)
        for weight_variance in (1.0, 2.0)
    ]
    assert limits == pytest.approx(LIMITS[name], abs=6e-4)


def test_softplus_and_elu_grow_without_end_under_he(formulas):
    """Far out each layer still adds to the variance, so that no q is a fixed point.

    V(q) - q tends to 2 ∫ (softplus² - relu²) dz / √(2πq), the density at 0 times the surplus over ReLU; and to
    2 · P(z < 0) · (-1)² = 1 for ELU.
    """
    z = np.linspace(-60, 60, 240_001)
    surplus = np.trapezoid(np.logaddexp(0, z) ** 2 - np.maximum(z, 0) ** 2, z)
    q = np.array([1e6, 1e8])
    softplus = variance_map(q, activation=formulas["softplus"].activation, weight_variance=2.0)
    np.testing.assert_allclose(softplus - q, 2 * surplus / np.sqrt(2 * np.pi * q), rtol=1e-3)
    elu = variance_map(q, activation=formulas["elu"].activation, weight_variance=2.0)
    np.testing.assert_allclose(elu - q, 1.0, rtol=5e-3)


def test_variances_never_oscillate():
    """Even a pulse, whose map falls as fast as any can, has its slope above -1/2 and its limit at a fixed point."""

    def pulse(z):
        return 1.0 * (np.abs(z) < 1)

    (point,) = variance_fixed_points(activation=pulse, weight_variance=1000.0)
    assert -0.5 < point.slope < -0.49
    assert variance_limit(0.3, activation=pulse, weight_variance=1000.0) == pytest.approx(point.q, rel=1e-9)


def test_negative_variances_are_refused():
    """Each variance is refused by its own name."""
    with pytest.raises(ValueError, match="weight_variance: expected numbers of at least 0, got -2"):
        variance_map(1.0, activation=np.tanh, weight_variance=-2.0)
    with pytest.raises(ValueError, match="bias_variance"):
        variance_map(1.0, activation=np.tanh, weight_variance=1.0, bias_variance=-0.1)
