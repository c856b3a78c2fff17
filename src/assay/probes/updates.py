"""How far the next update moves a kernel, relative to its size."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from assay.engine.tracing import Layers, Measurement, Signals, over_equal_shapes


class UpdateProbe:
    """‖update‖ / ‖kernel‖, Frobenius norms; quantity ``update``, statistic ``ratio``.

    0 where the kernel is zero. About 1e-3 is often taken as a sound value.
    """

    def measure(self, layers: Layers) -> Signals:
        """One ratio a layer."""
        items = [(trace.kernel, trace.kernel_update) for trace in layers.traces]
        return [{"update": Measurement.of({"ratio": ratio})} for ratio in over_equal_shapes(_ratio, items)]


def _ratio(kernel: Array, update: Array) -> Array:
    size = _norm(kernel)
    return jnp.where(size > 0, _norm(update) / jnp.where(size > 0, size, 1.0), 0.0)


def _norm(kernel: Array) -> Array:
    """Frobenius norm of each member's kernel, (M,), scaled so that squares neither overflow nor vanish."""
    largest = jnp.max(jnp.abs(kernel), axis=(1, 2))
    scale = jnp.where(largest > 0, largest, 1.0)
    return scale * jnp.sqrt(jnp.sum((kernel / scale[:, None, None]) ** 2, axis=(1, 2)))
