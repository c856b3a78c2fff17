"""Which rows make up each batch: a function of seed, epoch and sizes alone, so that seeds are paired."""

from __future__ import annotations

import numpy as np

# Separates the streams that share a user's seed; initializers use other words of the same generator's key.
_BATCH_STREAM = 0xBA7C


def batch_order(seed: int, epoch: int, rows: int, batch_size: int) -> np.ndarray:
    """Rows of each step of an epoch, shuffled.

    Parameters
    ----------
    seed, epoch : int
        The trial's seed; the epoch, from 1.
    rows, batch_size : int
        The last batch is smaller when they do not divide.

    Returns
    -------
    array, shape (steps, batch_size), int32
        −1 pads the last batch.
    """
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, epoch, _BATCH_STREAM])))
    return in_batches(generator.permutation(rows), batch_size)


def num_batches(rows: int, batch_size: int) -> int:
    """How many batches so many rows make, the last perhaps a smaller one."""
    return -(-rows // batch_size)


def in_batches(rows: np.ndarray, batch_size: int) -> np.ndarray:
    """Cut `rows` into batches, shape (steps, batch_size), int32; −1 pads the last."""
    steps = num_batches(len(rows), batch_size)
    order = np.full(steps * batch_size, -1, dtype=np.int32)
    order[: len(rows)] = rows
    return order.reshape(steps, batch_size)
