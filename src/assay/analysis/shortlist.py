"""Which conditions of a large study are shown: the best ones, and the baseline."""

from __future__ import annotations

import math
from dataclasses import replace

from assay.analysis.summary import ConditionSummary, Measure, Summary
from assay.selection import is_higher_better

SHOWN_CONDITIONS = 100
"""A study of more conditions is told by its best ones."""


def shortlist(summary: Summary, count: int = SHOWN_CONDITIONS) -> Summary:
    """`summary` with its best `count` conditions alone, best first, and the baseline; itself where it has no more.

    The best are those with the best mean of what conditions are compared by. Those without a number come last, in the
    study's order; before any trial has completed that is all of them.
    """
    conditions = summary.conditions
    if len(conditions) <= count:
        return summary
    best = sorted(conditions, key=lambda condition: _loss(condition, summary.compared_by))[:count]
    names = {condition.name for condition in best}
    baseline = [c for c in conditions if c.name == summary.baseline and c.name not in names]
    return replace(summary, conditions=(*best, *baseline))


def _loss(condition: ConditionSummary, compared_by: Measure | None) -> float:
    """What is to be small: the mean of the compared metric, or its negative for an accuracy; infinite without one."""
    interval = None if compared_by is None else condition.score(compared_by)
    if compared_by is None or interval is None or interval.mean is None:
        return math.inf
    return -interval.mean if is_higher_better(compared_by.metric) else interval.mean
