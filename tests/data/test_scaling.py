"""Scaling, against scikit-learn's scalers."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from assay.data.scaling import SCALINGS, fit_scaling
from assay.errors import DataError

ROWS = np.random.default_rng(3).normal([1, -20, 300], [0.1, 5, 70], (20000, 3))


@pytest.mark.parametrize(("name", "scaler"), [("standard", StandardScaler()), ("minmax", MinMaxScaler())])
def test_scaling_by_feature_is_that_of_scikit_learn(name, scaler):
    """`standard` and `minmax`, learnt from some rows and applied to others, equal scikit-learn's scalers."""
    scaler.fit(ROWS[:12000])
    scaled = fit_scaling(name, ROWS[:12000]).apply(ROWS[12000:])
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, scaler.transform(ROWS[12000:]), rtol=1e-5, atol=1e-6)


def test_unit_divides_pixels_by_their_largest_value():
    """Bytes up to 255 are divided by 255, one number for all features."""
    pixels = np.array([[0, 51], [255, 102]], dtype=np.uint8)
    np.testing.assert_allclose(fit_scaling("unit", pixels).apply(pixels), [[0, 0.2], [1, 0.4]], rtol=1e-6)


def test_none_leaves_values_and_the_given_array_alone():
    """`none` copies: what was given is not changed or shared."""
    given = np.ones((2, 2), dtype=np.float32)
    scaled = fit_scaling("none", given).apply(given)
    np.testing.assert_array_equal(scaled, given)
    assert not np.shares_memory(scaled, given)


@pytest.mark.parametrize("name", ["unit", "standard", "minmax"])
def test_a_constant_feature_stays_finite(name):
    """A feature that never changes is centred at most, and not divided by zero or by rounding noise."""
    rows = np.full((9999, 1), 0.1)
    scaled = fit_scaling(name, rows).apply(rows)
    assert np.abs(scaled).max() <= 1.0


def test_a_large_offset_does_not_eat_the_digits():
    """Features such as times in seconds, 1e9 and more, are scaled before they are rounded to float32."""
    rows = 1.7e9 + np.arange(100.0)[:, None]
    scaled = fit_scaling("minmax", rows).apply(rows)
    np.testing.assert_allclose(scaled[:, 0], np.arange(100) / 99, rtol=1e-6)


def test_an_unknown_scaling_is_named_with_its_near_miss():
    """The message lists what is known."""
    with pytest.raises(DataError, match=r"unknown scaling 'standart'\. Did you mean 'standard'\? Known scalings: none"):
        fit_scaling("standart", ROWS)


@pytest.mark.parametrize("name", sorted(SCALINGS))
def test_a_scaling_can_be_undone(name):
    """Rows come back in their own units, whichever scaling it was."""
    x = np.random.default_rng(0).normal(3.0, 2.0, (20, 4)).astype(np.float32)
    scaling = fit_scaling(name, x)
    np.testing.assert_allclose(scaling.undo(scaling.apply(x)), x, rtol=1e-5, atol=1e-5)
