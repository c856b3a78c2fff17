"""The table of conditions: what ``assay show`` prints and the report tells.

Attributes are named as the entries of ``assay show --json``, which `Summary.written` gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from assay.analysis.comparison import Comparison
from assay.analysis.effects import FactorAnalysis, MarginalGains
from assay.analysis.intervals import Interval, Share
from assay.analysis.numbers import interval_text, metric_text

if TYPE_CHECKING:
    from assay.diagnosis import Finding, Verdict

PRINTED_CONDITIONS = 24
"""So many conditions are in the printed form of a summary; the others are counted."""


@dataclass(frozen=True)
class Measure:
    """What conditions are compared by: a metric on the validation or the test rows."""

    split: Literal["validation", "test"]
    metric: str

    def __str__(self) -> str:
        return f"{self.split} {metric_text(self.metric)}"

    def written(self) -> dict[str, str]:
        """As JSON."""
        return {"split": self.split, "metric": self.metric}


@dataclass(frozen=True, kw_only=True)
class BaselineComparison(Comparison):
    """A condition against the baseline.

    Attributes
    ----------
    against : str
        The name of the baseline.
    measure : Measure
        By what they are compared.
    """

    against: str
    measure: Measure

    @property
    def pairs(self) -> int:
        """Number of seeds, or splits, that completed in both conditions."""
        return self.difference.count

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "against": self.against,
            **self.measure.written(),
            "difference": self.difference.mean,
            "low": self.difference.low,
            "high": self.difference.high,
            "effect_size": self.effect_size,
            "pairs": self.pairs,
            "p": self.p,
            "p_adjusted": self.p_adjusted,
            "comparisons": self.comparisons,
            "conclusion": self.conclusion,
            f"{self.unit}s_needed": self.seeds_needed,
            "settles_margin": self.settles_margin,
            "is_separate": self.is_separate,
        }


@dataclass(frozen=True)
class ConditionSummary:
    """What one condition came to.

    Attributes
    ----------
    name : str
        Such as ``activation=relu``; the entry ``condition`` of the JSON.
    settings : mapping of str to level
        What tells it apart, by dotted key.
    trials : int
        How many trials were asked for.
    outcomes : mapping of str to int
        How many trials ended in each way (``completed``, ``diverged``, …); while the study runs these add up to less
        than `trials`.
    learnt : Share or None
        How many of its trials that ended learnt, where some diverged or never left chance. Means are then of those that
        learnt, if there are any. None where all learnt, or where it is not known.
    parameters : int or None
        Kernels and biases of one network. None until a trial has ended.
    best_epoch : int or None
        The epoch at which the mean over seeds of the selecting metric is best, counted from 1; of several splits the
        median. None where no trial has come so far.
    best_epoch_range : (int, int) or None
        The earliest and the latest best epoch of a single seed.
    validation, test : mapping of str to Interval
        By metric, the mean over the trials that completed, or over the means of several splits: of the validation rows
        at the best epoch, and of the test rows after the final phase. Empty where nothing was measured.
    comparison : BaselineComparison or None
        None for the baseline itself, and in a study without one.
    findings : tuple of Finding
        What is wrong with it, or worth knowing.
    verdict : Verdict or None
        What the findings come to. None where nothing is known.
    """

    name: str
    settings: Mapping[str, Any]
    trials: int
    outcomes: Mapping[str, int]
    learnt: Share | None = None
    parameters: int | None = None
    best_epoch: int | None = None
    best_epoch_range: tuple[int, int] | None = None
    validation: Mapping[str, Interval] = field(default_factory=dict)
    test: Mapping[str, Interval] = field(default_factory=dict)
    comparison: BaselineComparison | None = None
    findings: tuple[Finding, ...] = ()
    verdict: Verdict | None = None

    @property
    def at_chance(self) -> int:
        """How many of its trials completed and never left chance."""
        if self.learnt is None:
            return 0
        return self.learnt.total - self.learnt.count - self.outcomes.get("diverged", 0)

    def scores(self, split: Literal["validation", "test"]) -> Mapping[str, Interval]:
        """`validation` or `test`."""
        return self.test if split == "test" else self.validation

    def score(self, measure: Measure) -> Interval | None:
        """What it came to by one measure. None where that was not measured."""
        return self.scores(measure.split).get(measure.metric)

    def written(self) -> dict[str, Any]:
        """As JSON: null for what is not known."""
        return {
            "condition": self.name,
            "settings": dict(self.settings),
            "trials": self.trials,
            "outcomes": dict(self.outcomes),
            "learnt": None if self.learnt is None else self.learnt.written(),
            "parameters": self.parameters,
            "best_epoch": self.best_epoch,
            "best_epoch_range": None if self.best_epoch_range is None else list(self.best_epoch_range),
            "validation": {metric: found.written() for metric, found in self.validation.items()} or None,
            "test": {metric: found.written() for metric, found in self.test.items()} or None,
            "comparison": None if self.comparison is None else self.comparison.written(),
            "findings": [finding.written() for finding in self.findings],
            # A forecast has no place where training has ended.
            "verdict": {
                "status": None if self.verdict is None else self.verdict.status,
                "findings": [] if self.verdict is None else list(self.verdict.findings),
            },
        }


@dataclass(frozen=True, repr=False)
class Summary:
    """Every condition of a study with what it came to; printed, it is a small table.

    Attributes
    ----------
    study : str
        Its name.
    baseline : str or None
        The condition that the others are compared with.
    confidence : float
        Of all intervals, between 0 and 1.
    margin : float or None
        The smallest difference that matters: of an accuracy as it is, of a loss or an error as part of the baseline's.
    compared_by : Measure or None
        None before any trial has completed.
    elapsed_seconds : float
        Time spent on the study, earlier runs of the command included.
    conditions : tuple of ConditionSummary
        In the study's order.
    splits : int
        How many ways to draw test and validation rows there are; from two on what is repeated is the split.
    overlap : float or None
        Of several splits, the rows measured for each row trained on; see `assay.analysis.splits`.
    looks : int or None
        Where seeds were added until each comparison was decided, in how many rounds at most.
    left_out_trials : int
        How many trials lie in the folder that the study, as it is now, does not ask for.
    effects : FactorAnalysis or None
        Which factor matters, of a factorial study.
    marginal_gains : tuple of MarginalGains
        What each level gains, where factors vary one at a time.
    told : tuple of str
        Of a training of the user's own that was watched: what became of it, in the place of a comparison.
    """

    study: str
    baseline: str | None
    confidence: float
    compared_by: Measure | None
    elapsed_seconds: float
    conditions: tuple[ConditionSummary, ...]
    told: tuple[str, ...] = ()
    margin: float | None = None
    splits: int = 1
    overlap: float | None = None
    looks: int | None = None
    left_out_trials: int = 0
    effects: FactorAnalysis | None = None
    marginal_gains: tuple[MarginalGains, ...] = ()

    def __repr__(self) -> str:
        """One line for each condition, under a line of headings."""
        if self.told and self.compared_by is None:
            return "\n".join([f"{self.study}:", *self.told])
        shown = self.conditions[:PRINTED_CONDITIONS]
        rows = [["condition", "best epoch", *self._headings()]]
        rows += [[c.name, "–" if c.best_epoch is None else str(c.best_epoch), *self._cells(c)] for c in shown]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        left_out = len(self.conditions) - len(shown)
        return "\n".join([f"{self.study}:", *lines, *([f"and {left_out:,} more conditions"] if left_out else [])])

    def _headings(self) -> list[str]:
        if self.compared_by is None:
            return []
        return [str(self.compared_by), *([] if self.baseline is None else ["difference", "against the baseline"])]

    def _cells(self, condition: ConditionSummary) -> list[str]:
        if self.compared_by is None:
            return []
        cells, compared = [interval_text(condition.score(self.compared_by))], condition.comparison
        if self.baseline is None:
            return cells
        if compared is None:
            return [*cells, "–", "is the baseline" if condition.name == self.baseline else "–"]
        return [
            *cells,
            interval_text(compared.difference, signed=True),
            compared.conclusion if compared.pairs else "–",
        ]

    def written(self) -> dict[str, Any]:
        """As ``assay show --json`` prints it: no NaN and no infinity, null for what is not known."""
        return {
            "study": self.study,
            "baseline": self.baseline,
            "confidence": self.confidence,
            "margin": self.margin,
            **({"splits": self.splits, "overlap": self.overlap} if self.splits > 1 else {}),
            "looks": self.looks,
            "left_out_trials": self.left_out_trials,
            "compared_by": None if self.compared_by is None else self.compared_by.written(),
            "elapsed_seconds": self.elapsed_seconds,
            "effects": None if self.effects is None else self.effects.written(),
            "marginal_gains": [gains.written() for gains in self.marginal_gains],
            "conditions": [condition.written() for condition in self.conditions],
        }
