"""How a quantity is measured: a probe that knows its records, and the common one that applies a function to a layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from assay.probes.quantity import Quantity

if TYPE_CHECKING:
    from assay.engine.tracing import Layers, Signals


class QuantityProbe(Protocol):
    """The engine's `Probe` that says what it measures."""

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What `measure` finds, and nothing else."""

    def measure(self, layers: Layers) -> Signals:
        """Each quantity in each layer, by name."""


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
        tuples = [values if isinstance(values, tuple) else (values,) for values in found]
        return [
            {self.quantity.name: Measurement.of(dict(zip(self.quantity.statistics, values, strict=True)))}
            for values in tuples
        ]
