"""Calls of a population's compiled programs: steps and scores, outputs, or a look inside.

Index letters: C conditions, S seeds, B examples of a batch, N trials, K outputs.
"""

from __future__ import annotations

import jax
import numpy as np
from jax import Array
from jax.typing import DTypeLike

from assay.engine.arguments import Batches, Done, Numbers, State, Work
from assay.engine.batching import num_batches
from assay.engine.compilation import PROGRAMS
from assay.engine.outputs import PIECE_BYTES, outputs_program
from assay.engine.packing import Packed
from assay.engine.placing import PlacedData, chunks_shape
from assay.engine.program import epoch_program
from assay.engine.recipe import Recipe
from assay.engine.spreading import Spreading
from assay.engine.starting import state_shapes
from assay.engine.tracing import Probe, Signals, probe_program


class PopulationPrograms:
    """The programs of one population, compiled when they are first asked for.

    Parameters
    ----------
    recipe : Recipe
    spreading : Spreading
    numbers : Numbers
    batch_size : int
    """

    def __init__(self, recipe: Recipe, spreading: Spreading, numbers: Numbers[Array], batch_size: int) -> None:
        self.recipe, self.spreading, self.numbers, self.batch_size = recipe, spreading, numbers, batch_size

    def compile(self, rows: int, dtype: DTypeLike, outputs: int, *, training_rows: int) -> None:
        """Compile for dense data of this size; see `Trainer.compile`."""
        layout, grouped, whole = self.spreading.layout, self.spreading.grouped_shape, self.spreading.whole_shape
        shapes = state_shapes(layout, self.recipe)
        state = jax.tree.map(lambda leaf: grouped(leaf.shape, leaf.dtype), shapes)
        counts = grouped((layout.num_groups,), np.int32)
        steps = num_batches(training_rows, self.batch_size)
        work = Work(
            Batches(whole((layout.num_seeds, steps, self.batch_size), np.int32)),
            counts,
            Batches(whole(chunks_shape(rows), np.int32)),
            counts,
        )
        x = whole((rows, layout.members[0].layers[0].fan_in), dtype)
        y = whole((rows, outputs + self.recipe.weighted), np.float32)
        PROGRAMS.ready(epoch_program, (self.recipe, self.spreading.mesh), (state, self.numbers, x, y, work))

    def run(
        self,
        state: State[Array],
        data: PlacedData,
        orders: np.ndarray | None = None,
        active: np.ndarray | None = None,
        scored: PlacedData | None = None,
        scored_active: np.ndarray | None = None,
    ) -> Done:
        """Make the steps of `orders`, then score the rows of `scored`; see `epoch_program`.

        Parameters
        ----------
        state : State
            It is used up.
        data : PlacedData
        orders : array of int, shape (S, steps, B), optional
            Rows of each step, by seed, counted from the first of `data`; no steps when not given.
        active, scored_active : array, shape (C, S), bool, optional
            Trials of interest, in the steps and in the scores; all of them when not given.
        scored : PlacedData, optional
            A part of the same data.
        """
        if orders is None:
            orders = np.empty((self.spreading.layout.num_seeds, 0, self.batch_size), np.int32)
        part = scored or data
        work = Work(
            data.batches(orders),
            self.spreading.counts(orders.shape[1], active),
            part.chunks,
            self.spreading.counts(part.num_chunks if scored else 0, scored_active),
        )
        arguments = state, self.numbers, data.x, data.y, work
        return PROGRAMS.ready(epoch_program, (self.recipe, self.spreading.mesh), arguments)(*arguments)

    def outputs(self, state: State[Array], data: PlacedData, active: np.ndarray) -> np.ndarray:
        """Outputs of the trials that are `active`, (C, S), for all rows of `data`, without dropout.

        Returns
        -------
        array of float32, shape (N, rows, K)
            The trials in the order of ``numpy.nonzero(active)``.
        """
        groups, slots = (index[active] for index in self.spreading.layout.position)
        all_chunks, size = data.chunks.rows.shape
        units = data.y.shape[1] - self.recipe.weighted
        chunk_bytes = 4 * self.spreading.room * self.spreading.layout.num_slots * units * size
        room = min(all_chunks, max(1, PIECE_BYTES // chunk_bytes))
        chunks = jax.tree.map(np.asarray, data.chunks)
        found = np.empty((len(groups), data.num_chunks, size, units), np.float32)
        for first in range(0, data.num_chunks, room):
            # A last piece that is smaller is filled up with the last chunk, which its count leaves out.
            taken = np.minimum(np.arange(first, first + room), all_chunks - 1)
            piece = jax.device_put(jax.tree.map(lambda leaf, taken=taken: leaf[taken], chunks), self.spreading.whole)
            count = min(room, data.num_chunks - first)
            arguments = state.parameters, data.x, data.y, piece, self.spreading.counts(count, active)
            program = PROGRAMS.ready(outputs_program, (self.recipe, self.spreading.mesh), arguments)
            here = np.asarray(program(*arguments))[groups, :count, slots]
            found[:, first : first + count] = here.swapaxes(2, 3)
        return found.reshape(len(groups), -1, units)[:, : data.rows]

    def probe(
        self,
        state: State[Array],
        data: PlacedData,
        rows: np.ndarray,
        probes: tuple[Probe, ...],
        active: np.ndarray | None = None,
    ) -> Signals:
        """Measure every layer of every trial on some rows; see `Trainer.probe`."""
        arguments = state, self.numbers, *data.shown(rows), self.spreading.counts(1, active)
        program = PROGRAMS.ready(probe_program, (self.recipe, self.spreading.mesh, probes), arguments)
        packed: Packed[Signals] = program(*arguments)
        return packed.unpacked(self.spreading.layout.position)
