"""From the tables of a study to its summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from assay.analysis.comparison import compare_paired
from assay.analysis.intervals import Interval, mean_interval
from assay.analysis.measurements import best_epochs, measurements
from assay.analysis.summary import BaselineComparison, ConditionSummary, Measure, Summary
from assay.analysis.watched import watched_sentences
from assay.judging import training_judgements
from assay.selection import is_higher_better

if TYPE_CHECKING:
    import polars as pl

    from assay.store import Tables

Values = Mapping[tuple[str, str], Mapping[str, Mapping[int, float]]]
"""(condition, split) -> metric -> seed -> value."""


def summarize(tables: Tables) -> Summary:
    """Every condition of a study with what it came to.

    Notes
    -----
    Conditions are compared by the test accuracy; where the test set was not opened, by the validation accuracy at the
    best epoch. A regression is compared by its loss or, when conditions differ in their loss or in the L2 penalty
    within it, by the mean absolute error. The interval of a comparison is missing for a single pair, and for pairs that
    all differ by the same.
    """
    epochs = best_epochs(tables)
    values = _by_seed(measurements(tables, epochs))
    baseline = tables.study.baseline_name()
    confidence = tables.study.design.confidence
    measure = _compared_by(values, [condition.settings for condition in tables.conditions])
    outcomes = _outcomes(tables)
    judged = training_judgements(tables)
    parameters = dict(tables.trials.select("condition", "parameters").unique("condition").iter_rows())
    conditions = []
    for condition in tables.conditions:
        name, best, judgement = condition.name, epochs[condition.name], judged.get(condition.name)
        conditions.append(
            ConditionSummary(
                name=name,
                settings=dict(condition.settings),
                trials=len(tables.study.seed_list()),
                outcomes={"completed": 0, "diverged": 0, **outcomes.get(name, {})},
                parameters=parameters.get(name),
                best_epoch=None if best is None else best.epoch,
                best_epoch_range=None if best is None else (best.low, best.high),
                validation=_intervals(values, (name, "validation"), confidence),
                test=_intervals(values, (name, "test"), confidence),
                comparison=_comparison(values, name, baseline, measure, confidence),
                findings=() if judgement is None else judgement.findings,
                verdict=None if judgement is None else judgement.verdict,
            )
        )
    return Summary(
        study=tables.study.name,
        baseline=baseline,
        confidence=confidence,
        compared_by=measure,
        elapsed_seconds=float(tables.manifest.get("elapsed_seconds", 0.0)),
        conditions=tuple(conditions),
        told=tuple(watched_sentences(tables)) if tables.was_watched else (),
    )


def _outcomes(tables: Tables) -> dict[str, dict[str, int]]:
    """By condition, how many trials ended in each way."""
    ended = tables.trials.group_by("condition", "outcome").len()
    outcomes: dict[str, dict[str, int]] = {}
    for name, outcome, count in ended.sort("condition", "outcome").iter_rows():
        outcomes.setdefault(name, {})[outcome] = count
    return outcomes


def _by_seed(table: pl.DataFrame) -> Values:
    values: dict[tuple[str, str], dict[str, dict[int, float]]] = {}
    for condition, seed, split, metric, value in table.iter_rows():
        values.setdefault((condition, split), {}).setdefault(metric, {})[seed] = value
    return values


def _compared_by(values: Values, settings: Iterable[Mapping[str, Any]]) -> Measure | None:
    """The split and the metric by which conditions are compared."""
    measured = {(split, metric) for (_, split), by_metric in values.items() for metric in by_metric}
    if not measured:
        return None
    is_tested = any(split == "test" for split, _ in measured)
    loss_varies = any(key.startswith("training.loss") or key.endswith(".l2") for levels in settings for key in levels)
    order = ["accuracy", "mean_absolute_error", "loss"] if loss_varies else ["accuracy", "loss"]
    measures = (Measure("test" if is_tested else "validation", metric) for metric in order)
    return next((measure for measure in measures if (measure.split, measure.metric) in measured), None)


def _intervals(values: Values, place: tuple[str, str], confidence: float) -> dict[str, Interval]:
    """By metric, for one condition and split."""
    return {metric: mean_interval(by_seed.values(), confidence) for metric, by_seed in values.get(place, {}).items()}


def _comparison(
    values: Values, condition: str, baseline: str | None, measure: Measure | None, confidence: float
) -> BaselineComparison | None:
    if baseline is None or condition == baseline or measure is None:
        return None
    found = compare_paired(
        values.get((condition, measure.split), {}).get(measure.metric, {}),
        values.get((baseline, measure.split), {}).get(measure.metric, {}),
        higher_is_better=is_higher_better(measure.metric),
        confidence=confidence,
    )
    return BaselineComparison(found.difference, found.conclusion, against=baseline, measure=measure)
