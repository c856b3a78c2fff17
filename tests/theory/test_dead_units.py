import numpy as np
import pytest

from assay.theory.dead_units import born_dead_lower_bound, born_dead_upper_bound, survival_probability

# (units, kernels): (share of 20,000 He-normal networks of one input that are constant, lower bound, upper bound).
# The bounds are Lu et al.'s (2020).
BORN_DEAD = {
    (2, 3): (0.156, 0.156, 0.438),
    (2, 5): (0.493, 0.477, 0.684),
    (2, 10): (0.878, 0.870, 0.925),
    (2, 20): (0.992, 0.993, 0.996),
    (3, 5): (0.204, 0.173, 0.414),
    (3, 10): (0.575, 0.513, 0.699),
    (4, 10): (0.291, 0.204, 0.441),
    (5, 10): (0.128, 0.064, 0.249),
    (5, 20): (0.349, 0.214, 0.453),
    (8, 20): (0.039, 0.005, 0.072),
}


@pytest.mark.parametrize("shape", BORN_DEAD)
def test_bounds_on_being_born_dead(shape):
    """Both published bounds, and the measured share between them."""
    width, kernels = shape
    share, lower, upper = BORN_DEAD[shape]
    assert born_dead_lower_bound(width, kernels - 1) == pytest.approx(lower, abs=6e-4)
    assert born_dead_upper_bound([width] * (kernels - 1)) == pytest.approx(upper, abs=6e-4)
    assert lower - 0.002 <= share <= upper


def test_survival_of_five_units_over_sixteen_layers():
    """(1 - 2⁻⁵)¹⁶ = 0.602 (Rister and Rubin, 2021)."""
    assert survival_probability([5] * 16) == pytest.approx(0.602, abs=5e-4)


def test_survival_is_what_random_networks_do():
    """The share of random ReLU networks that pass one input on is the product over unequal widths."""
    rng = np.random.default_rng(0)
    widths = [3, 2, 4, 2]
    signal = np.ones((20_000, 1, 6))
    for width in widths:
        signal = np.maximum(signal @ rng.standard_normal((len(signal), signal.shape[2], width)), 0)
    alive = (signal > 0).any(axis=(1, 2)).mean()
    # Three standard deviations of the share among 20,000.
    assert alive == pytest.approx(survival_probability(widths), abs=3 * 0.5 / np.sqrt(20_000))


def test_wide_networks_are_not_born_dead():
    """At width 100 the bound is small enough to need care with rounding, and stays above 0."""
    assert born_dead_upper_bound([100] * 10) == pytest.approx(10 * 2.0**-100)


@pytest.mark.parametrize("widths", [[0], [2, 1.5], [-3]])
def test_widths_are_whole_numbers(widths):
    """A width that is no number of units is refused."""
    with pytest.raises(ValueError, match="widths: expected whole numbers of at least 1"):
        survival_probability(widths)
