"""Trees in few arrays."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from assay.engine.packing import Packed


def test_a_tree_comes_back_from_a_few_arrays():
    """One array for each shape and type; on the host the rows of the trials, one leading axis more."""
    groups, slots = 2, 3
    scale = jnp.arange(groups * slots, dtype=jnp.float32).reshape(groups, slots)
    tree = {
        "a": scale,
        "b": [scale + 10, jnp.stack([scale, -scale], axis=-1)],
        "c": scale.astype(jnp.int32),
    }
    packed = jax.vmap(Packed.of)(tree)
    assert len(packed.arrays) == 3
    position = np.array([[0, 1], [1, 0]]), np.array([[2, 0], [1, 1]])
    found = packed.unpacked(position)
    assert jax.tree.structure(found) == jax.tree.structure(tree)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(tree), strict=True):
        np.testing.assert_array_equal(one, np.asarray(other)[position])
