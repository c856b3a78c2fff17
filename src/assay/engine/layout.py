"""Where each member of a population lies: groups of slots, with static segments of one kind.

A population trains C conditions × S seeds of one shape. Members of one seed see the same batches, so they sit in one
**group**: its batch is gathered once and its first layer is a single matrix product. Every group has the same slots
in the same order (one program serves them all), sorted so that members of one kind (optimizer, loss, activations) are
contiguous: a **segment** is applied to static slices, not chosen by a switch that would run every branch.

With T tiles a seed's conditions are dealt over T groups; tiles keep a group's state in cache and give every core work.
A kind that does not divide evenly repeats a member in its last slot; the copy is trained and ignored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from assay.choices import Choice
from assay.learning.optimizers import Static, slot_names, static_part
from assay.networks.architecture import Layer

Kind = TypeVar("Kind", bound=Hashable)

# What a step of a group costs a core: something for each of its kinds whatever their number, its products, what it
# touches, and again what of that is beyond the core's share of the last-level cache. Of two cores of a server (AMD EPYC
# 9004); `benchmarks/layout.py`.
KIND_SECONDS = 20e-6
FLOP_RATE = 90e9
CACHED_BYTES_RATE = 13e9
OTHER_BYTES_RATE = 10e9
GROUP_BYTES = 8 * 2**20
FLOAT_BYTES = 4
# A unit's pre-activation, activation and error live through a step.
ARRAYS_PER_UNIT = 3


@dataclass(frozen=True)
class Member:
    """What one condition is to the engine: a network, what it minimizes, and how."""

    layers: tuple[Layer, ...]
    loss: Choice
    optimizer: Choice

    @cached_property
    def kind(self) -> tuple[Hashable, ...]:
        """What is static in its program: members of equal kind differ in numbers only."""
        return (self.static_optimizer, self.loss, tuple(layer.activation for layer in self.layers))

    @cached_property
    def static_optimizer(self) -> Static:
        """What of its optimizer decides the program."""
        return static_part(self.optimizer)

    @property
    def state_bytes(self) -> int:
        """Memory of its parameters, their gradients and the optimizer's slots."""
        copies = 2 + len(slot_names(self.static_optimizer))
        return FLOAT_BYTES * copies * sum(layer.parameters for layer in self.layers)

    def step_bytes(self, batch_size: int) -> int:
        """Memory that one step touches: the state, and what its layers compute for a batch."""
        units = sum(layer.units for layer in self.layers)
        return self.state_bytes + FLOAT_BYTES * ARRAYS_PER_UNIT * units * batch_size

    def step_flop(self, batch_size: int) -> float:
        """Operations of a step's products: 2 forward and 4 backward, a parameter and example."""
        return 6.0 * batch_size * sum(layer.parameters for layer in self.layers)


@dataclass(frozen=True)
class Segment(Generic[Kind]):
    """The slots that share one static `kind`: from `start` to `stop` in each of `rows` equal stretches of the slots.

    Where every activation meets every optimizer, the slots of an activation are one stretch, and those of an optimizer
    are a piece of every stretch: static slices, both.
    """

    kind: Kind
    start: int
    stop: int
    rows: int = 1

    def of(self, groups: np.ndarray) -> np.ndarray:
        """Its slots of an array (G, M), one stretch after another."""
        return groups.reshape(len(groups), self.rows, -1)[:, :, self.start : self.stop].reshape(len(groups), -1)

    @property
    def size(self) -> int:
        """How many slots it has."""
        return self.rows * (self.stop - self.start)


@dataclass(frozen=True)
class Layout:
    """The place of every member.

    Attributes
    ----------
    members : tuple of Member, length C
        One per condition.
    num_seeds : int
        S; each member is trained from every seed.
    tiles : int
        T; groups per seed.
    slots : tuple of tuple of int, shape (T, M)
        The condition in each slot of each tile; a condition that appears twice is padding the second time.
    """

    members: tuple[Member, ...]
    num_seeds: int
    tiles: int
    slots: tuple[tuple[int, ...], ...]

    @property
    def num_groups(self) -> int:
        return self.num_seeds * self.tiles

    @property
    def num_slots(self) -> int:
        return len(self.slots[0])

    @cached_property
    def group_seeds(self) -> np.ndarray:
        """Index of the seed of each group, shape (G,)."""
        return np.repeat(np.arange(self.num_seeds), self.tiles)

    @cached_property
    def group_conditions(self) -> np.ndarray:
        """Index of the condition in each slot of each group, shape (G, M)."""
        return np.tile(np.asarray(self.slots), (self.num_seeds, 1))

    @cached_property
    def position(self) -> tuple[np.ndarray, np.ndarray]:
        """Group and slot of each (condition, seed): two arrays of shape (C, S)."""
        first: dict[int, tuple[int, int]] = {}
        for tile, conditions in enumerate(self.slots):
            for slot, condition in enumerate(conditions):
                first.setdefault(condition, (tile, slot))
        tile, slot = np.array([first[condition] for condition in range(len(self.members))]).T
        groups = np.arange(self.num_seeds)[None, :] * self.tiles + tile[:, None]
        return groups, np.broadcast_to(slot[:, None], groups.shape)

    @property
    def state_bytes(self) -> int:
        """Memory of all members' training state, padding included."""
        member_bytes = max(member.state_bytes for member in self.members)
        return member_bytes * self.num_groups * self.num_slots

    def segments(self, kind_of: Callable[[Member], Kind]) -> tuple[Segment[Kind], ...]:
        """The runs of equal ``kind_of(member)`` along the slots; the same in every group.

        Where the same runs come again and again, the runs of a kind are one segment.
        """
        kinds = [kind_of(self.members[condition]) for condition in self.slots[0]]
        rows = sum(kind == kinds[0] and (slot == 0 or kinds[slot - 1] != kind) for slot, kind in enumerate(kinds))
        length, rest = divmod(len(kinds), rows)
        if rest or kinds != kinds[:length] * rows:
            rows, length = 1, len(kinds)
        kinds = kinds[:length]
        starts = [slot for slot, kind in enumerate(kinds) if slot == 0 or kind != kinds[slot - 1]]
        stops = [*starts[1:], len(kinds)]
        return tuple(Segment(kinds[start], start, stop, rows) for start, stop in zip(starts, stops, strict=True))


def plan_layout(
    members: Sequence[Member], *, num_seeds: int, num_devices: int, batch_size: int, tiles: int | None = None
) -> Layout:
    """Choose the number of tiles and deal the members over them.

    Parameters
    ----------
    members : sequence of Member, length C
        All of one shape.
    num_seeds, num_devices : int
        S, and how many groups can run at the same time.
    batch_size : int
    tiles : int, optional
        Use this number instead of choosing one (to continue a checkpoint).

    Notes
    -----
    Devices work in rounds of one group each, so all networks make a step in ceil(S T / devices) times the seconds of a
    group's step: few members share what a step costs in itself, many do not fit in the cache, and a number that does
    not divide them pads. The quickest wins, then the fewest tiles. For networks of 289 parameters and batches of 272
    that is twice as fast as one tile; `benchmarks/layout.py` measures the rule against other numbers of tiles.
    """
    by_kind: dict[tuple[Hashable, ...], list[int]] = {}
    for condition, member in enumerate(members):
        by_kind.setdefault(member.kind, []).append(condition)
    order = _by_activation if _is_grid(by_kind) else _by_optimizer
    by_kind = {kind: by_kind[kind] for kind in sorted(by_kind, key=order)}
    largest = max(len(conditions) for conditions in by_kind.values())
    # An optimizer's updates and a stack of activations are programs of their own.
    step_seconds = KIND_SECONDS * (len({kind[0] for kind in by_kind}) + len({kind[1:] for kind in by_kind}))
    of_each_kind = [members[conditions[0]] for conditions in by_kind.values()]
    member_bytes = max(member.step_bytes(batch_size) for member in of_each_kind)
    member_seconds = of_each_kind[0].step_flop(batch_size) / FLOP_RATE + member_bytes / CACHED_BYTES_RATE

    def num_slots(tiles: int) -> int:
        return sum(math.ceil(len(conditions) / tiles) for conditions in by_kind.values())

    def cost(tiles: int) -> tuple[float, int]:
        others = max(0, num_slots(tiles) * member_bytes - GROUP_BYTES)
        seconds = step_seconds + num_slots(tiles) * member_seconds + others / OTHER_BYTES_RATE
        return math.ceil(num_seeds * tiles / num_devices) * seconds, tiles

    tiles = tiles or min(range(1, largest + 1), key=cost)
    slots = tuple(
        tuple(
            conditions[(offset * tiles + tile) % len(conditions)]
            for conditions in by_kind.values()
            for offset in range(math.ceil(len(conditions) / tiles))
        )
        for tile in range(tiles)
    )
    return Layout(tuple(members), num_seeds, tiles, slots)


def _is_grid(by_kind: Mapping[tuple[Hashable, ...], Sequence[int]]) -> bool:
    """Whether every optimizer meets every pair of loss and activations, equally often."""
    optimizers, forward = {kind[0] for kind in by_kind}, {kind[1:] for kind in by_kind}
    counts = {len(conditions) for conditions in by_kind.values()}
    return len(counts) == 1 and len(by_kind) == len(optimizers) * len(forward)


def _by_activation(kind: tuple[Hashable, ...]) -> tuple[str, ...]:
    """Losses side by side, within one the activations, within these the optimizers: few segments of each."""
    optimizer, *forward = map(repr, kind)
    return (*forward, optimizer)


def _by_optimizer(kind: tuple[Hashable, ...]) -> tuple[str, ...]:
    """Optimizers side by side: without a grid they would be cut into as many segments as there are kinds."""
    return tuple(map(repr, kind))
