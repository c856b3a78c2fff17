"""What one update does: to the pre-activations of every layer, and to the loss."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from assay.engine.tracing import Layers, Measurement, Signals, over_equal_shapes


class ResponseProbe:
    """How far the next update of all layers moves each layer's pre-activations; quantity ``response``.

    ``rms`` is the root mean square of the change Δz over units and examples. ``spread`` is the same of the part of Δz
    that differs between examples: 0 in a network that answers to every example alike, however far it moves. A change
    far beyond the pre-activations' own size is too large a learning rate, and one that stays far below it through all
    updates of a training is too small a one; that it should not depend on the width is the coordinate check of Yang et
    al., *Tensor Programs V*, 2022.
    """

    def measure(self, layers: Layers) -> Signals:
        """Two numbers a layer."""
        items = [(trace.preactivation_change,) for trace in layers.traces]
        return [
            {"response": Measurement.of({"rms": rms, "spread": spread})}
            for rms, spread in over_equal_shapes(_sizes, items)
        ]


def _sizes(change: Array) -> tuple[Array, Array]:
    """Root mean squares, (M,), of changes (M, U, B); infinite where a change is not finite."""
    broken = jnp.any(~jnp.isfinite(change), axis=(1, 2))
    change = jnp.nan_to_num(change, posinf=0.0, neginf=0.0)
    largest = jnp.max(jnp.abs(change), axis=(1, 2))
    scaled = change / jnp.where(largest > 0, largest, 1.0)[:, None, None]  # so that squares neither overflow nor vanish
    own = scaled - jnp.mean(scaled, axis=2, keepdims=True)

    def size(values: Array) -> Array:
        return jnp.where(broken, jnp.inf, largest * jnp.sqrt(jnp.mean(values**2, axis=(1, 2))))

    return size(scaled), size(own)


class LossProbe:
    """The mean loss on the examples ``before`` and ``after`` one update; quantity ``loss`` of the output layer."""

    def measure(self, layers: Layers) -> Signals:
        """Two numbers for the last layer, none for the others."""
        measured = Measurement.of({"before": layers.loss, "after": layers.loss_after})
        return [*({} for _ in layers.traces[:-1]), {"loss": measured}]
