"""The table of conditions: what ``assay show`` prints and the report tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from assay.analysis.comparison import compare_paired
from assay.analysis.intervals import mean_interval
from assay.analysis.measurements import best_epochs, measurements
from assay.judging import Judgement, training_judgements
from assay.selection import BestEpoch, is_higher_better

if TYPE_CHECKING:
    import polars as pl

    from assay.store import Tables

Values = Mapping[tuple[str, str], Mapping[str, Mapping[int, float]]]
"""(condition, split) -> metric -> seed -> value."""


def summary(results: Tables) -> dict[str, Any]:
    """Every condition of a study with what it came to, as plain JSON: no NaN, no infinity, null for what is not known.

    Returns
    -------
    dict
        ``study``, ``baseline`` (or None), ``confidence``, ``compared_by`` (split and metric, or None before any
        trial has completed), ``elapsed_seconds``, and ``conditions``, a list in the study's order of dicts with

        - ``condition``, ``settings``;
        - ``trials``: how many were asked for; ``outcomes``: how many ended in each way, so while the study runs
          these add up to less; ``parameters``;
        - ``best_epoch``, and ``best_epoch_range`` [low, high] over single seeds;
        - ``validation`` (at the best epoch) and ``test`` (after the final phase): per metric the mean over completed
          trials with its interval; None where nothing was measured;
        - ``comparison`` with the baseline: ``against``, ``split``, ``metric``, ``difference``, ``low``, ``high``,
          ``pairs`` (seeds that both completed) and ``conclusion``; None for the baseline itself or without one.
          ``low`` and ``high`` are None for a single pair, and for pairs that all differ by the same;
        - ``findings``: what is wrong with it, or worth knowing, as `assay.diagnosis.Finding.written` tells it;
        - ``verdict``: ``status`` (``healthy``, ``unhealthy``, or None where nothing is known) and the symptoms that
          made it so.

    Notes
    -----
    Compared is the test accuracy; where the test set was not opened, the validation accuracy at the best epoch. A
    regression is compared by its loss or, when conditions differ in their loss or in the L2 penalty within it, by the
    mean absolute error.
    """
    epochs = best_epochs(results)
    values = _by_seed(measurements(results, epochs))
    baseline = results.study.baseline_name()
    confidence = results.study.design.confidence
    num_seeds = len(results.study.seed_list())
    measured = _compared(values, [condition.settings for condition in results.conditions])
    ended = results.trials.group_by("condition", "outcome").len()
    outcomes: dict[str, dict[str, int]] = {}
    for name, outcome, count in ended.sort("condition", "outcome").iter_rows():
        outcomes.setdefault(name, {})[outcome] = count
    judged = training_judgements(results)
    parameters = dict(results.trials.select("condition", "parameters").unique("condition").iter_rows())
    return {
        "study": results.study.name,
        "baseline": baseline,
        "confidence": confidence,
        "compared_by": None if measured is None else {"split": measured[0], "metric": measured[1]},
        "elapsed_seconds": float(results.manifest.get("elapsed_seconds", 0.0)),
        "conditions": [
            {
                "condition": condition.name,
                "settings": dict(condition.settings),
                "trials": num_seeds,
                "outcomes": {"completed": 0, "diverged": 0, **outcomes.get(condition.name, {})},
                "parameters": parameters.get(condition.name),
                **_best(epochs[condition.name]),
                "validation": _intervals(values, (condition.name, "validation"), confidence),
                "test": _intervals(values, (condition.name, "test"), confidence),
                "comparison": _comparison(values, condition.name, baseline, measured, confidence),
                **_judged(judged.get(condition.name)),
            }
            for condition in results.conditions
        ],
    }


def _judged(judgement: Judgement | None) -> dict[str, Any]:
    """Findings in full, and the verdict of what training showed; a forecast has no place once it has ended."""
    if judgement is None:
        return {"findings": [], "verdict": {"status": None, "findings": []}}
    status, symptoms = judgement.verdict.status, list(judgement.verdict.findings)
    findings = [finding.written() for finding in judgement.findings]
    return {"findings": findings, "verdict": {"status": status, "findings": symptoms}}


def _by_seed(table: pl.DataFrame) -> Values:
    values: dict[tuple[str, str], dict[str, dict[int, float]]] = {}
    for condition, seed, split, metric, value in table.iter_rows():
        values.setdefault((condition, split), {}).setdefault(metric, {})[seed] = value
    return values


def _compared(values: Values, settings: Iterable[Mapping[str, Any]]) -> tuple[str, str] | None:
    """The split and the metric by which conditions are compared."""
    measured = {(split, metric) for (_, split), by_metric in values.items() for metric in by_metric}
    if not measured:
        return None
    split = "test" if any(split == "test" for split, _ in measured) else "validation"
    loss_varies = any(key.startswith("training.loss") or key.endswith(".l2") for levels in settings for key in levels)
    order = ["accuracy", "mean_absolute_error", "loss"] if loss_varies else ["accuracy", "loss"]
    return next(((split, metric) for metric in order if (split, metric) in measured), None)


def _best(best: BestEpoch | None) -> dict[str, Any]:
    if best is None:
        return {"best_epoch": None, "best_epoch_range": None}
    return {"best_epoch": best.epoch, "best_epoch_range": [best.low, best.high]}


def _intervals(values: Values, place: tuple[str, str], confidence: float) -> dict[str, Any] | None:
    """By metric, for one condition and split."""
    by_metric = values.get(place, {})
    found = {metric: mean_interval(by_seed.values(), confidence).written() for metric, by_seed in by_metric.items()}
    return found or None


def _comparison(
    values: Values, condition: str, baseline: str | None, measured: tuple[str, str] | None, confidence: float
) -> dict[str, Any] | None:
    if baseline is None or condition == baseline or measured is None:
        return None
    split, metric = measured
    compared = compare_paired(
        values.get((condition, split), {}).get(metric, {}),
        values.get((baseline, split), {}).get(metric, {}),
        higher_is_better=is_higher_better(metric),
        confidence=confidence,
    )
    difference = compared.difference
    return {
        "against": baseline,
        "split": split,
        "metric": metric,
        "difference": difference.mean,
        "low": difference.low,
        "high": difference.high,
        "pairs": difference.count,
        "conclusion": compared.conclusion,
    }
