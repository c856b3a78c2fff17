"""The optimizers of a group: each segment of equal optimizers makes its own update.

Index letters: G groups, M slots of a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import jax
import numpy as np
from jax import Array

from assay.engine.arguments import LayerParameters, LayerSlots, Numbers, Parameters, Slots
from assay.engine.layout import Segment
from assay.engine.recipe import Recipe
from assay.engine.segments import divided, joined
from assay.learning.optimizers import Static, clip, slots, update


def initial_slots(
    recipe: Recipe,
    shapes: Sequence[LayerParameters[jax.ShapeDtypeStruct]],
    parameters: Sequence[LayerParameters[np.ndarray]] | None = None,
    numbers: Sequence[dict[str, np.ndarray]] | None = None,
) -> list[list[LayerSlots[np.ndarray]]]:
    """The optimizers' state before the first update, on the host.

    Parameters
    ----------
    recipe : Recipe
    shapes : sequence (layers) of LayerParameters
        Of the parameters, (G, M, …).
    parameters : sequence (layers) of LayerParameters, and numbers : sequence (optimizer segments) of dict; optional
        The parameters themselves and `Numbers.optimizer`, for a user's own optimizer, whose state may depend on them;
        left out where only shapes matter.
    """

    def of(index: int, at: int, name: str) -> dict[str, np.ndarray]:
        part, shape = recipe.optimizers[index], getattr(shapes[at], name).shape
        groups, members = shape[0], part.size
        whole, rates = None, None
        if part.kind.own is not None and parameters is not None and numbers is not None:
            here = part.of(np.arange(shape[1])[None])[0]
            whole = getattr(parameters[at], name)[:, here].reshape(groups * members, *shape[2:])
            rates = {key: number.reshape(-1) for key, number in numbers[index].items()}
        held = slots(part.kind, (groups * members, *shape[2:]), whole, rates)
        return {key: array.reshape(groups, members, *array.shape[1:]) for key, array in held.items()}

    return [
        [LayerSlots(of(index, at, "kernel"), of(index, at, "bias")) for at in range(len(shapes))]
        for index in range(len(recipe.optimizers))
    ]


def updated(
    recipe: Recipe,
    parameters: Parameters,
    gradients: Parameters,
    state_slots: Slots,
    step: Array,
    numbers: Numbers[Array],
) -> tuple[Parameters, Slots]:
    """The parameters of every member, and what its optimizer keeps, after one update.

    Parameters
    ----------
    parameters, gradients : list (layers) of LayerParameters, arrays (M, …)
    state_slots : list (optimizer segments) of list (layers) of LayerSlots
    step : float32 scalar
        The number of this update, 1 for the first.
    numbers : Numbers
    """
    segments = recipe.optimizers
    parts = _layers_by_segment(segments, parameters)
    part_gradients = _layers_by_segment(segments, gradients)
    rates = _rates_by_segment(segments, numbers.learning_rate, len(parameters))
    of_segments = [
        _segment_updated(
            segment,
            parts[index],
            part_gradients[index],
            state_slots[index],
            numbers.optimizer[index],
            rates[index],
            step,
        )
        for index, segment in enumerate(segments)
    ]
    return _layers_joined(segments, [layers for layers, _ in of_segments]), [held for _, held in of_segments]


def _layers_by_segment(segments: tuple[Segment, ...], layers: Parameters) -> list[Parameters]:
    """By segment, its slots of each layer."""
    parts = [LayerParameters(divided(segments, kernel), divided(segments, bias)) for kernel, bias in layers]
    return [
        [LayerParameters(layer.kernel[index], layer.bias[index]) for layer in parts] for index in range(len(segments))
    ]


def _layers_joined(segments: tuple[Segment, ...], parts: list[Parameters]) -> Parameters:
    """The slots of all segments in their places, by layer; the inverse of `_layers_by_segment`."""
    return [
        LayerParameters(
            joined(segments, [layer.kernel for layer in layers]), joined(segments, [layer.bias for layer in layers])
        )
        for layers in zip(*parts, strict=True)
    ]


def _rates_by_segment(segments: tuple[Segment, ...], rates: list[Array], depth: int) -> list[list[dict[str, Array]]]:
    """By segment and layer, the learning rate where layers have their own; else nothing."""
    if not rates:
        return [[{}] * depth] * len(segments)
    parts = [divided(segments, rate) for rate in rates]
    return [[{"learning_rate": layer[index]} for layer in parts] for index in range(len(segments))]


def _segment_updated(
    segment: Segment[Static],
    parameters: Parameters,
    gradients: Parameters,
    segment_slots: list[LayerSlots[Array]],
    numbers: dict[str, Array],
    rates: list[dict[str, Array]],
    step: Array,
) -> tuple[Parameters, list[LayerSlots[Array]]]:
    """The layers of one segment after one update, and their slots."""
    # A norm may be taken over all arrays of a member, so they are clipped together.
    arrays, structure = jax.tree.flatten(gradients)
    clipped: Parameters = jax.tree.unflatten(structure, clip(segment.kind, arrays, numbers))
    new_parameters: Parameters = []
    new_slots: list[LayerSlots[Array]] = []
    of_array = partial(update, segment.kind, step=step)
    for layer, gradient, held, rate in zip(parameters, clipped, segment_slots, rates, strict=True):
        own = numbers | rate
        kernel, of_kernel = of_array(parameter=layer.kernel, gradient=gradient.kernel, slots=held.kernel, numbers=own)
        bias, of_bias = of_array(parameter=layer.bias, gradient=gradient.bias, slots=held.bias, numbers=own)
        new_parameters.append(LayerParameters(kernel, bias))
        new_slots.append(LayerSlots(of_kernel, of_bias))
    return new_parameters, new_slots
