"""The networks of a group: from a batch to outputs, losses and penalties, of all members together.

Feature-major: kernels (M, out, in), activations (M, units, B). The first product ``moi,bi->mob`` is then one plain
matrix product over all members of a group, and no kernel is ever transposed; 1.3 to 2 times as fast on a CPU as
``vmap`` over the usual layout.

Index letters: M slots of a group, B examples of a batch, F features, K outputs.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from assay.engine.arguments import Parameters
from assay.engine.recipe import Recipe
from assay.engine.segments import by_segment, divided, joined
from assay.engine.sparse import SparseBatch, sparse_product
from assay.learning.losses import loss_values


def forward(
    recipe: Recipe,
    parameters: Parameters,
    inputs: Array | SparseBatch,
    dropout: list[Array] | None = None,
    key: Array | None = None,
) -> Array:
    """The outputs of every member of a group.

    Parameters
    ----------
    inputs : array, shape (B, F)
    dropout, key : list of array (M,), and a key; optional
        Rate after each layer's activation, drawn from one mask per layer for all members: seeds stay paired.

    Returns
    -------
    array, shape (M, K, B)
    """
    first, *others = parameters
    z = first_product(first.kernel, inputs) + first.bias[:, :, None]
    h = by_segment(recipe.activations[0], z)
    for layer, (kernel, bias) in enumerate(others, start=1):
        if dropout:
            assert key is not None
            h = _drop(h, dropout[layer - 1], jax.random.fold_in(key, layer))
        z = jnp.einsum("moi,mib->mob", kernel, h) + bias[:, :, None]
        h = by_segment(recipe.activations[layer], z)
    return h


def first_product(kernel: Array, inputs: Array | SparseBatch) -> Array:
    """Pre-activations of the first layer without bias, (M, out, B): one product for all members of the group."""
    if isinstance(inputs, SparseBatch):
        return sparse_product(kernel, inputs)
    return jnp.einsum("moi,bi->mob", kernel, inputs)


def _drop(h: Array, rate: Array, key: Array) -> Array:
    """Inverted dropout (Srivastava et al., JMLR 2014): kept units are scaled by 1 / (1 − rate)."""
    uniform = jax.random.uniform(key, h.shape[1:])
    rate = rate[:, None, None]
    return jnp.where(uniform[None] >= rate, h / (1.0 - rate), 0.0)


def example_losses(recipe: Recipe, targets: Array, outputs: Array) -> Array:
    """Loss of each example, (M, B)."""
    parts = zip(recipe.losses, divided(recipe.losses, outputs), strict=True)
    return joined(recipe.losses, [loss_values(segment.kind, targets, part) for segment, part in parts])


def penalty(parameters: Parameters, l2: list[Array]) -> Array | float:
    """Σ over layers of l2 · Σ kernel², (M,), as Keras' `regularizers.L2`; 0 where `l2` is empty."""
    return sum(rate * jnp.sum(layer.kernel**2, axis=(1, 2)) for rate, layer in zip(l2, parameters, strict=False))
