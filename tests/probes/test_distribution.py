"""The distribution of an array's values."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from assay.probes.distribution import distribution


def of(*rows: list[float], padding: int = 0) -> dict[str, np.ndarray]:
    """Statistics of each row."""
    measured = distribution(jnp.asarray(rows, jnp.float32), jnp.int32(padding))
    return {name: np.asarray(value) for name, value in measured.statistics.items()}


def test_values_that_are_not_finite_are_counted_beside_and_never_inside():
    """The mean of 1, 3 and two infinities is 2."""
    found = of([1.0, 3.0, np.inf, np.nan])
    assert found["mean"] == pytest.approx(2.0)
    assert found["std"] == pytest.approx(1.0)
    assert found["maximum"] == 3.0
    assert found["nonfinite_count"] == 2


def test_a_row_without_finite_values_is_all_zero():
    """Nothing is known of it but the count."""
    found = of([np.nan, np.nan])
    assert found["nonfinite_count"] == 2
    assert {name for name, value in found.items() if value != 0} == {"nonfinite_count"}


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_squares_neither_overflow_nor_vanish(scale):
    """The spread of tiny and of huge values is right, though their squares are beyond float32."""
    found = of([-scale, scale])
    assert found["std"] == pytest.approx(scale, rel=1e-5)
    assert found["rms"] == pytest.approx(scale, rel=1e-5)


def test_padding_is_not_counted():
    """What fills a row is neither a value nor counted as not finite."""
    found = of([1.0, 2.0, np.nan, np.nan], padding=2)
    assert found["nonfinite_count"] == 0
    assert found["mean"] == pytest.approx(1.5)


def test_zeros_are_counted():
    """The share of exact zeros among finite values."""
    assert of([0.0, 0.0, 1.0, np.inf])["zero_fraction"] == pytest.approx(2 / 3)


def test_a_constant_row_has_its_value_everywhere():
    """No spread, and every quantile is the value."""
    found = of([4.0] * 10)
    assert found["std"] == 0.0
    assert found["quantile_05"] == found["quantile_95"] == 4.0
