"""The whole state of a population as named arrays, to go on from bit for bit."""

from __future__ import annotations

from collections.abc import Mapping

import jax
import numpy as np
from jax import Array

from assay.engine.arguments import State


def saved_arrays(state: State[Array], num_groups: int) -> dict[str, np.ndarray]:
    """The arrays of a state on the host, named by their order: ``0000`` is the first layer's kernel, ``0001`` its bias.

    After all parameters come the optimizers' slots, the steps made, and the steps of divergence. Groups beyond the
    first `num_groups` only fill the devices and are left out.
    """
    return {f"{index:04d}": np.asarray(leaf)[:num_groups] for index, leaf in enumerate(jax.tree.leaves(state))}


def restored_state(arrays: Mapping[str, np.ndarray], shapes: State[jax.ShapeDtypeStruct]) -> State[np.ndarray]:
    """The state that `saved_arrays` took apart, on the host; `shapes` says where each array belongs."""
    return jax.tree.unflatten(jax.tree.structure(shapes), [arrays[name] for name in sorted(arrays)])
