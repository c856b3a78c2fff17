"""How a quantity is measured: a probe that knows its records, and the common one that applies a function to a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from assay._lazy import lazy_module
from assay.probes.quantity import Quantity

if TYPE_CHECKING:
    from assay.engine.layout import Segment
    from assay.engine.tracing import Layers, Measurement, Signals

jax: Any = lazy_module("jax")


def array_module(array: Any) -> ModuleType:
    """NumPy for its arrays, ``jax.numpy`` for all others.

    A population's probes are compiled. A single network of the user's is measured by the same functions in NumPy, layer
    by layer: to compile a program for its shapes would take longer than to measure it.
    """
    return np if isinstance(array, np.ndarray) else jax.numpy


class QuantityProbe(Protocol):
    """The engine's `Probe` that says what it measures."""

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What `measure` finds, and nothing else."""

    def measure(self, layers: Layers) -> Signals:
        """Each quantity in each layer, by name."""

    def measure_alone(self, arrays: Mapping[str, np.ndarray], segments: tuple[Segment, ...]) -> dict[str, Measurement]:
        """Those of one layer of a single network, by name.

        Parameters
        ----------
        arrays : mapping of str to array, (1, …)
            By the names of `assay.engine.tracing.LayerTrace`: those that the layer has.
        segments : tuple of Segment
            One, with the layer's activation.
        """


@dataclass(frozen=True)
class LayerProbe:
    """Measures one quantity in each layer: a function of some of its arrays.

    Attributes
    ----------
    quantity : Quantity
    function : callable
        Takes the arrays, (M, …) each, and treats members one by one. Returns an array (M,), or a tuple with one for
        each of the quantity's statistics.
    arrays : tuple of str
        What the function is given: attributes of an `assay.engine.tracing.LayerTrace`.
    by_activation : bool
        Whether the function is also given the layer's segments, which hold its activations.
    """

    quantity: Quantity
    function: Callable[..., Any]
    arrays: tuple[str, ...]
    by_activation: bool = False

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The one that it measures."""
        return (self.quantity,)

    def measure(self, layers: Layers) -> Signals:
        """The numbers of each layer; layers of equal shapes share their code."""
        from assay.engine.tracing import Measurement, over_equal_shapes

        items = [tuple(getattr(trace, name) for name in self.arrays) for trace in layers.traces]
        found = over_equal_shapes(self.function, items, layers.activations if self.by_activation else None)
        tuples = map(_as_tuple, found)
        return [
            {self.quantity.name: Measurement.of(dict(zip(self.quantity.statistics, values, strict=True)))}
            for values in tuples
        ]

    def measure_alone(self, arrays: Mapping[str, np.ndarray], segments: tuple[Segment, ...]) -> dict[str, Measurement]:
        """Nothing where the layer lacks one of the arrays."""
        from assay.engine.tracing import Measurement

        if not all(name in arrays for name in self.arrays):
            return {}
        static = (segments,) if self.by_activation else ()
        values = _as_tuple(self.function(*(arrays[name] for name in self.arrays), *static))
        row: Any = np.array([[float(np.asarray(value)[0]) for value in values]], np.float32)
        return {self.quantity.name: Measurement(self.quantity.statistics, row)}


def _as_tuple(values: Any) -> tuple[Any, ...]:
    return values if isinstance(values, tuple) else (values,)
