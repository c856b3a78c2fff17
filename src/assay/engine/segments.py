"""The slots of a group, segment by segment: each kind of member is a static slice of every array.

M is the number of slots of a group; see `assay.engine.layout.Segment`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from assay.choices import Choice
from assay.engine.layout import Segment
from assay.networks.activations import activate


def by_segment(segments: tuple[Segment[Choice], ...], z: Array) -> Array:
    """φ(z), each slot by the activation of its segment."""
    parts = [activate(segment.kind, part) for segment, part in zip(segments, divided(segments, z), strict=True)]
    return joined(segments, parts)


def divided(segments: tuple[Segment, ...], array: Array) -> list[Array]:
    """The slots (M, …) of an array segment by segment.

    `lax.split`, for its transpose is one concatenation; that of slices would be a sum of padded arrays.
    """
    if len(segments) == 1:
        return [array]
    rows = segments[0].rows
    stretches = array.reshape(rows, -1, *array.shape[1:])
    parts = jax.lax.split(stretches, [segment.stop - segment.start for segment in segments], axis=1)
    return [part.reshape(-1, *array.shape[1:]) for part in parts]


def joined(segments: tuple[Segment, ...], parts: list[Array]) -> Array:
    """The slots of all segments in their places, (M, …), from those of each; the inverse of `divided`."""
    if len(parts) == 1:
        return parts[0]
    rows = segments[0].rows
    stretches = [part.reshape(rows, -1, *part.shape[1:]) for part in parts]
    return jnp.concatenate(stretches, axis=1).reshape(-1, *parts[0].shape[1:])
