"""Which factor matters."""

from __future__ import annotations

import json
import math
from itertools import product

import numpy as np
import pytest
import scipy.stats

from assay.analysis import PLAIN, SHARE, Comparison, Interval, Measure, Rules
from assay.analysis.effect_wording import factor_sentences, marginal_sentences
from assay.analysis.effects import Factor, analyse_factors, factor_means, marginal_gains
from assay.analysis.share_intervals import noncentrality

LOSS = Rules(False, PLAIN)
ACCURACY = Measure("test", "accuracy")
INITIALIZER = Factor("network.kernel_initializer", ("he_normal", "random_normal"), baseline=1)
ACTIVATION = Factor("network.activation", ("relu", "tanh"), baseline=0)


def factors_of(*counts):
    """Factors a, b, c of so many levels."""
    return [Factor(f"training.{name}", tuple(range(count))) for name, count in zip("abcde", counts, strict=False)]


def noisy(means, seeds, noise, *, block=0.0, seed=0):
    """Values of a table of means: what a seed does to all, and to one alone."""
    draws = np.random.default_rng(seed)
    means = np.asarray(means, dtype=float)[..., None]
    return means + block * draws.normal(size=seeds) + noise * draws.normal(size=(*means.shape[:-1], seeds))


def found_terms(analysis):
    """Terms by the last parts of their factors' keys."""
    return {tuple(sorted(key.split(".")[-1] for key in term.factors)): term for term in analysis.terms}


# --- Sums of squares -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 2, 5), (2, 3, 4, 3)])
def test_it_is_the_analysis_of_variance_of_statsmodels(shape):
    """Values near 0.99, whose mean square is a millionth of theirs."""
    import pandas
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    *counts, seeds = shape
    values = noisy(0.99 + 1e-3 * np.random.default_rng(5).normal(size=counts), seeds, 1e-3, block=5e-4)
    names = list("abc")[: len(counts)]
    rows = [(*place, values[place] - 0.99) for place in np.ndindex(*shape)]
    table = pandas.DataFrame(rows, columns=[*names, "seed", "value"])
    formula = "value ~ " + " * ".join(f"C({name})" for name in names) + " + C(seed)"
    expected = anova_lm(ols(formula, table).fit())
    analysis = analyse_factors(values, factors_of(*counts), LOSS)
    for key, term in found_terms(analysis).items():
        row = expected.loc[":".join(f"C({name})" for name in key)]
        assert (term.degrees, term.sum_of_squares) == (row["df"], pytest.approx(row["sum_sq"], rel=1e-9))
        assert (term.f, term.p) == (pytest.approx(row["F"], rel=1e-9), pytest.approx(row["PR(>F)"], rel=1e-9))
    assert len(analysis.terms) == len(expected) - 2
    assert analysis.seed.sum_of_squares == pytest.approx(expected.loc["C(seed)", "sum_sq"], rel=1e-9)
    assert analysis.residual.sum_of_squares == pytest.approx(expected.loc["Residual", "sum_sq"], rel=1e-9)


def test_a_randomized_block_by_hand():
    """Two levels in three blocks: 1 2 3 and 2 4 6, with mean 3.

    SS(factor) = 3 · (1² + 1²) = 6, SS(block) = 2 · (1.5² + 1.5²) = 9, SS(total) = 16, so SS(residual) = 1 with 2
    degrees of freedom; F = 6 / 0.5 = 12, ω² = (6 - 0.5) / (16 + 4.5).
    """
    analysis = analyse_factors(np.array([[1.0, 2, 3], [2, 4, 6]]), factors_of(2), LOSS)
    (term,) = analysis.terms
    squares = (term.sum_of_squares, analysis.seed.sum_of_squares, analysis.residual.sum_of_squares)
    assert squares == pytest.approx((6, 9, 1))
    assert (term.f, term.share) == (pytest.approx(12), pytest.approx(5.5 / 20.5))
    assert term.p == pytest.approx(scipy.stats.ttest_rel([2, 4, 6], [1, 2, 3]).pvalue)


@pytest.mark.parametrize("shape", [(3, 2, 4), (2, 3, 2, 3), (2, 2, 3, 2, 3)])
def test_sums_and_shares_add_up(shape):
    """To the sum of squares about the mean, and to 1; every effect here is larger than its noise."""
    values = noisy(np.random.default_rng(1).normal(size=shape[:-1]), shape[-1], 0.01, block=0.5)
    analysis = analyse_factors(values, factors_of(*shape[:-1]), LOSS)
    every = [*analysis.terms, analysis.seed, analysis.residual]
    assert sum(term.degrees for term in every) == values.size - 1
    assert math.fsum(term.sum_of_squares for term in every) == pytest.approx(np.square(values - values.mean()).sum())
    assert math.fsum(term.share for term in every) == pytest.approx(1)


def test_the_order_of_factors_levels_and_seeds_does_not_matter():
    """Names come along; numbers stay."""
    values = noisy(np.random.default_rng(2).normal(size=(2, 3, 4)), 3, 0.5)
    factors = factors_of(2, 3, 4)
    turned = np.transpose(values, (2, 0, 1, 3))[::-1, :, ::-1][..., [2, 0, 1]]
    terms = found_terms(analyse_factors(values, factors, LOSS))
    for key, term in found_terms(analyse_factors(turned, [factors[2], factors[0], factors[1]], LOSS)).items():
        numbers = (term.sum_of_squares, term.p, term.share, term.low, term.high)
        other = terms[key]
        assert numbers == pytest.approx((other.sum_of_squares, other.p, other.share, other.low, other.high))


def test_a_main_effect_alone_has_no_interaction():
    """In exact numbers; and where nothing differs there are no shares."""
    values = np.full((3, 2, 4), 0.1) + np.array([0.1, 0.2, 0.7])[:, None, None]
    analysis = analyse_factors(values, factors_of(3, 2), LOSS)
    assert [(term.share, term.p, term.low) for term in analysis.terms] == [
        (pytest.approx(1), None, None),
        (0, None, None),
        (0, None, None),
    ]
    constant = analyse_factors(np.full((3, 2, 4), 0.7), factors_of(3, 2), LOSS)
    assert {term.share for term in constant.terms} == {None}
    assert factor_sentences(constant, ACCURACY) == ["Every trial has the same test accuracy, so no factor matters."]
    for written in (analysis.written(), constant.written()):
        json.dumps(written, allow_nan=False)


def test_a_spread_below_one_row_is_taken_for_noise():
    """One of 100 rows more in every seed is no evidence."""
    values = np.array([[0.90, 0.91, 0.92], [0.91, 0.92, 0.93]])
    (exact,), (in_rows,) = (
        analyse_factors(values, factors_of(2), Rules(True, SHARE, resolution=step)).terms for step in (0.0, 0.01)
    )
    assert exact.p is None
    assert in_rows.p > 0.1


def test_what_cannot_be_analysed_is_none():
    """One seed, one level, or a trial that was lost."""
    values = noisy([[1, 2], [3, 4]], 3, 0.1)
    assert analyse_factors(values[..., :1], factors_of(2, 2), LOSS) is None
    assert analyse_factors(values[:1, :1], factors_of(1, 1), LOSS) is None
    values[0, 0, 0] = math.nan
    assert analyse_factors(values, factors_of(2, 2), LOSS) is None


def test_a_factor_of_one_level_is_left_out():
    """The others are as they would be without it."""
    values = noisy([[1, 2, 4]], 3, 0.1)
    one = analyse_factors(values, factors_of(1, 3), LOSS)
    assert one.terms == analyse_factors(values[0], factors_of(1, 3)[1:], LOSS).terms


# --- Intervals of shares ---------------------------------------------------------------------------------------------


def test_the_noncentral_f_distribution_is_inverted():
    """As SciPy has it for a moderate noncentrality, by its two moments for a large one."""
    f, degrees, others = np.array([3.0, 40.0, 1e7]), np.array([2.0, 3.0, 2.0]), np.array([12.0, 9.0, 1e5])
    probability = np.array([0.025, 0.975, 0.5])
    found = noncentrality(f, degrees, others, probability)
    assert scipy.stats.ncf.cdf(f[:2], degrees[:2], others[:2], found[:2]) == pytest.approx(probability[:2], rel=1e-6)
    assert found[2] == pytest.approx(2e7, rel=1e-3)
    assert noncentrality(np.array([0.1]), np.array([2.0]), np.array([9.0]), np.array([0.5])) == 0


@pytest.mark.parametrize(("effect", "block"), [((0.5, 0.4, 0.4), 0.5), ((10.0, 8.0, 5.0), 0.5), ((3.0, 0.0, 0.0), 1.0)])
def test_intervals_of_shares_hold_the_true_share(effect, block):
    """In about 95 of 100 studies, for weak and strong factors; noise of standard deviation 1.

    Of 200 studies 95 % are 190 ± 3. Beside a strong block it may be 90 %, of a share of 0 it is 97.5 %; intervals that
    always hold it are too wide.
    """
    one, other = np.array([-1.0, 0, 1]) * math.sqrt(1.5), np.array([-1.0, 1])
    means = effect[0] * one[:, None] + effect[1] * other + effect[2] * np.outer(one, other)
    variances = [*(part**2 for part in effect), block**2]
    truth = [part / (sum(variances) + 1) for part in variances]
    held = np.zeros(4)
    for seed in range(200):
        analysis = analyse_factors(noisy(means, 5, 1.0, block=block, seed=seed), factors_of(3, 2), LOSS)
        every = [*analysis.terms, analysis.seed]
        held += [term.low <= share <= term.high for term, share in zip(every, truth, strict=True)]
    assert held.min() / 200 > 0.87
    assert held[:3].min() / 200 < 0.99
    assert held.mean() / 200 > 0.92


def test_factors_without_effect_seldom_stand_out():
    """In one study of twenty, among all its terms."""
    alarms = 0
    for seed in range(200):
        analysis = analyse_factors(noisy(np.zeros((2, 3, 2)), 3, 1.0, seed=seed), factors_of(2, 3, 2), LOSS)
        alarms += any(analysis.stands_out(term) for term in analysis.terms)
    assert alarms / 200 < 0.1


# --- Simple effects and marginal gains -------------------------------------------------------------------------------


def test_simple_effects_are_paired_differences():
    """From the baseline's level: with relu 70 points are gained, with tanh none. Student's t over the seeds."""
    values = noisy([[0.9, 0.9], [0.2, 0.9]], 5, 0.01)
    analysis = analyse_factors(values, [INITIALIZER, ACTIVATION], Rules(True, PLAIN))
    (effect,) = analysis.simple_effects
    # Both main effects are equal up to noise; either exchange tells the same.
    cells = values if effect.factor == INITIALIZER.key else values.swapaxes(0, 1)
    start, end = (1, 0) if effect.factor == INITIALIZER.key else (0, 1)
    for place, gain in enumerate(effect.gains):
        expected = scipy.stats.ttest_rel(cells[end, place], cells[start, place]).confidence_interval(0.95)
        assert (gain.difference.low, gain.difference.high) == pytest.approx((expected.low, expected.high))
    written = analysis.written()["simple_effects"][0]
    assert written["exchange"]["factor"] == effect.factor
    assert {entry["level"] for entry in written["gains"]} in ({"relu", "tanh"}, {"he_normal", "random_normal"})


def test_without_a_baseline_the_worst_level_is_exchanged():
    """By an accuracy the lowest, by a loss the highest."""
    factors = factors_of(3, 2)
    values = noisy([[0.9, 0.9], [0.2, 0.7], [0.6, 0.7]], 4, 0.01)
    (gained,), (lowered,) = (
        analyse_factors(values, factors, Rules(is_higher, PLAIN)).simple_effects for is_higher in (True, False)
    )
    assert (gained.start, gained.end) == (1, 0)
    assert (lowered.start, lowered.end) == (0, 1)


def test_means_over_other_factors_are_per_seed():
    """By loops."""
    values = np.random.default_rng(3).normal(size=(2, 3, 4, 5))
    means = factor_means(values, 2, 0)
    for third, first, seed in product(range(4), range(2), range(5)):
        assert means[third, first, seed] == pytest.approx(np.mean([values[first, j, third, seed] for j in range(3)]))


def compared(mean, conclusion):
    """A comparison with the baseline."""
    return Comparison(Interval(mean, mean - 0.01, mean + 0.01, 5), conclusion)


def test_marginal_gains_are_ranked_by_their_span():
    """From the lowest to the highest gain; that of the baseline is 0."""
    gains = marginal_gains(
        [
            ("network.activation", "tanh", compared(0.012, "better")),
            ("training.batch_size", 512, compared(-0.021, "worse")),
            ("training.batch_size", 16, compared(0.004, "undecided")),
            ("network.width", 64, compared(0.02, "undecided")),
        ]
    )
    assert [(one.factor, one.span) for one in gains] == [
        ("training.batch_size", pytest.approx(0.025)),
        ("network.width", pytest.approx(0.02)),
        ("network.activation", pytest.approx(0.012)),
    ]
    assert marginal_sentences(gains, ACCURACY) == [
        "batch_size matters most for the test accuracy: from -2.1 points (512) to +0.4 points (16); "
        "activation from 0 (the baseline) to +1.2 points (tanh)."
    ]
    json.dumps([one.written() for one in gains], allow_nan=False)
    alone = [("network.width", 64, compared(0.02, "undecided"))]
    unclear = marginal_gains([*alone, ("network.activation", "tanh", compared(0.01, "undecided"))])
    assert marginal_sentences(unclear, ACCURACY) == ["No factor stands out from the seeds' noise in the test accuracy."]
    assert marginal_sentences(marginal_gains(alone), ACCURACY) == []  # of one factor the comparisons tell all


# --- Sentences -------------------------------------------------------------------------------------------------------


def exactly(means, noise=0.001, seeds=3):
    """Values whose means are these exactly: the seeds' noise has mean 0 in each condition and over all conditions."""
    means = np.asarray(means, dtype=float)
    signs = np.where(np.indices(means.shape).sum(axis=0) % 2, 1.0, -1.0)
    return means[..., None] + noise * signs[..., None] * np.linspace(-1, 1, seeds)


def test_sentences_of_an_interaction():
    """Effects ±0.20, ±0.16, ±0.16 make shares 0.0400 : 0.0256 : 0.0256; he gains 0.72 with relu and 0.08 with tanh."""
    values = exactly([[0.90, 0.90], [0.18, 0.82]])
    first, second = factor_sentences(analyse_factors(values, [INITIALIZER, ACTIVATION], Rules(True, PLAIN)), ACCURACY)
    assert first.startswith("kernel_initializer makes 44 % [")
    assert "of the variance of the test accuracy; " in first
    assert "activation 28 % [" in first
    assert "both together (interaction) 28 % [" in first
    assert first.endswith("; the luck of the seeds under 1 %.")
    assert second.startswith("he_normal instead of random_normal gains 72 points [")
    assert "] with relu and 8.0 points [" in second
    assert second.endswith("] with tanh.")


def test_sentences_of_a_loss():
    """It is lowered or raised, in its own unit; a number is named with its factor."""
    factors = [Factor("training.batch_size", (16, 64), baseline=0), ACTIVATION]
    values = exactly([[1.0, 1.0], [0.4, 1.2]], noise=0.01)
    _, second = factor_sentences(analyse_factors(values, factors, LOSS), Measure("validation", "loss"))
    # Exchanged is the factor with the larger main effect: activation, by 0.4 against 0.2.
    assert second.startswith("tanh instead of relu raises the validation loss by 0.800 [")
    assert "with batch_size 64 and makes no clear difference with batch_size 16 (+0.000 [" in second


def test_nothing_but_noise_is_said_to_be_so():
    """No factor is named, and a main effect alone has no second sentence."""
    noise = noisy(np.full((2, 2), 0.9), 3, 0.01)
    analysis = analyse_factors(noise, [INITIALIZER, ACTIVATION], Rules(True, PLAIN))
    assert factor_sentences(analysis, ACCURACY) == ["No factor stands out from the seeds' noise in the test accuracy."]
    main = analyse_factors(exactly([[0.9, 0.9], [0.5, 0.5]]), [INITIALIZER, ACTIVATION], Rules(True, PLAIN))
    (only,) = factor_sentences(main, ACCURACY)
    assert only.startswith("kernel_initializer makes most of the difference: 100 % [")
    assert "activation" not in only


def test_the_pair_to_show_is_the_largest_interaction_or_the_two_that_matter_most():
    """One factor alone has no pair."""
    three = np.zeros((2, 2, 2)) + np.array([0.0, 3.0])[:, None, None] + np.array([0.0, 1.0])[:, None]
    factors = factors_of(2, 2, 2)
    assert analyse_factors(exactly(three), factors, LOSS).pair == ("training.a", "training.b")
    three[1, :, 1] += 2.0
    assert analyse_factors(exactly(three), factors, LOSS).pair == ("training.a", "training.c")
    assert analyse_factors(exactly([1.0, 2.0]), factors[:1], LOSS).pair is None
