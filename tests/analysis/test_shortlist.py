"""The part of a large study that is shown."""

from __future__ import annotations

from dataclasses import replace

from assay.analysis import ConditionSummary, Interval, Measure, Summary, shortlist


def condition(name, **means):
    """A condition with these means, keyed ``split_metric``, as far as a shortlist reads it."""
    splits = {"test": {}, "validation": {}}
    for place, mean in means.items():
        split, metric = place.split("_")
        splits[split] = {metric: Interval(mean, None, None, 1)}
    return ConditionSummary(name, {}, 1, {}, **splits)


def summary_of(*conditions, baseline=None, compared_by=None):
    """A summary of these conditions."""
    return Summary("study", baseline, 0.95, compared_by, 1.0, conditions)


def names_of(summary, count):
    """The names of a shortlist, in its order."""
    return [shown.name for shown in shortlist(summary, count).conditions]


BY_ACCURACY = Measure("test", "accuracy")


def test_the_best_come_first_and_what_has_no_number_last():
    """An accuracy is to be high, a loss low; conditions without the compared number keep the study's order."""
    conditions = [
        condition("none"),
        *(condition(name, test_accuracy=mean) for name, mean in zip("abc", [0.2, 0.9, 0.5], strict=True)),
    ]
    summary = summary_of(*conditions, condition("never"), compared_by=BY_ACCURACY)
    assert names_of(summary, 3) == ["b", "c", "a"]
    assert names_of(summary, 4) == ["b", "c", "a", "none"]
    losses = [condition(name, validation_loss=mean) for name, mean in zip("abc", [0.2, 0.9, 0.5], strict=True)]
    summary = summary_of(*losses, compared_by=Measure("validation", "loss"))
    assert names_of(summary, 2) == ["a", "c"]


def test_the_baseline_is_always_there():
    """It follows the best ones, unless it is one of them."""
    conditions = [condition(name, test_accuracy=mean) for name, mean in zip("abcd", [0.2, 0.9, 0.5, 0.6], strict=True)]
    summary = summary_of(*conditions, baseline="a", compared_by=BY_ACCURACY)
    assert names_of(summary, 2) == ["b", "d", "a"]
    assert names_of(replace(summary, baseline="d"), 2) == ["b", "d"]


def test_what_is_not_large_is_not_touched():
    """Up to the count there is the summary itself, in the study's order."""
    summary = summary_of(condition("a"), condition("b"))
    assert shortlist(summary, 2) is summary
    assert names_of(summary, 1) == ["a"]
