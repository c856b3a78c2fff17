"""What is noted while a population trains: its scores and signals as rows, and how each trial ends.

Index letters: C conditions, S seeds.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import polars as pl

from assay.engine import Outcome
from assay.engine.tracing import Signals
from assay.engine.trainer import Scores
from assay.planning import PopulationPlan
from assay.probes import signal_frames
from assay.store.schema import SELECTED


class Scored(NamedTuple):
    """Scores, and the trials that they are of, shape (C, S); those of the others mean nothing."""

    scores: Scores
    trials: np.ndarray


class PredictedRows(NamedTuple):
    """Rows of a split, and what N networks said of them.

    Attributes
    ----------
    outputs : array of float32, shape (N, rows, K)
    targets : array of float32, shape (rows, K)
    source_rows : array of int, shape (rows,)
    """

    outputs: np.ndarray
    targets: np.ndarray
    source_rows: np.ndarray


@dataclass
class Segment:
    """The rows of some epochs that are not kept yet."""

    plan: PopulationPlan
    phase: str
    first_epoch: int
    scores: list[tuple[int, str, Scored]] = field(default_factory=list)
    signals: list[pl.DataFrame] = field(default_factory=list)
    histograms: list[pl.DataFrame] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def age_seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    def add(self, epoch: int, split: str, scored: Scored) -> None:
        """Add the scores of one split."""
        self.scores.append((epoch, split, scored))

    def history(self) -> pl.DataFrame:
        """The scores as rows, in the order in which they came; made at once, for a frame costs more than its rows."""
        epochs, splits, metrics, found = [], [], [], []
        for epoch, split, scored in self.scores:
            condition, seed = np.nonzero(scored.trials)
            for metric, values in scored.scores.items():
                epochs.append(epoch)
                splits.append(split)
                metrics.append(metric)
                found.append((condition, seed, values[condition, seed]))
        condition, seed, values = (np.concatenate(part) for part in zip(*found, strict=True))
        of_rows = np.repeat(np.arange(len(found)), [len(part) for part, _, _ in found])
        return pl.DataFrame(
            {
                "trial": self.plan.trials[condition, seed],
                "condition": pl.Series([each.name for each in self.plan.conditions])[condition],
                "seed": np.asarray(self.plan.seeds)[seed],
                "phase": self.phase,
                "epoch": np.asarray(epochs)[of_rows],
                "split": pl.Series(splits)[of_rows],
                "metric": pl.Series(metrics)[of_rows],
                "value": values,
            },
            schema_overrides={"phase": pl.String},
        )

    def add_signals(self, epoch: int, signals: Signals, recorded: np.ndarray) -> None:
        """Add what probes found in the trials that are `recorded`, shape (C, S)."""
        rows, histograms = signal_frames(
            signals,
            trials=self.plan.trials,
            conditions=[condition.name for condition in self.plan.conditions],
            seeds=self.plan.seeds,
            epoch=epoch,
            recorded=recorded,
        )
        self.signals.append(rows)
        self.histograms.append(histograms)


@dataclass
class Endings:
    """Which trials of a population have diverged, and when.

    Attributes
    ----------
    epoch, step : array of int, shape (C, S)
        The first whose loss was not finite; −1 where there is none.
    in_final : array of bool, shape (C, S)
        Whether it was in the final phase.
    """

    epoch: np.ndarray
    step: np.ndarray
    in_final: np.ndarray

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Endings:
        """Before the first epoch."""
        return cls(np.full(shape, -1), np.full(shape, -1), np.zeros(shape, bool))

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Endings:
        """From the arrays of a checkpoint."""
        return cls(*(arrays[name].copy() for name in ("diverged_epoch", "diverged_step", "diverged_in_final")))

    def arrays(self) -> dict[str, np.ndarray]:
        """For a checkpoint."""
        return {"diverged_epoch": self.epoch, "diverged_step": self.step, "diverged_in_final": self.in_final}

    @property
    def diverged(self) -> np.ndarray:
        """Trials that have ended early, shape (C, S)."""
        return self.epoch >= 0

    @property
    def may_choose(self) -> np.ndarray:
        """Trials whose validation scores choose the best epoch, shape (C, S).

        What becomes of a trial in the final phase must not change the choice when that phase is continued.
        """
        return ~self.diverged | self.in_final

    def note(self, phase: str, epoch: int, steps: int, seen: np.ndarray, found: Mapping[str, Scored]) -> None:
        """End the trials with a score that is not finite.

        Parameters
        ----------
        steps : int
            Updates made so far.
        seen : array of int, shape (C, S)
            The first step with a batch loss that was not finite; 0 where there is none.
        found : mapping of str to Scored
            By split.
        """
        ended = np.zeros(self.epoch.shape, bool)
        for scores, trials in found.values():
            ended |= trials & ~np.isfinite(scores["loss"])
        ended &= ~self.diverged
        self.epoch[ended] = epoch
        # Finite batch losses with an infinite score after them: the last update did it.
        self.step[ended] = np.where(seen > 0, seen, steps)[ended]
        self.in_final[ended] = phase == "final"


def ended_trials(
    plan: PopulationPlan, endings: Endings, best: np.ndarray, elapsed_seconds: float, *, is_selected: bool = False
) -> pl.DataFrame:
    """The active trials of a population that went through its protocol, or through its selection phase.

    Parameters
    ----------
    plan : PopulationPlan
    endings : Endings
    best : array of int, shape (C, S)
        The best epoch of each trial's condition.
    elapsed_seconds : float
        Spent on the population.
    is_selected : bool
        Whether a final phase is still to come.
    """
    in_final, has_final = endings.in_final, plan.design.final and not is_selected
    rows = []
    for index, seed in np.argwhere(plan.active).tolist():
        lost = bool(endings.diverged[index, seed])
        outcome = str(Outcome.DIVERGED) if lost else SELECTED if is_selected else str(Outcome.COMPLETED)
        was_tested = has_final and (not lost or bool(in_final[index, seed]))
        rows.append(
            {
                **_identity(plan, index, seed),
                "outcome": outcome,
                "outcome_epoch": int(endings.epoch[index, seed]) if lost else plan.epochs,
                "outcome_step": int(endings.step[index, seed]) if lost else plan.select_steps,
                "best_epoch": None if lost or is_selected else int(best[index, seed]),
                "elapsed_seconds": elapsed_seconds / plan.trials.size,
                "message": "in the final training" if in_final[index, seed] else "",
                "final_epochs": int(best[index, seed]) if was_tested else None,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"best_epoch": pl.Int64, "final_epochs": pl.Int64})


def prediction_frame(
    plan: PopulationPlan, split: str, trials: np.ndarray, epoch: np.ndarray, rows: PredictedRows
) -> pl.DataFrame:
    """What some trials of a population said of the rows of a split.

    Parameters
    ----------
    plan : PopulationPlan
    split : str
    trials : array, shape (C, S), bool
    epoch : array of int, shape (C, S)
        After which the network of each was taken.
    rows : PredictedRows
    """
    condition, seed = np.nonzero(trials)
    count, num_rows = rows.outputs.shape[:2]
    of_each = pl.DataFrame(
        {
            "trial": plan.trials[condition, seed],
            "condition": [plan.conditions[index].name for index in condition],
            "seed": np.asarray(plan.seeds)[seed],
            "epoch": epoch[condition, seed],
            "split": [split] * count,
        }
    )
    lists = pl.List(pl.Float32)
    return of_each.select(pl.all().repeat_by(num_rows).explode()).with_columns(
        row=pl.Series(np.tile(np.arange(num_rows), count)),
        source_row=pl.Series(np.tile(rows.source_rows, count)),
        target=pl.Series(np.tile(rows.targets, (count, 1))).cast(lists),
        outputs=pl.Series(rows.outputs.reshape(count * num_rows, -1)).cast(lists),
    )


def failed_trials(plan: PopulationPlan, error: Exception) -> pl.DataFrame:
    """The trials of a population that an error ended."""
    nothing = {"outcome_epoch": None, "outcome_step": None, "best_epoch": None, "elapsed_seconds": 0.0}
    nothing |= {"final_epochs": None}
    return pl.DataFrame(
        [
            {
                **_identity(plan, index, seed),
                "outcome": str(Outcome.FAILED),
                **nothing,
                "message": f"{type(error).__name__}: {error}",
            }
            for index, seed in np.argwhere(plan.active).tolist()
        ]
    )


def _identity(plan: PopulationPlan, condition: int, seed: int) -> dict[str, object]:
    """The columns of a trial that say which it is; `condition` and `seed` are indices into the plan."""
    return {
        "trial": int(plan.trials[condition, seed]),
        "condition": plan.conditions[condition].name,
        "seed": plan.seeds[seed],
        "parameters": plan.parameters,
        "epochs": plan.epochs,
        "steps": plan.select_steps,
    }
