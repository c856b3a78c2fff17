"""What one update does: to the pre-activations of every layer, and to the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from assay.palette import BLUE, VERMILLION
from assay.probes.measuring import LayerProbe, array_module
from assay.probes.quantity import Quantity

if TYPE_CHECKING:
    from jax import Array

    from assay.engine.layout import Segment
    from assay.engine.tracing import Layers, Measurement, Signals

RESPONSE = Quantity(
    name="response",
    title="response to one update",
    meaning="how far the next update moves the pre-activations, and the part of it that differs between examples",
    symbol="Δz",
    statistics=("rms", "spread"),
    size="rms",
    colour=BLUE,
    per="example",
    after_update=("rms", "spread"),
    order=130,
)
LOSS = Quantity(
    name="loss",
    title="loss",
    meaning="the mean loss on the examples, and what it is after the next update; numbers of the output layer",
    symbol="L",
    unit="loss",
    statistics=("before", "after"),
    size="before",
    colour=VERMILLION,
    per="network",
    after_update=("after",),
    order=140,
)


def response(change: Array) -> tuple[Array, Array]:
    """How far the next update of all layers moves a layer's pre-activations.

    A change far beyond the pre-activations' own size is too large a learning rate, and one that stays far below it
    through all updates of a training is too small a one; that it should not depend on the width is the coordinate check
    of Yang et al., *Tensor Programs V*, 2022.

    Parameters
    ----------
    change : array, shape (M, U, B)
        Δz: the pre-activations after the update, minus those before it.

    Returns
    -------
    rms : array, shape (M,)
        The root mean square of the change over units and examples; infinite where a change is not finite.
    spread : array, shape (M,)
        The same of the part of the change that differs between examples: 0 in a network that answers to every example
        alike, however far it moves.
    """
    jnp = array_module(change)
    broken = jnp.any(~jnp.isfinite(change), axis=(1, 2))
    change = jnp.nan_to_num(change, posinf=0.0, neginf=0.0)
    largest = jnp.max(jnp.abs(change), axis=(1, 2))
    scaled = change / jnp.where(largest > 0, largest, 1.0)[:, None, None]  # so that squares neither overflow nor vanish
    own = scaled - jnp.mean(scaled, axis=2, keepdims=True)

    def size(values: Array) -> Array:
        return jnp.where(broken, jnp.inf, largest * jnp.sqrt(jnp.mean(values**2, axis=(1, 2))))

    return size(scaled), size(own)


class LossProbe:
    """The mean loss on the examples, before and after one update; numbers of the output layer."""

    quantities = (LOSS,)

    def measure(self, layers: Layers) -> Signals:
        """Two numbers for the last layer, none for the others."""
        from assay.engine.tracing import Measurement

        measured = Measurement.of(dict(zip(LOSS.statistics, (layers.loss, layers.loss_after), strict=True)))
        return [*({} for _ in layers.traces[:-1]), {LOSS.name: measured}]

    def measure_alone(self, arrays: Mapping[str, np.ndarray], segments: tuple[Segment, ...]) -> dict[str, Measurement]:
        """Nothing: a single layer has no loss."""
        return {}


PROBES = (LayerProbe(RESPONSE, response, ("preactivation_change",)), LossProbe())
