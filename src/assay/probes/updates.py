"""How far the next update moves a kernel, relative to its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.palette import PURPLE
from assay.probes.measuring import LayerProbe, array_module
from assay.probes.quantity import Quantity

if TYPE_CHECKING:
    from jax import Array

UPDATE = Quantity(
    name="update",
    title="update of the kernel",
    meaning="the size of the optimizer's next update of the kernel, divided by the size of the kernel",
    statistics=("ratio",),
    size="ratio",
    colour=PURPLE,
    per="parameter",
    parameter="kernel",
    after_update=("ratio",),
    order=80,
)


def relative_update(kernel: Array, update: Array) -> Array:
    """‖update‖ / ‖kernel‖, (M,), Frobenius norms of (M, U, F); 0 where the kernel is zero.

    About 1e-3 is often taken as a sound value.
    """
    jnp = array_module(kernel)
    size = _norm(kernel)
    return jnp.where(size > 0, _norm(update) / jnp.where(size > 0, size, 1.0), 0.0)


def _norm(kernel: Array) -> Array:
    """Frobenius norm of each member's kernel, (M,), scaled so that squares neither overflow nor vanish."""
    jnp = array_module(kernel)
    largest = jnp.max(jnp.abs(kernel), axis=(1, 2))
    scale = jnp.where(largest > 0, largest, 1.0)
    return scale * jnp.sqrt(jnp.sum((kernel / scale[:, None, None]) ** 2, axis=(1, 2)))


PROBES = (LayerProbe(UPDATE, relative_update, ("kernel", "kernel_update")),)
