"""The protocol of one population: train and validate, choose the best epoch, train afresh, open the test set once.

1. **select**: every trial trains on the training rows for all epochs; the validation rows are scored after each.
2. **choose**: a condition's best epoch is the one with the best mean validation metric over its seeds (Chollet, *Deep
   Learning with Python*, 2018, ch. 3); the test set plays no part.
3. **final**: a fresh network from the same seeds trains on training + validation rows for that many epochs.
4. The test set is scored once, at that epoch.

`assay.bookkeeping` notes what is found; a keeper (`assay.keeping`) keeps it, a segment (some epochs) at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import jax
import numpy as np
import polars as pl

from assay.bookkeeping import Endings, PredictedRows, Scored, Segment, ended_trials, prediction_frame
from assay.data import Dataset
from assay.engine import on_cpu
from assay.engine.arguments import State
from assay.engine.batching import num_batches
from assay.engine.placing import PlacedData
from assay.engine.sparse import suits_sparse
from assay.engine.trainer import Scores, Trainer
from assay.keeping import Checkpoint, Keeper, go_on, keep_segment, taken_networks
from assay.planning import PopulationPlan
from assay.pretraining import has_autoencoders, learn_layers
from assay.probes import all_probes, probe_rows
from assay.scoring import Part, asked_metrics
from assay.selection import best_epoch_of_each, is_higher_better, ranked_by, ranking, selecting
from assay.snapshots import Snapshot

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


class _Splits(NamedTuple):
    """Parts of the rows on the devices; None where there are none, or where they are not to be seen."""

    training: PlacedData
    validation: PlacedData | None
    together: PlacedData
    test: PlacedData | None


class _Due(NamedTuple):
    """What is scored after an epoch: the name of the split, its rows, and which trials, shape (C, S)."""

    split: Part
    rows: PlacedData
    trials: np.ndarray


class PopulationRun:
    """Takes one population through the protocol, or on from where it stopped.

    Parameters
    ----------
    plan : PopulationPlan
    dataset : Dataset
    keeper : Keeper
        A `Store`, or a `MemoryKeeper`.
    epoch_ended : callable
        Hears of each epoch, on the thread that trains; should return at once.
    stop_requested : callable
        Asked after each epoch; when true, what is done is kept and KeyboardInterrupt raised.
    devices : sequence of jax.Device, optional
        All of them when not given.
    """

    def __init__(
        self,
        plan: PopulationPlan,
        dataset: Dataset,
        keeper: Keeper,
        *,
        epoch_ended: Callable[[EpochEvent], None] = lambda event: None,
        stop_requested: Callable[[], bool] = lambda: False,
        devices: Sequence[jax.Device] | None = None,
    ) -> None:
        self.plan, self.dataset, self.keeper = plan, dataset, keeper
        self.epoch_ended, self.stop_requested = epoch_ended, stop_requested
        self.devices = jax.devices() if devices is None else list(devices)
        self.checkpoint = self._checkpoint()
        self.endings = self.checkpoint.endings if self.checkpoint else Endings.none(plan.trials.shape)
        self.best: np.ndarray | None = None
        self.ranks: np.ndarray | None = None
        self.snapshot = Snapshot.none(plan.trials.shape)
        self.began = time.monotonic()
        self.weights = plan.row_weights(dataset)
        self.trainer = Trainer(
            plan.members,
            seeds=plan.seeds,
            batch_size=plan.batch_size,
            task=plan.shape.task,
            metric=plan.metric,
            tiles=self.checkpoint.tiles if self.checkpoint else plan.layout.tiles,
            sparse=self.checkpoint.sparse if self.checkpoint else self._suits_sparse(),
            weighted=self.weights is not None,
            devices=self.devices,
        )

    def _checkpoint(self) -> Checkpoint | None:
        """Where it stopped, or the state that it begins from."""
        found = Checkpoint.load(self.keeper, self.plan.number)
        if found is None and self.plan.continues is not None:
            found = Checkpoint.of_state(self.keeper, self.plan.continues)
        return found

    def _suits_sparse(self) -> bool:
        return on_cpu(self.devices) and suits_sparse(self.dataset.x_train)

    @property
    def elapsed_seconds(self) -> float:
        """Time spent on this population, earlier runs included."""
        before = self.checkpoint.elapsed_seconds if self.checkpoint else 0.0
        return before + time.monotonic() - self.began

    def compile(self) -> None:
        """Compile the population's program; may run beside another population's training."""
        rows, training_rows = self._rows
        data = self.dataset
        self.trainer.compile(rows, data.x_train.dtype, data.y_train.shape[1], training_rows=training_rows)

    def run(self) -> None:
        """Go through the protocol and keep the trials."""
        self.select()
        self.finish(self.best_epochs())

    def select(self) -> None:
        """Go through the selection phase, and keep what became of each trial in it."""
        self.began = time.monotonic()
        if self.checkpoint is not None and self.checkpoint.phase == "final":
            return
        self._select(self._splits)
        self._keep_taken("select")
        if self.plan.design.final:
            self._write_trials(np.zeros(self.plan.trials.shape, int), is_selected=True)

    def finish(self, best: np.ndarray, ranks: np.ndarray | None = None) -> None:
        """Go through the final phase where the study asks for one, and keep the trials.

        Parameters
        ----------
        best : array of int, shape (C, S)
            The best epoch of each trial's condition; 0 where no seed of the condition came through.
        ranks : array, shape (C, S), optional
            The validation score of each trial at that epoch, which says whose network is kept; this population's own
            history tells it when not given.
        """
        if self.plan.design.final:
            self.ranks = self._own_ranks(best) if ranks is None else ranks
            self._final(self._splits, best)
            self._keep_taken("final")
        self._write_trials(best)
        self.keeper.clear_checkpoint(self.plan.number)

    def _write_trials(self, best: np.ndarray, *, is_selected: bool = False) -> None:
        trials = ended_trials(self.plan, self.endings, best, self.elapsed_seconds, is_selected=is_selected)
        self.keeper.write_trials(self.plan.number, trials)

    @property
    def _rows(self) -> tuple[int, int]:
        """How many rows the protocol uses, and how many an epoch passes over at most."""
        training, validation = len(self.dataset.x_train), len(self.dataset.x_validation)
        if not self.plan.design.final:
            return training + validation, training
        return training + validation + len(self.dataset.x_test), training + validation

    @cached_property
    def _splits(self) -> _Splits:
        """Put all rows that will be used on the devices, once; without a final training the test rows stay out."""
        data = self.dataset
        rows, training_rows = self._rows
        training, together = len(data.x_train), len(data.x_train) + len(data.x_validation)
        x = np.concatenate([data.x_train, data.x_validation, data.x_test])[:rows]
        y = np.concatenate([data.y_train, data.y_validation, data.y_test])[:rows]
        select, final = (None if found is None else found[:rows] for found in self._row_weights())
        whole = self.trainer.place(x, y, training_rows=training_rows, weights=select)
        at_last = whole if final is None else whole.weighted(final)
        return _Splits(
            training=whole.part(0, training),
            validation=whole.part(training, together) if together > training else None,
            together=at_last.part(0, together),
            test=at_last.part(together, rows) if rows > together else None,
        )

    def _row_weights(self) -> tuple[np.ndarray | None, np.ndarray | None]:
        """The weights of all rows in each phase: validation rows are scored in the first, trained on in the second."""
        if self.weights is None:
            return None, None
        training, scores = self.weights.training, self.weights.scores
        select = np.concatenate([training["train"], scores["validation"], scores["test"]])
        return select, np.concatenate([training["train"], training["validation"], scores["test"]])

    # ------------------------------------------------------------------ the two phases

    def _select(self, splits: _Splits) -> None:
        def due(epoch: int) -> _Due | None:
            rows = splits.validation
            return _Due("validation", rows, self.plan.active & ~self.endings.diverged) if rows else None

        self._train("select", splits.training, np.where(self.plan.active, self.plan.epochs, 0), due)

    def _final(self, splits: _Splits, best: np.ndarray) -> None:
        def due(epoch: int) -> _Due | None:
            trials = (best == epoch) & self.plan.active & ~self.endings.diverged
            return _Due("test", splits.test, trials) if splits.test and trials.any() else None

        if self.checkpoint is not None and self.checkpoint.phase == "final" and self._is_of_other(best):
            self._forget_final()
        self.best = best
        self._train("final", splits.together, np.where(self.endings.diverged | ~self.plan.active, 0, best), due)

    def _is_of_other(self, best: np.ndarray) -> bool:
        """Whether the final phase that is in flight was begun for other numbers of epochs."""
        assert self.checkpoint is not None
        begun = self.checkpoint.best
        return begun is not None and not np.array_equal(begun[self.plan.active], best[self.plan.active])

    def _forget_final(self) -> None:
        """Begin the final phase anew."""
        self.checkpoint = None
        lost = self.endings.in_final
        self.endings.epoch[lost] = self.endings.step[lost] = -1
        lost[:] = False

    def best_epochs(self) -> np.ndarray:
        """Best epoch of each trial's condition, shape (C, S); 0 where no seed of the condition came through."""
        select, candidates = self.plan.design.select, self.plan.trials[self.endings.may_choose].tolist()
        history = self.keeper.read_history(self.plan.number, selecting(select), pl.col("trial").is_in(candidates))
        found = best_epoch_of_each(history, select)
        chosen = [found[condition.name].epoch if condition.name in found else 0 for condition in self.plan.conditions]
        return np.broadcast_to(np.asarray(chosen)[:, None], self.plan.trials.shape)

    def _own_ranks(self, best: np.ndarray) -> np.ndarray:
        """The validation score of each trial at its best epoch, of this population's own selection; else NaN."""
        asked = pl.DataFrame({"trial": self.plan.trials.ravel(), "epoch": best.ravel()})
        history = self.keeper.read_history(self.plan.number, ranked_by(self.plan.design.select))
        found = asked.join(history, on=["trial", "epoch"], how="left", maintain_order="left")
        return found["value"].fill_null(np.nan).to_numpy().reshape(best.shape)

    # ------------------------------------------------------------------ the networks that are kept

    def _take(self, state: State[jax.Array], phase: str, epoch: int, found: Mapping[str, Scored]) -> None:
        """Take the parameters of this epoch where they may be kept: the best so far, in the final phase the last."""
        design, metric = self.plan.design, ranking(self.plan.design.select)
        if design.keep == "none":
            return
        if phase == "final":
            assert self.best is not None
            assert self.ranks is not None
            trials, scores = self.plan.active & (self.best == epoch) & ~self.endings.diverged, self.ranks
        elif "validation" in found and (design.select != "last" or epoch == self.plan.epochs):
            living, scores = self.plan.active & ~self.endings.diverged, found["validation"].scores[metric]
            better = self.snapshot.improved(scores, living, higher=is_higher_better(metric))
            trials = living & better[:, None]
        else:
            return
        if trials.any():
            self.snapshot.take(self.trainer, state, trials, epoch, scores)

    def _kept(self) -> np.ndarray:
        """The trials whose networks are kept of those that were taken, shape (C, S)."""
        design, taken = self.plan.design, self.plan.active & (self.snapshot.epoch > 0) & ~self.endings.diverged
        if design.keep == "all":
            return taken
        return self.snapshot.best_of_each(taken, higher=is_higher_better(ranking(design.select)))

    def _keep_taken(self, phase: str) -> None:
        """Keep the networks that are the last of their trials, and what the phase's networks say of its split.

        Of the selection phase that are the validation rows: the final network has learnt from them.
        """
        trials, design = self._kept(), self.plan.design
        if not trials.any():
            return
        networks = taken_networks(self.plan, self.dataset, self.trainer, self.snapshot, trials, phase)
        if phase == "final" or not design.final:
            for network in networks:
                self.keeper.save_network(network.identity, network.seed, *network.written())
        split = "test" if phase == "final" else "validation"
        x, y = (getattr(self.dataset, f"{axis}_{split}") for axis in ("x", "y"))
        if len(x) and self.plan.kept.has_predictions:
            outputs = np.stack([network.outputs(x) for network in networks])
            said = PredictedRows(outputs, y, self.dataset.rows[split])
            frame = prediction_frame(self.plan, split, trials, self.snapshot.epoch, said)
            self.keeper.write_predictions(self.plan.number, split, frame)

    # ------------------------------------------------------------------ one phase

    def _train(self, phase: str, training: PlacedData, epochs: np.ndarray, due: Callable[[int], _Due | None]) -> None:
        """Train each trial for its number of `epochs`, shape (C, S), keeping scores as it goes.

        `due` says what is scored after an epoch, beside the training rows.
        """
        last = int(epochs.max(initial=0))
        kept = go_on(self.keeper, self.plan.number, self.checkpoint, phase)
        self.snapshot = (kept.snapshot if kept else None) or Snapshot.none(self.plan.trials.shape)
        segment = Segment(self.plan, phase, kept.epoch + 1 if kept else 0)
        if kept:
            state = self.trainer.restore(kept.state)
        else:
            state = self._start(phase)
            if phase == "select":
                # The final phase begins from the same network, unless layers learn first.
                state = self._score_untrained(state, training, due(0), last, segment)
        for epoch in range(kept.epoch + 1 if kept else 1, last + 1):
            running = (epochs >= epoch) & ~self.endings.diverged
            if running.any():
                state = self._train_epoch(state, training, epoch, running, due(epoch), last, segment)
            stop = self.stop_requested()
            if stop or segment.age_seconds >= SEGMENT_SECONDS or epoch == last:
                self._keep(segment, state, epoch)
                segment = Segment(self.plan, phase, epoch + 1)
            if stop:
                raise KeyboardInterrupt
        if segment.frames:
            self._keep(segment, state, last)

    def _start(self, phase: str) -> State[jax.Array]:
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

    def _score_untrained(
        self, state: State[jax.Array], training: PlacedData, due: _Due | None, epochs: int, segment: Segment
    ) -> State[jax.Array]:
        """Score and probe the untrained network: epoch 0."""
        everyone = self.plan.active
        state, scores = self.trainer.evaluate(state, training, everyone)
        found = {"train": Scored(scores, everyone)}
        if due:
            state, scores = self.trainer.evaluate(state, due.rows, due.trials)
            found[due.split] = Scored(scores | self._asked(state, due), due.trials)
        self._record(state, 0, 0, found, epochs, segment)
        self._probe(state, 0, training, everyone, segment)
        return state

    def _train_epoch(
        self,
        state: State[jax.Array],
        training: PlacedData,
        epoch: int,
        running: np.ndarray,
        due: _Due | None,
        epochs: int,
        segment: Segment,
    ) -> State[jax.Array]:
        """One epoch of the trials that are `running`, shape (C, S); what is due is scored in the same call."""
        if due:
            state, scores, of_split = self.trainer.train_and_evaluate(
                state, training, epoch, running, due.rows, due.trials
            )
            of_split |= self._asked(state, due)
            found = {"train": Scored(scores, running), due.split: Scored(of_split, due.trials)}
        else:
            state, scores = self.trainer.train_epoch(state, training, epoch, running)
            found = {"train": Scored(scores, running)}
        steps = epoch * num_batches(training.rows, self.plan.batch_size)
        self._record(state, epoch, steps, found, epochs, segment)
        self._take(state, segment.phase, epoch, found)
        self._probe(state, epoch, training, running, segment)
        return state

    def _asked(self, state: State[jax.Array], due: _Due) -> Scores:
        """The metrics that the study asks for, of what is due."""
        return asked_metrics(self.plan, self.dataset, due.split, self.trainer, state, due.rows, due.trials)

    # ------------------------------------------------------------------ noting and keeping

    def _record(
        self,
        state: State[jax.Array],
        epoch: int,
        steps: int,
        found: dict[str, Scored],
        epochs: int,
        segment: Segment,
    ) -> None:
        """Note scores, and which trials have just diverged; tell who listens."""
        self.endings.note(segment.phase, epoch, steps, self.trainer.diverged_steps(state), found)
        shown = {}
        for split, scored in found.items():
            segment.add(epoch, split, scored)
            shown[split] = {name: np.where(scored.trials, values, np.nan) for name, values in scored.scores.items()}
        self.epoch_ended(EpochEvent(self.plan, segment.phase, epoch, epochs, shown, self.endings.diverged))

    def _probe(
        self, state: State[jax.Array], epoch: int, training: PlacedData, running: np.ndarray, segment: Segment
    ) -> None:
        """Note the layers' signals, if the study asks for them after this epoch; the selection phase alone."""
        asked = self.plan.probe
        if asked is None or segment.phase != "select" or not asked.is_due(epoch):
            return
        rows = probe_rows(training.rows, asked.rows)
        segment.add_signals(epoch, self.trainer.probe(state, training, rows, all_probes(), running), running)

    def _keep(self, segment: Segment, state: State[jax.Array], epoch: int) -> None:
        checkpoint = Checkpoint(
            phase=segment.phase,
            epoch=epoch,
            tiles=self.trainer.layout.tiles,
            sparse=self.trainer.sparse,
            elapsed_seconds=self.elapsed_seconds,
            state=self.trainer.save(state),
            endings=self.endings,
            best=self.best,
            snapshot=self.snapshot if self.snapshot.leaves else None,
        )
        if segment.phase == "select" and epoch == self.plan.epochs and self.plan.design.keep_state:
            self.keeper.save_state(self.plan.number, *checkpoint.written())
        keep_segment(self.keeper, segment, checkpoint)
