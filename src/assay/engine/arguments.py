"""What the compiled program of a population takes and gives: trees of arrays.

A tree says what its leaves are: arrays on the devices (``State[jax.Array]``), arrays on the host
(``State[numpy.ndarray]``), their shapes (``State[jax.ShapeDtypeStruct]``), or where they lie (``Work[PartitionSpec]``).

Index letters: G groups, M slots of a group, S seeds, B examples of a batch.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from jax import Array

Leaf = TypeVar("Leaf")
"""What the leaves of a tree are."""


class LayerParameters(NamedTuple, Generic[Leaf]):
    """What one layer learns, of every member of a group.

    Attributes
    ----------
    kernel : array, (M, out, in); of a sparse first layer (M, in, out)
    bias : array, (M, out)
    """

    kernel: Leaf
    bias: Leaf


class LayerSlots(NamedTuple, Generic[Leaf]):
    """What an optimizer keeps beside the parameters of one layer, each array by its name."""

    kernel: dict[str, Leaf]
    bias: dict[str, Leaf]


Parameters = list[LayerParameters[Array]]
"""By layer."""

Slots = list[list[LayerSlots[Array]]]
"""By segment of equal optimizer, by layer."""


class State(NamedTuple, Generic[Leaf]):
    """All that training changes; every array has a leading axis of G groups.

    Checkpoints name the leaves by their order (`assay.engine.checkpoints`), so no field moves.

    Attributes
    ----------
    parameters : list (layers) of LayerParameters
    slots : list (optimizer segments) of list (layers) of LayerSlots, arrays (G, slots of the segment, …)
    step : array, (G,), int32
        Updates made so far.
    diverged_step : array, (G, M), int32
        The first step whose loss was not finite, 1-based; 0 while there is none.
    """

    parameters: list[LayerParameters[Leaf]]
    slots: list[list[LayerSlots[Leaf]]]
    step: Leaf
    diverged_step: Leaf


class Numbers(NamedTuple, Generic[Leaf]):
    """All that differs between members without changing the program; leading axis G as in `State`.

    Attributes
    ----------
    optimizer : list (optimizer segments) of dict of array, (G, slots of the segment)
    l2, dropout, learning_rate : list (layers) of array, (G, M)
        Empty where no member of the population uses it; the last is the learning rate of layers that have their own.
    threshold : array, (G, M)
        An output above it is the class 1 (a single output unit).
    seed : array, (G,), uint32
    seed_index : array, (G,), int32
        Which of the S orders of batches is the group's.
    """

    optimizer: list[dict[str, Leaf]]
    l2: list[Leaf]
    dropout: list[Leaf]
    learning_rate: list[Leaf]
    threshold: Leaf
    seed: Leaf
    seed_index: Leaf


class Batches(NamedTuple, Generic[Leaf]):
    """Which rows make up each batch.

    Attributes
    ----------
    rows : array, (…, B), int32
        −1 pads the last batch.
    words, owners : array, (…, N), int32, optional
        The rare entries of a sparse first layer; see `assay.engine.sparse.SparseBatch`.
    """

    rows: Leaf
    words: Leaf | None = None
    owners: Leaf | None = None


class Work(NamedTuple, Generic[Leaf]):
    """What one call of the program is to do: make steps, then score rows. Batches are whole on every device.

    Attributes
    ----------
    batches : Batches, arrays (S, steps, …)
        Of each seed; there may be room for more steps than are made.
    steps : array, (G,), int32
        How many of them each group makes; a group that makes none costs nothing.
    chunks : Batches, arrays (chunks, …)
        The rows to be scored afterwards, the same for all seeds.
    num_chunks : array, (G,), int32
        How many of them each group is scored on.
    """

    batches: Batches[Leaf]
    steps: Leaf
    chunks: Batches[Leaf]
    num_chunks: Leaf


class Totals(NamedTuple):
    """Sums over examples, (G, M): of the loss (penalties included) and of the metric."""

    loss: Array
    metric: Array


class Done(NamedTuple):
    """What one call of the program has come to.

    Attributes
    ----------
    state : State
    trained, scored : Totals
        Over the examples of the steps, and of the chunks.
    losses : array, (G, room for steps, M)
        Of each batch before its update.
    """

    state: State[Array]
    trained: Totals
    scored: Totals
    losses: Array
