"""The distributions of the arrays of every layer, before training and through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._lazy import lazy_module
from assay.palette import BLUE, GREEN, PURPLE, VERMILLION
from assay.probes.distribution import distribution, distribution_of
from assay.probes.quantity import DISTRIBUTION, SUMMARY, Quantity

if TYPE_CHECKING:
    import jax
    from jax import Array

    from assay.engine.layout import Segment
    from assay.engine.tracing import Layers, Measurement, Signals
else:
    jax = lazy_module("jax")

# Code for another size costs a second to compile; measuring this many values costs microseconds.
SMALL = 1024

# What all of them share.
ARRAY: dict[str, Any] = {"statistics": DISTRIBUTION, "has_histogram": True}

PREACTIVATIONS = Quantity(
    name="preactivations",
    title="pre-activations (z-values)",
    meaning="z, what a unit sums up, over units and examples",
    symbol="z",
    size="std",
    colour=BLUE,
    per="position",
    has_theory=True,
    panel=1,
    in_profiles=True,
    heading="z\nstd",
    told=SUMMARY,
    order=10,
    **ARRAY,
)
ACTIVATIONS = Quantity(
    name="activations",
    title="activations",
    meaning="φ(z), what a unit passes on, over units and examples",
    symbol="φ(z)",
    size="std",
    colour=GREEN,
    per="position",
    has_theory=True,
    panel=3,
    over_epochs=True,
    heading="a\nstd",
    told=SUMMARY,
    order=20,
    **ARRAY,
)
ERRORS = Quantity(
    name="errors",
    title="errors (gradient of z)",
    meaning="the gradient of each example's own loss with respect to z",
    symbol="∂ℓ/∂z",
    unit="loss",
    size="rms",
    colour=PURPLE,
    per="position",
    has_theory=True,
    heading="error\nrms",
    told=SUMMARY,
    order=40,
    **ARRAY,
)
KERNEL = Quantity(
    name="kernel",
    title="kernel (weights)",
    meaning="the entries of the kernel",
    symbol="W",
    size="std",
    colour=PURPLE,
    per="parameter",
    parameter="kernel",
    has_theory=True,
    panel=2,
    heading="kernel\nstd",
    told=SUMMARY,
    order=30,
    **ARRAY,
)
KERNEL_GRADIENT = Quantity(
    name="kernel_gradient",
    title="kernel gradient",
    meaning="the gradient of the mean loss over the examples, penalties included, with respect to the kernel",
    symbol="∂L/∂W",
    unit="loss",
    size="rms",
    colour=VERMILLION,
    per="parameter",
    parameter="kernel",
    has_theory=True,
    panel=4,
    in_profiles=True,
    over_epochs=True,
    heading="gradient\nrms",
    told=SUMMARY,
    order=50,
    **ARRAY,
)
BIAS = Quantity(
    name="bias",
    title="bias",
    meaning="the entries of the bias",
    symbol="b",
    size="std",
    colour=PURPLE,
    per="parameter",
    parameter="bias",
    told=SUMMARY,
    order=60,
    **ARRAY,
)
BIAS_GRADIENT = Quantity(
    name="bias_gradient",
    title="bias gradient",
    meaning="the gradient of the same loss with respect to the bias",
    symbol="∂L/∂b",
    unit="loss",
    size="rms",
    colour=VERMILLION,
    per="parameter",
    parameter="bias",
    order=70,
    **ARRAY,
)


@dataclass(frozen=True)
class ArrayProbe:
    """The distributions of arrays of a `LayerTrace`, over units and examples or over a parameter's entries.

    Attributes
    ----------
    quantities : tuple of Quantity
        Their names are those of the arrays.
    """

    quantities: tuple[Quantity, ...]

    def measure(self, layers: Layers) -> Signals:
        """All distributions together, so that equal sizes share their code."""
        from assay.engine.tracing import over_equal_shapes

        names = [quantity.name for quantity in self.quantities]
        arrays = [getattr(trace, name) for trace in layers.traces for name in names]
        found = iter(over_equal_shapes(distribution, [_flat(array) for array in arrays]))
        return [{name: next(found) for name in names} for _ in layers.traces]

    def measure_alone(self, arrays: Mapping[str, np.ndarray], segments: tuple[Segment, ...]) -> dict[str, Measurement]:
        """The distributions of those arrays that the layer has."""
        names = [quantity.name for quantity in self.quantities]
        return {name: distribution_of(arrays[name]) for name in names if name in arrays}


def _flat(array: Array) -> tuple[Array, Array]:
    """Values by member, (M, N), and how many of them are padding: small arrays are all given one size."""
    values = array.reshape(array.shape[0], -1)
    padding = max(0, SMALL - values.shape[1])
    padded = jax.numpy.pad(values, ((0, 0), (0, padding)), constant_values=jax.numpy.nan)
    return padded, jax.numpy.full(len(values), padding)


PROBES = (ArrayProbe((PREACTIVATIONS, ACTIVATIONS, ERRORS, KERNEL, KERNEL_GRADIENT, BIAS, BIAS_GRADIENT)),)
