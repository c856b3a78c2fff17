"""Which conditions of a large study are shown: the best ones, and the baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from assay.selection import is_higher_better

SHOWN_CONDITIONS = 100
"""A study of more conditions is told by its best ones."""


def shortlist(summary: Mapping[str, Any], count: int = SHOWN_CONDITIONS) -> Mapping[str, Any]:
    """`summary` with its best `count` conditions alone, best first, and the baseline; itself where it has no more.

    The best are those with the best mean of what conditions are compared by. Those without a number come last, in the
    study's order; before any trial has completed that is all of them.
    """
    conditions = summary["conditions"]
    if len(conditions) <= count:
        return summary
    best = sorted(conditions, key=lambda condition: _loss(condition, summary["compared_by"]))[:count]
    names = {condition["condition"] for condition in best}
    baseline = [c for c in conditions if c["condition"] == summary["baseline"] and c["condition"] not in names]
    return {**summary, "conditions": best + baseline}


def _loss(condition: Mapping[str, Any], compared_by: Mapping[str, str] | None) -> float:
    """What is to be small: the mean of the compared metric, or its negative for an accuracy; infinite without one."""
    if compared_by is None:
        return math.inf
    interval = (condition[compared_by["split"]] or {}).get(compared_by["metric"])
    if interval is None or interval["mean"] is None:
        return math.inf
    return -interval["mean"] if is_higher_better(compared_by["metric"]) else interval["mean"]
