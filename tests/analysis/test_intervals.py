"""Means with Student t intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import expit, logit

from assay.analysis import PLAIN, POSITIVE, SHARE, mean_interval
from assay.analysis.intervals import share_interval
from assay.analysis.scales import CORRELATION, EXPLAINED, scale_of


def test_the_interval_is_students():
    """For 1, 2, 3: mean 2, s = 1, and t = 4.302653 of the printed table for 2 degrees of freedom at 0.95."""
    interval = mean_interval([1.0, 2.0, 3.0])
    half_width = 4.302653 / math.sqrt(3)
    assert interval.mean == 2.0
    assert interval.low == pytest.approx(2 - half_width, rel=1e-6)
    assert interval.high == pytest.approx(2 + half_width, rel=1e-6)


@pytest.mark.parametrize(("confidence", "quantile"), [(0.90, 6.313752), (0.95, 12.706205), (0.99, 63.656741)])
def test_two_values_give_wide_intervals(confidence, quantile):
    """With one degree of freedom t is that of Cauchy's distribution: tan(π · confidence / 2)."""
    assert quantile == pytest.approx(math.tan(math.pi * confidence / 2), rel=1e-6)
    interval = mean_interval([0.0, 2.0], confidence)
    assert interval.high == pytest.approx(1 + quantile, rel=1e-6)


def test_the_interval_covers_as_often_as_it_says():
    """Of many samples of five normal numbers, about 90 % of the 0.9 intervals hold the true mean."""
    samples = np.random.default_rng(0).normal(3.0, 2.0, size=(2000, 5))
    intervals = [mean_interval(sample, 0.9) for sample in samples]
    covered = sum(interval.low <= 3.0 <= interval.high for interval in intervals)
    # binomial with p = 0.9 and n = 2000: standard deviation 13.4; five of them
    assert abs(covered - 1800) < 5 * math.sqrt(2000 * 0.9 * 0.1)


def test_one_value_has_no_interval_and_none_no_mean():
    """What is not known is None, and values that are not finite do not count."""
    one = mean_interval([0.5, math.nan, math.inf])
    assert (one.mean, one.low, one.high, one.count) == (0.5, None, None, 1)
    none = mean_interval([math.nan])
    assert (none.mean, none.low, none.high, none.count) == (None, None, None, 0)
    assert none.written() == {"mean": None, "low": None, "high": None}


@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=2, max_size=12),
    st.sampled_from([0.5, 0.9, 0.95, 0.99]),
)
def test_any_interval_is_that_of_scipy(values, confidence):
    """`scipy.stats.t.interval` with the standard error of the mean, of whatever values."""
    interval = mean_interval(values, confidence)
    error = float(scipy.stats.sem(values))
    about = {"rel": 1e-9, "abs": 1e-6}
    assert interval.mean == pytest.approx(np.mean(values), **about)
    if len(set(values)) == 1:
        assert (interval.low, interval.high) == (
            None,
            None,
        )  # no spread was seen, which does not mean that there is none
        return
    expected = scipy.stats.t.interval(confidence, len(values) - 1, loc=np.mean(values), scale=error)
    assert (interval.low, interval.high) == pytest.approx(expected, **about)


@given(
    st.lists(st.floats(-1000, 1000), min_size=1, max_size=8),
    st.lists(st.sampled_from([math.nan, math.inf, -math.inf]), max_size=4),
    st.randoms(use_true_random=False),
)
def test_neither_the_order_nor_what_is_not_finite_matters(values, others, random):
    """Seeds come in any order, and one that diverged does not count."""
    mixed = [*values, *others]
    random.shuffle(mixed)
    given_, kept = mean_interval(mixed), mean_interval(sorted(values))
    assert given_.count == kept.count == len(values)
    for one, other in zip(given_.written().values(), kept.written().values(), strict=True):
        assert one == (None if other is None else pytest.approx(other, rel=1e-9, abs=1e-9))


@pytest.mark.parametrize(("scale", "to", "back"), [(SHARE, logit, expit), (POSITIVE, np.log, np.exp)])
@given(values=st.lists(st.floats(0.001, 0.999), min_size=2, max_size=8, unique=True))
def test_the_delta_method_is_its_formula_and_stays_within_the_ends(scale, to, back, values):
    """g⁻¹(g(m) ± g'(m) t s / √n), g' by hand; never beyond the ends of the scale, and around the mean."""
    mean = float(np.mean(values))
    slope = 1 / (mean * (1 - mean)) if scale is SHARE else 1 / mean
    half_width = slope * scipy.stats.sem(values) * scipy.stats.t.ppf(0.975, len(values) - 1)
    interval = mean_interval(values, 0.95, scale)
    assume(half_width < 500)
    expected = back(to(mean) - half_width), back(to(mean) + half_width)
    assert (interval.low, interval.high) == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert 0 <= interval.low <= mean <= interval.high <= (1 if scale is SHARE else math.inf)


def test_a_spread_below_one_step_is_taken_for_one_step():
    """Five seeds that agree to the example still have an interval; at the end of the scale there is none."""
    equal = mean_interval([0.97] * 5, 0.95, SHARE, 1 / 360)
    spread = 2.776445 / (360 * math.sqrt(5) * 0.97 * 0.03)
    assert equal.low == pytest.approx(expit(logit(0.97) - spread), rel=1e-6)
    perfect = mean_interval([1.0] * 5, 0.95, SHARE, 1 / 360)
    assert (perfect.mean, perfect.low, perfect.high) == (1.0, None, None)


@pytest.mark.parametrize(("count", "total"), [(0, 5), (2, 5), (5, 5), (17, 30)])
def test_the_interval_of_a_share_is_that_of_jeffreys(count, total):
    """The quantiles of SciPy's beta distribution, the ends closed."""
    found = share_interval(count, total, 0.9)
    low, high = scipy.stats.beta.ppf([0.05, 0.95], count + 0.5, total - count + 0.5)
    assert found.low == pytest.approx(0.0 if count == 0 else low)
    assert found.high == pytest.approx(1.0 if count == total else high)


def test_the_scale_follows_from_the_metric():
    """An accuracy is a share, a loss positive unless one of its values is not."""
    assert scale_of("accuracy", [0.0, 1.0]) is scale_of("roc_auc", [0.5]) is SHARE
    assert scale_of("matthews_corrcoef", [-0.5]) is CORRELATION
    assert scale_of("r2", [-7.0, 0.5]) is EXPLAINED
    assert scale_of("brier_score", [0.2]) is scale_of("root_mean_squared_error", [3.0]) is POSITIVE
    assert scale_of("loss", [0.1, 2.0]) is POSITIVE
    assert scale_of("loss", [0.1, -2.0]) is PLAIN


@pytest.mark.parametrize(
    ("scale", "to"),
    [(CORRELATION, lambda m: logit((1 + m) / 2)), (EXPLAINED, lambda m: -np.log(1 - m))],
    ids=["correlation", "explained"],
)
@pytest.mark.parametrize("value", [-0.9, -0.3, 0.0, 0.4, 0.95])
def test_other_scales_are_their_formulas(scale, to, value):
    """G by hand, its slope by a central difference, and g⁻¹ of g; intervals stay below the end."""
    assert scale.transformed(value) == pytest.approx(to(value))
    assert scale.slope(value) == pytest.approx((to(value + 1e-6) - to(value - 1e-6)) / 2e-6, rel=1e-6)
    assert scale.back(scale.transformed(value)) == pytest.approx(value, abs=1e-12)
    interval = mean_interval([value - 0.04, value, value + 0.04], 0.95, scale)
    assert scale.low <= interval.low < value < interval.high <= scale.high
    assert math.isfinite(scale.back(-1e4))
    assert scale.back(1e4) <= 1
