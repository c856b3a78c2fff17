"""What the seeds of each condition of a study came to: the values from which means and comparisons follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from assay.analysis.comparison import Conclusion, Rules, Sample
from assay.analysis.intervals import Interval, Share, mean_interval, share_interval
from assay.analysis.measurements import SplitEpochs, measurements
from assay.analysis.scales import Scale, scale_of
from assay.analysis.seeds import Chance, step_of
from assay.analysis.splits import Unit, replicates, unit_of
from assay.analysis.summary import Measure
from assay.data import Resample
from assay.selection import is_higher_better
from assay.study.spec import Study

if TYPE_CHECKING:
    import polars as pl

    from assay.store import Tables

MARGIN_OF_SHARES = 0.01
"""One point of an accuracy."""
MARGIN_OF_OTHERS = 0.05
"""5 % of the baseline's loss or error."""

LOSS_CHANGING = ("training.loss", "training.class_weight")
"""Keys of settings that change what a loss is, beside penalties."""

MOST_OVERLAP = 1.0
"""Where a folder does not tell it yet: as many rows measured as trained on."""

Values = Mapping[tuple[str, str], Mapping[str, Mapping[Unit, float]]]
"""(condition, part of the rows) -> metric -> seed, or split and seed -> value."""


@dataclass(frozen=True)
class Rounds:
    """What a folder keeps of the rounds in which seeds were added; see `assay.deciding`.

    Attributes
    ----------
    looks : int
        How many there may have been.
    measure : Measure or None
        By what conditions were compared.
    decided : mapping
        By condition, its conclusion and with how many seeds it came.
    """

    looks: int
    measure: Measure | None
    decided: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, tables: Tables) -> Rounds | None:
        """None where there were none, or where the study has changed since."""
        kept = tables.manifest.get("decided")
        if kept is None or not isinstance(tables.study, Study) or kept["fingerprint"] != tables.study.fingerprint():
            return None
        measure = Measure(kept["split"], kept["metric"]) if "metric" in kept else None
        return cls(kept["looks"], measure, kept["conditions"])

    def conclusion(self, condition: str) -> Conclusion:
        """That of the round which decided it."""
        found: Conclusion = self.decided.get(condition, {}).get("conclusion", "undecided")
        return found


class Measured:
    """What the seeds of each condition came to, and how it is judged.

    Parameters
    ----------
    tables : Tables
    best : mapping, optional
        `split_epochs` of these tables, where they are at hand.

    Attributes
    ----------
    values : mapping
        By condition and part of the rows, metric and seed; of several splits, metric, split and seed.
    measure : Measure or None
        By which conditions are compared; None before any trial has completed.
    rounds : Rounds or None
        Where seeds were added until each comparison was decided.
    outcomes : dict
        By condition, how many trials ended in each way.
    """

    def __init__(self, tables: Tables, best: SplitEpochs | None = None) -> None:
        self.tables, self.chance = tables, Chance.of(tables)
        self.values = _by_unit(measurements(tables, best))
        self.rounds = Rounds.of(tables)
        self.measure = _compared_by(self.values, tables)
        if self.rounds is not None and self.rounds.measure is not None:
            self.measure = self.rounds.measure
        self.confidence = tables.study.design.confidence
        self.outcomes = _outcomes(tables)
        self.diverged: dict[str, frozenset[Unit]] = {}
        lost = tables.trials.filter(outcome="diverged").select("condition", *tables.unit_columns)
        for condition, *unit in lost.iter_rows():
            self.diverged[condition] = self.diverged.get(condition, frozenset()) | {unit_of(unit)}
        self.scales: dict[tuple[str, str], Scale] = {}
        for split, metric in {(split, metric) for (_, split), found in self.values.items() for metric in found}:
            of_all = (found.get(metric, {}) for (_, of_split), found in self.values.items() if of_split == split)
            self.scales[split, metric] = scale_of(metric, (value for by_unit in of_all for value in by_unit.values()))

    @property
    def rules(self) -> Rules | None:
        """How conditions are compared by `measure`."""
        return None if self.measure is None else self.rules_of(self.measure)

    def rules_of(self, measure: Measure) -> Rules:
        """How conditions are compared by a measure that there is."""
        is_share = is_higher_better(measure.metric)
        asked = self.tables.study.design.margin
        return Rules(
            higher_is_better=is_share,
            scale=self.scales[measure.split, measure.metric],
            confidence=self.confidence,
            margin=(MARGIN_OF_SHARES if is_share else MARGIN_OF_OTHERS) if asked is None else asked,
            resolution=self.step(measure),
            overlap=self.overlap(measure),
            more=self.splits[0].folds is None,
        )

    def has(self, measure: Measure) -> bool:
        """Whether any trial has a value of it."""
        return (measure.split, measure.metric) in self.scales

    @property
    def splits(self) -> Sequence[Resample]:
        """Of the study."""
        return self.tables.study.design.splits

    def overlap(self, measure: Measure) -> float | None:
        """Of several splits, the rows measured for each row trained on; None where there is one."""
        if len(self.splits) == 1:
            return None
        return float(self.tables.manifest.get("overlaps", {}).get(measure.split, MOST_OVERLAP))

    def step(self, measure: Measure) -> float:
        """The smallest step between two values of a measure; 0 where it is not known."""
        return step_of(self.tables, measure)

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
            found[metric] = self.mean(self.sample(condition, measure).learnt, self.rules_of(measure))
        return found

    @staticmethod
    def mean(values: Mapping[Unit, float], rules: Rules) -> Interval:
        """Over seeds; where there are several splits, over their means."""
        found = replicates(values, rules.overlap).values()
        return mean_interval(found, rules.confidence, rules.scale, rules.resolution, rules.overlap)

    def share_learnt(self, condition: str) -> Share | None:
        """Of the trials that completed or diverged; None where all learnt, or where that is not known."""
        outcomes = self.outcomes.get(condition, {})
        lost, failed = outcomes.get("diverged", 0), len(self.chance.at_chance.get(condition, ()))
        ended = outcomes.get("completed", 0) + lost
        return share_interval(ended - lost - failed, ended, self.confidence) if lost or failed else None


def _outcomes(tables: Tables) -> dict[str, dict[str, int]]:
    """By condition, how many trials ended in each way."""
    ended = tables.trials.group_by("condition", "outcome").len()
    outcomes: dict[str, dict[str, int]] = {}
    for name, outcome, count in ended.sort("condition", "outcome").iter_rows():
        outcomes.setdefault(name, {})[outcome] = count
    return outcomes


def _by_unit(table: pl.DataFrame) -> Values:
    values: dict[tuple[str, str], dict[str, dict[Unit, float]]] = {}
    for condition, *unit, split, metric, value in table.iter_rows():
        values.setdefault((condition, split), {}).setdefault(metric, {})[unit_of(unit)] = value
    return values


def _compared_by(values: Values, tables: Tables) -> Measure | None:
    """The split and the metric by which conditions are compared.

    The metric that chooses the best epoch, unless that is the loss; else the first that the study asks for; else an
    accuracy where there is one. Losses are compared with losses of the same kind alone.
    """
    measured = {(split, metric) for (_, split), by_metric in values.items() for metric in by_metric}
    if not measured:
        return None
    is_tested = any(split == "test" for split, _ in measured)
    keys = [key for condition in tables.conditions for key in condition.settings]
    loss_varies = any(key.startswith(LOSS_CHANGING) or key.endswith(".l2") for key in keys)
    order = ["accuracy", "mean_absolute_error", "loss"] if loss_varies else ["accuracy", "loss"]
    if isinstance(tables.study, Study):
        selecting = tables.study.design.select.removeprefix("val_")
        order = [*(() if selecting == "loss" else (selecting,)), *tables.study.training.metrics, *order]
    measures = (Measure("test" if is_tested else "validation", metric) for metric in order)
    return next((measure for measure in measures if (measure.split, measure.metric) in measured), None)
