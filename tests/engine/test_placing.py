"""Rows on the devices, whole and in parts."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from jax.sharding import SingleDeviceSharding

from assay.engine.placing import CHUNK, place

ROWS, BATCH = 300, 16


@pytest.fixture(scope="module")
def examples():
    generator = np.random.default_rng(0)
    return generator.normal(size=(ROWS, 3)).astype(np.float32), np.arange(2 * ROWS).reshape(ROWS, 2)


@pytest.fixture(scope="module")
def placed(examples):
    sharding = SingleDeviceSharding(jax.devices()[0])
    return place(*examples, sharding, batch_size=BATCH, training_rows=ROWS)


@pytest.mark.parametrize(("first", "stop"), [(0, ROWS), (20, 290), (100, 101)])
def test_the_chunks_of_a_part_hold_each_of_its_rows_once(placed, first, stop):
    """In order; −1 fills them up to the chunks of all rows, which are as many for every part."""
    part = placed.part(first, stop)
    rows = np.asarray(part.chunks.rows)
    assert rows.shape == (-(-ROWS // CHUNK), CHUNK)
    assert rows[rows >= 0].tolist() == list(range(first, stop))
    assert (rows[part.num_chunks :] == -1).all()
    assert part.x is placed.x
    assert part.rows == stop - first


def test_batches_count_from_the_first_row_of_the_part(placed):
    """What pads a batch stays −1, and so does the room for further steps."""
    order = np.array([[[0, 2, -1]]])
    rows = np.asarray(placed.part(50, 60).batches(order).rows)
    assert rows.shape == (1, -(-ROWS // BATCH), 3)
    assert rows[0, 0].tolist() == [50, 52, -1]
    assert (rows[0, 1:] == -1).all()


def test_rows_are_shown_to_probes_as_they_are(placed, examples):
    """Counted from the first of the part."""
    x, y, rows = placed.part(50, 60).shown(np.array([1, 3]))
    np.testing.assert_array_equal(np.asarray(x)[np.asarray(rows)], examples[0][[51, 53]])
    np.testing.assert_array_equal(np.asarray(y)[np.asarray(rows)], examples[1][[51, 53]])


def test_sparse_rows_are_shown_dense():
    """Only those that are looked at."""
    generator = np.random.default_rng(1)
    x = (generator.random((40, 500)) < 0.1).astype(np.uint8)
    y = np.arange(40.0)[:, None]
    sharding = SingleDeviceSharding(jax.devices()[0])
    part = place(x, y, sharding, batch_size=8, training_rows=40, sparse=True).part(10, 30)
    shown, targets, rows = part.shown(np.array([0, 4, 7]))
    assert rows.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(shown, x[[10, 14, 17]])
    np.testing.assert_array_equal(targets, y[[10, 14, 17]])
