"""The distributions of the arrays of every layer, before training and through it."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array

from assay.engine.tracing import Layers, Signals, over_equal_shapes
from assay.probes.distribution import distribution

ARRAYS = (
    "preactivations",
    "activations",
    "errors",
    "kernel",
    "kernel_gradient",
    "bias",
    "bias_gradient",
)
# Code for another size costs a second to compile; measuring this many values costs microseconds.
SMALL = 1024


@dataclass(frozen=True)
class ArrayProbe:
    """The distributions of arrays of a `LayerTrace`, over units and examples or over a kernel's entries.

    Attributes
    ----------
    quantities : tuple of str
        Attributes of the layer, which are also the names in the signals table.
    """

    quantities: tuple[str, ...] = ARRAYS

    def measure(self, layers: Layers) -> Signals:
        """All distributions together, so that equal sizes share their code."""
        arrays = [getattr(trace, name) for trace in layers.traces for name in self.quantities]
        found = iter(over_equal_shapes(distribution, [_flat(array) for array in arrays]))
        return [{name: next(found) for name in self.quantities} for _ in layers.traces]


def _flat(array: Array) -> tuple[Array, Array]:
    """Values by member, (M, N), and how many of them are padding: small arrays are all given one size."""
    values = array.reshape(array.shape[0], -1)
    padding = max(0, SMALL - values.shape[1])
    return jnp.pad(values, ((0, 0), (0, padding)), constant_values=jnp.nan), jnp.full(len(values), padding)
