"""The outputs of every member for given rows, in a program of its own: compiled when somebody first asks for them.

Index letters: G groups, M slots of a group, P chunks of a call, B rows of a chunk, K outputs.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import Mesh

from assay.engine.arguments import Batches, Parameters
from assay.engine.compilation import Jitted, compiler_options
from assay.engine.network import forward
from assay.engine.program import batch_of
from assay.engine.recipe import Recipe
from assay.engine.sparse import Inputs
from assay.engine.spreading import GROUPED, WHOLE, over_groups

PIECE_BYTES = 64 * 2**20
"""The outputs that leave the devices in one call, at most; one chunk of all groups whatever it takes."""


def outputs_program(recipe: Recipe, mesh: Mesh) -> Jitted:
    """``(parameters, x, y, chunks, num_chunks) -> array (G, P, M, K, B)``: outputs after the output activation.

    Dropout is off. A row that pads a chunk, marked −1, has the outputs of row 0; what lies beyond a group's
    `num_chunks` is 0.

    Parameters of the compiled function
    -----------------------------------
    parameters : list (layers) of LayerParameters, arrays (G, M, …)
    x, y : Inputs (rows, F) and array (rows, K), on every device
    chunks : Batches, arrays (P, …)
        The rows, the same for all groups.
    num_chunks : array, (G,), int32
        How many of them are looked at; a group that looks at none costs nothing.
    """

    def program(parameters: Parameters, x: Inputs, y: Array, chunks: Batches[Array], num_chunks: Array) -> Array:
        pieces, rows = chunks.rows.shape
        slots, units = parameters[0].bias.shape[1], y.shape[1] - recipe.weighted

        def one_group(parameters: Parameters, count: Array) -> Array:
            def chunk(index: Array, found: Array) -> Array:
                examples = batch_of(recipe, x, y, jax.tree.map(lambda leaf: leaf[index], chunks))
                return found.at[index].set(forward(recipe, parameters, examples.inputs))

            return jax.lax.fori_loop(0, count, chunk, jnp.zeros((pieces, slots, units, rows)))

        if not recipe.at_once:
            return jax.lax.map(lambda group: one_group(*group), (parameters, num_chunks))
        return jax.vmap(one_group, in_axes=(0, None))(parameters, jnp.max(num_chunks))

    spread = over_groups(program, mesh, (GROUPED, WHOLE, WHOLE, Batches(WHOLE, WHOLE, WHOLE), GROUPED))
    return jax.jit(spread, compiler_options=compiler_options(mesh))
