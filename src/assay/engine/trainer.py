"""Train a population: the engine's face to the rest of assay.

>>> trainer = Trainer(members, seeds=[0, 1, 2], batch_size=32, task="multiclass")
>>> training = trainer.place(x_train, y_train)
>>> state = trainer.start()
>>> state, scores = trainer.train_epoch(state, training, epoch=1)
>>> scores["loss"].shape                         # conditions × seeds
(12, 3)
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as Spec

from assay.engine.batching import batch_order, in_batches
from assay.engine.devices import mesh_for
from assay.engine.layout import Layout, Member, plan_layout
from assay.engine.program import (
    Batches,
    Inputs,
    Numbers,
    Recipe,
    State,
    Totals,
    evaluate_program,
    initial_slots,
    train_program,
)
from assay.engine.sparse import RareEntries, SparseInputs
from assay.engine.tracing import Probe, Signals, probe_program
from assay.learning.losses import class_threshold
from assay.learning.metrics import metric_names
from assay.learning.optimizers import numeric_part
from assay.networks.initializers import draw_bias, draw_kernel

EVALUATION_BATCH = 512

Scores = dict[str, np.ndarray]
"""Metric name → array of shape (C, S)."""


@dataclass(frozen=True)
class PlacedData:
    """Rows on the devices: x (rows, F), y (rows, K).

    Where the first layer is sparse, the host keeps the rows too: `dense` (rows, F) for probes, `rare` for batches.
    """

    x: Inputs
    y: Array
    dense: np.ndarray | None = None
    rare: RareEntries | None = None

    @property
    def rows(self) -> int:
        return int(self.y.shape[0])

    def batches(self, order: np.ndarray) -> Batches:
        """On the host, for rows (…, B)."""
        words, owners = self.rare.of_batches(order) if self.rare is not None else (None, None)
        host: Any = Batches  # NumPy arrays here, JAX arrays once placed
        return host(order, words, owners)


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
    ) -> None:
        devices = list(devices) if devices is not None else jax.devices()
        self.seeds = tuple(seeds)
        self.batch_size = batch_size
        self.metrics = metric_names(task)
        self.layout: Layout = plan_layout(
            members, num_seeds=len(self.seeds), num_devices=len(devices), batch_size=batch_size, tiles=tiles
        )
        self.recipe = Recipe.of(self.layout, task, sparse=sparse)
        self.mesh = mesh_for(self.layout.num_groups, devices)
        self._grouped = NamedSharding(self.mesh, Spec("groups"))
        self._whole = NamedSharding(self.mesh, Spec())
        self._numbers: Numbers = self._spread(self._member_numbers())

    @property
    def sparse(self) -> bool:
        """Whether the first layer is a sparse one."""
        return self.recipe.sparse

    # ------------------------------------------------------------------ data and state

    def place(self, x: np.ndarray, y: np.ndarray) -> PlacedData:
        """Put rows on every device; x (rows, F) of any number type, y (rows, K)."""
        placed_y = jax.device_put(np.asarray(y, np.float32), self._whole)
        if not self.sparse:
            return PlacedData(jax.device_put(x, self._whole), placed_y)
        rare = RareEntries(x)
        host: Any = SparseInputs
        inputs = jax.device_put(host(np.ascontiguousarray(x[:, rare.columns]), rare.columns), self._whole)
        return PlacedData(inputs, placed_y, x, rare)

    def start(self) -> State:
        """The state at step 0: every member's own initial parameters, seed by seed."""
        members, layout = self.layout.members, self.layout

        @functools.cache
        def drawn(condition: int, seed: int) -> list[np.ndarray]:
            parameters = []
            for number, layer in enumerate(members[condition].layers, start=1):
                kernel = draw_kernel(
                    layer.kernel_initializer, seed=seed, layer=number, fan_in=layer.fan_in, units=layer.units
                )
                bias = draw_bias(layer.bias_initializer, seed=seed, layer=number, units=layer.units)
                parameters += [kernel if self.sparse and number == 1 else np.ascontiguousarray(kernel.T), bias]
            return parameters

        groups = [
            [drawn(int(condition), self.seeds[seed]) for condition in conditions]
            for seed, conditions in zip(layout.group_seeds, layout.group_conditions, strict=True)
        ]
        parameters = [
            jnp.asarray(np.stack([np.stack([member[index] for member in group]) for group in groups]))
            for index in range(2 * len(members[0].layers))
        ]
        steps = jnp.zeros(layout.num_groups, jnp.int32)
        diverged = jnp.zeros((layout.num_groups, layout.num_slots), jnp.int32)
        return self._spread(State(parameters, initial_slots(self.recipe, parameters), steps, diverged))

    def save(self, state: State) -> dict[str, np.ndarray]:
        """The whole state as named arrays, to go on from with `restore`; bit for bit."""
        groups = self.layout.num_groups
        return {f"{index:04d}": np.asarray(leaf)[:groups] for index, leaf in enumerate(jax.tree.leaves(state))}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> State:
        """The state that `save` returned, of a trainer with equal arguments and tiles."""
        groups, slots = self.layout.num_groups, self.layout.num_slots
        shapes: list[Any] = []
        for number, layer in enumerate(self.layout.members[0].layers):
            sides = (layer.fan_in, layer.units) if self.sparse and number == 0 else (layer.units, layer.fan_in)
            shapes.append(jax.ShapeDtypeStruct((groups, slots, *sides), jnp.float32))
            shapes.append(jax.ShapeDtypeStruct((groups, slots, layer.units), jnp.float32))
        held = jax.eval_shape(functools.partial(initial_slots, self.recipe), shapes)
        counts: Any = 0  # what the leaves are does not matter, only where they go
        structure = jax.tree.structure(State(shapes, held, counts, counts))
        return self._spread(jax.tree.unflatten(structure, [arrays[name] for name in sorted(arrays)]))

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
        orders = np.stack([batch_order(seed, epoch, data.rows, self.batch_size) for seed in self.seeds])
        batches = jax.device_put(data.batches(orders), self._whole)
        program = train_program(self.recipe, self.mesh)
        state, totals = program(state, self._numbers, data.x, data.y, batches, self._active_groups(active))
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
        program = train_program(self.recipe, self.mesh, every_step=True)
        batches = jax.device_put(data.batches(orders), self._whole)
        state, losses = program(state, self._numbers, data.x, data.y, batches, self._active_groups(None))
        groups, slots = self.layout.position
        return state, np.asarray(losses)[groups, :, slots]

    def evaluate(self, state: State, data: PlacedData, active: np.ndarray | None = None) -> Scores:
        """Scores on all rows, without dropout; those of trials that are not `active` mean nothing."""
        order = in_batches(np.arange(data.rows), min(EVALUATION_BATCH, data.rows))
        batches = jax.device_put(data.batches(order), self._whole)
        program = evaluate_program(self.recipe, self.mesh)
        totals = program(state.parameters, self._numbers, data.x, data.y, batches, self._active_groups(active))
        return self._scores(totals, data.rows)

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
            The examples to look at.
        probes : tuple of Probe
        active : array, shape (C, S), bool, optional
            Trials of interest; what is returned for the others means nothing.

        Returns
        -------
        list (layers) of dict of str to Measurement
            By quantity; every array has leading axes (C, S), as NumPy.
        """
        program = probe_program(self.recipe, self.mesh, probes)
        if data.dense is None:
            x, y, looked_at = data.x, data.y, np.asarray(rows, np.int32)
        else:  # of sparse rows only those that are looked at are made dense
            x, y, looked_at = data.dense[rows], np.asarray(data.y)[rows], np.arange(len(rows), dtype=np.int32)
        placed = jax.device_put((x, y, looked_at), self._whole)
        packed = program(state, self._numbers, *placed, self._active_groups(active))
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
            here = conditions[:, part.slots]
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

    def _active_groups(self, active: np.ndarray | None) -> Array:
        flags = np.zeros(self.layout.num_groups + (-self.layout.num_groups % self.mesh.size), bool)
        if active is None:
            flags[: self.layout.num_groups] = True
        else:
            flags[self.layout.position[0][active]] = True
        return jax.device_put(flags, self._grouped)

    def _scores(self, totals: Totals, rows: int) -> Scores:
        return {
            name: np.asarray(total, np.float64)[self.layout.position] / rows
            for name, total in zip(self.metrics, totals, strict=True)
        }
