"""From the tables of a study to its summary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.analysis.comparison import compare_paired, concluded
from assay.analysis.factors import Factorial, one_at_a_time
from assay.analysis.measured import Measured
from assay.analysis.measurements import over_splits, split_epochs
from assay.analysis.sequential import concluded_at_a_look
from assay.analysis.summary import BaselineComparison, ConditionSummary, Summary
from assay.analysis.watched import watched_sentences
from assay.judging import training_judgements

if TYPE_CHECKING:
    from assay.store import Tables


def summarize(tables: Tables) -> Summary:
    """Every condition of a study with what it came to.

    Notes
    -----
    Conditions are compared by the test accuracy; where the test set was not opened, by the validation accuracy at the
    best epoch. A regression is compared by its loss or, when conditions differ in their loss or in the L2 penalty
    within it, by the mean absolute error. Where some seeds of a condition never left chance and others learnt, means
    and intervals are of those that learnt. Of several splits the means of each are compared; see
    `assay.analysis.splits`.
    """
    of_splits = split_epochs(tables)
    epochs, measured = over_splits(tables, of_splits), Measured(tables, of_splits)
    baseline, rules = tables.study.baseline_name(), measured.rules
    compared = _comparisons(measured, [condition.name for condition in tables.conditions], baseline)
    factorial = Factorial.of(measured)
    judged = training_judgements(tables)
    parameters = dict(tables.trials.select("condition", "parameters").unique("condition", keep="first").iter_rows())
    conditions = []
    for condition in tables.conditions:
        name, best, judgement = condition.name, epochs[condition.name], judged.get(condition.name)
        conditions.append(
            ConditionSummary(
                name=name,
                settings=dict(condition.settings),
                trials=len(tables.study.seed_list()) * len(measured.splits),
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
        compared_by=measured.measure,
        left_out_trials=0 if tables.was_watched else tables.left_out.trials,
        splits=len(measured.splits),
        overlap=None if rules is None else rules.overlap,
        looks=None if measured.rounds is None else measured.rounds.looks,
        elapsed_seconds=float(tables.manifest.get("elapsed_seconds", 0.0)),
        conditions=tuple(conditions),
        effects=None if factorial is None else factorial.analysed(measured),
        marginal_gains=one_at_a_time(measured, compared),
        told=tuple(watched_sentences(tables)) if tables.was_watched else (),
    )


def _comparisons(measured: Measured, names: Iterable[str], baseline: str | None) -> dict[str, BaselineComparison]:
    """Each condition against the baseline, all of them judged together.

    Where seeds were added until each comparison was decided, a condition has the conclusion of the round that decided
    it; see `assay.deciding`.
    """
    measure, rules = measured.measure, measured.rules
    if baseline is None or measure is None or rules is None:
        return {}
    others = [name for name in names if name != baseline]
    reference = measured.sample(baseline, measure)
    evidence = [compare_paired(measured.sample(name, measure), reference, rules) for name in others]
    rounds = measured.rounds
    found = concluded(evidence, rules) if rounds is None else concluded_at_a_look(evidence, rules, rounds.looks)
    if rounds is not None:
        found = [replace(one, conclusion=rounds.conclusion(name)) for name, one in zip(others, found, strict=True)]
    return {
        name: BaselineComparison(**vars(comparison), against=baseline, measure=measure)
        for name, comparison in zip(others, found, strict=True)
    }
