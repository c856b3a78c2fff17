"""A tree of many small arrays as few large ones: each array that leaves a device takes its time."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

Tree = TypeVar("Tree")


@partial(jax.tree_util.register_dataclass, data_fields=["arrays"], meta_fields=["structure", "places"])
@dataclass(frozen=True)
class Packed(Generic[Tree]):
    """A tree, packed.

    Attributes
    ----------
    arrays : list of array, (M, leaves of one shape and type, …)
    structure : PyTreeDef
        Of the tree.
    places : tuple of (int, int)
        Where each leaf is: which array, and which index along its second axis.
    """

    arrays: list[Array]
    structure: jax.tree_util.PyTreeDef
    places: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, tree: Tree) -> Packed[Tree]:
        """Pack a tree of arrays (M, …)."""
        leaves, structure = jax.tree.flatten(tree)
        alike: dict[Hashable, list[Array]] = {}
        places = []
        for leaf in leaves:
            kind = (leaf.shape, leaf.dtype)
            held = alike.setdefault(kind, [])
            places.append((list(alike).index(kind), len(held)))
            held.append(leaf)
        return cls([jnp.stack(held, axis=1) for held in alike.values()], structure, tuple(places))

    def unpacked(self, position: tuple[np.ndarray, np.ndarray]) -> Tree:
        """The tree on the host, its arrays (C, S, …): the rows at `position` of (G, M, …)."""
        arrays = [np.asarray(array)[position] for array in self.arrays]
        return jax.tree.unflatten(self.structure, [arrays[array][:, :, index] for array, index in self.places])
