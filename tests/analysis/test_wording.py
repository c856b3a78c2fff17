"""Conclusions in words."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from assay.analysis import (
    BaselineComparison,
    ConditionSummary,
    Interval,
    Measure,
    Share,
    Summary,
    sentences,
    shortlist,
)
from assay.analysis.wording import factors_of, margin_text, reference_name, shared_names, shown_text

MEASURE = Measure("test", "accuracy")


def condition(
    name,
    mean,
    *,
    difference=None,
    low=None,
    high=None,
    pairs=5,
    conclusion="undecided",
    outcomes=None,
    learnt=None,
    **told,
):
    """One condition of a summary, as far as sentences read it; `told` is of its comparison."""
    paired = Interval(difference, low, high, pairs)
    return ConditionSummary(
        name=name,
        settings={},
        trials=5,
        outcomes=outcomes or {"completed": 5, "diverged": 0},
        learnt=learnt,
        test={} if mean is None else {"accuracy": Interval(mean, mean - 0.005, mean + 0.005, 5)},
        comparison=None
        if name == "baseline"
        else BaselineComparison(paired, conclusion, **told, against="baseline", measure=MEASURE),
    )


def summary_of(*conditions, baseline="baseline"):
    """A summary of these conditions."""
    return Summary("study", baseline, 0.95, MEASURE, 1.0, conditions, margin=0.01)


BASELINE = condition("baseline", 0.80)


def test_a_conclusion_holds_both_means_the_difference_and_how_likely_it_is():
    """A sentence says who is better or worse, by what measure, by how much, over how many seeds, and how sure it is."""
    told = {"effect_size": -3.31, "p": 0.0012, "p_adjusted": 0.0132, "comparisons": 11}
    worse = condition("units=32", 0.79, difference=-0.011, low=-0.015, high=-0.007, conclusion="worse", **told)
    assert sentences(summary_of(BASELINE, worse)) == [
        "The baseline has test accuracy 0.800 [0.795, 0.805].",
        "units=32 is worse than the baseline: test accuracy 0.790 vs 0.800, difference -0.011 [-0.015, -0.007] over "
        "5 paired seeds, 3.3 standard deviations (p = 0.001, among 11 comparisons = 0.01).",
    ]


def test_what_is_undecided_says_what_would_decide_it():
    """Where the interval holds zero, the sentence claims neither a difference nor its absence."""
    told = {"p": 0.4, "p_adjusted": 0.4, "seeds_needed": 9}
    open_ = condition("units=32", 0.80, difference=0.001, low=-0.002, high=0.004, **told)
    said = sentences(summary_of(BASELINE, open_))[1]
    assert said.startswith("It is undecided whether units=32 differs from the baseline: test accuracy 0.800 vs 0.800")
    assert said.endswith("(p = 0.4). About 9 seeds would settle a difference of one point.")


@pytest.mark.parametrize(("margin", "metric", "words"), [
    (0.01, "accuracy", "one point"), (0.005, "accuracy", "0.5 points"), (0.05, "loss", "5 %"),
])  # fmt: skip
def test_what_is_the_same_says_within_what(margin, metric, words):
    """The margin is in points of an accuracy, and a part of the baseline's loss."""
    same = condition(
        "units=32", 0.80, difference=0.001, low=-0.002, high=0.004, conclusion="same", p=0.6, p_adjusted=0.6
    )
    summary = replace(summary_of(BASELINE, same), margin=margin)
    assert margin_text(replace(summary, compared_by=Measure("test", metric))) == words
    if metric == "accuracy":
        assert sentences(summary)[1].startswith(f"units=32 is the same as the baseline within {words}: test accuracy")


def test_seeds_that_never_left_chance_are_told_before_the_mean_of_the_others():
    """Two groups of seeds are two groups."""
    split = condition("units=32", 0.80, difference=0.0, learnt=Share(3, 5, 0.21, 0.91))
    assert sentences(summary_of(BASELINE, split))[-1] == (
        "units=32: 3 of 5 trials learnt, a share of 0.60 [0.21, 0.91] (2 at chance). "
        "Its means are of those that learnt."
    )
    none = condition("units=32", 0.10, outcomes={"completed": 4, "diverged": 1}, learnt=Share(0, 5, 0.0, 0.38))
    assert sentences(summary_of(BASELINE, none))[-1] == "units=32: none of 5 trials learnt (4 at chance, 1 diverged)."


def test_one_seed_is_said_to_show_nothing():
    """A single pair is told without an interval and without a conclusion."""
    single = condition("units=32", 0.81, difference=0.01, pairs=1)
    assert sentences(summary_of(BASELINE, single))[1] == (
        "One seed cannot show whether units=32 differs from the baseline: test accuracy 0.810 vs 0.800, "
        "difference +0.010 over 1 paired seed."
    )


def test_what_was_lost_is_said():
    """Diverged trials have their sentence; a condition that lost them all cannot be compared."""
    lost = condition("rate=9", None, pairs=0, outcomes={"completed": 0, "diverged": 4, "failed": 1})
    assert sentences(summary_of(BASELINE, lost))[1:] == [
        "rate=9 cannot be compared with the baseline: no seed learnt in both.",
        "rate=9: of 5 trials, 4 diverged, 1 failed.",
    ]


def test_a_baseline_that_diverged_is_said():
    """Without the baseline's numbers nothing can be compared."""
    baseline = condition("baseline", None, outcomes={"completed": 0, "diverged": 5})
    said = sentences(summary_of(baseline, condition("units=32", 0.8, pairs=0)))
    assert said[0] == "The baseline completed no trial, so nothing can be compared with it."


def test_conclusions_come_in_order_of_strength():
    """Better before worse before the same before undecided, large differences first."""
    others = [
        condition("a", 0.8, difference=0.0, low=-0.1, high=0.1, p=0.9, p_adjusted=0.9),
        condition("e", 0.8, difference=0.0, low=-0.001, high=0.001, conclusion="same"),
        condition("b", 0.7, difference=-0.1, low=-0.11, high=-0.09, conclusion="worse"),
        condition("c", 0.81, difference=0.01, low=0.009, high=0.011, conclusion="better"),
        condition("d", 0.9, difference=0.1, low=0.09, high=0.11, conclusion="better"),
    ]
    said = sentences(summary_of(BASELINE, *others))
    assert [sentence.split()[0] for sentence in said] == ["The", "d", "c", "b", "e", "It"]


def test_without_a_baseline_only_the_ends_are_told():
    """Nothing is compared, but the best and the worst are facts."""
    conditions = [condition(name, mean) for name, mean in (("a", 0.7), ("b", 0.9), ("c", 0.8))]
    conditions = [replace(item, comparison=None) for item in conditions]
    (said,) = sentences(summary_of(*conditions, baseline=None))
    assert said == (
        "b has the best test accuracy, 0.900 [0.895, 0.905]; a the worst, 0.700 [0.695, 0.705]. "
        "The study names no baseline, so nothing is compared."
    )


def test_one_condition_alone_is_not_called_the_best():
    """A single condition has its score; among others it is named."""
    alone = replace(condition("as written", 0.7), comparison=None)
    assert sentences(summary_of(alone, baseline=None)) == ["The only condition has test accuracy 0.700 [0.695, 0.705]."]
    waiting = replace(condition("width=9", None), comparison=None)
    assert sentences(summary_of(alone, waiting, baseline=None)) == [
        "as written has test accuracy 0.700 [0.695, 0.705]."
    ]


def test_another_baseline_than_the_one_called_so_goes_by_its_name():
    """Where one_at_a_time names another condition to compare with, nothing is worse than itself."""
    base = condition("x", 0.79, difference=-0.011, low=-0.015, high=-0.007, conclusion="worse")
    base = replace(base, name="baseline")
    chosen = replace(condition("width=32", 0.80), comparison=None)
    table = summary_of(base, chosen, baseline="width=32")
    assert reference_name(table) == "width=32"
    assert sentences(table) == [
        "width=32, with which the others are compared, has test accuracy 0.800 [0.795, 0.805].",
        "baseline is worse than width=32: test accuracy 0.790 vs 0.800, "
        "difference -0.011 [-0.015, -0.007] over 5 paired seeds.",
    ]


def test_seeds_that_differ_by_the_same_are_said_to_show_nothing():
    """Without spread there is no interval; the sentence says why nothing is concluded."""
    same = condition("units=32", 0.81, difference=0.01, pairs=3)
    assert sentences(summary_of(BASELINE, same))[1] == (
        "3 equal differences cannot show whether units=32 differs from the baseline: "
        "test accuracy 0.810 vs 0.800, difference +0.010 over 3 paired seeds."
    )


def test_nothing_to_compare_is_said():
    """Before a trial has completed there is one sentence; once all have ended without, it says what became of them."""
    running = condition("baseline", None, outcomes={"completed": 0, "diverged": 4})
    table = replace(summary_of(running), compared_by=None)
    assert sentences(table)[0] == "No trial has completed yet, so there is nothing to compare."
    lost = [
        condition("baseline", None, outcomes={"completed": 0, "diverged": 5}),
        condition("width=9", None, outcomes={"completed": 0, "diverged": 4, "failed": 1}),
    ]
    table = replace(summary_of(*lost), compared_by=None)
    assert sentences(table)[0] == (
        "None of the 10 trials completed (9 diverged, 1 failed), so there is nothing to compare."
    )


def large_summary(*, pairs=5):
    """101 conditions: a baseline, 20 better, 50 worse, 30 undecided; 4 of the last lost a trial each."""
    kind = partial(condition, pairs=pairs)
    better = [
        kind(f"up={n}", 0.81 + n / 1000, difference=0.01 + n / 1000, low=0.01, high=0.02, conclusion="better")
        for n in range(20)
    ]
    worse = [
        kind(f"down={n}", 0.79 - n / 1000, difference=-0.01, low=-0.1, high=-0.01, conclusion="worse")
        for n in range(50)
    ]
    same = [kind(f"same={n}", 0.8, difference=0.0, low=-0.01, high=0.01) for n in range(26)]
    lost = [kind(f"lost={n}", 0.8, difference=0.0, outcomes={"completed": 4, "diverged": 1}) for n in range(4)]
    return summary_of(BASELINE, *better, *worse, *same, *lost)


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        (
            (0.7, 0.9, 0.9),
            "b has the best test accuracy, 0.900 [0.895, 0.905] (1 other has the same mean); a the worst",
        ),
        ((0.9, 0.9, 0.7, 0.9), "a has the best test accuracy, 0.900 [0.895, 0.905] (2 others have the same mean); c"),
        ((0.9, 0.9), "All 2 conditions have the same mean test accuracy, 0.900. The study names no baseline"),
    ],
)
def test_a_best_that_is_shared_is_said_to_be(means, expected):
    """Nobody is singled out for standing first in the file."""
    conditions = [replace(condition(name, mean), comparison=None) for name, mean in zip("abcd", means, strict=False)]
    (said,) = sentences(summary_of(*conditions, baseline=None))
    assert said.startswith(expected)


def test_a_large_study_is_counted_and_its_best_are_named():
    """More than a hundred conditions: how many came out how, the ends, ten sentences, and what was lost in one."""
    said = sentences(large_summary())
    assert said[1] == (
        "Of 100 conditions 20 are better than the baseline, 50 are worse, 0 are the same within one point, and 30 are "
        "undecided. If no choice made a difference, the chance that even one would be called better or worse is at "
        "most 5 %."
    )
    assert said[2].startswith("up=19 has the best test accuracy, 0.829 [0.824, 0.834]; down=49 the worst, 0.741")
    assert [sentence.split()[0] for sentence in said[3:-1]] == [f"up={n}" for n in range(19, 9, -1)]
    assert said[-1] == "Of 505 trials, 4 diverged; these are of 4 conditions."


def test_a_large_study_of_one_seed_concludes_nothing():
    """Without intervals there is nothing to count."""
    said = sentences(large_summary(pairs=1))
    assert said[1] == (
        "A comparison needs two seeds that completed in both conditions, so no condition is called better or worse."
    )


def test_what_is_left_out_is_said():
    """How many are shown of how many, by what, and where the others are; nothing where all are shown."""
    table = large_summary()
    assert shown_text(table, shortlist(table, 2)) == (
        "The best 2 of 101 conditions by test accuracy, and the baseline; "
        "`assay show DIR --json` and `assay export` have all."
    )
    without = replace(table, baseline=None)
    assert shown_text(without, shortlist(without, 2)).startswith("The best 2 of 101 conditions by test accuracy; ")
    begun = replace(table, compared_by=None)
    assert shown_text(begun, shortlist(begun, 3)).startswith("The first 3 of 101 conditions; ")
    assert shown_text(table, shortlist(table, 101)) == ""


def test_factors_are_said_once_where_all_names_have_them():
    """Names with the same factors are shortened; names with different ones, or a baseline among them, are not."""
    names = ["activation=relu, width=32", "activation=tanh, width=64"]
    assert shared_names(names) == ("activation, width", ["relu, 32", "tanh, 64"])
    assert shared_names(["baseline", "width=32"]) == ("", ["baseline", "width=32"])
    assert shared_names(["width=32", "depth=3"]) == ("", ["width=32", "depth=3"])


def test_a_comma_inside_a_level_parts_no_factors():
    """The arguments of a level stay with it."""
    name = "kernel_initializer=random_normal(mean=0, stddev=1.0), activation=relu"
    assert factors_of(name) == ["kernel_initializer=random_normal(mean=0, stddev=1.0)", "activation=relu"]


def test_several_splits_are_what_sentences_speak_of():
    """How many would decide; that no number would, where splits share too much; and what intervals are about."""
    known = {"p": 0.4, "p_adjusted": 0.4, "unit": "split", "difference": 0.001, "low": -0.02, "high": 0.02}
    enough = condition("units=32", 0.80, seeds_needed=9, **known)
    hopeless = condition("units=16", 0.80, is_beyond_reach=True, **known)
    summary = replace(summary_of(BASELINE, enough, hopeless), splits=5, overlap=0.25)
    _, first, second, last = sentences(summary)
    assert "over 5 paired splits" in first
    assert first.endswith("About 9 splits would settle a difference of one point.")
    assert second.endswith(
        "No number of splits of this table would settle a difference of one point: they share rows. More rows would."
    )
    assert last == (
        "Means and comparisons are over 5 splits, each with the mean of its seeds. Splits share rows, so their "
        "intervals are wider than those of independent values would be (Nadeau and Bengio 2003)."
    )
    fixed = sentences(replace(summary, overlap=0.0))[-1]
    assert fixed.endswith("The test rows are the same in every split, so intervals are about these rows alone.")
