"""Train a population: the engine's face to the rest of assay.

>>> trainer = Trainer(members, seeds=[0, 1, 2], batch_size=32, task="multiclass")
>>> training = trainer.place(x_train, y_train)
>>> state = trainer.start()
>>> state, scores = trainer.train_epoch(state, training, epoch=1)
>>> scores["loss"].shape                         # conditions × seeds
(12, 3)

Each part of it is a file: `layout` says where a member lies, `starting` draws its parameters, `numbers` lists what else
tells it from others, `placing` puts the rows on the devices, `spreading` deals the groups over them, `running` calls
the compiled programs (`program`, `tracing`), and `checkpoints` saves and restores the state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax import Array

from assay.choices import Choice
from assay.engine.arguments import LayerParameters, State, Totals
from assay.engine.batching import batch_order
from assay.engine.checkpoints import restored_state, saved_arrays
from assay.engine.devices import on_cpu
from assay.engine.layout import Layout, Member, plan_layout
from assay.engine.numbers import member_numbers
from assay.engine.placing import PlacedData, place
from assay.engine.recipe import Recipe
from assay.engine.running import PopulationPrograms
from assay.engine.spreading import Spreading
from assay.engine.starting import Learnt, starting_state, state_shapes
from assay.engine.tracing import Probe, Signals
from assay.learning.metrics import metric_names

Scores = dict[str, np.ndarray]
"""Metric name → array of shape (C, S)."""

ANSWER_BYTES = 256 * 2**20
"""Outputs that lie in memory at a time where trials are looked at one by one; one trial's whatever it takes."""


class Trainer:
    """Trains every member from every seed, together.

    Parameters
    ----------
    members : sequence of Member, length C
        One per condition; all of one shape.
    seeds : sequence of int, length S
    batch_size : int
        Examples in one update; a smaller last batch is used as it is, as in Keras.
    task : str
        ``binary``, ``multiclass``, ``multilabel`` or ``regression``: decides the metric.
    metric : Choice, optional
        Another one, recorded too: the name of a loss, or a user's own.
    tiles : int, optional
        Groups per seed; chosen by `plan_layout` when not given.
    sparse : bool
        Whether the first layer is to be a sparse one, for multi-hot rows; see `suits_sparse`. The same network.
    devices : sequence of jax.Device, optional
        All of them when not given.
    weighted : bool
        Whether rows are placed with weights.
    at_once : bool, optional
        Whether a device runs all its groups at the same time; when not given, a GPU does and a core does not.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        seeds: Sequence[int],
        batch_size: int,
        task: str,
        metric: Choice | None = None,
        tiles: int | None = None,
        sparse: bool = False,
        weighted: bool = False,
        devices: Sequence[jax.Device] | None = None,
        at_once: bool | None = None,
    ) -> None:
        devices = list(devices) if devices is not None else jax.devices()
        self.seeds = tuple(seeds)
        self.batch_size = batch_size
        self.metrics = metric_names(task, metric)
        self.layout: Layout = plan_layout(
            members, num_seeds=len(self.seeds), num_devices=len(devices), batch_size=batch_size, tiles=tiles
        )
        if at_once is None:
            at_once = not on_cpu(devices)
        self.recipe = Recipe.of(self.layout, task, metric=metric, sparse=sparse, at_once=at_once, weighted=weighted)
        self.spreading = Spreading(self.layout, devices)
        numbers = self.spreading.groups(member_numbers(self.layout, self.recipe, self.seeds))
        self._programs = PopulationPrograms(self.recipe, self.spreading, numbers, batch_size)

    @property
    def sparse(self) -> bool:
        """Whether the first layer is a sparse one."""
        return self.recipe.sparse

    @property
    def _outputs(self) -> int:
        """Outputs of a network, K."""
        return self.layout.members[0].layers[-1].outputs

    # ------------------------------------------------------------------ data and state

    def place(
        self, x: np.ndarray, y: np.ndarray, *, training_rows: int | None = None, weights: np.ndarray | None = None
    ) -> PlacedData:
        """Put rows on every device; `PlacedData.part` cuts them without a copy.

        Parameters
        ----------
        x, y : arrays, (rows, F) of any number type and (rows, K)
        training_rows : int, optional
            The most rows that an epoch will pass over; all of them when not given.
        weights : array, shape (rows,), of a trainer that is `weighted`
            How much each row counts in the loss: that of B rows is Σ wᵢ ℓᵢ / B. `PlacedData.weighted` gives others.
        """
        assert (weights is not None) == self.recipe.weighted
        y = y if weights is None else np.concatenate([y, weights[:, None]], axis=1)
        most = len(x) if training_rows is None else training_rows
        return place(x, y, self.spreading.whole, batch_size=self.batch_size, training_rows=most, sparse=self.sparse)

    def start(self, learnt: Learnt | None = None) -> State[Array]:
        """The state at step 0: every member's own initial parameters, seed by seed.

        Parameters
        ----------
        learnt : mapping, optional
            What stands in the place of draws; must hold every layer that has an autoencoder, see `assay.pretraining`.
        """
        return self.spreading.groups(starting_state(self.layout, self.recipe, self.seeds, learnt))

    def save(self, state: State[Array]) -> dict[str, np.ndarray]:
        """The whole state as named arrays, to go on from with `restore`; bit for bit."""
        return saved_arrays(state, self.layout.num_groups)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> State[Array]:
        """The state that `save` returned, of a trainer with equal arguments and tiles."""
        return self.spreading.groups(restored_state(arrays, self.state_shapes))

    @property
    def state_shapes(self) -> State[jax.ShapeDtypeStruct]:
        """Shape and type of every array of the state."""
        return state_shapes(self.layout, self.recipe)

    def compile(self, rows: int, dtype: np.dtype, outputs: int, *, training_rows: int) -> None:
        """Compile for data of this size before they are placed; may run beside another trainer's work.

        With a sparse first layer this does nothing, for the size of its batches is not known before.
        """
        if self.sparse:
            return
        self._programs.compile(rows, dtype, outputs, training_rows=training_rows)

    # ------------------------------------------------------------------ training and evaluation

    def train_epoch(
        self, state: State[Array], data: PlacedData, epoch: int, active: np.ndarray | None = None
    ) -> tuple[State[Array], Scores]:
        """Pass over the data once; the given state is used up.

        Parameters
        ----------
        state : State
        data : PlacedData
        epoch : int
            From 1; with the seed it decides the order of the batches.
        active : array, shape (C, S), bool, optional
            Trials still of interest; a group without any is skipped.

        Returns
        -------
        State, Scores
            Scores are means over the epoch as it went (what Keras prints), dropout and penalties included.
        """
        state, scores, _ = self._epoch(state, data, epoch, active, None, None)
        return state, scores

    def train_and_evaluate(
        self,
        state: State[Array],
        data: PlacedData,
        epoch: int,
        active: np.ndarray | None,
        scored: PlacedData,
        scored_active: np.ndarray | None,
    ) -> tuple[State[Array], Scores, Scores]:
        """`train_epoch`, then `evaluate` on `scored`, another part of the same data, in one call of the program."""
        return self._epoch(state, data, epoch, active, scored, scored_active)

    def evaluate(
        self, state: State[Array], data: PlacedData, active: np.ndarray | None = None
    ) -> tuple[State[Array], Scores]:
        """Scores on all rows, without dropout; those of trials that are not `active` mean nothing.

        The given state is used up, and returned as it was.
        """
        done = self._programs.run(state, data, scored=data, scored_active=active)
        return done.state, self._scores(done.scored, data.rows)

    def predict(self, state: State[Array], data: PlacedData, active: np.ndarray | None = None) -> np.ndarray:
        """What every network says of all rows: its outputs after the output activation, without dropout.

        Parameters
        ----------
        state : State
            It stays as it is.
        data : PlacedData
        active : array, shape (C, S), bool, optional
            Trials of interest; all of them when not given.

        Returns
        -------
        array of float32, shape (C, S, rows, K)
            In the order of the rows; NaN for trials that are not `active`.
        """
        active = np.ones(self.layout.position[0].shape, bool) if active is None else active
        outputs = np.full((*active.shape, data.rows, self._outputs), np.nan, np.float32)
        outputs[active] = self._programs.outputs(state, data, active)
        return outputs

    def predict_each(
        self, state: State[Array], data: PlacedData, active: np.ndarray
    ) -> Iterator[tuple[int, int, np.ndarray]]:
        """`predict` of each trial that is `active`, in bounded memory: condition, seed, outputs (rows, K).

        Trials of one group come together.
        """
        groups, slots = self.layout.position
        conditions, seeds = np.nonzero(active)
        order = np.lexsort((slots[active], groups[active]))
        trials = np.stack([conditions, seeds], axis=1)[order]
        at_once = max(1, ANSWER_BYTES // (4 * data.rows * self._outputs))
        for first in range(0, len(trials), at_once):
            these = np.zeros_like(active)
            these[tuple(trials[first : first + at_once].T)] = True
            found = self._programs.outputs(state, data, these)
            for (condition, seed), outputs in zip(np.argwhere(these).tolist(), found, strict=True):
                yield condition, seed, outputs

    def train_steps(self, state: State[Array], data: PlacedData, orders: np.ndarray) -> tuple[State[Array], np.ndarray]:
        """Make given steps, however many passes over the data they are; the given state is used up.

        Parameters
        ----------
        state : State
        data : PlacedData
        orders : array of int, shape (S, steps, B)
            Rows of each step, by seed.

        Returns
        -------
        State, array of shape (C, S, steps)
            The second is the loss of each batch before its update.
        """
        done = self._programs.run(state, data, orders)
        groups, slots = self.layout.position
        return done.state, np.asarray(done.losses)[groups, : orders.shape[1], slots]

    def _epoch(
        self,
        state: State[Array],
        data: PlacedData,
        epoch: int,
        active: np.ndarray | None,
        scored: PlacedData | None,
        scored_active: np.ndarray | None,
    ) -> tuple[State[Array], Scores, Scores]:
        orders = np.stack([batch_order(seed, epoch, data.rows, self.batch_size) for seed in self.seeds])
        done = self._programs.run(state, data, orders, active, scored, scored_active)
        return done.state, self._scores(done.trained, data.rows), self._scores(done.scored, (scored or data).rows)

    def probe(
        self,
        state: State[Array],
        data: PlacedData,
        rows: np.ndarray,
        probes: tuple[Probe, ...],
        active: np.ndarray | None = None,
    ) -> Signals:
        """Measure every layer of every trial on some rows; dropout off, nothing changed.

        Parameters
        ----------
        state : State
        data : PlacedData
        rows : array of int, shape (B,)
            The examples to look at, counted from the first of `data`.
        probes : tuple of Probe
        active : array, shape (C, S), bool, optional
            Trials of interest; what is returned for the others means nothing.

        Returns
        -------
        list (layers) of dict of str to Measurement
            By quantity; every array has leading axes (C, S), as NumPy.
        """
        return self._programs.probe(state, data, rows, probes, active)

    def diverged_steps(self, state: State[Array]) -> np.ndarray:
        """First step whose loss was not finite, shape (C, S); 0 where there is none."""
        return self.spreading.of_trials(state.diverged_step)

    def parameters(self, state: State[Array], condition: int, seed: int) -> list[LayerParameters[np.ndarray]]:
        """Kernel (in, out) and bias (out,) of each layer of one trial, as Keras shapes them; `seed` is an index."""
        return self.of_trial(state.parameters, condition, seed)

    def of_trial(
        self, parameters: Sequence[LayerParameters[Any]], condition: int, seed: int
    ) -> list[LayerParameters[np.ndarray]]:
        """`parameters` of one trial, out of those of all members, (G, M, …), on the devices or `fetched`."""
        place = tuple(index[condition, seed] for index in self.layout.position)
        return [
            LayerParameters(self.recipe.turned(np.asarray(kernel[place]), layer), np.asarray(bias[place]))
            for layer, (kernel, bias) in enumerate(parameters)
        ]

    def fetched(self, state: State[Array]) -> list[LayerParameters[np.ndarray]]:
        """The parameters of all members on the host, (G, M, …), as they lie in the state: two arrays a layer."""
        return jax.tree.map(lambda leaf: np.asarray(leaf)[: self.layout.num_groups], state.parameters)

    def _scores(self, totals: Totals, rows: int) -> Scores:
        return {
            name: self.spreading.of_trials(total).astype(np.float64) / rows
            for name, total in zip(self.metrics, totals, strict=False)
            if total is not None
        }
