"""Where members lie."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.choices import Choice
from assay.engine.layout import GROUP_BYTES, Member, plan_layout
from assay.networks.architecture import Layer


def member(activation: str = "relu", optimizer: str = "sgd", units: int = 4, learning_rate: float = 0.1) -> Member:
    zeros = Choice("zeros")
    layers = (
        Layer(3, units, Choice(activation), zeros, zeros, 0.0, 0.0),
        Layer(units, 1, Choice("sigmoid"), zeros, zeros, 0.0, 0.0),
    )
    return Member(layers, Choice("binary_crossentropy"), Choice(optimizer, {"learning_rate": learning_rate}))


ONE = {"num_seeds": 1, "num_devices": 1, "batch_size": 32}
MIXED = [
    member(activation, optimizer, learning_rate=rate)
    for activation in ("relu", "tanh", "elu")
    for optimizer in ("sgd", "adam")
    for rate in (0.1, 0.2, 0.3)
]


@pytest.mark.parametrize("tiles", [1, 2, 3])
@pytest.mark.parametrize("num_seeds", [1, 2, 5])
def test_every_trial_has_a_place_of_its_own(tiles, num_seeds):
    """Each condition and seed has one slot, in a group of that seed."""
    layout = plan_layout(MIXED, num_seeds=num_seeds, num_devices=2, batch_size=32, tiles=tiles)
    groups, slots = layout.position
    assert len(set(zip(groups.ravel(), slots.ravel(), strict=True))) == len(MIXED) * num_seeds
    for (condition, seed), group in np.ndenumerate(groups):
        assert layout.group_seeds[group] == seed
        assert layout.group_conditions[group, slots[condition, seed]] == condition


@pytest.mark.parametrize("tiles", [1, 2, 3])
def test_segments_are_the_same_in_every_group(tiles):
    """A slot holds members of one kind, whatever the group."""
    layout = plan_layout(MIXED, num_seeds=2, num_devices=2, batch_size=32, tiles=tiles)
    for segment in layout.segments(lambda member: member.kind):
        conditions = segment.of(layout.group_conditions)
        assert {layout.members[condition].kind for condition in conditions.ravel()} == {segment.kind}


@pytest.mark.parametrize("tiles", [1, 2, 3])
def test_a_grid_of_kinds_has_one_segment_for_each_choice(tiles):
    """Where every activation meets every optimizer each has one segment, whatever lies between its slots."""
    layout = plan_layout(MIXED, num_seeds=1, num_devices=2, batch_size=32, tiles=tiles)
    choices = (lambda member: member.layers[0].activation.name, lambda member: member.optimizer.name)
    for kind_of, count in zip(choices, (3, 2), strict=True):
        segments = layout.segments(kind_of)
        assert len(segments) == count
        assert sum(segment.size for segment in segments) == layout.num_slots
        for segment in segments:
            found = {kind_of(layout.members[condition]) for condition in segment.of(layout.group_conditions).ravel()}
            assert found == {segment.kind}


def test_without_a_grid_an_optimizer_is_still_one_segment():
    """Updates touch everything that a network has, so they are not cut up; the activations are."""
    lame = MIXED[:-1]
    layout = plan_layout(lame, **ONE)
    assert [segment.kind for segment in layout.segments(lambda member: member.optimizer.name)] == ["adam", "sgd"]


def test_one_kind_is_one_segment():
    """Members that differ in numbers alone share one segment."""
    layout = plan_layout([member(learning_rate=rate) for rate in (0.1, 0.2, 0.3)], **ONE)
    assert len(layout.segments(lambda member: member.kind)) == 1


def test_tiles_balance_an_odd_number_of_seeds():
    """Three seeds on two devices are dealt so that no device waits for a third of the time."""
    members = [member(units=2000, learning_rate=rate) for rate in np.linspace(0.1, 1, 12)]
    layout = plan_layout(members, num_seeds=3, num_devices=2, batch_size=32)
    assert layout.num_groups % 2 == 0


def test_large_members_get_groups_of_their_own():
    """Groups stay within the cache's share, or hold one member of each kind."""
    large = [member(units=20_000, learning_rate=rate) for rate in np.linspace(0.1, 1, 24)]
    layout = plan_layout(large, num_seeds=1, num_devices=2, batch_size=1)
    assert 1 < layout.num_slots * large[0].step_bytes(1) <= GROUP_BYTES


def test_large_batches_get_small_groups():
    """What a step computes for its batch counts as well as the state."""
    many = [member(units=16, learning_rate=rate) for rate in np.linspace(0.1, 1, 4096)]
    small, large = (
        plan_layout(many, num_seeds=1, num_devices=2, batch_size=batch_size).num_slots for batch_size in (1, 1024)
    )
    assert large * 10 < small
    assert large * many[0].step_bytes(1024) <= GROUP_BYTES


def test_tiles_are_not_paid_for_with_padding():
    """A group slightly larger than the cache beats tiles that do not divide the members."""
    members = [member(units=20_000, learning_rate=rate) for rate in np.linspace(0.1, 1, 32)]
    member_bytes = members[0].step_bytes(1)
    layout = plan_layout(members, num_seeds=1, num_devices=2, batch_size=1)
    assert layout.num_slots * layout.tiles == 32
    assert layout.num_slots > 1
    assert GROUP_BYTES / 2 < layout.num_slots * member_bytes < GROUP_BYTES * 1.25


def test_many_kinds_share_a_group():
    """What a step costs for each kind is shared by more members than where there is one kind alone."""
    rates = np.linspace(0.1, 1, 64)
    one = [member(units=2000, learning_rate=rate) for rate in rates]
    activations = ("relu", "tanh", "elu", "gelu")
    mixed = [member(activations[at % 4], units=2000, learning_rate=rate) for at, rate in enumerate(rates)]
    few, many = (plan_layout(members, num_seeds=8, num_devices=2, batch_size=128) for members in (one, mixed))
    assert many.num_slots > few.num_slots


def test_padding_repeats_a_member_of_the_same_kind():
    """A kind that does not divide evenly is padded, and the copy has no place of its own."""
    layout = plan_layout([member(learning_rate=rate) for rate in (0.1, 0.2, 0.3)], **ONE, tiles=2)
    assert layout.num_groups * layout.num_slots == 4
    assert sorted(layout.group_conditions.ravel()) in ([0, 0, 1, 2], [0, 1, 1, 2], [0, 1, 2, 2])


# --- Any members ------------------------------------------------------------------------------------------------------

MEMBERS = st.lists(
    st.builds(
        member,
        activation=st.sampled_from(["relu", "tanh", "elu"]),
        optimizer=st.sampled_from(["sgd", "adam", "rmsprop"]),
        learning_rate=st.floats(1e-4, 1.0),
    ),
    min_size=1,
    max_size=40,
)
MACHINES = st.fixed_dictionaries(
    {
        "num_seeds": st.integers(1, 6),
        "num_devices": st.integers(1, 8),
        "batch_size": st.integers(1, 512),
        "tiles": st.one_of(st.none(), st.integers(1, 7)),
    }
)


@given(MEMBERS, MACHINES)
def test_every_trial_of_any_members_has_a_place_of_its_own(members, machine):
    """Its slot holds its condition, in a group of its seed, and all other slots are padding."""
    layout = plan_layout(members, **machine)
    groups, slots = layout.position
    assert groups.shape == slots.shape == (len(members), machine["num_seeds"])
    assert len(set(zip(groups.ravel().tolist(), slots.ravel().tolist(), strict=True))) == groups.size
    conditions = np.broadcast_to(np.arange(len(members))[:, None], groups.shape)
    np.testing.assert_array_equal(layout.group_conditions[groups, slots], conditions)
    np.testing.assert_array_equal(layout.group_seeds[groups], np.broadcast_to(np.arange(groups.shape[1]), groups.shape))
    if machine["tiles"] is not None:
        assert layout.tiles == machine["tiles"]


@given(MEMBERS, MACHINES, st.sampled_from(["activation", "optimizer", "both"]))
def test_the_segments_of_any_members_partition_the_slots(members, machine, part):
    """Each slot of each group belongs to exactly one segment, whose kind is that of its member."""
    kinds_of = {
        "activation": lambda one: one.layers[0].activation.name,
        "optimizer": lambda one: one.optimizer.name,
        "both": lambda one: one.kind,
    }
    layout = plan_layout(members, **machine)
    numbers = np.arange(layout.num_groups * layout.num_slots).reshape(layout.num_groups, layout.num_slots)
    segments = layout.segments(kinds_of[part])
    covered = np.concatenate([segment.of(numbers) for segment in segments], axis=1)
    np.testing.assert_array_equal(np.sort(covered, axis=1), numbers)
    for segment in segments:
        conditions = segment.of(layout.group_conditions)
        assert conditions.shape == (layout.num_groups, segment.size)
        assert {kinds_of[part](layout.members[condition]) for condition in conditions.ravel()} == {segment.kind}


@given(MEMBERS, MACHINES)
def test_padding_of_any_members_is_less_than_a_tile_of_each_kind(members, machine):
    """A kind of n members takes ceil(n / T) slots in each of T tiles, no more."""
    layout = plan_layout(members, **machine)
    numbers = Counter(one.kind for one in members).values()
    assert layout.num_slots == sum(-(-number // layout.tiles) for number in numbers)
