"""The rows of a data set on the devices: whole on each, and all their parts the same arrays.

Index letters: S seeds, B examples of a batch, F features, K outputs.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import jax
import numpy as np
from jax import Array
from jax.sharding import Sharding

from assay.engine.arguments import Batches
from assay.engine.batching import in_batches, num_batches
from assay.engine.sparse import Inputs, RareEntries, SparseInputs

# Rows that are scored at a time.
CHUNK = 128


@dataclass(frozen=True)
class PlacedData:
    """Some rows of a data set that lies whole on every device; all its parts share the arrays, and one program.

    Attributes
    ----------
    x, y : Inputs (all rows, F) and array (all rows, K); K + 1 columns where the last holds the weights of the rows
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
    chunks: Batches[Array]
    num_chunks: int
    dense: np.ndarray | None = None
    rare: RareEntries | None = None

    def part(self, first: int, stop: int) -> PlacedData:
        """Rows `first` … `stop` − 1 of data that were placed whole; nothing is copied."""
        all_rows = self.y.shape[0]
        order = in_batches(np.arange(first, stop), min(CHUNK, all_rows))
        chunks = _batches(_with_room(order, chunks_shape(all_rows)[0]), self.rare)
        placed = jax.device_put(chunks, self.y.sharding)
        return dataclasses.replace(self, first=first, rows=stop - first, chunks=placed, num_chunks=len(order))

    def weighted(self, weights: np.ndarray) -> PlacedData:
        """The same with other weights, (all rows,), of rows that were placed with weights."""
        y = np.concatenate([np.asarray(self.y)[:, :-1], np.asarray(weights, np.float32)[:, None]], axis=1)
        return dataclasses.replace(self, y=jax.device_put(y, self.y.sharding))

    def batches(self, order: np.ndarray) -> Batches[Array]:
        """On the devices, for rows (S, steps, B) from the first of the part on; filled up to the room for steps."""
        order = np.where(order >= 0, order + self.first, order).astype(np.int32)
        return jax.device_put(_batches(_with_room(order, max(self.room, order.shape[1])), self.rare), self.y.sharding)

    def shown(self, rows: np.ndarray) -> tuple[Array, Array, Array]:
        """Dense inputs and targets for probes, and which of their rows are `rows`, counted from the first of the part.

        Of sparse rows only those that are looked at are made dense.
        """
        rows = np.asarray(rows, np.int32) + self.first
        if self.dense is None:
            assert not isinstance(self.x, SparseInputs)
            return self.x, self.y, jax.device_put(rows, self.y.sharding)
        found = self.dense[rows], np.asarray(self.y)[rows], np.arange(len(rows), dtype=np.int32)
        return jax.device_put(found, self.y.sharding)


def place(
    x: np.ndarray, y: np.ndarray, sharding: Sharding, *, batch_size: int, training_rows: int, sparse: bool = False
) -> PlacedData:
    """Put rows on every device.

    Parameters
    ----------
    x, y : arrays, (rows, F) of any number type and (rows, K)
    sharding : jax.sharding.Sharding
        Whole on each device.
    batch_size : int
    training_rows : int
        The most rows that an epoch will pass over.
    sparse : bool
        Whether the first layer is a sparse one.
    """
    placed_y = jax.device_put(np.asarray(y, np.float32), sharding)
    rare = RareEntries(x) if sparse else None
    inputs: np.ndarray | SparseInputs[np.ndarray] = x
    if rare is not None:
        rare.of_batches(in_batches(np.arange(len(x)), batch_size))  # so much room have batches from now on
        inputs = SparseInputs(np.ascontiguousarray(x[:, rare.columns]), rare.columns)
    whole = PlacedData(
        x=jax.device_put(inputs, sharding),
        y=placed_y,
        first=0,
        rows=len(x),
        room=num_batches(training_rows, batch_size),
        chunks=Batches(placed_y),  # until `part` says which
        num_chunks=0,
        dense=x if sparse else None,
        rare=rare,
    )
    return whole.part(0, len(x))


def chunks_shape(rows: int) -> tuple[int, int]:
    """How many chunks all rows of a data set make, and of how many rows each is."""
    size = min(CHUNK, rows)
    return num_batches(rows, size), size


def _batches(order: np.ndarray, rare: RareEntries | None) -> Batches[np.ndarray]:
    return Batches(order) if rare is None else Batches(order, *rare.of_batches(order))


def _with_room(order: np.ndarray, room: int) -> np.ndarray:
    """Batches of no rows added, (…, steps, B) to (…, room, B)."""
    missing = np.full((*order.shape[:-2], room - order.shape[-2], order.shape[-1]), -1, np.int32)
    return np.concatenate([order, missing], axis=-2)
