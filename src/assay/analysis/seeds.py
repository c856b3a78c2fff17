"""Which seeds of a condition learnt, and which never left chance.

Where some seeds learn and others do not, their mean stands for neither: with one seed in five at chance no interval of
the mean is right below ten seeds (``validation/intervals.py``). The two groups are told apart instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.analysis.splits import Unit, unit_of
from assay.judging import condition_facts
from assay.learning.scores import find_metric

if TYPE_CHECKING:
    from assay.analysis.summary import Measure
    from assay.diagnosis import NetworkFacts
    from assay.store import Tables

LEFT_CHANCE = 0.1
"""A seed has left chance when it has closed a tenth of the gap between a constant guess and a perfect answer."""
GROUPS_APART = 0.25
"""Two groups of seeds are told apart where no seed lies in so wide a part of that gap between them."""


@dataclass(frozen=True)
class Chance:
    """What a folder knows of chance.

    Attributes
    ----------
    at_chance : mapping of str to set of Unit
        By condition, the trials that never left chance; conditions without such trials are left out.
    facts : mapping of str to NetworkFacts
        By condition; see `assay.judging.condition_facts`.
    """

    at_chance: Mapping[str, frozenset[Unit]]
    facts: Mapping[str, NetworkFacts]

    @classmethod
    def of(cls, tables: Tables) -> Chance:
        """Read off the training rows: the best epoch of each trial that completed."""
        facts = {} if tables.was_watched else condition_facts(tables)
        shares: dict[str, dict[Unit, float]] = {}
        for condition, *unit, metric, lowest, highest in _extremes(tables) if facts else ():
            share = _learnt_share(facts.get(condition), metric, lowest, highest)
            if share is not None:
                shares.setdefault(condition, {})[unit_of(unit)] = share
        found = {condition: _at_chance(by_unit) for condition, by_unit in shares.items()}
        return cls({condition: units for condition, units in found.items() if units}, facts)

    def value(self, condition: str, metric: str) -> float | None:
        """What the best constant answer has of a metric; None where that is not known."""
        facts = self.facts.get(condition)
        if facts is None:
            return None
        if metric == "loss":
            return facts.chance_loss
        if metric == "accuracy":
            return None if facts.data is None else facts.data.majority
        chance, classes = find_metric(metric).chance, 1 if facts.data is None else facts.data.classes or 1
        return None if chance is None else chance(classes)


def step_of(tables: Tables, measure: Measure) -> float:
    """The smallest step between two values of a measure: 1 / rows for an accuracy; 0 where it is not known."""
    record = find_metric(measure.metric)
    if not record.counts_rows:
        return 0.0
    shapes = [note["shape"] for note in tables.manifest.get("judged_by", [])]
    # Of several labels an accuracy counts each of them.
    counts = (
        shape[f"{measure.split}_rows"]
        * (shape["outputs"] if record.counts_labels and shape["task"] == "multilabel" else 1)
        for shape in shapes
    )
    return max((1 / count for count in counts if count), default=0.0)


def _extremes(tables: Tables) -> Iterable[tuple[Any, ...]]:
    """The smallest and the largest training accuracy and loss of each trial that completed, epoch 0 left out.

    Rows of condition, seed (of several splits, split and seed), metric, smallest, largest.
    """
    import polars as pl

    completed = tables.trials.filter(outcome="completed").select("trial")
    is_of_training = (pl.col("phase") == "select") & (pl.col("split") == "train") & (pl.col("epoch") >= 1)
    rows = tables.rows("history", is_of_training, pl.col("metric").is_in(["accuracy", "loss"]))
    ends = rows.join(completed, on="trial", how="semi").group_by("condition", *tables.unit_columns, "metric")
    value = pl.col("value")
    return ends.agg(value.min().alias("lowest"), value.max().alias("highest")).iter_rows()


def _learnt_share(facts: NetworkFacts | None, metric: str, lowest: float, highest: float) -> float | None:
    """Of the gap between a constant guess and a perfect answer, as `assay.diagnosis.course.learnt_share` has it."""
    if facts is None:
        return None
    majority = None if facts.data is None else facts.data.majority
    if metric == "accuracy":
        return None if majority is None else (highest - majority) / max(1 - majority, 1e-9)
    if majority is not None or not facts.chance_loss or facts.chance_loss <= facts.floor_loss:
        return None
    return (facts.chance_loss - lowest) / (facts.chance_loss - facts.floor_loss)


def _at_chance(shares: Mapping[Unit, float]) -> frozenset[Unit]:
    """The seeds at chance: all of them, or a group that lies apart from the others."""
    failed = {seed for seed, share in shares.items() if not share >= LEFT_CHANCE}
    learnt = [share for seed, share in shares.items() if seed not in failed]
    best_failed = max((shares[seed] for seed in failed if math.isfinite(shares[seed])), default=-math.inf)
    return frozenset(failed) if not learnt or min(learnt) - best_failed >= GROUPS_APART else frozenset()
