"""The groups of a population over its devices, and the data whole on each of them.

Index letters: G groups, M slots of a group, C conditions, S seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as Spec
from jax.typing import DTypeLike

from assay.engine.arguments import Numbers, State
from assay.engine.devices import mesh_for
from assay.engine.layout import Layout

Result = TypeVar("Result")

# Where the arguments of a program lie: spread over the devices by group, or whole on each.
GROUPED, WHOLE = Spec("groups"), Spec()


def over_groups(program: Callable[..., Result], mesh: Mesh, specs: tuple[object, ...]) -> Callable[..., Result]:
    """Give each device of the mesh its share of what is `GROUPED`; what is `WHOLE` is there on every device.

    Parameters
    ----------
    program : callable
        Of as many arguments as there are `specs`; all that it returns has a leading axis of groups.
    """
    return jax.shard_map(program, mesh=mesh, in_specs=specs, out_specs=GROUPED, check_vma=False)


class Spreading:
    """Puts what belongs to groups, and what belongs to all of them, on the devices.

    Where the groups do not divide evenly, the first group is repeated in the room that is left, and ignored.

    Parameters
    ----------
    layout : Layout
    devices : sequence of jax.Device

    Attributes
    ----------
    mesh : jax.sharding.Mesh
    grouped, whole : jax.sharding.NamedSharding
        One share of the leading axis on each device; all of an array on each.
    """

    def __init__(self, layout: Layout, devices: Sequence[jax.Device]) -> None:
        self.layout = layout
        self.mesh = mesh_for(layout.num_groups, devices)
        self.grouped = NamedSharding(self.mesh, GROUPED)
        self.whole = NamedSharding(self.mesh, WHOLE)

    @property
    def room(self) -> int:
        """Groups on the devices, the repeated ones included."""
        return self.layout.num_groups + self._missing

    @property
    def _missing(self) -> int:
        return -self.layout.num_groups % self.mesh.size

    @overload
    def groups(self, tree: State[np.ndarray]) -> State[Array]: ...

    @overload
    def groups(self, tree: Numbers[np.ndarray]) -> Numbers[Array]: ...

    def groups(self, tree: State[np.ndarray] | Numbers[np.ndarray]) -> State[Array] | Numbers[Array]:
        """A tree of arrays (G, …), spread over the devices."""

        def placed(leaf: np.ndarray) -> Array:
            repeated = np.repeat(leaf[:1], self._missing, axis=0)
            return jax.device_put(np.concatenate([leaf, repeated]) if self._missing else leaf, self.grouped)

        return jax.tree.map(placed, tree)

    def counts(self, count: int, active: np.ndarray | None = None) -> Array:
        """`count` for each group with a trial that is `active`, (C, S), else 0; for every group when not given."""
        counts = np.zeros(self.room, np.int32)
        if active is None:
            counts[: self.layout.num_groups] = count
        else:
            counts[self.layout.position[0][active]] = count
        return jax.device_put(counts, self.grouped)

    def grouped_shape(self, shape: tuple[int, ...], dtype: DTypeLike) -> jax.ShapeDtypeStruct:
        """What `groups` makes of an array (G, …) of this shape."""
        return jax.ShapeDtypeStruct((self.room, *shape[1:]), dtype, sharding=self.grouped)

    def whole_shape(self, shape: tuple[int, ...], dtype: DTypeLike) -> jax.ShapeDtypeStruct:
        """An array of this shape, whole on every device."""
        return jax.ShapeDtypeStruct(shape, dtype, sharding=self.whole)

    def of_trials(self, array: Array) -> np.ndarray:
        """The numbers of each trial on the host, (C, S, …), of an array (G, M, …)."""
        return np.asarray(array)[self.layout.position]
