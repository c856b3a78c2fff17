"""What becomes of a layer's units: dead, saturated, or copies of each other."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from assay.choices import Choice
from assay.engine.layout import Segment
from assay.engine.segments import divided, joined
from assay.engine.tracing import Layers, Measurement, Signals, over_equal_shapes
from assay.networks.activations import activate
from assay.networks.traits import FLAT, traits_of

# A unit is a copy if all its pre-activations agree with another's to this part of the layer's largest.
SAME = 1e-6


class DeadUnits:
    """Units whose output is 0 for every example; quantity ``dead_units``, statistic ``fraction`` of the units.

    Of an activation that is constant somewhere else than at 0, such as max(x, -0.5), it is that constant.

    No gradient reaches the kernel of a dead ReLU (Lu et al., 2020).
    """

    def measure(self, layers: Layers) -> Signals:
        """One fraction a layer."""
        items = [(trace.activations,) for trace in layers.traces]
        found = over_equal_shapes(_dead, items, layers.activations)
        return [{"dead_units": Measurement.of({"fraction": fraction})} for fraction in found]


def _dead(activations: Array, segments: tuple[Segment, ...]) -> Array:
    parts = []
    for segment, values in zip(segments, divided(segments, activations), strict=True):
        traits = traits_of(segment.kind)
        silent = traits.dead_value if traits is not None else 0.0
        parts.append(jnp.mean(jnp.all(values == silent, axis=2), axis=1))
    return joined(segments, parts)


class SaturatedUnits:
    """The share of (unit, example) pairs at which a bounded activation is flat; ``saturation``, ``fraction``.

    Flat means |φ'(z)| < 0.05 · max |φ'|: beyond |z| = 2.18 for tanh, 4.37 for the sigmoid. 0 for activations that are
    not bounded on both sides: a ReLU that is off is not saturated (see dead units).
    """

    def measure(self, layers: Layers) -> Signals:
        """One fraction a layer."""
        items = [(trace.preactivations,) for trace in layers.traces]
        found = over_equal_shapes(_saturated, items, layers.activations)
        return [{"saturation": Measurement.of({"fraction": fraction})} for fraction in found]


def _saturated(preactivations: Array, segments: tuple[Segment, ...]) -> Array:
    parts = []
    for segment, z in zip(segments, divided(segments, preactivations), strict=True):
        choice = segment.kind
        traits = traits_of(choice)
        if traits is not None and traits.saturates:
            steepest = jnp.max(jnp.abs(_slope(choice, jnp.linspace(-6.0, 6.0, 1201)[:, None])))
            parts.append(jnp.mean(jnp.abs(_slope(choice, z)) < FLAT * steepest, axis=(1, 2)))
        else:
            parts.append(jnp.zeros(z.shape[0]))
    return joined(segments, parts)


def _slope(choice: Choice, z: Array) -> Array:
    """φ'(z), elementwise, by forward differentiation."""
    return jax.jvp(lambda z: activate(choice, z), (z,), (jnp.ones_like(z),))[1]


class IdenticalUnits:
    """Units with a copy in their layer: the symmetry that zeros leave; ``identical_units``, ``fraction`` of the units.

    Units are sorted by a random projection of their pre-activations, so that copies become neighbours, and neighbours
    are compared. 0 for a layer of one unit.
    """

    def measure(self, layers: Layers) -> Signals:
        """One fraction a layer."""
        items = [(trace.preactivations,) for trace in layers.traces]
        found = over_equal_shapes(_identical, items)
        return [{"identical_units": Measurement.of({"fraction": fraction})} for fraction in found]


def _identical(preactivations: Array) -> Array:
    z = jnp.nan_to_num(preactivations)
    direction = jax.random.normal(jax.random.key(0), (z.shape[2],))
    order = jnp.argsort(z @ direction, axis=1)
    z = jnp.take_along_axis(z, order[:, :, None], axis=1)
    largest = jnp.max(jnp.abs(z), axis=(1, 2))
    same = jnp.max(jnp.abs(z[:, 1:] - z[:, :-1]), axis=2) <= SAME * largest[:, None]
    edge = jnp.zeros((z.shape[0], 1), bool)
    has_copy = jnp.concatenate([edge, same], axis=1) | jnp.concatenate([same, edge], axis=1)
    return jnp.mean(has_copy, axis=1)
