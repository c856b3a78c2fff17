"""Train a population: the engine's face to the rest of assay.

>>> trainer = Trainer(members, seeds=[0, 1, 2], batch_size=32, task="multiclass")
>>> training = trainer.place(x_train, y_train)
>>> state = trainer.start()
>>> state, scores = trainer.train_epoch(state, training, epoch=1)
>>> scores["loss"].shape                         # conditions × seeds
(12, 3)
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import NamedSharding

from assay.engine.batching import batch_order, in_batches, num_batches
from assay.engine.compilation import Programs
from assay.engine.devices import mesh_for, on_cpu
from assay.engine.layout import Layout, Member, plan_layout
from assay.engine.program import (
    GROUPED,
    WHOLE,
    Batches,
    Inputs,
    Numbers,
    Recipe,
    State,
    Totals,
    Work,
    epoch_program,
    initial_slots,
)
from assay.engine.sparse import RareEntries, SparseInputs
from assay.engine.tracing import Probe, Signals, probe_program
from assay.learning.losses import class_threshold
from assay.learning.metrics import metric_names
from assay.learning.optimizers import numeric_part
from assay.networks.initializers import draw_bias, draw_kernel

# Rows that are scored at a time.
CHUNK = 128
PROGRAMS = Programs()

Scores = dict[str, np.ndarray]
"""Metric name → array of shape (C, S)."""

Learnt = Mapping[tuple[int, int, int], tuple[np.ndarray, np.ndarray]]
"""(condition, index of the seed, layer from 0) → kernel (fan_in, units) and bias (units,)."""


@dataclass(frozen=True)
class PlacedData:
    """Some rows of a data set that lies whole on every device; all its parts share the arrays, and one program.

    Attributes
    ----------
    x, y : Inputs (all rows, F) and array (all rows, K)
    first, rows : int
        The part: rows first … first + rows − 1.
    room : int
        The most steps that an epoch may have.
    chunks : Batches, arrays (most chunks, …)
        The rows of the part, as they are scored.
    num_chunks : int
        How many of them hold rows.
    dense : array, (all rows, F), and rare : RareEntries; optional
        On the host, where the first layer is sparse: for probes, and for batches.
    """

    x: Inputs
    y: Array
    first: int
    rows: int
    room: int
    chunks: Batches
    num_chunks: int
    dense: np.ndarray | None = None
    rare: RareEntries | None = None

    def batches(self, order: np.ndarray) -> Batches:
        """On the host, for rows (S, steps, B) counted from the first of the part; filled up to the room for steps."""
        order = np.where(order >= 0, order + self.first, order).astype(np.int32)
        return _batches(_with_room(order, max(self.room, order.shape[1])), self.rare)


def _batches(order: Any, rare: RareEntries | None) -> Batches:
    words, owners = rare.of_batches(order) if rare is not None else (None, None)
    host: Any = Batches  # NumPy arrays here, JAX arrays once placed
    return host(order, words, owners)


def _with_room(order: np.ndarray, room: int) -> np.ndarray:
    """Batches of no rows added, (…, steps, B) to (…, room, B)."""
    missing = np.full((*order.shape[:-2], room - order.shape[-2], order.shape[-1]), -1, np.int32)
    return np.concatenate([order, missing], axis=-2)


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
        ``binary``, ``multiclass`` or ``regression``: decides the metric.
    tiles : int, optional
        Groups per seed; chosen by `plan_layout` when not given.
    sparse : bool
        Whether the first layer is to be a sparse one, for multi-hot rows; see `suits_sparse`. The same network.
    devices : sequence of jax.Device, optional
        All of them when not given.
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
        tiles: int | None = None,
        sparse: bool = False,
        devices: Sequence[jax.Device] | None = None,
        at_once: bool | None = None,
    ) -> None:
        devices = list(devices) if devices is not None else jax.devices()
        self.seeds = tuple(seeds)
        self.batch_size = batch_size
        self.metrics = metric_names(task)
        self.layout: Layout = plan_layout(
            members, num_seeds=len(self.seeds), num_devices=len(devices), batch_size=batch_size, tiles=tiles
        )
        if at_once is None:
            at_once = not on_cpu(devices)
        self.recipe = Recipe.of(self.layout, task, sparse=sparse, at_once=at_once)
        self.mesh = mesh_for(self.layout.num_groups, devices)
        self._grouped = NamedSharding(self.mesh, GROUPED)
        self._whole = NamedSharding(self.mesh, WHOLE)
        self._numbers: Numbers = self._spread(self._member_numbers())

    @property
    def sparse(self) -> bool:
        """Whether the first layer is a sparse one."""
        return self.recipe.sparse

    # ------------------------------------------------------------------ data and state

    def place(self, x: np.ndarray, y: np.ndarray, *, training_rows: int | None = None) -> PlacedData:
        """Put rows on every device.

        Parameters
        ----------
        x, y : arrays, (rows, F) of any number type and (rows, K)
        training_rows : int, optional
            The most rows that an epoch will pass over; all of them when not given.
        """
        room = num_batches(len(x) if training_rows is None else training_rows, self.batch_size)
        placed_y = jax.device_put(np.asarray(y, np.float32), self._whole)
        rare, inputs = None, x
        if self.sparse:
            rare = RareEntries(x)
            host: Any = SparseInputs
            inputs = host(np.ascontiguousarray(x[:, rare.columns]), rare.columns)
            rare.of_batches(in_batches(np.arange(len(x)), self.batch_size))  # so much room have batches from now on
        whole = PlacedData(
            x=jax.device_put(inputs, self._whole),
            y=placed_y,
            first=0,
            rows=len(x),
            room=room,
            chunks=Batches(placed_y),
            num_chunks=0,
            dense=x if self.sparse else None,
            rare=rare,
        )
        return self.part(whole, 0, len(x))

    def part(self, data: PlacedData, first: int, stop: int) -> PlacedData:
        """Rows `first` … `stop` − 1 of data that were placed whole; nothing is copied."""
        all_rows = int(data.y.shape[0])
        size = min(CHUNK, all_rows)
        order = in_batches(np.arange(first, stop), size)
        chunks = jax.device_put(_batches(_with_room(order, num_batches(all_rows, size)), data.rare), self._whole)
        return dataclasses.replace(data, first=first, rows=stop - first, chunks=chunks, num_chunks=len(order))

    def start(self, learnt: Learnt | None = None) -> State:
        """The state at step 0: every member's own initial parameters, seed by seed.

        Parameters
        ----------
        learnt : mapping, optional
            What stands in the place of draws; must hold every layer that has an autoencoder, see `assay.pretraining`.
        """
        members, layout = self.layout.members, self.layout
        learnt = learnt or {}
        for condition, member in enumerate(members):
            for at, layer in enumerate(member.layers):
                is_held = layer.kernel_initializer.name != "autoencoder" or (condition, 0, at) in learnt
                assert is_held, "pre-train autoencoders before they start: see assay.pretraining"

        parameters = [np.empty(shape, np.float32) for shape in self._shapes]
        for at, layer in enumerate(members[0].layers):
            sizes = {"layer": at + 1, "units": layer.units}
            kernels, biases = (array.reshape(-1, *array.shape[2:]) for array in parameters[2 * at : 2 * at + 2])
            choices = [(member.layers[at].kernel_initializer, member.layers[at].bias_initializer) for member in members]
            # Many members share a draw: each is made once, for a pair of choices and a seed, and laid where it belongs.
            distinct = {choice: number for number, choice in enumerate(dict.fromkeys(choices))}
            number = np.asarray([distinct[choice] for choice in choices])[layout.group_conditions]
            draw = np.ravel(number * len(self.seeds) + layout.group_seeds[:, None])  # of each group and slot
            places = np.split(np.argsort(draw, kind="stable"), np.cumsum(np.bincount(draw))[:-1])
            for ((kernel, bias), seed), here in zip(itertools.product(distinct, self.seeds), places, strict=True):
                entries = draw_kernel(kernel, seed=seed, fan_in=layer.fan_in, **sizes)
                kernels[here] = entries if self.sparse and at == 0 else entries.T
                biases[here] = draw_bias(bias, seed=seed, **sizes)
        for (condition, seed_index, at), (entries, own_bias) in learnt.items():
            trial = (layout.group_conditions == condition) & (layout.group_seeds == seed_index)[:, None]
            parameters[2 * at][trial] = entries if self.sparse and at == 0 else entries.T
            parameters[2 * at + 1][trial] = own_bias
        host: Any = State
        steps = np.zeros(layout.num_groups, np.int32)
        diverged = np.zeros((layout.num_groups, layout.num_slots), np.int32)
        return self._spread(host(parameters, initial_slots(self.recipe, self._shapes), steps, diverged))

    @property
    def _shapes(self) -> list[tuple[int, ...]]:
        """Of kernel and bias of each layer in turn, (G, M, …)."""
        lead = (self.layout.num_groups, self.layout.num_slots)
        shapes: list[tuple[int, ...]] = []
        for number, layer in enumerate(self.layout.members[0].layers):
            sides = (layer.fan_in, layer.units) if self.sparse and number == 0 else (layer.units, layer.fan_in)
            shapes += [(*lead, *sides), (*lead, layer.units)]
        return shapes

    def save(self, state: State) -> dict[str, np.ndarray]:
        """The whole state as named arrays, to go on from with `restore`; bit for bit."""
        groups = self.layout.num_groups
        return {f"{index:04d}": np.asarray(leaf)[:groups] for index, leaf in enumerate(jax.tree.leaves(state))}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> State:
        """The state that `save` returned, of a trainer with equal arguments and tiles."""
        one_group = [(1, *shape[1:]) for shape in self._shapes]
        leaf: Any = 0  # what the leaves are does not matter, only where they go
        held: Any = initial_slots(self.recipe, one_group)
        structure = jax.tree.structure(State([leaf] * len(one_group), held, leaf, leaf))
        return self._spread(jax.tree.unflatten(structure, [arrays[name] for name in sorted(arrays)]))

    def compile(self, rows: int, dtype: np.dtype[Any], outputs: int, *, training_rows: int) -> None:
        """Compile for data of this size before they are placed; may run beside another trainer's work.

        With a sparse first layer this does nothing, for the size of its batches is not known before.
        """
        if self.sparse:
            return
        groups = self.layout.num_groups + (-self.layout.num_groups % self.mesh.size)

        def grouped(shape: tuple[int, ...], dtype: Any = np.float32) -> Any:
            return jax.ShapeDtypeStruct((groups, *shape[1:]), dtype, sharding=self._grouped)

        def whole(shape: tuple[int, ...], dtype: Any = np.float32) -> Any:
            return jax.ShapeDtypeStruct(shape, dtype, sharding=self._whole)

        held = initial_slots(self.recipe, [(1, *shape[1:]) for shape in self._shapes])
        lead = (groups, self.layout.num_slots)
        counts = grouped((groups,), np.int32)
        state: Any = State
        state = state(
            [grouped(shape) for shape in self._shapes],
            jax.tree.map(lambda leaf: grouped(leaf.shape), held),
            counts,
            grouped(lead, np.int32),
        )
        x, y = whole((rows, self.layout.members[0].layers[0].fan_in), dtype), whole((rows, outputs))
        room = num_batches(training_rows, self.batch_size)
        chunk = min(CHUNK, rows)
        work: Any = Work
        work = work(
            _batches(whole((len(self.seeds), room, self.batch_size), np.int32), None),
            counts,
            _batches(whole((num_batches(rows, chunk), chunk), np.int32), None),
            counts,
        )
        PROGRAMS.ready(epoch_program, (self.recipe, self.mesh), (state, self._numbers, x, y, work))

    # ------------------------------------------------------------------ training and evaluation

    def train_epoch(
        self, state: State, data: PlacedData, epoch: int, active: np.ndarray | None = None
    ) -> tuple[State, Scores]:
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
        state: State,
        data: PlacedData,
        epoch: int,
        active: np.ndarray | None,
        scored: PlacedData,
        scored_active: np.ndarray | None,
    ) -> tuple[State, Scores, Scores]:
        """`train_epoch`, then `evaluate` on `scored`, another part of the same data, in one call of the program."""
        return self._epoch(state, data, epoch, active, scored, scored_active)

    def evaluate(self, state: State, data: PlacedData, active: np.ndarray | None = None) -> tuple[State, Scores]:
        """Scores on all rows, without dropout; those of trials that are not `active` mean nothing.

        The given state is used up, and returned as it was.
        """
        state, _, totals, _ = self._run(state, data, None, None, data, active)
        return state, self._scores(totals, data.rows)

    def train_steps(self, state: State, data: PlacedData, orders: np.ndarray) -> tuple[State, np.ndarray]:
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
        state, _, _, losses = self._run(state, data, orders, None, None, None)
        groups, slots = self.layout.position
        return state, np.asarray(losses)[groups, : orders.shape[1], slots]

    def _epoch(
        self,
        state: State,
        data: PlacedData,
        epoch: int,
        active: np.ndarray | None,
        scored: PlacedData | None,
        scored_active: np.ndarray | None,
    ) -> tuple[State, Scores, Scores]:
        orders = np.stack([batch_order(seed, epoch, data.rows, self.batch_size) for seed in self.seeds])
        state, trained, totals, _ = self._run(state, data, orders, active, scored, scored_active)
        return state, self._scores(trained, data.rows), self._scores(totals, (scored or data).rows)

    def _run(
        self,
        state: State,
        data: PlacedData,
        orders: np.ndarray | None,
        active: np.ndarray | None,
        scored: PlacedData | None,
        scored_active: np.ndarray | None,
    ) -> tuple[State, Totals, Totals, Array]:
        """Make the steps of `orders`, then score the rows of `scored`; see `epoch_program`."""
        if orders is None:
            orders = np.empty((len(self.seeds), 0, self.batch_size), np.int32)
        part = scored or data
        work = Work(
            jax.device_put(data.batches(orders), self._whole),
            self._per_group(orders.shape[1], active),
            part.chunks,
            self._per_group(part.num_chunks if scored else 0, scored_active),
        )
        arguments = state, self._numbers, data.x, data.y, work
        return PROGRAMS.ready(epoch_program, (self.recipe, self.mesh), arguments)(*arguments)

    def probe(
        self,
        state: State,
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
        rows = np.asarray(rows, np.int32) + data.first
        shown: Any = data.x, data.y, rows
        if data.dense is not None:  # of sparse rows only those that are looked at are made dense
            shown = data.dense[rows], np.asarray(data.y)[rows], np.arange(len(rows), dtype=np.int32)
        placed = jax.device_put(shown, self._whole)
        arguments = state, self._numbers, *placed, self._per_group(1, active)
        packed = PROGRAMS.ready(probe_program, (self.recipe, self.mesh, probes), arguments)(*arguments)
        return packed.unpacked(self.layout.position)

    def diverged_steps(self, state: State) -> np.ndarray:
        """First step whose loss was not finite, shape (C, S); 0 where there is none."""
        return np.asarray(state.diverged_step)[self.layout.position]

    def parameters(self, state: State, condition: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Kernel (in, out) and bias (out,) of each layer of one trial, as Keras shapes them; `seed` is an index."""
        group, slot = (index[condition, seed] for index in self.layout.position)
        arrays = [np.asarray(array[group, slot]) for array in state.parameters]
        kernels = [kernel if self.sparse and number == 0 else kernel.T for number, kernel in enumerate(arrays[::2])]
        return list(zip(kernels, arrays[1::2], strict=True))

    # ------------------------------------------------------------------ inside

    def _member_numbers(self) -> Any:
        """`Numbers` on the host."""
        members = self.layout.members
        conditions = self.layout.group_conditions

        def per_slot(values: Sequence[float]) -> np.ndarray:
            return np.asarray(values, np.float32)[conditions]

        numeric = [numeric_part(member.optimizer) for member in members]
        optimizer = []
        for part in self.recipe.optimizers:
            here = part.of(conditions)
            names = numeric[int(here[0, 0])]
            optimizer.append(
                {name: np.asarray([[numeric[c][name] for c in row] for row in here], np.float32) for name in names}
            )
        depth = len(members[0].layers)
        l2 = [per_slot([member.layers[at].l2 for member in members]) for at in range(depth)]
        dropout = [per_slot([member.layers[at].dropout for member in members]) for at in range(depth - 1)]

        def rate(condition: int, at: int) -> float:
            own = members[condition].layers[at].learning_rate
            return numeric[condition]["learning_rate"] if own is None else own

        rates = [per_slot([rate(condition, at) for condition in range(len(members))]) for at in range(depth)]
        has_own = any(layer.learning_rate is not None for member in members for layer in member.layers)
        host: Any = Numbers  # NumPy arrays here, JAX arrays once spread
        return host(
            optimizer=optimizer,
            l2=l2 if any(rate.any() for rate in l2) else [],
            dropout=dropout if any(rate.any() for rate in dropout) else [],
            learning_rate=rates if has_own else [],
            threshold=per_slot([class_threshold(member.loss, member.layers[-1].activation) for member in members]),
            seed=np.asarray(self.seeds, np.uint32)[self.layout.group_seeds],
            seed_index=self.layout.group_seeds.astype(np.int32),
        )

    def _spread(self, tree: Any) -> Any:
        """Pad the leading axis to a whole number of groups per device, and place it."""
        missing = -self.layout.num_groups % self.mesh.size

        def padded(leaf: Any) -> Any:
            leaf = np.asarray(leaf)
            return np.concatenate([leaf, np.repeat(leaf[:1], missing, axis=0)]) if missing else leaf

        return jax.tree.map(lambda leaf: jax.device_put(padded(leaf), self._grouped), tree)

    def _per_group(self, count: int, active: np.ndarray | None) -> Array:
        """`count` for each group with a trial that is `active`, (C, S), and 0 for the others."""
        counts = np.zeros(self.layout.num_groups + (-self.layout.num_groups % self.mesh.size), np.int32)
        if active is None:
            counts[: self.layout.num_groups] = count
        else:
            counts[self.layout.position[0][active]] = count
        return jax.device_put(counts, self._grouped)

    def _scores(self, totals: Totals, rows: int) -> Scores:
        return {
            name: np.asarray(total, np.float64)[self.layout.position] / rows
            for name, total in zip(self.metrics, totals, strict=True)
        }
