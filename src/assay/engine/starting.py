"""The state at step 0: every member's own initial parameters, seed by seed.

Draws are the host's, so that a seed starts every condition from the same luck, on every device.

Index letters: G groups, M slots of a group, C conditions, S seeds.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import jax
import numpy as np

from assay.engine.arguments import LayerParameters, State
from assay.engine.layout import Layout
from assay.engine.numbers import member_numbers
from assay.engine.recipe import Recipe
from assay.engine.updating import initial_slots
from assay.networks.initializers import draw_bias, draw_kernel

Learnt = Mapping[tuple[int, int, int], LayerParameters[np.ndarray]]
"""(condition, index of the seed, layer from 0) → kernel (fan_in, units) and bias (units,)."""


def starting_state(
    layout: Layout, recipe: Recipe, seeds: Sequence[int], learnt: Learnt | None = None
) -> State[np.ndarray]:
    """The state before the first update, on the host.

    Parameters
    ----------
    layout, recipe : Layout and Recipe
    seeds : sequence of int, length S
    learnt : mapping, optional
        What stands in the place of draws; must hold every layer that has an autoencoder, see `assay.pretraining`.
    """
    learnt = learnt or {}
    for condition, member in enumerate(layout.members):
        for at, layer in enumerate(member.layers):
            is_held = layer.kernel_initializer.name != "autoencoder" or (condition, 0, at) in learnt
            assert is_held, "pre-train autoencoders before they start: see assay.pretraining"
    shapes = parameter_shapes(layout, recipe)
    parameters = [_drawn(layout, recipe, seeds, at, shape) for at, shape in enumerate(shapes)]
    for (condition, seed_index, at), (entries, own_bias) in learnt.items():
        trial = (layout.group_conditions == condition) & (layout.group_seeds == seed_index)[:, None]
        parameters[at].kernel[trial] = recipe.turned(entries, at)
        parameters[at].bias[trial] = own_bias
    return State(
        parameters,
        initial_slots(recipe, shapes, parameters, member_numbers(layout, recipe, seeds).optimizer),
        step=np.zeros(layout.num_groups, np.int32),
        diverged_step=np.zeros((layout.num_groups, layout.num_slots), np.int32),
    )


def _drawn(
    layout: Layout, recipe: Recipe, seeds: Sequence[int], at: int, shape: LayerParameters[jax.ShapeDtypeStruct]
) -> LayerParameters[np.ndarray]:
    """Layer `at` of all members as it is drawn.

    Many members share a draw: each is made once, for a pair of choices and a seed, and laid where it belongs.
    """
    layers = [member.layers[at] for member in layout.members]
    sizes = {"layer": at + 1, "units": layers[0].units, "depth": len(layout.members[0].layers)}
    drawn = LayerParameters(np.empty(shape.kernel.shape, np.float32), np.empty(shape.bias.shape, np.float32))
    kernels, biases = (array.reshape(-1, *array.shape[2:]) for array in drawn)  # of each group and slot in turn
    choices = [(layer.kernel_initializer, layer.bias_initializer) for layer in layers]
    distinct = {choice: number for number, choice in enumerate(dict.fromkeys(choices))}
    number = np.asarray([distinct[choice] for choice in choices])[layout.group_conditions]
    draw = np.ravel(number * len(seeds) + layout.group_seeds[:, None])
    places = np.split(np.argsort(draw, kind="stable"), np.cumsum(np.bincount(draw))[:-1])
    for ((kernel, bias), seed), here in zip(itertools.product(distinct, seeds), places, strict=True):
        entries = draw_kernel(kernel, seed=seed, fan_in=layers[0].fan_in, **sizes)
        kernels[here] = recipe.turned(entries, at)
        biases[here] = draw_bias(bias, seed=seed, **sizes)
    return drawn


def parameter_shapes(
    layout: Layout, recipe: Recipe, groups: int | None = None
) -> list[LayerParameters[jax.ShapeDtypeStruct]]:
    """Shape and type of each layer's parameters, (G, M, …); of other than all `groups` when given."""
    lead = (layout.num_groups if groups is None else groups, layout.num_slots)
    shapes = []
    for at, layer in enumerate(layout.members[0].layers):
        sides = (layer.fan_in, layer.units) if recipe.inputs_first(at) else (layer.units, layer.fan_in)
        kernel = jax.ShapeDtypeStruct((*lead, *sides), np.float32)
        shapes.append(LayerParameters(kernel, jax.ShapeDtypeStruct((*lead, layer.units), np.float32)))
    return shapes


def state_shapes(layout: Layout, recipe: Recipe) -> State[jax.ShapeDtypeStruct]:
    """Shape and type of every array of the state."""

    def of_all_groups(one: np.ndarray) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct((layout.num_groups, *one.shape[1:]), one.dtype)

    counts = jax.ShapeDtypeStruct((layout.num_groups,), np.int32)
    return State(
        parameter_shapes(layout, recipe),
        # Made for one group alone, for what they hold takes memory.
        jax.tree.map(of_all_groups, initial_slots(recipe, parameter_shapes(layout, recipe, groups=1))),
        step=counts,
        diverged_step=jax.ShapeDtypeStruct((layout.num_groups, layout.num_slots), np.int32),
    )
