"""Conclusions in words. Everything said here is read from the summary; nothing is computed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assay.analysis.comparison import CONCLUSIONS, Comparison
from assay.analysis.effect_wording import factor_sentences, marginal_sentences
from assay.analysis.numbers import interval_text, number_text
from assay.analysis.shortlist import SHOWN_CONDITIONS
from assay.analysis.summary import BaselineComparison, ConditionSummary, Measure, Summary
from assay.selection import is_higher_better
from assay.study.conditions import BASELINE

Compared = tuple[ConditionSummary, BaselineComparison]

NAMED_CONDITIONS = 10
"""How many of a large study's conditions have a sentence of their own."""


def lost_text(condition: ConditionSummary) -> str:
    """What became of the trials of a condition that did not learn: ``2 at chance, 1 diverged``, or nothing."""
    at_chance = [f"{condition.at_chance} at chance"] if condition.at_chance else []
    outcomes = condition.outcomes.items()
    lost = [f"{count} {outcome}" for outcome, count in outcomes if count and outcome != "completed"]
    return ", ".join(at_chance + lost)


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
    """Which factor matters, the baseline, then one plain sentence on each condition against it.

    First what is better, then what is worse, then what is the same, and what is undecided; among these, large
    differences first. Without a baseline: which conditions came out best and worst. Conditions with seeds that did not
    learn are named last.

    The condition that the others are compared with is called the baseline, unless that is another one's name: then it
    goes by its own.

    Of more than `SHOWN_CONDITIONS` it is counted how many came out how, and how many trials were lost; the best and the
    worst are named, and of those that are better the first `NAMED_CONDITIONS`.

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
    factors = [] if summary.effects is None else factor_sentences(summary.effects, measure)
    factors += marginal_sentences(summary.marginal_gains, measure)
    compared = [(condition, condition.comparison) for condition in summary.conditions if condition.comparison]
    if not compared:
        return [
            *factors,
            _extremes(summary, measure, "The study names no baseline, so nothing is compared."),
            *lost,
            *_folder_sentences(summary),
        ]
    baseline = next(condition for condition in summary.conditions if condition.name == summary.baseline)
    compared.sort(key=lambda pair: (CONCLUSIONS.index(pair[1].conclusion), -abs(pair[1].difference.mean or 0.0)))
    reference = reference_name(summary)
    counted = []
    if is_large:
        counted = [_counted_sentence(summary, compared, reference), _extremes(summary, measure)]
        compared = [pair for pair in compared if pair[1].conclusion == "better"][:NAMED_CONDITIONS]
    said = [_sentence(summary, condition, comparison, baseline, reference) for condition, comparison in compared]
    return [
        *factors,
        _baseline_sentence(baseline, reference, measure),
        *counted,
        *said,
        *lost,
        *_folder_sentences(summary),
    ]


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
    name = baseline.name.removesuffix(f" ({BASELINE})")
    if reference != BASELINE:
        who = f"{name}, with which the others are compared,"
    else:
        who = "The baseline" if name == BASELINE else f"The baseline, {name},"
    score = baseline.score(measure)
    if score is None:
        return f"{who} completed no trial, so nothing can be compared with it."
    return f"{who} has {measure} {interval_text(score)}."


def _sentence(
    summary: Summary,
    condition: ConditionSummary,
    comparison: BaselineComparison,
    baseline: ConditionSummary,
    reference: str,
) -> str:
    name, pairs, unit = condition.name, comparison.pairs, comparison.unit
    other = "the baseline" if reference == BASELINE else reference
    numbers = _numbers(condition, comparison, baseline)
    if comparison.conclusion in ("better", "worse"):
        return f"{name} is {comparison.conclusion} than {other}: {numbers}."
    if comparison.conclusion == "same":
        return f"{name} is the same as {other} within {margin_text(summary)}: {numbers}."
    if not pairs:
        return f"{name} cannot be compared with {other}: no {unit} learnt in both."
    if pairs == 1:
        return f"One {unit} cannot show whether {name} differs from {other}: {numbers}."
    if comparison.p is None:
        return f"{pairs} equal differences cannot show whether {name} differs from {other}: {numbers}."
    if comparison.is_separate and (mean := comparison.difference.mean):
        where = f"Every {unit} of {name} lies {'above' if mean > 0 else 'below'} every {unit} of {other}"
        return f"{where}, but {pairs} are too few to exclude luck: {numbers}.{_needed(summary, comparison)}"
    return f"It is undecided whether {name} differs from {other}: {numbers}.{_needed(summary, comparison)}"


def _numbers(condition: ConditionSummary, comparison: BaselineComparison, baseline: ConditionSummary) -> str:
    """Both means, their difference with its interval, and how likely it would be by luck: alone, and among all."""
    measure, pairs = comparison.measure, comparison.pairs
    said = f"{measure} {_mean(condition, measure)} vs {_mean(baseline, measure)}"
    if condition.score(measure) is None and pairs:
        said = (
            f"all its trials diverged and count as a constant answer; {measure} of the other {_mean(baseline, measure)}"
        )
    if pairs:
        units = f"paired {comparison.unit}{'' if pairs == 1 else 's'}"
        said += f", difference {interval_text(comparison.difference, signed=True)} over {pairs} {units}"
    if comparison.effect_size is not None:
        said += f", {abs(comparison.effect_size):.1f} standard deviations"
    return said + likelihood_text(comparison)


def _needed(summary: Summary, comparison: BaselineComparison) -> str:
    """How many seeds, or splits, would decide it; empty where that is not known."""
    if comparison.is_beyond_reach:
        return (
            f" No number of splits of this table would settle a difference of {margin_text(summary)}: they share rows. "
            "More rows would."
        )
    if comparison.seeds_needed is None:
        return ""
    what = f"a difference of {margin_text(summary)}" if comparison.settles_margin else "a difference as large as this"
    return f" About {comparison.seeds_needed:,} {comparison.unit}s would settle {what}."


def _folder_sentences(summary: Summary) -> list[str]:
    """How rows were split several times, what lies in the folder beside what is told, and how seeds were added."""
    count, splits = summary.left_out_trials, summary.splits
    verb = "is" if count == 1 else "are"
    trials = "trial" if count == 1 else "trials"
    left_out = [f"{count:,} {trials} in this folder {verb} not asked for by the study as it is now, and left out."]
    said = [_splits_sentence(summary)] if splits > 1 else []
    said += left_out if count else []
    if summary.looks is None:
        return said
    return [
        *said,
        "Seeds were added in rounds until each comparison was decided on the validation rows, in at most "
        f"{summary.looks} rounds; there are {summary.conditions[0].trials} now. p among all comparisons counts the "
        "rounds, too.",
    ]


def _splits_sentence(summary: Summary) -> str:
    """What brackets and comparisons of several splits are about."""
    measure = summary.compared_by
    assert measure is not None
    if summary.overlap:
        about = (
            "Splits share rows, so their intervals are wider than those of independent values would be (Nadeau and "
            "Bengio 2003)."
        )
    else:
        about = f"The {measure.split} rows are the same in every split, so intervals are about these rows alone."
    return f"Means and comparisons are over {summary.splits} splits, each with the mean of its seeds. {about}"


def likelihood_text(comparison: Comparison) -> str:
    """`` (p = 0.001, among 11 comparisons = 0.01)``: alone, and among all; empty where nothing was tested."""
    if comparison.p is None or comparison.p_adjusted is None:
        return ""
    count = comparison.comparisons
    among = f", among {count} comparisons {p_text(comparison.p_adjusted)}" if count > 1 else ""
    return f" (p {p_text(comparison.p)}{among})"


def p_text(p: float) -> str:
    """``= 0.03``, ``= 0.0004``, ``< 0.0001``."""
    return f"= {p:.1g}" if p >= 1e-4 else "< 0.0001"


def margin_text(summary: Summary) -> str:
    """The smallest difference that matters: ``one point``, ``0.5 points``, ``5 %``."""
    margin, measure = summary.margin, summary.compared_by
    assert margin is not None
    assert measure is not None
    if not is_higher_better(measure.metric):
        return f"{100 * margin:g} %"
    return "one point" if abs(margin - 0.01) < 1e-12 else f"{100 * margin:g} points"


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
            f"A comparison needs two {compared[0][1].unit}s that completed in both conditions, so no condition is "
            "called better or worse."
        )
    counts = Counter(comparison.conclusion for _, comparison in compared)
    other = "the baseline" if reference == BASELINE else reference
    return (
        f"Of {len(compared):,} conditions {counts['better']:,} are better than {other}, {counts['worse']:,} are worse, "
        f"{counts['same']:,} are the same within {margin_text(summary)}, and {counts['undecided']:,} are undecided. "
        f"{false_alarms_text(summary)}"
    )


def false_alarms_text(summary: Summary) -> str:
    """What Holm's correction keeps."""
    return (
        "If no choice made a difference, the chance that even one would be called better or worse is at most "
        f"{100 * (1 - summary.confidence):.3g} %."
    )


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
    """Which trials did not complete, or never left chance, and what the mean is of."""
    lost, learnt = lost_text(condition), condition.learnt
    if learnt is None:
        return f"{condition.name}: of {condition.trials} trials, {lost}." if lost else None
    if learnt.count == 0:
        return f"{condition.name}: none of {learnt.total} trials learnt ({lost})."
    share = f"{learnt.count / learnt.total:.2f} [{learnt.low:.2f}, {learnt.high:.2f}]"
    return (
        f"{condition.name}: {learnt.count} of {learnt.total} trials learnt, a share of {share} ({lost}). "
        "Its means are of those that learnt."
    )


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
