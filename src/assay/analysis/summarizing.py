"""From the tables of a study to its summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from assay.analysis.comparison import Rules, Sample, compare_paired, concluded
from assay.analysis.intervals import Interval, Share, mean_interval, share_interval
from assay.analysis.measurements import best_epochs, measurements
from assay.analysis.scales import Scale, scale_of
from assay.analysis.seeds import Chance, step_of
from assay.analysis.summary import BaselineComparison, ConditionSummary, Measure, Summary
from assay.analysis.watched import watched_sentences
from assay.judging import training_judgements
from assay.selection import is_higher_better

if TYPE_CHECKING:
    import polars as pl

    from assay.store import Tables

MARGIN_OF_SHARES = 0.01
"""One point of an accuracy."""
MARGIN_OF_OTHERS = 0.05
"""5 % of the baseline's loss or error."""

Values = Mapping[tuple[str, str], Mapping[str, Mapping[int, float]]]
"""(condition, split) -> metric -> seed -> value."""


def summarize(tables: Tables) -> Summary:
    """Every condition of a study with what it came to.

    Notes
    -----
    Conditions are compared by the test accuracy; where the test set was not opened, by the validation accuracy at the
    best epoch. A regression is compared by its loss or, when conditions differ in their loss or in the L2 penalty
    within it, by the mean absolute error. Where some seeds of a condition never left chance and others learnt, means
    and intervals are of those that learnt.
    """
    epochs = best_epochs(tables)
    measured = _Measured(tables, _by_seed(measurements(tables, epochs)), Chance.of(tables))
    baseline = tables.study.baseline_name()
    measure = _compared_by(measured.values, [condition.settings for condition in tables.conditions])
    rules = measured.rules(measure)
    compared = _comparisons(measured, [condition.name for condition in tables.conditions], baseline, measure, rules)
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
                outcomes={"completed": 0, "diverged": 0, **measured.outcomes.get(name, {})},
                learnt=measured.share_learnt(name),
                parameters=parameters.get(name),
                best_epoch=None if best is None else best.epoch,
                best_epoch_range=None if best is None else (best.low, best.high),
                validation=measured.intervals(name, "validation"),
                test=measured.intervals(name, "test"),
                comparison=compared.get(name),
                findings=() if judgement is None else judgement.findings,
                verdict=None if judgement is None else judgement.verdict,
            )
        )
    return Summary(
        study=tables.study.name,
        baseline=baseline,
        confidence=measured.confidence,
        margin=None if rules is None else rules.margin,
        compared_by=measure,
        elapsed_seconds=float(tables.manifest.get("elapsed_seconds", 0.0)),
        conditions=tuple(conditions),
        told=tuple(watched_sentences(tables)) if tables.was_watched else (),
    )


class _Measured:
    """What the seeds of each condition came to, and how it is judged."""

    def __init__(self, tables: Tables, values: Values, chance: Chance) -> None:
        self.tables, self.values, self.chance = tables, values, chance
        self.confidence = tables.study.design.confidence
        self.outcomes = _outcomes(tables)
        self.diverged: dict[str, frozenset[int]] = {}
        for condition, seed in tables.trials.filter(outcome="diverged").select("condition", "seed").iter_rows():
            self.diverged[condition] = self.diverged.get(condition, frozenset()) | {seed}
        self.scales: dict[tuple[str, str], Scale] = {}
        for split, metric in {(split, metric) for (_, split), found in values.items() for metric in found}:
            of_all = (found.get(metric, {}) for (_, of_split), found in values.items() if of_split == split)
            self.scales[split, metric] = scale_of(metric, (value for by_seed in of_all for value in by_seed.values()))

    def rules(self, measure: Measure | None) -> Rules | None:
        """How conditions are compared by a measure."""
        if measure is None:
            return None
        is_share = is_higher_better(measure.metric)
        asked = self.tables.study.design.margin
        return Rules(
            higher_is_better=is_share,
            scale=self.scales[measure.split, measure.metric],
            confidence=self.confidence,
            margin=(MARGIN_OF_SHARES if is_share else MARGIN_OF_OTHERS) if asked is None else asked,
            resolution=step_of(self.tables, measure),
        )

    def sample(self, condition: str, measure: Measure) -> Sample:
        """The seeds of a condition by one measure."""
        values = self.values.get((condition, measure.split), {}).get(measure.metric, {})
        at_chance = self.chance.at_chance.get(condition, frozenset()) & values.keys()
        return Sample(
            values,
            at_chance=at_chance if len(at_chance) < len(values) else frozenset(),
            lost=self.diverged.get(condition, frozenset()),
            chance=self.chance.value(condition, measure.metric),
        )

    def intervals(self, condition: str, split: Literal["validation", "test"]) -> dict[str, Interval]:
        """By metric, over the seeds that learnt."""
        found = {}
        for metric in self.values.get((condition, split), {}):
            measure = Measure(split, metric)
            learnt = self.sample(condition, measure).learnt.values()
            scale, step = self.scales[split, metric], step_of(self.tables, measure)
            found[metric] = mean_interval(learnt, self.confidence, scale, step)
        return found

    def share_learnt(self, condition: str) -> Share | None:
        """Of the trials that completed or diverged; None where all learnt, or where that is not known."""
        outcomes = self.outcomes.get(condition, {})
        lost, failed = outcomes.get("diverged", 0), len(self.chance.at_chance.get(condition, ()))
        ended = outcomes.get("completed", 0) + lost
        return share_interval(ended - lost - failed, ended, self.confidence) if lost or failed else None


def _comparisons(
    measured: _Measured, names: Iterable[str], baseline: str | None, measure: Measure | None, rules: Rules | None
) -> dict[str, BaselineComparison]:
    """Each condition against the baseline, all of them judged together."""
    if baseline is None or measure is None or rules is None:
        return {}
    others = [name for name in names if name != baseline]
    reference = measured.sample(baseline, measure)
    found = concluded([compare_paired(measured.sample(name, measure), reference, rules) for name in others], rules)
    return {
        name: BaselineComparison(**vars(comparison), against=baseline, measure=measure)
        for name, comparison in zip(others, found, strict=True)
    }


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
