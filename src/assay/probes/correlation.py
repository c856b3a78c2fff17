"""Whether a layer still tells its inputs apart."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from assay.engine.tracing import Layers, Measurement, Signals, over_equal_shapes


class CorrelationProbe:
    """Mean cosine between the pre-activations of different examples; quantity ``correlation``, statistic ``mean``.

    Towards 1 all inputs look the same (the ordered phase); towards 0 near inputs are torn apart (the chaotic phase) —
    Poole et al., NeurIPS 2016, Eq. 5. For B unit vectors v the mean over pairs is (‖Σ v‖² − B) / (B (B − 1)). An
    example whose vector is 0 counts as 0.
    """

    def measure(self, layers: Layers) -> Signals:
        """One mean a layer."""
        items = [(trace.preactivations,) for trace in layers.traces]
        return [{"correlation": Measurement.of({"mean": mean})} for mean in over_equal_shapes(_mean_cosine, items)]


def _mean_cosine(preactivations: Array) -> Array:
    z = jnp.nan_to_num(preactivations)
    scale = jnp.max(jnp.abs(z), axis=1, keepdims=True)
    z = z / jnp.where(scale > 0, scale, 1.0)
    norm = jnp.sqrt(jnp.sum(z**2, axis=1, keepdims=True))
    unit = z / jnp.where(norm > 0, norm, 1.0)
    count = z.shape[2]
    total = jnp.sum(jnp.sum(unit, axis=2) ** 2, axis=1) - jnp.sum(unit**2, axis=(1, 2))
    return total / max(count * (count - 1), 1)
