"""Updates of many optimizers at once."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine.arguments import LayerParameters
from assay.engine.layout import Member, plan_layout
from assay.engine.numbers import member_numbers
from assay.engine.recipe import Recipe
from assay.engine.starting import starting_state
from assay.engine.updating import updated
from assay.learning.optimizers import clip, numeric_part, slots, static_part, update
from assay.networks.architecture import Layer

SIZES = ((4, 3), (3, 2))
OPTIMIZERS = (
    Choice("adam"),
    Choice("sgd", {"learning_rate": 0.1, "global_clipnorm": 0.5}),
    Choice("adam", {"learning_rate": 0.02}),
)


def members(rates: tuple[float | None, ...]) -> list[Member]:
    layers = tuple(
        Layer(*sizes, Choice("tanh"), Choice("he_normal"), Choice("random_normal"), learning_rate=rate)
        for sizes, rate in zip(SIZES, rates, strict=True)
    )
    return [Member(layers, Choice("mean_squared_error"), optimizer) for optimizer in OPTIMIZERS]


@pytest.mark.parametrize("rates", [(None, None), (0.3, None)])
def test_each_member_makes_the_update_of_its_own_optimizer(rates):
    """As it does alone; the norm is taken over all its arrays, and a layer may have a learning rate of its own."""
    layout = plan_layout(members(rates), num_seeds=1, num_devices=1, batch_size=8, tiles=1)
    recipe = Recipe.of(layout, "regression")
    generator = np.random.default_rng(0)
    group = jax.tree.map(lambda leaf: leaf[0], starting_state(layout, recipe, [3]))
    numbers = jax.tree.map(lambda leaf: leaf[0], member_numbers(layout, recipe, [3]))
    gradients = [
        LayerParameters(*(generator.normal(size=array.shape).astype(np.float32) for array in layer))
        for layer in group.parameters
    ]
    found, _ = updated(recipe, group.parameters, gradients, group.slots, np.float32(1), numbers)
    for condition, optimizer in enumerate(OPTIMIZERS):
        slot = layout.position[1][condition, 0]
        static = static_part(optimizer)
        own = {name: np.asarray([value], np.float32) for name, value in numeric_part(optimizer).items()}
        flat = [array[slot][None] for layer in gradients for array in layer]
        clipped = clip(static, flat, own)
        arrays = [array[slot][None] for layer in group.parameters for array in layer]
        results = [array[slot] for layer in found for array in layer]
        for index, (array, gradient, result) in enumerate(zip(arrays, clipped, results, strict=True)):
            rate = rates[index // 2]
            of_layer = own | ({} if rate is None else {"learning_rate": np.asarray([rate], np.float32)})
            expected, _ = update(
                static,
                parameter=array,
                gradient=gradient,
                slots=slots(static, array.shape),
                step=np.float32(1),
                numbers=of_layer,
            )
            np.testing.assert_allclose(result, expected[0], rtol=1e-6)
