"""Paired comparison with the baseline."""

from __future__ import annotations

import numpy as np
import pytest

from assay.analysis import compare_paired


def test_pairing_sees_what_two_means_cannot():
    """Seeds that differ much but in nearly the same way leave a difference that is nearly exact."""
    baseline = {0: 0.1, 1: 0.5, 2: 0.9}
    compared = compare_paired({0: 0.1101, 1: 0.5100, 2: 0.9099}, baseline, higher_is_better=True)
    assert compared.conclusion == "better"
    assert compared.difference.mean == pytest.approx(0.01)
    assert compared.difference.high - compared.difference.low < 1e-3


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_seeds_that_differ_by_the_same_are_no_evidence(dtype, seeds):
    """One example of 360 more in every seed leaves no spread to estimate an interval from, rounding aside."""
    hits = np.array([331, 338, 347, 300, 301, 302, 303, 304, 305, 306])[:seeds]
    values, baseline = ((count.astype(dtype) / dtype(360)).tolist() for count in (hits + 1, hits))
    compared = compare_paired(dict(enumerate(values)), dict(enumerate(baseline)), higher_is_better=True)
    assert compared.conclusion == "no evidence"
    assert (compared.difference.low, compared.difference.high) == (None, None)
    assert compared.difference.mean == pytest.approx(1 / 360, rel=1e-4)


def test_a_spread_of_one_example_is_a_spread():
    """Differences of 40 and 41 examples of ten thousand are an interval, in float32 too."""
    values, baseline = (np.float32(hits) / np.float32(10_000) for hits in ([9041, 9040, 9041], [9000, 9000, 9000]))
    compared = compare_paired(
        dict(enumerate(values.tolist())), dict(enumerate(baseline.tolist())), higher_is_better=True
    )
    assert compared.conclusion == "better"
    assert compared.difference.low is not None


@pytest.mark.parametrize(
    ("shift", "higher_is_better", "conclusion"),
    [(0.1, True, "better"), (0.1, False, "worse"), (-0.1, True, "worse"), (-0.1, False, "better")],
)
def test_better_depends_on_the_metric(shift, higher_is_better, conclusion):
    """A higher accuracy is better, a higher loss is worse."""
    baseline = {0: 0.5, 1: 0.6, 2: 0.7}
    values = {0: 0.5 + shift, 1: 0.6 + 1.1 * shift, 2: 0.7 + 0.9 * shift}
    assert compare_paired(values, baseline, higher_is_better=higher_is_better).conclusion == conclusion


def test_an_interval_with_zero_in_it_is_no_evidence():
    """Differences of both signs conclude nothing."""
    compared = compare_paired({0: 0.6, 1: 0.5}, {0: 0.5, 1: 0.6}, higher_is_better=True)
    assert compared.conclusion == "no evidence"


def test_equal_values_are_no_evidence():
    """A condition that changes no number at all is not better."""
    assert compare_paired({0: 0.5, 1: 0.6}, {0: 0.5, 1: 0.6}, higher_is_better=True).conclusion == "no evidence"


def test_only_seeds_that_both_completed_are_compared():
    """A seed that one of the two lost is left out of the difference."""
    compared = compare_paired({0: 0.5, 2: 0.7, 3: 9.0}, {0: 0.4, 1: 9.0, 2: 0.6}, higher_is_better=True)
    assert compared.difference.count == 2
    assert compared.difference.mean == pytest.approx(0.1)


def test_one_pair_has_a_difference_and_no_conclusion():
    """One common seed gives a difference without an interval; none gives nothing."""
    one = compare_paired({0: 0.5}, {0: 0.4}, higher_is_better=True)
    assert (one.difference.low, one.conclusion) == (None, "no evidence")
    none = compare_paired({}, {0: 0.4}, higher_is_better=True)
    assert (none.difference.mean, none.conclusion) == (None, "no evidence")
