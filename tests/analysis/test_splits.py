"""Several splits: what is repeated, and the corrected resampled t of Nadeau and Bengio."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from assay.analysis import PLAIN, SHARE, Rules, Sample, compare_paired, concluded, mean_interval
from assay.analysis.comparison import compare_unpaired, seeds_needed
from assay.analysis.effects import Factor, analyse_factors
from assay.analysis.splits import replicates, widening

OVERLAP = 0.25
RULES = Rules(False, PLAIN, overlap=OVERLAP)


def of_splits(values) -> Sample:
    """Values of shape (splits, seeds)."""
    return Sample({(split, seed): value for (split, seed), value in np.ndenumerate(np.asarray(values, float))})


def test_a_split_stands_with_the_mean_of_its_seeds():
    """Where there is one split each seed stands for itself."""
    assert replicates({(0, 0): 1.0, (0, 7): 2.0, (1, 0): 5.0}, OVERLAP) == {0: 1.5, 1: 5.0}
    assert replicates({0: 1.0, 7: 2.0}, None) == {0: 1.0, 7: 2.0}


@pytest.mark.parametrize(("count", "overlap"), [(5, 0.25), (10, 1 / 9), (10, None)])
def test_the_variance_of_a_mean_is_that_of_nadeau_and_bengio(count, overlap):
    """(1 / J + n_test / n_train) s², and s² / J where nothing is shared."""
    assert widening(count, overlap) ** 2 / count == pytest.approx(1 / count + (overlap or 0))


def test_the_interval_of_a_mean_is_wider_by_what_splits_share():
    """Of 0.1, 0.2, 0.4: mean ± t(2) √(1/3 + ¼) s."""
    values = [0.1, 0.2, 0.4]
    found = mean_interval(values, 0.9, PLAIN, 0.0, OVERLAP)
    half = scipy.stats.t.ppf(0.95, 2) * math.sqrt(1 / 3 + OVERLAP) * np.std(values, ddof=1)
    assert (found.low, found.high) == pytest.approx((np.mean(values) - half, np.mean(values) + half))


def test_splits_are_compared_by_the_corrected_resampled_t():
    """The paired t of the means of splits, divided by √(1 + J · overlap), with J - 1 degrees of freedom."""
    generator = np.random.default_rng(0)
    one, other = generator.normal(0.3, 0.02, (5, 3)), generator.normal(0.25, 0.02, (5, 3))
    [found] = concluded([compare_paired(of_splits(one), of_splits(other), RULES)], RULES)
    t = scipy.stats.ttest_rel(one.mean(axis=1), other.mean(axis=1)).statistic / math.sqrt(1 + 5 * OVERLAP)
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(abs(t), 4))
    assert (found.difference.count, found.unit) == (5, "split")


def test_folds_have_the_ratio_of_bouckaert_and_frank():
    """Of k folds n_test / n_train is 1 / (k - 1): of ten t² is divided by 1 + 10 / 9."""
    values, others = np.random.default_rng(1).random((2, 10, 1))
    rules = Rules(False, PLAIN, overlap=1 / 9)
    evidence = compare_paired(of_splits(values), of_splits(others), rules)
    t = scipy.stats.ttest_rel(values[:, 0], others[:, 0]).statistic / math.sqrt(1 + 10 / 9)
    assert evidence.p == pytest.approx(2 * scipy.stats.t.sf(abs(t), 9))


def test_splits_that_share_nothing_known_are_compared_by_welch_widened():
    """Each mean's variance is (1 / J + overlap) s²; the degrees of freedom are Satterthwaite's."""
    one, other = np.random.default_rng(2).random((2, 4, 2))
    means = one.mean(axis=1), other.mean(axis=1)
    parts = [np.var(mean, ddof=1) * (1 / 4 + OVERLAP) for mean in means]
    degrees = sum(parts) ** 2 / sum(part**2 / 3 for part in parts)
    p = 2 * scipy.stats.t.sf(abs(means[0].mean() - means[1].mean()) / math.sqrt(sum(parts)), degrees)
    assert compare_unpaired(of_splits(one), of_splits(other), RULES).p == pytest.approx(p)


def test_seeds_are_paired_within_a_split():
    """A seed that one condition lost is left out of the split's mean in the other too."""
    whole, lost = of_splits([[1.0, 3.0], [2.0, 4.0], [3.0, 9.0]]), of_splits([[0.0, 0.0]] * 3)
    lost = Sample({unit: value for unit, value in lost.values.items() if unit != (2, 1)})
    assert compare_paired(whole, lost, RULES).difference.mean == pytest.approx(np.mean([2.0, 3.0, 3.0]))


def test_failing_seeds_of_splits_are_not_counted_as_evidence():
    """Fisher's test takes trials for independent, which those of splits are not. Means that disagree do not count."""
    rules = Rules(True, SHARE, overlap=OVERLAP)
    base = of_splits([[0.90, 0.91], [0.92, 0.90], [0.91, 0.93], [0.92, 0.92]])
    failing = Sample(
        {unit: 0.1 if unit[1] else value + 0.02 for unit, value in base.values.items()},
        at_chance=frozenset(unit for unit in base.values if unit[1]),
    )
    assert compare_paired(failing, base, rules).p is None
    alone = Rules(True, SHARE)
    single = [Sample({seed: sample.values[0, seed] for seed in (0, 1)}) for sample in (failing, base)]
    single[0] = Sample(single[0].values, at_chance=frozenset({1}))
    assert compare_paired(*single, alone).p is not None


def test_more_splits_cannot_undo_what_they_share():
    """With n splits an interval is never narrower than t √overlap s: beyond that no number decides."""
    level = 0.05
    floor = scipy.stats.norm.ppf(1 - level / 2) * math.sqrt(OVERLAP)
    reachable, hopeless = (seeds_needed(0.5 / floor * scale, math.inf, level, OVERLAP)[0] for scale in (0.9, 1.1))
    assert hopeless is None
    assert reachable is not None
    half = scipy.stats.t.ppf(1 - level / 2, reachable - 1) * math.sqrt(1 / reachable + OVERLAP) * 0.5 / floor * 0.9
    assert half <= 0.5
    few = np.array([[0.30], [0.34], [0.28], [0.33], [0.31]])
    [found] = concluded([compare_paired(of_splits(few), of_splits(few[::-1] + 0.001), RULES)], RULES)
    assert (found.seeds_needed, found.is_beyond_reach) == (None, True)
    folds = Rules(False, PLAIN, overlap=OVERLAP, more=False)
    [found] = concluded([compare_paired(of_splits(few), of_splits(few[::-1] + 0.001), folds)], folds)
    assert (found.seeds_needed, found.is_beyond_reach) == (None, False)


def test_f_of_two_conditions_is_the_square_of_the_corrected_t():
    """The block is the split, and the noise is taken as much larger as the variance of a mean is."""
    values = np.random.default_rng(3).random((2, 6))
    analysis = analyse_factors(values, [Factor("network.activation", ("relu", "tanh"))], RULES)
    evidence = compare_paired(of_splits(values[0][:, None]), of_splits(values[1][:, None]), RULES)
    assert analysis.terms[0].p == pytest.approx(evidence.p)
    assert analysis.seed.kind == "split"
