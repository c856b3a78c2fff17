"""Conclusions in words. Everything said here is read from the summary; nothing is computed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assay.analysis.comparison import Conclusion
from assay.analysis.numbers import interval_text, number_text
from assay.analysis.shortlist import SHOWN_CONDITIONS
from assay.analysis.summary import BaselineComparison, ConditionSummary, Measure, Summary
from assay.selection import is_higher_better
from assay.study.conditions import BASELINE

Compared = tuple[ConditionSummary, BaselineComparison]

NAMED_CONDITIONS = 10
"""How many of a large study's conditions have a sentence of their own."""


def lost_text(condition: ConditionSummary) -> str:
    """What became of the trials of a condition that did not complete: ``1 diverged, 1 stopped``, or nothing."""
    outcomes = condition.outcomes.items()
    return ", ".join(f"{count} {outcome}" for outcome, count in outcomes if count and outcome != "completed")


def factors_of(name: str) -> list[str]:
    """The factors in a condition's name; a comma inside parentheses belongs to a level."""
    return re.split(r", (?![^()]*\))", name)


def shared_names(names: Sequence[str]) -> tuple[str, list[str]]:
    """Names with their factors said once: ``"activation, width"`` and ``["relu, 32", "tanh, 32"]``.

    Where the names do not all have the same factors (a baseline among them, say), the empty string and the names.
    """
    factors, levels = shared_factors(names)
    if len(names) < 2 or not factors:
        return "", list(names)
    return ", ".join(factors), [", ".join(row) for row in levels]


def shared_factors(names: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The factors that all names have, and the levels of each name: ``["activation"]`` and ``[["relu"], ["tanh"]]``.

    Both are empty where the names do not all have the same factors.
    """
    parts = [[factor.partition("=") for factor in factors_of(name)] for name in names]
    factors = {tuple(key for key, _, _ in name) for name in parts}
    if len(factors) != 1 or not all(sign for name in parts for _, sign, _ in name):
        return [], []
    return list(*factors), [[level for _, _, level in name] for name in parts]


def sentences(summary: Summary) -> list[str]:
    """The baseline, then one plain sentence on each condition against it.

    First what is better, then what is worse, then what shows no evidence; among these, large differences first.
    Without a baseline: which conditions came out best and worst. Conditions that lost trials are named last.

    The condition that the others are compared with is called the baseline, unless that is another one's name: then it
    goes by its own.

    Of more than `SHOWN_CONDITIONS` it is counted how many are better, worse, and neither, and how many trials were
    lost; the best and the worst are named, and of those that are better the first `NAMED_CONDITIONS`.

    Of a training that was watched, which is compared with none, what became of it.
    """
    if summary.told:
        return list(summary.told)
    measure = summary.compared_by
    is_large = len(summary.conditions) > SHOWN_CONDITIONS
    if is_large:
        lost = _lost_of_many(summary)
    else:
        lost = [sentence for condition in summary.conditions if (sentence := _lost_sentence(condition))]
    if measure is None:
        return [_nothing_sentence(summary), *lost]
    compared = [(condition, condition.comparison) for condition in summary.conditions if condition.comparison]
    if not compared:
        return [_extremes(summary, measure, "The study names no baseline, so nothing is compared."), *lost]
    baseline = next(condition for condition in summary.conditions if condition.name == summary.baseline)
    order: dict[Conclusion, int] = {"better": 0, "worse": 1, "no evidence": 2}
    compared.sort(key=lambda pair: (order[pair[1].conclusion], -abs(pair[1].difference.mean or 0.0)))
    reference = reference_name(summary)
    counted = []
    if is_large:
        counted = [_counted_sentence(summary, compared, reference), _extremes(summary, measure)]
        compared = [pair for pair in compared if pair[1].conclusion == "better"][:NAMED_CONDITIONS]
    said = [_sentence(condition, comparison, baseline, reference) for condition, comparison in compared]
    return [_baseline_sentence(baseline, reference, measure), *counted, *said, *lost]


def reference_name(summary: Summary) -> str:
    """What to call the condition that the others are compared with: ``baseline``, or its name if another has that."""
    if summary.baseline is None or all(condition.name != BASELINE for condition in summary.conditions):
        return BASELINE
    return summary.baseline


def _nothing_sentence(summary: Summary) -> str:
    """Nothing has completed: not yet, or never."""
    outcomes = [condition.outcomes for condition in summary.conditions]
    asked = sum(condition.trials for condition in summary.conditions)
    if sum(sum(counts.values()) for counts in outcomes) < asked:
        return "No trial has completed yet, so there is nothing to compare."
    kinds = list(dict.fromkeys(kind for counts in outcomes for kind in counts))
    counted = ((sum(counts.get(kind, 0) for counts in outcomes), kind) for kind in kinds)
    became = ", ".join(f"{count} {kind}" for count, kind in counted if count)
    return f"None of the {asked} trials completed ({became}), so there is nothing to compare."


def _baseline_sentence(baseline: ConditionSummary, reference: str, measure: Measure) -> str:
    name = baseline.name
    if reference != BASELINE:
        who = f"{name}, with which the others are compared,"
    else:
        who = "The baseline" if name == BASELINE else f"The baseline, {name},"
    score = baseline.score(measure)
    if score is None:
        return f"{who} completed no trial, so nothing can be compared with it."
    return f"{who} has {measure} {interval_text(score)}."


def _sentence(
    condition: ConditionSummary, comparison: BaselineComparison, baseline: ConditionSummary, reference: str
) -> str:
    name, pairs, difference = condition.name, comparison.pairs, comparison.difference
    other = "the baseline" if reference == BASELINE else reference
    if not pairs:
        return f"{name} cannot be compared with {other}: no seed completed in both."
    measure = comparison.measure
    seeds = "paired seed" if pairs == 1 else "paired seeds"
    numbers = (
        f"{measure} {_mean(condition, measure)} vs {_mean(baseline, measure)}, "
        f"difference {interval_text(difference, signed=True)} over {pairs} {seeds}"
    )
    if pairs == 1:
        return f"One seed cannot show whether {name} differs from {other}: {numbers}."
    if difference.low is None and difference.mean:
        return f"{pairs} equal differences cannot show whether {name} differs from {other}: {numbers}."
    if comparison.conclusion == "no evidence":
        return f"No evidence that {name} differs from {other}: {numbers}."
    return f"{name} is {comparison.conclusion} than {other}: {numbers}."


def _mean(condition: ConditionSummary, measure: Measure) -> str:
    score = condition.score(measure)
    return number_text(None if score is None else score.mean)


def _extremes(summary: Summary, measure: Measure, further: str = "") -> str:
    """The best condition and the worst: even where nothing is tested, the ends of the range are facts."""
    scores = [(c.name, score) for c in summary.conditions if (score := c.score(measure)) and score.mean is not None]
    scores.sort(key=lambda pair: pair[1].mean or 0.0, reverse=is_higher_better(measure.metric))
    (best, score), (worst, lowest) = scores[0], scores[-1]
    if len(scores) == 1:
        who = "The only condition" if len(summary.conditions) == 1 else best
        return f"{who} has {measure} {interval_text(score)}."
    equal = sum(other.mean == score.mean for _, other in scores[1:])
    if equal == len(scores) - 1:
        what = f"mean {measure}, {number_text(score.mean)}"
        return f"All {len(scores):,} conditions have the same {what}. {further}".rstrip()
    others = f" ({equal:,} other{'s have' if equal > 1 else ' has'} the same mean)" if equal else ""
    said = f"{best} has the best {measure}, {interval_text(score)}{others}"
    return f"{said}; {worst} the worst, {interval_text(lowest)}. {further}".rstrip()


def _counted_sentence(summary: Summary, compared: Sequence[Compared], reference: str) -> str:
    """How many conditions of a large study came out how, and how many would by chance."""
    if max(comparison.pairs for _, comparison in compared) < 2:
        return (
            "A comparison needs two seeds that completed in both conditions, so no condition is called better or worse."
        )
    counts = Counter(comparison.conclusion for _, comparison in compared)
    other = "the baseline" if reference == BASELINE else reference
    return (
        f"Of {len(compared):,} conditions {counts['better']:,} are better than {other}, {counts['worse']:,} are worse, "
        f"and of {counts['no evidence']:,} there is no evidence that they differ; "
        f"if no choice made a difference, about {false_alarms_text(summary, len(compared))} would be called better or "
        "worse."
    )


def false_alarms_text(summary: Summary, comparisons: int) -> str:
    """How many of so many comparisons to expect to find a difference where there is none: ``0.25``, ``1,667``."""
    expected = comparisons * (1 - summary.confidence)
    return f"{expected:.2g}" if expected < 100 else f"{expected:,.0f}"


def shown_text(summary: Summary, shown: Summary) -> str:
    """Which conditions a table of `shown` holds, and where the others are; empty where it holds all of `summary`."""
    total = len(summary.conditions)
    if len(shown.conditions) == total:
        return ""
    beside = ", and the baseline" if shown.conditions[-1].name == summary.baseline else ""
    count = f"{len(shown.conditions) - bool(beside):,} of {total:,} conditions"
    by = f"best {count} by {summary.compared_by}" if summary.compared_by else f"first {count}"
    return f"The {by}{beside}; `assay show DIR --json` and `assay export` have all."


def _lost_sentence(condition: ConditionSummary) -> str | None:
    lost = lost_text(condition)
    return f"{condition.name}: of {condition.trials} trials, {lost}." if lost else None


def _lost_of_many(summary: Summary) -> list[str]:
    """How many trials of a large study did not complete, and of how many conditions."""
    losing = [condition for condition in summary.conditions if lost_text(condition)]
    counts: Counter[str] = Counter()
    for condition in losing:
        counts.update(condition.outcomes)
    del counts["completed"]
    trials = sum(condition.trials for condition in summary.conditions)
    lost = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items() if count)
    return [f"Of {trials:,} trials, {lost}; these are of {len(losing):,} conditions."] if losing else []
