"""The next update of a user's parameters, by the optimizers of the laboratory from their first state."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from assay.choices import Choice
from assay.learning.optimizers import Static, clip, numeric_part, slots, static_part, update


def can_update(optimizer: Choice | None, shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether the next update can be told: of Adafactor only for vectors and matrices."""
    return optimizer is not None and (optimizer.name != "adafactor" or all(len(shape) in (1, 2) for shape in shapes))


def next_parameters(
    optimizer: Choice, parameters: Sequence[np.ndarray], gradients: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """All parameters after the first update.

    Parameters
    ----------
    optimizer : Choice
        A name of `assay.learning.optimizers.OPTIMIZERS` with its arguments.
    parameters, gradients : sequence of array
        Of any shapes.

    Returns
    -------
    list of array of float32
    """
    numbers = {name: jnp.asarray([number], jnp.float32) for name, number in numeric_part(optimizer).items()}
    held = [jnp.asarray(array, jnp.float32)[None] for array in parameters]
    given = [jnp.asarray(array, jnp.float32)[None] for array in gradients]
    return [np.asarray(array[0]) for array in _next(static_part(optimizer), held, given, numbers)]


@partial(jax.jit, static_argnums=0)
def _next(static: Static, parameters: list[Array], gradients: list[Array], numbers: dict[str, Array]) -> list[Array]:
    first = jnp.float32(1.0)
    return [
        update(
            static,
            parameter=parameter,
            gradient=gradient,
            slots={name: jnp.asarray(slot) for name, slot in slots(static, parameter.shape).items()},
            step=first,
            numbers=numbers,
        )[0]
        for parameter, gradient in zip(parameters, clip(static, gradients, numbers), strict=True)
    ]
