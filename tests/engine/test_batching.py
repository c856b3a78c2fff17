"""Which rows make up each batch."""

from __future__ import annotations

import numpy as np

from assay.engine.batching import batch_order, in_batches


def test_an_epoch_has_every_row_once():
    """An epoch is a permutation of the rows; −1 pads the last batch alone."""
    order = batch_order(seed=1, epoch=2, rows=103, batch_size=10)
    assert order.shape == (11, 10)
    assert sorted(order[order >= 0]) == list(range(103))
    assert (order[:-1] >= 0).all()
    assert (order[-1] >= 0).sum() == 3


def test_the_order_depends_on_seed_and_epoch_alone():
    """Equal seed and epoch give equal batches; another of either gives others."""
    first = batch_order(1, 1, 100, 10)
    assert np.array_equal(first, batch_order(1, 1, 100, 10))
    assert not np.array_equal(first, batch_order(1, 2, 100, 10))
    assert not np.array_equal(first, batch_order(2, 1, 100, 10))


def test_another_batch_size_cuts_the_same_order():
    """The batch size only cuts the epoch's order into other pieces."""
    assert np.array_equal(batch_order(1, 1, 100, 10).ravel(), batch_order(1, 1, 100, 20).ravel())


def test_rows_are_cut_in_turn():
    """`in_batches` keeps the order of the rows."""
    assert in_batches(np.arange(5), 2).tolist() == [[0, 1], [2, 3], [4, -1]]
