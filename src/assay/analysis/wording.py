"""Conclusions in words. Everything said here is read from the summary; nothing is computed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from assay.analysis.shortlist import SHOWN_CONDITIONS
from assay.selection import is_higher_better
from assay.study.conditions import BASELINE

Summary = Mapping[str, Any]

NAMED_CONDITIONS = 10
"""How many of a large study's conditions have a sentence of their own."""


def metric_text(metric: str) -> str:
    """``mean_absolute_error`` in prose."""
    return metric.replace("_", " ")


def number_text(value: float | None, *, signed: bool = False) -> str:
    """A measured value in a few digits: three decimals where that says enough; a dash for None."""
    if value is None:
        return "–"
    sign = "+" if signed else ""
    if _has_three_decimals(value):
        return format(value, f"{sign}.3f")
    return format(value, f"{sign},.0f" if 1000 <= abs(value) < 1e6 else f"{sign}.3g")


def plus_minus_text(interval: Mapping[str, float | None], *, signed: bool = False) -> str:
    """``0.970 ±0.005``: a t interval is symmetric, so its half width tells all; only the mean where there is none."""
    mean, low, high = interval["mean"], interval["low"], interval["high"]
    if mean is None or low is None or high is None:
        return number_text(mean, signed=signed)
    half_width = (high - low) / 2
    if _has_three_decimals(mean) or (abs(mean) < half_width and _has_three_decimals(half_width)):
        return f"{mean:{'+' if signed else ''}.3f} ±{half_width:.3f}"
    return f"{number_text(mean, signed=signed)} ±{number_text(half_width)}"


def _has_three_decimals(value: float) -> bool:
    return value == 0 or 0.0005 <= abs(value) < 10


def interval_text(interval: Mapping[str, float | None] | None, *, signed: bool = False) -> str:
    """``0.970 [0.965, 0.975]``; only the mean where there is no interval."""
    if interval is None:
        return "–"
    mean = number_text(interval["mean"], signed=signed)
    if interval["low"] is None:
        return mean
    return f"{mean} [{number_text(interval['low'], signed=signed)}, {number_text(interval['high'], signed=signed)}]"


def difference_of(comparison: Mapping[str, Any]) -> dict[str, float | None]:
    """The interval inside a comparison."""
    return {"mean": comparison["difference"], "low": comparison["low"], "high": comparison["high"]}


def lost_text(condition: Mapping[str, Any]) -> str:
    """What became of the trials of a condition that did not complete: ``1 diverged, 1 stopped``, or nothing."""
    outcomes = condition["outcomes"].items()
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
    """
    measured = summary["compared_by"]
    is_large = len(summary["conditions"]) > SHOWN_CONDITIONS
    if is_large:
        lost = _lost_of_many(summary)
    else:
        lost = [sentence for condition in summary["conditions"] if (sentence := _lost_sentence(condition))]
    if measured is None:
        return [_nothing_sentence(summary), *lost]
    split, metric = measured["split"], measured["metric"]
    compared = [condition for condition in summary["conditions"] if condition["comparison"]]
    if not compared:
        return [_extremes(summary, split, metric, "The study names no baseline, so nothing is compared."), *lost]
    baseline = next(c for c in summary["conditions"] if c["condition"] == summary["baseline"])
    order = {"better": 0, "worse": 1, "no evidence": 2}
    compared.sort(key=lambda c: (order[c["comparison"]["conclusion"]], -abs(c["comparison"]["difference"] or 0.0)))
    reference = reference_name(summary)
    counted = []
    if is_large:
        counted = [_counted_sentence(summary, compared, reference), _extremes(summary, split, metric)]
        better = [condition for condition in compared if condition["comparison"]["conclusion"] == "better"]
        compared = better[:NAMED_CONDITIONS]
    said = [_sentence(condition, baseline, reference, split, metric) for condition in compared]
    return [_baseline_sentence(baseline, reference, split, metric), *counted, *said, *lost]


def reference_name(summary: Summary) -> str:
    """What to call the condition that the others are compared with: ``baseline``, or its name if another has that."""
    others = {condition["condition"] for condition in summary["conditions"]} - {summary["baseline"]}
    return summary["baseline"] if BASELINE in others else BASELINE


def _nothing_sentence(summary: Summary) -> str:
    """Nothing has completed: not yet, or never."""
    outcomes = [condition["outcomes"] for condition in summary["conditions"]]
    asked = sum(condition["trials"] for condition in summary["conditions"])
    if sum(sum(counts.values()) for counts in outcomes) < asked:
        return "No trial has completed yet, so there is nothing to compare."
    kinds = list(dict.fromkeys(kind for counts in outcomes for kind in counts))
    counted = ((sum(counts.get(kind, 0) for counts in outcomes), kind) for kind in kinds)
    became = ", ".join(f"{count} {kind}" for count, kind in counted if count)
    return f"None of the {asked} trials completed ({became}), so there is nothing to compare."


def _baseline_sentence(baseline: Mapping[str, Any], reference: str, split: str, metric: str) -> str:
    name = baseline["condition"]
    if reference != BASELINE:
        who = f"{name}, with which the others are compared,"
    else:
        who = "The baseline" if name == BASELINE else f"The baseline, {name},"
    if not baseline[split]:
        return f"{who} completed no trial, so nothing can be compared with it."
    return f"{who} has {split} {metric_text(metric)} {interval_text(baseline[split][metric])}."


def _sentence(
    condition: Mapping[str, Any], baseline: Mapping[str, Any], reference: str, split: str, metric: str
) -> str:
    comparison = condition["comparison"]
    name, pairs = condition["condition"], comparison["pairs"]
    other = "the baseline" if reference == BASELINE else reference
    if not pairs:
        return f"{name} cannot be compared with {other}: no seed completed in both."
    seeds = "paired seed" if pairs == 1 else "paired seeds"
    numbers = (
        f"{split} {metric_text(metric)} {_mean(condition, split, metric)} vs {_mean(baseline, split, metric)}, "
        f"difference {interval_text(difference_of(comparison), signed=True)} over {pairs} {seeds}"
    )
    if pairs == 1:
        return f"One seed cannot show whether {name} differs from {other}: {numbers}."
    if comparison["low"] is None and comparison["difference"]:
        return f"{pairs} seeds that differ by the same cannot show whether {name} differs from {other}: {numbers}."
    if comparison["conclusion"] == "no evidence":
        return f"No evidence that {name} differs from {other}: {numbers}."
    return f"{name} is {comparison['conclusion']} than {other}: {numbers}."


def _mean(condition: Mapping[str, Any], split: str, metric: str) -> str:
    return number_text(condition[split][metric]["mean"])


def _extremes(summary: Summary, split: str, metric: str, further: str = "") -> str:
    """The best condition and the worst: even where nothing is tested, the ends of the range are facts."""
    measured = [c for c in summary["conditions"] if c[split] and metric in c[split]]
    ranked = sorted(measured, key=lambda c: c[split][metric]["mean"], reverse=is_higher_better(metric))

    best = interval_text(ranked[0][split][metric])
    if len(ranked) == 1:
        who = "The only condition" if len(summary["conditions"]) == 1 else ranked[0]["condition"]
        return f"{who} has {split} {metric_text(metric)} {best}."
    equal = sum(c[split][metric]["mean"] == ranked[0][split][metric]["mean"] for c in ranked[1:])
    if equal == len(ranked) - 1:
        what = f"mean {split} {metric_text(metric)}, {_mean(ranked[0], split, metric)}"
        return f"All {len(ranked):,} conditions have the same {what}. {further}".rstrip()
    others = f" ({equal:,} other{'s have' if equal > 1 else ' has'} the same mean)" if equal else ""
    said = f"{ranked[0]['condition']} has the best {split} {metric_text(metric)}, {best}{others}"
    worst = f"{ranked[-1]['condition']} the worst, {interval_text(ranked[-1][split][metric])}"
    return f"{said}; {worst}. {further}".rstrip()


def _counted_sentence(summary: Summary, compared: Sequence[Mapping[str, Any]], reference: str) -> str:
    """How many conditions of a large study came out how, and how many would by chance."""
    if max(condition["comparison"]["pairs"] for condition in compared) < 2:
        return "Fewer than two paired seeds give no interval, so no condition is called better or worse."
    counts = Counter(condition["comparison"]["conclusion"] for condition in compared)
    other = "the baseline" if reference == BASELINE else reference
    return (
        f"Of {len(compared):,} conditions {counts['better']:,} are better than {other}, {counts['worse']:,} are worse, "
        f"and of {counts['no evidence']:,} there is no evidence that they differ; "
        f"if no choice mattered, about {false_alarms_text(summary, len(compared))} would be called better or worse."
    )


def false_alarms_text(summary: Summary, comparisons: int) -> str:
    """How many of so many comparisons to expect to find a difference where there is none: ``0.25``, ``1,667``."""
    expected = comparisons * (1 - summary["confidence"])
    return f"{expected:.2g}" if expected < 100 else f"{expected:,.0f}"


def shown_text(summary: Summary, shown: Summary) -> str:
    """Which conditions a table of `shown` holds, and where the others are; empty where it holds all of `summary`."""
    total, measured = len(summary["conditions"]), summary["compared_by"]
    if len(shown["conditions"]) == total:
        return ""
    names = [condition["condition"] for condition in shown["conditions"]]
    beside = ", and the baseline" if names[-1] == summary["baseline"] else ""
    count = f"{len(names) - bool(beside):,} of {total:,} conditions"
    by = f"best {count} by {measured['split']} {metric_text(measured['metric'])}" if measured else f"first {count}"
    return f"The {by}{beside}; `assay show DIR --json` and `assay export` have all."


def _lost_sentence(condition: Mapping[str, Any]) -> str | None:
    lost = lost_text(condition)
    return f"{condition['condition']}: of {condition['trials']} trials, {lost}." if lost else None


def _lost_of_many(summary: Summary) -> list[str]:
    """How many trials of a large study did not complete, and of how many conditions."""
    losing = [condition for condition in summary["conditions"] if lost_text(condition)]
    counts: Counter[str] = Counter()
    for condition in losing:
        counts.update(condition["outcomes"])
    del counts["completed"]
    trials = sum(condition["trials"] for condition in summary["conditions"])
    lost = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items() if count)
    return [f"Of {trials:,} trials, {lost}; these are of {len(losing):,} conditions."] if losing else []
