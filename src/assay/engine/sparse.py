"""The first layer on multi-hot rows (bags of words), where nearly every entry is zero.

A row of Reuters has 82 of 10,000 words. The few hundred most frequent columns hold more than half of them and stay a
dense matrix product; the others are gathered, word by word, and their gradients scattered back. On a CPU that is four
times as fast as the dense product (`benchmarks/referee.py`, B3 and B4). It is the same network: every kernel entry is
updated at every step, as with dense inputs.

Kernels of such a layer lie as (M, in, out), so that what belongs to a word lies together.

Index letters: M slots of a group, B examples of a batch, F features, K frequent features, N rare entries of a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from assay.engine.arguments import Leaf

FREQUENT = 256
# Below this share of nonzero entries, and with so many features, the sparse product wins.
LARGEST_FILL = 0.03
FEWEST_FEATURES = 2048
# Compiled for a number of rare entries that is a multiple of this; a batch that has fewer is filled up.
ROUND = 1024
SLACK = 1.1


def suits_sparse(x: np.ndarray) -> bool:
    """Whether the first layer should be sparse on rows like these, (rows, F), on a CPU: where few entries are set."""
    if x.dtype != np.uint8 or x.shape[1] < FEWEST_FEATURES or not len(x):
        return False
    return bool(np.mean(x[:512] != 0) <= LARGEST_FILL and x.max() <= 1)


class SparseInputs(NamedTuple, Generic[Leaf]):
    """Rows on the devices, or on their way to them.

    Attributes
    ----------
    values : array, (rows, K)
        The frequent columns.
    columns : array, (K,), int32
        Which they are.
    """

    values: Leaf
    columns: Leaf


Inputs = Array | SparseInputs[Array]
"""All rows of a data set on a device, (rows, F)."""


class SparseBatch(NamedTuple):
    """A batch: its frequent columns, and its other entries, each of a word and an owner.

    Attributes
    ----------
    values, columns : arrays, (B, K) and (K,)
    words, owners : arrays, (N,), int32
        Feature and example of each rare entry; F and B where there is none.
    """

    values: Array
    columns: Array
    words: Array
    owners: Array


class RareEntries:
    """The entries of the rare columns, on the host, row by row.

    Parameters
    ----------
    x : array, shape (rows, F), uint8, of zeros and ones

    Attributes
    ----------
    columns : array, (K,), int32
        The frequent columns, which are left out.
    """

    def __init__(self, x: np.ndarray) -> None:
        self.features = x.shape[1]
        self.columns = np.sort(np.argsort(-np.count_nonzero(x, axis=0), kind="stable")[:FREQUENT]).astype(np.int32)
        is_rare = np.ones(self.features, bool)
        is_rare[self.columns] = False
        rows, words = np.nonzero(x)
        kept = is_rare[words]
        self._words = words[kept].astype(np.int32)
        self._counts = np.bincount(rows[kept], minlength=len(x))
        self._starts = np.cumsum(self._counts) - self._counts
        self._room: dict[int, int] = {}

    def of_batches(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The words and owners of each batch, both (…, N), for rows (…, B) in which −1 is none."""
        size = order.shape[-1]
        batches = order.reshape(-1, size)
        counts = np.where(batches >= 0, self._counts[batches], 0)
        most = int(counts.sum(axis=1).max(initial=0))
        if most > self._room.get(size, 0):  # some more than needed, so that the next epoch's fit the same program
            self._room[size] = -(-int(most * SLACK) // ROUND) * ROUND
        room = self._room.get(size, ROUND)
        words = np.full((len(batches), room), self.features, np.int32)
        owners = np.full((len(batches), room), size, np.int32)
        for batch, (rows, here) in enumerate(zip(batches, counts, strict=True)):
            ends = np.cumsum(here)
            total = int(ends[-1])
            places = np.repeat(self._starts[rows] - (ends - here), here) + np.arange(total)
            words[batch, :total] = self._words[places]
            owners[batch, :total] = np.repeat(np.arange(len(rows)), here)
        shape = (*order.shape[:-1], room)
        return words.reshape(shape), owners.reshape(shape)


@jax.custom_vjp
def sparse_product(kernel: Array, batch: SparseBatch) -> Array:
    """Pre-activations without bias, (M, out, B), of kernels (M, F, out)."""
    words = jnp.minimum(batch.words, kernel.shape[1] - 1)  # where there is none, the owner is out of range

    def of_member(kernel: Array) -> Array:  # (F, out)
        frequent = batch.values @ kernel[batch.columns]
        return frequent.at[batch.owners].add(kernel[words], mode="drop")

    return jnp.swapaxes(_each(of_member, kernel), 1, 2)


def _product_forward(kernel: Array, batch: SparseBatch) -> tuple[Array, tuple[Array, SparseBatch]]:
    return sparse_product(kernel, batch), (kernel, batch)


def _product_backward(kept: tuple[Array, SparseBatch], errors: Array) -> tuple[Array, None]:
    kernel, batch = kept
    owners = jnp.minimum(batch.owners, batch.values.shape[0] - 1)  # where there is none, the word is out of range

    def of_member(errors: Array) -> Array:  # (B, out)
        gradient = jnp.zeros(kernel.shape[1:]).at[batch.words].add(errors[owners], mode="drop")
        return gradient.at[batch.columns].add(batch.values.T @ errors, unique_indices=True)

    return _each(of_member, jnp.swapaxes(errors, 1, 2)), None


def _each(function: Callable[[Array], Array], members: Array) -> Array:
    """One member after another, so that both parts of its product find it in cache; a loop of one costs a copy."""
    return function(members[0])[None] if len(members) == 1 else jax.lax.map(function, members)


sparse_product.defvjp(_product_forward, _product_backward)
