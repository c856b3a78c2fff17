"""The protocol of one population: train and validate, choose the best epoch, train afresh, open the test set once.

1. **select**: every trial trains on the training rows for all epochs; the validation rows are scored after each.
2. **choose**: a condition's best epoch is the one with the best mean validation metric over its seeds (Chollet, *Deep
   Learning with Python*, 2018, ch. 3); the test set plays no part.
3. **final**: a fresh network from the same seeds trains on training + validation rows for that many epochs.
4. The test set is scored once, at that epoch.

Progress is kept a segment (some epochs) at a time: history first, then the checkpoint. A kill in between leaves history
that the next run writes again, with the same numbers under the same name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import jax
import numpy as np
import polars as pl

from assay.analysis import best_epoch_of_each, selecting
from assay.data import Dataset
from assay.engine import Outcome, on_cpu
from assay.engine.batching import num_batches
from assay.engine.sparse import suits_sparse
from assay.engine.trainer import PlacedData, Scores, State, Trainer
from assay.planning import PopulationPlan
from assay.pretraining import has_autoencoders, learn_layers
from assay.probes import all_probes, probe_rows, signal_frames
from assay.store import Results, Store
from assay.study import Study

SEGMENT_SECONDS = 5.0


@dataclass(frozen=True)
class EpochEvent:
    """What a progress view hears after each epoch of a population.

    Attributes
    ----------
    population : PopulationPlan
    phase : str
        ``select`` or ``final``.
    epoch, epochs : int
        The epoch that ended, of how many in this phase.
    scores : dict of str to Scores
        By split: arrays of shape (C, S), NaN for trials that have ended.
    diverged : array, shape (C, S), bool
    """

    population: PopulationPlan
    phase: str
    epoch: int
    epochs: int
    scores: dict[str, Scores]
    diverged: np.ndarray


class Listener(Protocol):
    """Hears of each epoch."""

    def epoch_ended(self, event: EpochEvent) -> None:
        """Called on the training thread; should return at once."""


@dataclass
class _Segment:
    """History rows not yet in the store."""

    plan: PopulationPlan
    phase: str
    first_epoch: int
    frames: list[pl.DataFrame] = field(default_factory=list)
    signals: list[pl.DataFrame] = field(default_factory=list)
    histograms: list[pl.DataFrame] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, epoch: int, split: str, scores: Scores, recorded: np.ndarray) -> None:
        """Add the scores of the trials that are `recorded`, shape (C, S)."""
        condition, seed = np.nonzero(recorded)
        names = [self.plan.conditions[index].name for index in condition]
        for metric, values in scores.items():
            self.frames.append(
                pl.DataFrame(
                    {
                        "trial": self.plan.trials[condition, seed],
                        "condition": names,
                        "seed": np.asarray(self.plan.seeds)[seed],
                        "phase": self.phase,
                        "epoch": epoch,
                        "split": split,
                        "metric": metric,
                        "value": values[condition, seed],
                    }
                )
            )

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self.began >= SEGMENT_SECONDS


@dataclass(frozen=True)
class _Splits:
    """Parts of the rows on the devices; None where there are none, or where they are not to be seen."""

    training: PlacedData
    validation: PlacedData | None
    together: PlacedData
    test: PlacedData | None


class PopulationRun:
    """Takes one population through the protocol, or on from where it stopped.

    Parameters
    ----------
    plan : PopulationPlan
    study : Study
    dataset : Dataset
    store : Store
    listener : Listener
    stop_requested : callable
        Asked after each epoch; when true, what is done is kept and KeyboardInterrupt raised.
    devices : sequence of jax.Device
    """

    def __init__(
        self,
        plan: PopulationPlan,
        study: Study,
        dataset: Dataset,
        store: Store,
        listener: Listener,
        stop_requested: Callable[[], bool],
        devices: Sequence[jax.Device],
    ) -> None:
        self.plan, self.study, self.dataset, self.store = plan, study, dataset, store
        self.listener, self.stop_requested, self.devices = listener, stop_requested, devices
        self.checkpoint = store.load_checkpoint(plan.number)
        arrays, about = self.checkpoint or ({}, {})
        self.phase_reached: str = about.get("phase", "select")
        self.seconds_before: float = about.get("elapsed_seconds", 0.0)
        nothing = np.full(plan.trials.shape, -1)
        self.diverged_epoch: np.ndarray = arrays.get("diverged_epoch", nothing).copy()
        self.diverged_step: np.ndarray = arrays.get("diverged_step", nothing).copy()
        self.diverged_in_final: np.ndarray = arrays.get("diverged_in_final", np.zeros(nothing.shape, bool)).copy()
        self.began = time.monotonic()
        self.trainer = Trainer(
            plan.members,
            seeds=plan.seeds,
            batch_size=plan.batch_size,
            task=plan.shape.task,
            tiles=about.get("tiles", plan.layout.tiles),
            sparse=about.get("sparse", False) if about else on_cpu(devices) and suits_sparse(dataset.x_train),
            devices=devices,
        )

    @property
    def diverged(self) -> np.ndarray:
        """Trials that have ended early, shape (C, S)."""
        return self.diverged_epoch >= 0

    @property
    def elapsed_seconds(self) -> float:
        """Time spent on this population, earlier runs of the command included."""
        return self.seconds_before + time.monotonic() - self.began

    def compile(self) -> None:
        """Compile the population's program; may run beside another population's training."""
        rows, training_rows = self._rows
        data = self.dataset
        self.trainer.compile(rows, data.x_train.dtype, data.y_train.shape[1], training_rows=training_rows)

    def run(self) -> None:
        """Go through the protocol and write the trials."""
        self.began = time.monotonic()
        splits = self._place()
        if self.phase_reached == "select":
            self._select(splits)
        best = self._best_epochs()
        if self.study.design.final:
            self._final(splits, best)
        self.store.write_trials(self.plan.number, self._trials(best))
        self.store.clear_checkpoint(self.plan.number)

    @property
    def _rows(self) -> tuple[int, int]:
        """How many rows the protocol uses, and how many an epoch passes over at most."""
        training, validation = len(self.dataset.x_train), len(self.dataset.x_validation)
        if not self.study.design.final:
            return training + validation, training
        return training + validation + len(self.dataset.x_test), training + validation

    def _place(self) -> _Splits:
        """Put all rows that will be used on the devices, once; without a final training the test rows stay out."""
        data, place, part = self.dataset, self.trainer.place, self.trainer.part
        rows, training_rows = self._rows
        training, together = len(data.x_train), len(data.x_train) + len(data.x_validation)
        x = np.concatenate([data.x_train, data.x_validation, data.x_test])[:rows]
        y = np.concatenate([data.y_train, data.y_validation, data.y_test])[:rows]
        whole = place(x, y, training_rows=training_rows)
        return _Splits(
            training=part(whole, 0, training),
            validation=part(whole, training, together) if together > training else None,
            together=part(whole, 0, together),
            test=part(whole, together, rows) if rows > together else None,
        )

    # ------------------------------------------------------------------ the two phases

    def _select(self, splits: _Splits) -> None:
        def score(epoch: int) -> tuple[str, PlacedData, np.ndarray] | None:
            return ("validation", splits.validation, ~self.diverged) if splits.validation else None

        self._train("select", splits.training, np.full(self.plan.trials.shape, self.plan.epochs), score)

    def _final(self, splits: _Splits, best: np.ndarray) -> None:
        def score(epoch: int) -> tuple[str, PlacedData, np.ndarray] | None:
            due = (best == epoch) & ~self.diverged
            return ("test", splits.test, due) if splits.test and due.any() else None

        self._train("final", splits.together, np.where(self.diverged, 0, best), score)

    def _train(
        self,
        phase: str,
        training: PlacedData,
        epochs: np.ndarray,
        score: Callable[[int], tuple[str, PlacedData, np.ndarray] | None],
    ) -> None:
        """Train each trial for its number of `epochs`, shape (C, S), keeping scores as it goes.

        `score` says what is scored after an epoch: the name of the split, its rows, and which trials.
        """
        trainer, last = self.trainer, int(epochs.max(initial=0))
        state, done = self._resume(phase)
        segment = _Segment(self.plan, phase, done + 1)
        scores: dict[str, tuple[Scores, np.ndarray]]
        if state is None:
            state, segment.first_epoch = self._start(phase), 0
            if (
                phase == "select"
            ):  # the untrained network; the final phase begins from it too, unless layers learn first
                everyone = np.ones(epochs.shape, bool)
                state, found = trainer.evaluate(state, training)
                scores = {"train": (found, everyone)}
                if scored := score(0):
                    split, rows, due = scored
                    state, found = trainer.evaluate(state, rows, due)
                    scores[split] = found, due
                self._record(phase, state, 0, last, scores, segment, steps=0)
                self._probe(state, 0, training, everyone, segment)
        steps_per_epoch = num_batches(training.rows, self.plan.batch_size)
        for epoch in range(done + 1, last + 1):
            running = (epochs >= epoch) & ~self.diverged
            if running.any():
                if scored := score(epoch):
                    split, rows, due = scored
                    state, found, of_split = trainer.train_and_evaluate(state, training, epoch, running, rows, due)
                    scores = {"train": (found, running), split: (of_split, due)}
                else:
                    state, found = trainer.train_epoch(state, training, epoch, running)
                    scores = {"train": (found, running)}
                self._record(phase, state, epoch, last, scores, segment, steps=epoch * steps_per_epoch)
                self._probe(state, epoch, training, running, segment)
            stop = self.stop_requested()
            if stop or segment.is_due or epoch == last:
                self._keep(segment, state, epoch)
                segment = _Segment(self.plan, phase, epoch + 1)
            if stop:
                raise KeyboardInterrupt
        if segment.frames:
            self._keep(segment, state, last)

    def _start(self, phase: str) -> State:
        """The untrained network; autoencoders learn from the rows that the phase trains on, and from no others."""
        if not has_autoencoders(self.plan.members):
            return self.trainer.start()
        data = self.dataset
        rows = data.x_train if phase == "select" else np.concatenate([data.x_train, data.x_validation])

        def stop_if_requested() -> None:
            if self.stop_requested():
                raise KeyboardInterrupt

        return self.trainer.start(
            learn_layers(self.plan.members, self.plan.seeds, rows, devices=self.devices, epoch_ended=stop_if_requested)
        )

    def _record(
        self,
        phase: str,
        state: State,
        epoch: int,
        epochs: int,
        scores: dict[str, tuple[Scores, np.ndarray]],
        segment: _Segment,
        steps: int,
    ) -> None:
        """Note scores, and which trials have just diverged: a score that is not finite ends a trial."""
        steps_seen = self.trainer.diverged_steps(state)
        shown = {}
        ended = np.zeros(self.plan.trials.shape, bool)
        for split, (values, recorded) in scores.items():
            segment.add(epoch, split, values, recorded)
            shown[split] = {name: np.where(recorded, value, np.nan) for name, value in values.items()}
            ended |= recorded & ~np.isfinite(values["loss"])
        ended &= ~self.diverged
        self.diverged_epoch[ended] = epoch
        # Finite batch losses with an infinite score after them: the last update did it.
        self.diverged_step[ended] = np.where(steps_seen > 0, steps_seen, steps)[ended]
        self.diverged_in_final[ended] = phase == "final"
        self.listener.epoch_ended(EpochEvent(self.plan, phase, epoch, epochs, shown, self.diverged))

    def _probe(self, state: State, epoch: int, training: PlacedData, running: np.ndarray, segment: _Segment) -> None:
        """Record the layers' signals, if the study asks for them after this epoch; the selection phase alone."""
        asked = self.study.probe
        if asked is None or segment.phase != "select" or not asked.is_due(epoch):
            return
        rows = probe_rows(training.rows, asked.rows)
        signals, histograms = signal_frames(
            self.trainer.probe(state, training, rows, all_probes(), running),
            trials=self.plan.trials,
            conditions=[condition.name for condition in self.plan.conditions],
            seeds=self.plan.seeds,
            epoch=epoch,
            recorded=running,
        )
        segment.signals.append(signals)
        segment.histograms.append(histograms)

    # ------------------------------------------------------------------ keeping and going on

    def _keep(self, segment: _Segment, state: State, epoch: int) -> None:
        if segment.frames:
            self.store.write_history(self.plan.number, segment.phase, segment.first_epoch, pl.concat(segment.frames))
        if segment.signals:
            signals, histograms = pl.concat(segment.signals), pl.concat(segment.histograms)
            self.store.write_signals(self.plan.number, segment.phase, segment.first_epoch, signals, histograms)
        arrays = {f"state/{name}": array for name, array in self.trainer.save(state).items()}
        arrays |= {
            "diverged_epoch": self.diverged_epoch,
            "diverged_step": self.diverged_step,
            "diverged_in_final": self.diverged_in_final,
        }
        about = {
            "phase": segment.phase,
            "epoch": epoch,
            "tiles": self.trainer.layout.tiles,
            "sparse": self.trainer.sparse,
            "elapsed_seconds": self.elapsed_seconds,
        }
        self.store.save_checkpoint(self.plan.number, arrays, about)

    def _resume(self, phase: str) -> tuple[State | None, int]:
        """The state and epoch that the last run kept of this phase, if it got so far."""
        if self.checkpoint is None or self.phase_reached != phase:
            self.store.drop_history_after(self.plan.number, phase, -1)
            return None, 0
        arrays, about = self.checkpoint
        self.store.drop_history_after(self.plan.number, phase, about["epoch"])
        saved = {name.removeprefix("state/"): array for name, array in arrays.items() if name.startswith("state/")}
        return self.trainer.restore(saved), about["epoch"]

    # ------------------------------------------------------------------ choosing and telling

    def _best_epochs(self) -> np.ndarray:
        """Best epoch of each trial's condition, shape (C, S); 0 where no seed of the condition came through."""
        # What becomes of a trial in the final phase must not change the choice when that phase is continued.
        candidates = self.plan.trials[~self.diverged | self.diverged_in_final].tolist()
        select, number = self.study.design.select, self.plan.number
        history = Results(self.store.directory).rows(
            "history", selecting(select), pl.col("trial").is_in(candidates), population=number
        )
        found = best_epoch_of_each(history, select)
        chosen = [found[condition.name].epoch if condition.name in found else 0 for condition in self.plan.conditions]
        return np.broadcast_to(np.asarray(chosen)[:, None], self.plan.trials.shape)

    def _trials(self, best: np.ndarray) -> pl.DataFrame:
        rows = []
        diverged = self.diverged
        for index, seed in np.ndindex(self.plan.trials.shape):
            lost = bool(diverged[index, seed])
            rows.append(
                {
                    **trial_identity(self.plan, index, seed),
                    "outcome": str(Outcome.DIVERGED if lost else Outcome.COMPLETED),
                    "outcome_epoch": int(self.diverged_epoch[index, seed]) if lost else self.plan.epochs,
                    "outcome_step": int(self.diverged_step[index, seed]) if lost else self.plan.select_steps,
                    "best_epoch": None if lost else int(best[index, seed]),
                    "elapsed_seconds": self.elapsed_seconds / self.plan.trials.size,
                    "message": "in the final training" if self.diverged_in_final[index, seed] else "",
                }
            )
        return pl.DataFrame(rows)


def trial_identity(plan: PopulationPlan, condition: int, seed: int) -> dict[str, object]:
    """The columns of a trial that say which it is; `condition` and `seed` are indices into the plan."""
    return {
        "trial": int(plan.trials[condition, seed]),
        "condition": plan.conditions[condition].name,
        "seed": plan.seeds[seed],
        "parameters": plan.parameters,
    }


def failed_trials(plan: PopulationPlan, error: Exception) -> pl.DataFrame:
    """The trials of a population that an error ended."""
    nothing = {"outcome_epoch": None, "outcome_step": None, "best_epoch": None, "elapsed_seconds": 0.0}
    return pl.DataFrame(
        [
            {
                **trial_identity(plan, index, seed),
                "outcome": str(Outcome.FAILED),
                **nothing,
                "message": f"{type(error).__name__}: {error}",
            }
            for index, seed in np.ndindex(plan.trials.shape)
        ]
    )
