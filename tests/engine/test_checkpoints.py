"""Saved states: which array has which name."""

from __future__ import annotations

import jax
import numpy as np

from assay.engine.arguments import LayerParameters, LayerSlots, State
from assay.engine.checkpoints import restored_state, saved_arrays


def small_state() -> State[np.ndarray]:
    """Two layers, two optimizers (one without slots); each array holds the number of its name, in 3 groups."""
    numbers = iter(range(100))

    def array() -> np.ndarray:
        return np.full((3, 2), next(numbers), np.float32)

    parameters = [LayerParameters(array(), array()) for _ in range(2)]
    with_slots = [
        LayerSlots({"momentum": array(), "velocity": array()}, {"momentum": array(), "velocity": array()})
        for _ in range(2)
    ]
    without = [LayerSlots({}, {}) for _ in range(2)]
    return State(parameters, [with_slots, without], step=array(), diverged_step=array())


def test_arrays_are_named_layer_by_layer_kernel_before_bias():
    """Then slots by optimizer, layer and name, then the two counts: folders in use rely on this order."""
    found = saved_arrays(small_state(), num_groups=2)
    assert list(found) == [f"{number:04d}" for number in range(4 + 8 + 2)]
    for number, (name, array) in enumerate(found.items()):
        assert int(name) == number
        assert array.shape == (2, 2)  # the third group only filled a device
        assert (array == number).all()


def test_a_restored_state_is_the_one_that_was_saved():
    """To the bit, and of the same shape."""
    state = small_state()
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), state)
    again = restored_state(saved_arrays(state, num_groups=3), shapes)
    assert jax.tree.structure(again) == jax.tree.structure(state)
    for one, other in zip(jax.tree.leaves(again), jax.tree.leaves(state), strict=True):
        np.testing.assert_array_equal(one, other)
