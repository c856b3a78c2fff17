"""Groups over devices."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine.arguments import State
from assay.engine.layout import Member, plan_layout
from assay.engine.spreading import Spreading
from assay.networks.architecture import Layer

pytestmark = pytest.mark.skipif(len(jax.devices()) < 2, reason="one device has no share to fill")


@pytest.fixture
def spreading():
    """Three groups (one of each seed) on two devices."""
    layer = Layer(2, 1, Choice("tanh"), Choice("zeros"), Choice("zeros"), 0.0, 0.0)
    member = Member((layer,), Choice("mean_squared_error"), Choice("sgd"))
    layout = plan_layout([member], num_seeds=3, num_devices=2, batch_size=4, tiles=1)
    return Spreading(layout, jax.devices()[:2])


def test_the_first_group_fills_the_room_that_is_left(spreading):
    """Each device has as many groups as the others."""
    assert spreading.room == 4
    tree = State([], [], step=np.array([5, 6, 7], np.int32), diverged_step=np.zeros((3, 1), np.int32))
    placed = spreading.groups(tree)
    assert placed.step.tolist() == [5, 6, 7, 5]
    assert [shard.data.shape for shard in placed.step.addressable_shards] == [(2,), (2,)]
    assert spreading.of_trials(placed.diverged_step).shape == (1, 3)


def test_groups_without_a_trial_of_interest_count_nothing(spreading):
    """Nor does what only fills the room."""
    assert spreading.counts(9).tolist() == [9, 9, 9, 0]
    assert spreading.counts(9, np.array([[False, True, False]])).tolist() == [0, 9, 0, 0]


def test_a_described_array_is_like_a_placed_one(spreading):
    """Shape, type and place."""
    placed = spreading.groups(State([], [], np.zeros(3, np.int32), np.zeros((3, 1), np.int32))).diverged_step
    described = spreading.grouped_shape((3, 1), np.int32)
    assert (described.shape, described.dtype, described.sharding) == (placed.shape, placed.dtype, placed.sharding)
