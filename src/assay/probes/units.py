"""What becomes of a layer's units: dead, saturated, or copies of each other."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._lazy import lazy_module
from assay.choices import Choice
from assay.networks.activations import activate
from assay.networks.traits import FLAT, traits_of
from assay.palette import GREEN
from assay.probes.measuring import LayerProbe, array_module
from assay.probes.quantity import Quantity

if TYPE_CHECKING:
    import jax
    from jax import Array

    from assay.engine.layout import Segment
else:
    jax = lazy_module("jax")

# A unit is a copy if all its pre-activations agree with another's to this part of the layer's largest.
SAME = 1e-6
# Values that are given to a compiled slope at once.
PIECE = 2**16

DEAD_UNITS = Quantity(
    name="dead_units",
    title="dead units",
    meaning="the share of units that are 0 for every example (of max(x, -0.5): -0.5)",
    unit="share",
    statistics=("fraction",),
    size="fraction",
    colour=GREEN,
    per="unit",
    heading="dead",
    order=90,
)
SATURATION = Quantity(
    name="saturation",
    title="saturated",
    meaning="the share of activations at which a bounded function is flat (slope below 5 % of its steepest)",
    unit="share",
    statistics=("fraction",),
    size="fraction",
    colour=GREEN,
    per="position",
    heading="satu-\nrated",
    order=100,
)
IDENTICAL_UNITS = Quantity(
    name="identical_units",
    title="identical units",
    meaning="the share of units with a copy in their layer",
    unit="share",
    statistics=("fraction",),
    size="fraction",
    colour=GREEN,
    per="unit",
    heading="iden-\ntical",
    order=110,
)


def dead_units(activations: Array, segments: tuple[Segment, ...]) -> Array:
    """The share of units whose output is 0 for every example, (M,), of (M, U, B).

    Of an activation that is constant somewhere else than at 0, such as max(x, -0.5), it is that constant.

    No gradient reaches the kernel of a dead ReLU (Lu et al., 2020).
    """
    from assay.engine.segments import divided, joined

    jnp = array_module(activations)
    parts = []
    for segment, values in zip(segments, divided(segments, activations), strict=True):
        traits = traits_of(segment.kind)
        silent = traits.dead_value if traits is not None else 0.0
        parts.append(jnp.mean(jnp.all(values == silent, axis=2), axis=1))
    return joined(segments, parts)


def saturation(preactivations: Array, segments: tuple[Segment, ...]) -> Array:
    """The share of (unit, example) pairs at which a bounded activation is flat, (M,), of (M, U, B).

    Flat means |φ'(z)| < 0.05 · max |φ'|: beyond |z| = 2.18 for tanh, 4.37 for the sigmoid. 0 for activations that are
    not bounded on both sides: a ReLU that is off is not saturated (see dead units).
    """
    from assay.engine.segments import divided, joined

    jnp = array_module(preactivations)
    parts = []
    for segment, z in zip(segments, divided(segments, preactivations), strict=True):
        choice = segment.kind
        traits = traits_of(choice)
        if traits is not None and traits.saturates:
            parts.append(jnp.mean(_is_flat(choice, z), axis=(1, 2)))
        else:
            parts.append(jnp.zeros(z.shape[0]))
    return joined(segments, parts)


def _is_flat(choice: Choice, z: Array) -> Array:
    """Where the slope is below 5 % of the steepest; in NumPy piece by piece, so that one program does for all."""
    steepest = jax.numpy.max(jax.numpy.abs(_slope(choice, jax.numpy.linspace(-6.0, 6.0, 1201)[:, None])))
    if not isinstance(z, np.ndarray):
        return jax.numpy.abs(_slope(choice, z)) < FLAT * steepest
    values = z.reshape(-1)
    pieces = np.pad(values, (0, -len(values) % PIECE)).reshape(-1, PIECE)
    flat = [np.abs(np.asarray(_compiled_slope(choice)(piece))) < FLAT * float(steepest) for piece in pieces]
    return np.concatenate(flat)[: len(values)].reshape(z.shape)


@cache
def _compiled_slope(choice: Choice) -> Any:
    return jax.jit(lambda piece: _slope(choice, piece[:, None])[:, 0])


def _slope(choice: Choice, z: Array) -> Array:
    """φ'(z), elementwise, by forward differentiation."""
    return jax.jvp(lambda z: activate(choice, z), (z,), (jax.numpy.ones_like(z),))[1]


def identical_units(preactivations: Array) -> Array:
    """The share of units with a copy in their layer, (M,), of (M, U, B): the symmetry that zeros leave.

    Units are sorted by a random projection of their pre-activations, so that copies become neighbours, and neighbours
    are compared. 0 for a layer of one unit.
    """
    jnp = array_module(preactivations)
    z = jnp.nan_to_num(preactivations)
    direction = _direction(z.shape[2]) if jnp is np else jax.random.normal(jax.random.key(0), (z.shape[2],))
    places = z @ direction
    order = jnp.argsort(places, axis=1)
    largest = jnp.max(jnp.abs(z), axis=(1, 2))
    if jnp is np:  # copies lie this near to each other, so most layers need no second look
        reach = 2 * SAME * largest * np.abs(direction).sum()
        if not (np.diff(np.sort(places, axis=1), axis=1) <= reach[:, None]).any():
            return jnp.zeros(len(z))
    z = jnp.take_along_axis(z, order[:, :, None], axis=1)
    same = jnp.max(jnp.abs(z[:, 1:] - z[:, :-1]), axis=2) <= SAME * largest[:, None]
    edge = jnp.zeros((z.shape[0], 1), bool)
    has_copy = jnp.concatenate([edge, same], axis=1) | jnp.concatenate([same, edge], axis=1)
    return jnp.mean(has_copy, axis=1)


def _direction(size: int) -> np.ndarray:
    return np.random.Generator(np.random.Philox(0)).standard_normal(size, np.float32)


PROBES = (
    LayerProbe(DEAD_UNITS, dead_units, ("activations",), by_activation=True),
    LayerProbe(SATURATION, saturation, ("preactivations",), by_activation=True),
    LayerProbe(IDENTICAL_UNITS, identical_units, ("preactivations",)),
)
