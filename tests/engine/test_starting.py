"""The state at step 0, and its shapes."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine.layout import Member, plan_layout
from assay.engine.recipe import Recipe
from assay.engine.starting import starting_state, state_shapes
from assay.networks.architecture import Layer
from assay.networks.initializers import draw_bias, draw_kernel

SEEDS = (5, 9)


def member(initializer: str, optimizer: str) -> Member:
    layers = tuple(
        Layer(fan_in, units, Choice("tanh"), Choice(initializer), Choice("random_normal"), 0.0, 0.0)
        for fan_in, units in ((4, 3), (3, 2))
    )
    return Member(layers, Choice("mean_squared_error"), Choice(optimizer))


MEMBERS = [member("he_normal", "adam"), member("glorot_uniform", "adafactor"), member("he_normal", "nadam")]


def planned(sparse: bool) -> tuple:
    layout = plan_layout(MEMBERS, num_seeds=len(SEEDS), num_devices=2, batch_size=8)
    return layout, Recipe.of(layout, "regression", sparse=sparse)


@pytest.mark.parametrize("sparse", [False, True])
def test_each_trial_has_the_draws_of_its_own_seed_and_choice(sparse):
    """Kernels lie as (out, in), those of a sparse first layer as (in, out)."""
    layout, recipe = planned(sparse)
    state = starting_state(layout, recipe, SEEDS)
    groups, slots = layout.position
    for condition, index in np.ndindex(groups.shape):
        place = groups[condition, index], slots[condition, index]
        for at, layer in enumerate(MEMBERS[condition].layers):
            sizes = {"seed": SEEDS[index], "layer": at + 1, "units": layer.units}
            kernel = draw_kernel(layer.kernel_initializer, fan_in=layer.fan_in, **sizes)
            kept = state.parameters[at].kernel[place]
            np.testing.assert_array_equal(kept if sparse and at == 0 else kept.T, kernel)
            np.testing.assert_array_equal(state.parameters[at].bias[place], draw_bias(layer.bias_initializer, **sizes))


@pytest.mark.parametrize("sparse", [False, True])
def test_the_shapes_are_those_of_the_state(sparse):
    """Every array, of every optimizer's slots too, and none more."""
    layout, recipe = planned(sparse)
    state, shapes = starting_state(layout, recipe, SEEDS), state_shapes(layout, recipe)
    assert jax.tree.structure(state) == jax.tree.structure(shapes)
    for leaf, shape in zip(jax.tree.leaves(state), jax.tree.leaves(shapes), strict=True):
        assert (leaf.shape, leaf.dtype) == (shape.shape, shape.dtype)


def test_what_was_learnt_stands_in_the_place_of_draws():
    """In the slots of its own trial, padding included; the others keep their draws."""
    layout, recipe = planned(sparse=False)
    kernel, bias = np.full((4, 3), 7.0, np.float32), np.full(3, 8.0, np.float32)
    drawn = starting_state(layout, recipe, SEEDS)
    state = starting_state(layout, recipe, SEEDS, {(1, 0, 0): (kernel, bias)})
    own = (layout.group_conditions == 1) & (layout.group_seeds == 0)[:, None]
    assert own.any()
    assert (state.parameters[0].kernel[own] == 7.0).all()
    assert (state.parameters[0].bias[own] == 8.0).all()
    np.testing.assert_array_equal(state.parameters[0].kernel[~own], drawn.parameters[0].kernel[~own])
    np.testing.assert_array_equal(state.parameters[1].kernel, drawn.parameters[1].kernel)
