"""Paired comparison with the baseline."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import scipy.stats

from assay.analysis import PLAIN, POSITIVE, SHARE, Rules, Sample, compare_paired, concluded
from assay.analysis.comparison import LEVEL_OF_SHARES, holm, seeds_needed

ROWS = 540
ACCURACY = Rules(True, SHARE, resolution=1 / ROWS)


def sample(values, **known):
    """Seeds from 0 on."""
    return Sample(dict(enumerate(values)), **known)


def compared(values, baseline, rules=ACCURACY):
    """A study of one comparison."""
    return concluded([compare_paired(sample(values), sample(baseline), rules)], rules)[0]


# --- Student's t -----------------------------------------------------------------------------------------------------


def test_on_the_plain_scale_it_is_the_paired_t_test_of_scipy():
    """The difference, its interval and p."""
    values, baseline = [0.31, 0.28, 0.44, 0.39], [0.25, 0.27, 0.36, 0.30]
    found = compared(values, baseline, Rules(False, PLAIN))
    expected = scipy.stats.ttest_rel(values, baseline)
    interval = expected.confidence_interval(0.95)
    assert found.difference.mean == pytest.approx(np.mean(np.subtract(values, baseline)))
    assert (found.difference.low, found.difference.high) == pytest.approx((interval.low, interval.high))
    assert found.p == pytest.approx(expected.pvalue)
    assert found.effect_size == pytest.approx(expected.statistic / math.sqrt(4))
    assert found.conclusion == "worse"


@pytest.mark.parametrize(("scale", "link"), [(SHARE, scipy.special.logit), (POSITIVE, np.log)])
def test_on_another_scale_it_is_the_delta_method(scale, link):
    """Its standard error is that of the difference of the transformed means, by numeric derivatives."""
    values, baseline = np.array([0.91, 0.94, 0.90, 0.93]), np.array([0.95, 0.96, 0.93, 0.96])
    step = 1e-6
    slopes = [(link(x.mean() + step) - link(x.mean() - step)) / (2 * step) for x in (values, baseline)]
    error = np.std(slopes[0] * values - slopes[1] * baseline, ddof=1) / 2
    shift = link(values.mean()) - link(baseline.mean())
    found = compared(values, baseline, Rules(scale is SHARE, scale))
    p = 2 * scipy.stats.t.sf(abs(shift) / error, 3)
    assert found.p == pytest.approx(p, rel=1e-4)
    ends = link(baseline.mean()) + shift + scipy.stats.t.ppf([0.025, 0.975], 3) * error
    moved = (scipy.special.expit(ends) if scale is SHARE else np.exp(ends)) - baseline.mean()
    assert (found.difference.low, found.difference.high) == pytest.approx(tuple(moved), rel=1e-4)


def test_pairing_sees_what_two_means_cannot():
    """Seeds that differ much but in nearly the same way leave a difference that is nearly exact."""
    found = compared([0.1101, 0.5100, 0.9099], [0.1, 0.5, 0.9], Rules(True, PLAIN, margin=0.001))
    assert found.conclusion == "better"
    assert found.difference.mean == pytest.approx(0.01)
    assert found.difference.high - found.difference.low < 1e-3


@pytest.mark.parametrize(
    ("shift", "higher_is_better", "conclusion"),
    [(0.1, True, "better"), (0.1, False, "worse"), (-0.1, True, "worse"), (-0.1, False, "better")],
)
@pytest.mark.parametrize("scale", [PLAIN, SHARE, POSITIVE])
def test_better_depends_on_the_metric(scale, shift, higher_is_better, conclusion):
    """A higher accuracy is better, a higher loss is worse."""
    values = [0.5 + shift, 0.6 + 1.1 * shift, 0.7 + 0.9 * shift, 0.55 + shift]
    assert compared(values, [0.5, 0.6, 0.7, 0.55], Rules(higher_is_better, scale)).conclusion == conclusion


@pytest.mark.parametrize("values", [[1.0, 1.0, 0.999], [1.0, 1.0, 1.0], [0.0, 0.0, 0.001]])
def test_no_interval_leaves_the_bounds(values):
    """The baseline's mean is never moved below 0 or above 1."""
    baseline = [0.96, 0.99, 0.91]
    found = compared(values, baseline)
    other = np.mean(baseline)
    assert 0 <= other + found.difference.low <= other + found.difference.high <= 1


# --- What cannot be seen ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_one_example_more_in_every_seed_is_not_better(seeds):
    """A spread below one step cannot be seen, so it is taken to be one step."""
    hits = np.array([501, 508, 507, 500, 501])[:seeds]
    found = compared((hits + 1) / ROWS, hits / ROWS)
    assert found.conclusion in ("undecided", "same")
    assert found.difference.low < 0 < found.difference.high


def test_equal_shares_of_unknown_rows_have_no_interval():
    """Where the step is not known, a spread of zero says nothing."""
    found = compared([0.92, 0.92], [0.90, 0.90], Rules(True, SHARE))
    assert (found.difference.low, found.p, found.conclusion) == (None, None, "undecided")


def test_equal_losses_differ_as_far_as_their_digits_go():
    """A loss is a continuous number: networks that all end at the same one differ by what they differ."""
    digits = Rules(False, POSITIVE)
    assert compared([2.302585] * 3, [1.5, 1.5, 1.5], digits).conclusion == "worse"
    assert compared([2.302585] * 3, [2.302585] * 3, digits).conclusion == "same"


def test_only_seeds_that_both_completed_are_compared():
    """A seed that one of the two lost is left out of the difference."""
    one, other = Sample({0: 0.5, 2: 0.7, 3: 0.9}), Sample({0: 0.4, 1: 0.9, 2: 0.6})
    difference = compare_paired(one, other, ACCURACY).difference
    assert difference.count == 2
    assert difference.mean == pytest.approx(0.1)


def test_one_pair_has_a_difference_and_no_conclusion():
    """One common seed gives a difference without an interval; none gives nothing."""
    one = compared([0.5], [0.4])
    assert (one.difference.mean, one.difference.low, one.conclusion) == (pytest.approx(0.1), None, "undecided")
    none = concluded([compare_paired(Sample({}), Sample({0: 0.4}), ACCURACY)], ACCURACY)[0]
    assert (none.difference.mean, none.p, none.conclusion) == (None, None, "undecided")


# --- The same, and how many seeds would decide -----------------------------------------------------------------------


def test_the_same_is_what_two_one_sided_tests_say():
    """On the plain scale against SciPy's one-sided tests at either margin."""
    generator = np.random.default_rng(0)
    baseline = generator.normal(1.0, 0.1, 8)
    values = baseline + generator.normal(0.0, 0.01, 8)
    rules = Rules(False, PLAIN, margin=0.05)
    margin = 0.05 * baseline.mean()
    below = scipy.stats.ttest_rel(values + margin, baseline, alternative="greater").pvalue
    above = scipy.stats.ttest_rel(values - margin, baseline, alternative="less").pvalue
    assert compare_paired(sample(values), sample(baseline), rules).p_same == pytest.approx(max(below, above))
    assert compared(values, baseline, rules).conclusion == "same"


def test_so_many_seeds_decide_and_one_less_does_not():
    """Half an interval is half a margin: checked with SciPy's t."""
    for width in (0.2, 1.0, 3.0):
        count, settles_margin = seeds_needed(width, math.inf, 0.05)

        def half(n, width=width):
            return scipy.stats.t.ppf(0.975, n - 1) * width / math.sqrt(n)

        assert settles_margin
        assert half(count) <= 0.5 < half(count - 1)
    assert seeds_needed(math.inf, math.inf, 0.05) == (None, True)


def test_a_large_difference_needs_fewer_seeds():
    """10 pairs find one standard deviation, 5 find two, with a probability of 0.8, as published tables of power say."""
    assert seeds_needed(100.0, 1.0, 0.05) == (10, False)
    assert seeds_needed(100.0, 1 / 2, 0.05) == (5, False)
    assert seeds_needed(100.0, 1 / 0.5, 0.05) == (34, False)


def test_what_is_undecided_is_decided_by_as_many_seeds_as_it_asks_for():
    """Of many studies with the spread that was seen, whatever the true difference is."""
    generator = np.random.default_rng(1)
    rules, decided = Rules(False, PLAIN, margin=0.05), []
    count, _ = seeds_needed(0.6, math.inf, 0.05)
    for shift in (0.0, 0.025, 0.05):
        for _ in range(60):
            baseline = generator.normal(1.0, 0.3, count)
            values = baseline + generator.normal(shift, 0.03, count)
            decided.append(compared(values, baseline, rules).conclusion != "undecided")
    assert np.mean(decided) > 0.8


# --- Many comparisons ------------------------------------------------------------------------------------------------


def test_holm_is_the_method_of_its_paper():
    """P of four hypotheses by hand: 4 · 0.005, 3 · 0.01, then never below one before it; None stays."""
    assert holm([0.01, 0.04, None, 0.03, 0.005]) == pytest.approx([0.03, 0.06, None, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_twenty_conditions_without_effect_are_rarely_told_apart():
    """One false alarm or more in at most one study of twenty; the limit is three standard deviations above."""
    generator = np.random.default_rng(2)
    alarms = 0
    for _ in range(150):
        shares = np.clip(np.round(generator.normal(0.97, 0.01, (21, 5)) * ROWS) / ROWS, 0, 1)
        found = [compare_paired(sample(values), sample(shares[0]), ACCURACY) for values in shares[1:]]
        alarms += any(one.conclusion in ("better", "worse") for one in concluded(found, ACCURACY))
    assert alarms / 150 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 150)


# --- Seeds that all lie far off, and seeds that fail -----------------------------------------------------------------


def test_seeds_that_all_lie_far_below_are_worse():
    """On the logit's scale three seeds do where the plain t test sees nothing; and where they do not, it is said."""
    values, baseline = [0.79, 0.45, 0.41], [0.957, 0.960, 0.964]
    assert scipy.stats.ttest_rel(values, baseline).pvalue > 0.05
    assert compared(values, baseline).conclusion == "worse"
    assert compared(baseline, values).conclusion == "better"
    among = concluded([compare_paired(sample(values), sample(baseline), ACCURACY)] * 11, ACCURACY)[0]
    assert (among.conclusion, among.is_separate, among.settles_margin) == ("undecided", True, False)
    assert among.seeds_needed < 10


def test_where_seeds_fail_the_shares_are_compared_by_fishers_test():
    """Against SciPy; the means that learnt are the difference that is told, and nothing is called the same."""
    values = [0.97, 0.10, 0.96, 0.11, 0.10, 0.12]
    failed = sample(values, at_chance=frozenset({1, 3, 4, 5}))
    sound = sample([0.968, 0.971, 0.962, 0.966, 0.970, 0.965])
    found = compare_paired(failed, sound, ACCURACY)
    expected = scipy.stats.fisher_exact([[2, 4], [6, 0]]).pvalue
    assert found.p == pytest.approx(expected / LEVEL_OF_SHARES)
    assert found.difference.mean == pytest.approx((0.97 - 0.968 + 0.96 - 0.962) / 2)
    assert found.p_same is None


def test_a_condition_that_always_diverged_is_worse_than_one_that_learnt():
    """Each lost trial counts as the best constant answer; without it nothing can be said."""
    sound = sample([0.96, 0.95, 0.97, 0.96, 0.955])
    lost = Sample({}, lost=frozenset(range(5)), chance=0.1)
    assert concluded([compare_paired(lost, sound, ACCURACY)], ACCURACY)[0].conclusion == "worse"
    assert compare_paired(Sample({}, lost=frozenset(range(5))), sound, ACCURACY).p is None


def test_no_conclusion_points_away_from_the_shares_that_learnt():
    """Whatever seeds are at chance, a condition of which fewer learnt is never better."""
    high, low = [0.99, 0.985, 0.99, 0.988, 0.991], [0.95, 0.94, 0.96, 0.95, 0.945]
    for count in (1, 2, 3):
        for failed in combinations(range(5), count):
            values = [0.1 if seed in failed else value for seed, value in enumerate(high)]
            split = sample(values, at_chance=frozenset(failed))
            assert concluded([compare_paired(split, sample(low), ACCURACY)], ACCURACY)[0].conclusion != "better"
