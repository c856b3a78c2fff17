"""Who keeps what becomes of a population: a results folder, or memory.

The protocol is written against `Keeper`, so whoever runs a population needs no folder::

    keeper = MemoryKeeper()
    for population in plan_study(study).populations:
        PopulationRun(population, load(population.request), keeper).run()
    keeper.trials, keeper.history, keeper.signals, keeper.histograms

`assay.store.Store` is the keeper of a results folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl

from assay.bookkeeping import Endings, Segment
from assay.data import Dataset
from assay.engine.trainer import Trainer
from assay.kept import Kept, KeptLayer
from assay.learning.losses import class_threshold
from assay.planning import PopulationPlan
from assay.snapshots import Snapshot
from assay.store.schema import COLUMNS_OF, SELECTED, empty_frame, trial_columns, with_columns_of
from assay.store.writing import circumstances

About = Mapping[str, str | int | float | bool]
"""What the arrays of a checkpoint are of, as JSON."""

_STATE = "state/"  # before the name of each array of the networks' state
_SNAPSHOT = "snapshot/"  # and of what may be kept of them
_BEST = "best"


class Keeper(Protocol):
    """Keeps segments, checkpoints and trials of populations, each known by its number.

    What is written again under the same population, phase and first epoch takes the place of what was there.
    """

    def write_history(self, population: int, phase: str, first_epoch: int, frame: pl.DataFrame, /) -> None:
        """Keep the history of one segment: of `population`, in `phase`, from `first_epoch` on."""

    def write_signals(
        self, population: int, phase: str, first_epoch: int, signals: pl.DataFrame, histograms: pl.DataFrame, /
    ) -> None:
        """Keep what probes recorded in one segment."""

    def drop_history_after(self, population: int, phase: str, epoch: int, /) -> None:
        """Forget the history and the signals of a phase after `epoch`, so that they agree with its checkpoint."""

    def read_history(self, population: int, /, *filters: pl.Expr) -> pl.DataFrame:
        """The rows of a population's history that pass all `filters`, in no order."""

    def save_checkpoint(self, population: int, arrays: Mapping[str, np.ndarray], about: About, /) -> None:
        """Keep all that is needed to continue a population; replaces its previous checkpoint."""

    def load_checkpoint(self, population: int, /) -> tuple[Mapping[str, np.ndarray], About] | None:
        """What was last saved for a population, or None."""

    def clear_checkpoint(self, population: int, /) -> None:
        """Forget the checkpoint of a population that has ended."""

    def save_state(self, population: int, arrays: Mapping[str, np.ndarray], about: About, /) -> None:
        """Keep the state at the end of the selection phase, as a checkpoint, for a study of more epochs."""

    def load_state(self, population: int, /) -> tuple[Mapping[str, np.ndarray], About] | None:
        """What `save_state` kept of a population, or None."""

    def save_network(
        self, identity: str, seed: int, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any], /
    ) -> None:
        """Keep a trained network, as `assay.kept.Kept.written` gave it; replaces a former one of this trial."""

    def write_predictions(self, population: int, split: str, frame: pl.DataFrame, /) -> None:
        """Keep what networks of a population said of the rows of a split."""

    def write_trials(self, population: int, frame: pl.DataFrame, /) -> None:
        """Keep the trials of a population of which a phase has ended; those of the phase before are replaced."""


class MemoryKeeper:
    """Keeps everything in memory, for as long as it lives.

    Its tables are those of a results folder; of the trials the columns of the factors are left out, for they follow
    from the name of the condition.
    """

    def __init__(self) -> None:
        self._parts: dict[tuple[str, int, str, int], pl.DataFrame] = {}
        self._checkpoints: dict[int, tuple[Mapping[str, np.ndarray], About]] = {}
        self._states: dict[int, tuple[Mapping[str, np.ndarray], About]] = {}
        self._trials: dict[int, pl.DataFrame] = {}
        self.networks: dict[tuple[str, int], tuple[Mapping[str, np.ndarray], Mapping[str, Any]]] = {}

    @property
    def trials(self) -> pl.DataFrame:
        """One row per trial that has ended; no columns while there is none."""
        ended = [frame.filter(pl.col("outcome") != SELECTED) for frame in self._trials.values()]
        return pl.concat(ended).sort("trial") if any(map(len, ended)) else pl.DataFrame()

    @property
    def history(self) -> pl.DataFrame:
        """Loss and metrics per trial, phase, epoch and split, in long rows; the selection before the final phase."""
        keys = ["trial", "phase", "epoch", "split", "metric"]
        return self._rows("history").sort(keys, descending=[key == "phase" for key in keys])

    @property
    def signals(self) -> pl.DataFrame:
        """What was recorded of each layer, in long rows."""
        return self._rows("signals").sort("trial", "epoch", "layer", maintain_order=True)

    @property
    def histograms(self) -> pl.DataFrame:
        """The distributions that were recorded of each layer: two ends and the counts of equal bins between them."""
        return self._rows("histograms").sort("trial", "epoch", "layer", maintain_order=True)

    @property
    def predictions(self) -> pl.DataFrame:
        """What kept networks said of the rows of the validation and the test split."""
        return self._rows("predictions").sort("trial", "split", "row", descending=[False, True, False])

    def write_history(self, population: int, phase: str, first_epoch: int, frame: pl.DataFrame) -> None:
        self._write("history", population, phase, first_epoch, frame)

    def write_signals(
        self, population: int, phase: str, first_epoch: int, signals: pl.DataFrame, histograms: pl.DataFrame
    ) -> None:
        self._write("signals", population, phase, first_epoch, signals)
        self._write("histograms", population, phase, first_epoch, histograms)

    def drop_history_after(self, population: int, phase: str, epoch: int) -> None:
        for key, frame in list(self._parts.items()):
            if key[1:3] == (population, phase) and key[0] != "predictions":
                self._parts[key] = frame.filter(pl.col("epoch") <= epoch)

    def read_history(self, population: int, *filters: pl.Expr) -> pl.DataFrame:
        return self._rows("history", population).filter(*filters)

    def save_checkpoint(self, population: int, arrays: Mapping[str, np.ndarray], about: About) -> None:
        self._checkpoints[population] = {name: array.copy() for name, array in arrays.items()}, about

    def load_checkpoint(self, population: int) -> tuple[Mapping[str, np.ndarray], About] | None:
        return self._checkpoints.get(population)

    def clear_checkpoint(self, population: int) -> None:
        self._checkpoints.pop(population, None)

    def write_trials(self, population: int, frame: pl.DataFrame) -> None:
        self._trials[population] = frame.select(name for name in trial_columns([]) if name in frame.columns)

    def save_state(self, population: int, arrays: Mapping[str, np.ndarray], about: About) -> None:
        self._states[population] = {name: array.copy() for name, array in arrays.items()}, about

    def load_state(self, population: int) -> tuple[Mapping[str, np.ndarray], About] | None:
        return self._states.get(population)

    def save_network(
        self, identity: str, seed: int, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]
    ) -> None:
        self.networks[identity, seed] = {name: array.copy() for name, array in arrays.items()}, about

    def write_predictions(self, population: int, split: str, frame: pl.DataFrame) -> None:
        self._write("predictions", population, split, 0, frame)

    def _write(self, table: str, population: int, phase: str, first_epoch: int, frame: pl.DataFrame) -> None:
        self._parts[table, population, phase, first_epoch] = with_columns_of(frame, COLUMNS_OF[table])

    def _rows(self, table: str, population: int | None = None) -> pl.DataFrame:
        """The rows of a table, of one population when given."""
        parts = [
            frame for (name, number, *_), frame in self._parts.items() if name == table and population in (None, number)
        ]
        return pl.concat([empty_frame(COLUMNS_OF[table]), *parts])


@dataclass(frozen=True)
class Checkpoint:
    """All that is needed to go on with a population.

    Attributes
    ----------
    phase : str
    epoch : int
        The last one that was trained.
    tiles, sparse : int and bool
        Of the trainer: another one's sums have another order.
    elapsed_seconds : float
        Spent on this population.
    state : mapping of str to array
        What `Trainer.save` gave.
    endings : Endings
    best : array of int, shape (C, S), optional
        In the final phase, for how many epochs each trial is trained.
    snapshot : Snapshot, optional
        The parameters of this phase that may be kept; None where nothing was taken.
    """

    phase: str
    epoch: int
    tiles: int
    sparse: bool
    elapsed_seconds: float
    state: Mapping[str, np.ndarray]
    endings: Endings
    best: np.ndarray | None = None
    snapshot: Snapshot | None = None

    @classmethod
    def load(cls, keeper: Keeper, population: int) -> Checkpoint | None:
        """The one that was last saved for a population, or None."""
        found = keeper.load_checkpoint(population)
        return None if found is None else cls.of(*found)

    @classmethod
    def of_state(cls, keeper: Keeper, population: int) -> Checkpoint | None:
        """The state at the end of a population's selection phase, where it was kept."""
        found = keeper.load_state(population)
        return None if found is None else cls.of(*found)

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], about: About) -> Checkpoint:
        """From what a keeper holds."""
        return cls(
            phase=str(about["phase"]),
            epoch=int(about["epoch"]),
            tiles=int(about["tiles"]),
            sparse=bool(about.get("sparse", False)),
            elapsed_seconds=float(about["elapsed_seconds"]),
            state=_below(_STATE, arrays),
            endings=Endings.of_arrays(arrays),
            best=arrays.get(_BEST),
            snapshot=Snapshot.of_arrays(_below(_SNAPSHOT, arrays)),
        )

    def save(self, keeper: Keeper, population: int) -> None:
        """Put it in the place of the former."""
        keeper.save_checkpoint(population, *self.written())

    def written(self) -> tuple[dict[str, np.ndarray], dict[str, str | int | float | bool]]:
        """Its arrays, and what they are of."""
        arrays = {_STATE + name: array for name, array in self.state.items()} | self.endings.arrays()
        if self.snapshot is not None:
            arrays |= {_SNAPSHOT + name: array for name, array in self.snapshot.arrays().items()}
        about: dict[str, str | int | float | bool] = {
            "phase": self.phase,
            "epoch": self.epoch,
            "tiles": self.tiles,
            "sparse": self.sparse,
            "elapsed_seconds": self.elapsed_seconds,
        }
        return arrays if self.best is None else {**arrays, _BEST: self.best}, about


def _below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def keep_segment(keeper: Keeper, segment: Segment, checkpoint: Checkpoint) -> None:
    """Keep the rows of a segment, then the checkpoint at its end.

    A kill in between leaves rows that the next run writes again, with the same numbers under the same name.
    """
    population, phase, first_epoch = segment.plan.number, segment.phase, segment.first_epoch
    if segment.scores:
        keeper.write_history(population, phase, first_epoch, segment.history())
    if segment.signals:
        signals, histograms = pl.concat(segment.signals), pl.concat(segment.histograms)
        keeper.write_signals(population, phase, first_epoch, signals, histograms)
    checkpoint.save(keeper, population)


def taken_networks(
    plan: PopulationPlan, dataset: Dataset, trainer: Trainer, snapshot: Snapshot, trials: np.ndarray, phase: str
) -> list[Kept]:
    """The networks of some trials, shape (C, S), as they were taken in a phase, in the order of ``numpy.nonzero``."""
    parameters, packages = snapshot.parameters(), circumstances()["versions"]
    networks = []
    for condition, seed in np.argwhere(trials).tolist():
        member = plan.members[condition]
        of_layers = zip(trainer.of_trial(parameters, condition, seed), member.layers, strict=True)
        network = Kept(
            layers=tuple(KeptLayer(kernel, bias, layer.activation) for (kernel, bias), layer in of_layers),
            preparation=dataset.preparation,
            task=plan.shape.task,
            threshold=class_threshold(member.loss, member.layers[-1].activation),
            class_names=dataset.class_names,
            target_names=dataset.target_names,
            target_scaling=dataset.target_scaling,
            loss=member.loss.written(),
            condition=plan.conditions[condition].name,
            identity=plan.identities[condition],
            seed=plan.seeds[seed],
            epoch=int(snapshot.epoch[condition, seed]),
            phase=phase,
            versions=packages,
        )
        networks.append(network)
    return networks


def go_on(keeper: Keeper, population: int, checkpoint: Checkpoint | None, phase: str) -> Checkpoint | None:
    """The checkpoint, if it is of this phase; what was recorded of the phase after it is forgotten."""
    found = checkpoint if checkpoint is not None and checkpoint.phase == phase else None
    keeper.drop_history_after(population, phase, found.epoch if found else -1)
    return found
