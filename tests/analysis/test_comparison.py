"""Paired comparison with the baseline."""

from __future__ import annotations

import pytest

from assay.analysis import compare_paired


def test_pairing_sees_what_two_means_cannot():
    """Seeds that differ much but in the same way leave a difference that is exact."""
    baseline = {0: 0.1, 1: 0.5, 2: 0.9}
    compared = compare_paired({seed: value + 0.01 for seed, value in baseline.items()}, baseline, higher_is_better=True)
    assert compared.conclusion == "better"
    assert compared.difference.mean == pytest.approx(0.01)
    assert compared.difference.high - compared.difference.low < 1e-9


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
