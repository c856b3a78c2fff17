"""What theory says of a plane: where chaos begins, or how deep a signal reaches.

Both are statements about hidden layers that follow hidden layers, at infinite width. They are drawn where these are all
alike and their parameters have mean 0, and where the plane changes what matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from assay.mapping.axes import Axis
from assay.mapping.plane import Plane
from assay.networks.architecture import Layer
from assay.prediction import theory_layers
from assay.theory import NetworkLayer, chi_1, depth_scales, variance_limit

DEPTH = "network.depth"
EDGE = "χ₁ = 1, the edge of chaos"
REACH = "6 ξ, how deep a signal reaches"
SAMPLES = 25
SAMPLES_OF_BOTH = 17
"""Along each axis, where both change the layers; between them lines are interpolated."""
FINER = 9
"""Levels between two others, both included."""
LARGEST_VARIANCE = 1e8
"""Where the variance grows with depth without bound, χ₁ is taken at this one."""
SMALLEST = 1e-12

Line = dict[str, Any]


def theory_lines(plane: Plane) -> list[Line]:
    """The lines to draw over a plane, as its folder keeps them.

    Returns
    -------
    list of dict
        With a ``label`` and ``pieces``, each a list of points [x, y] in units of the axes. Empty where theory has
        nothing to say.

    Notes
    -----
    If an axis is the depth, the depth 6 ξ_c of Schoenholz et al., *Deep information propagation*, ICLR 2017, against
    the other axis. Else the contour χ₁ = 1 of Poole et al., NeurIPS 2016, at the fixed point of the length map.
    """
    if plane.x.key == DEPTH or plane.y.key == DEPTH:
        return _reach(plane)
    return _edge(plane)


def _edge(plane: Plane) -> list[Line]:
    x, y = _samples(plane.x, SAMPLES), _samples(plane.y, SAMPLES)
    corners = _repeated_layers(plane, x[[0, -1]], y[[0, -1]])
    if corners is None or len(set(corners.ravel())) == 1:
        return []

    seen = _as_theory_sees(_log_chi_1)

    def height(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        layers = _repeated_layers(plane, x, y)
        return np.full((len(y), len(x)), np.nan) if layers is None else seen(layers)

    if (corners[0] == corners[1]).all():  # only x matters
        y = y[[0, -1]]
        x = _refined(plane.x, x, height(x, y[:1]).ravel())
    elif (corners[:, 0] == corners[:, 1]).all():
        x = x[[0, -1]]
        y = _refined(plane.y, y, height(x[:1], y).ravel())
    else:
        x, y = _samples(plane.x, SAMPLES_OF_BOTH), _samples(plane.y, SAMPLES_OF_BOTH)
    return _contour(plane, x, y, height(x, y), EDGE)


def _refined(axis: Axis, levels: np.ndarray, height: np.ndarray) -> np.ndarray:
    """More levels wherever `height` changes its sign, for it may have a kink there."""
    if axis.is_whole:
        return levels
    at = axis.coordinate(levels)
    crossed = np.flatnonzero(np.sign(height[:-1]) * np.sign(height[1:]) < 0)
    return axis.value(np.unique(np.concatenate([at, *(np.linspace(at[i], at[i + 1], FINER) for i in crossed)])))


def _log_chi_1(layer: NetworkLayer) -> float:
    variances = _variances(layer)
    q = min(variance_limit(1.0, **variances), LARGEST_VARIANCE)
    del variances["bias_variance"]
    return float(np.log(max(float(chi_1(q, derivative=layer.derivative, **variances)), SMALLEST)))


def _reach(plane: Plane) -> list[Line]:
    is_vertical = plane.y.key == DEPTH
    depth, other = (plane.y, plane.x) if is_vertical else (plane.x, plane.y)
    depths, others = np.linspace(depth.edges[0], depth.edges[-1], SAMPLES), _samples(other, SAMPLES)
    deepest = np.asarray(depth.levels[-1:])
    layers = _repeated_layers(plane, others, deepest) if is_vertical else _repeated_layers(plane, deepest, others)
    if layers is None:
        return []
    # Infinite at the edge of chaos; what lies beyond the plane need only lie beyond it.
    depths = np.maximum(depths, 0.5)
    reach = np.clip(_as_theory_sees(_trainable_depth)(layers).ravel(), depths[0] / 10, depths[-1] * 10)
    height = np.log(depths)[:, None] - np.log(reach)[None, :]
    if is_vertical:
        return _contour(plane, others, depths, height, REACH)
    return _contour(plane, depths, others, height.T, REACH)


def _trainable_depth(layer: NetworkLayer) -> float:
    return depth_scales(**_variances(layer), derivative=layer.derivative).trainable_depth


def _variances(layer: NetworkLayer) -> dict[str, Any]:
    """φ, σ_w² and σ_b²."""
    weight_variance = layer.fan_in * layer.kernel_variance
    return {"activation": layer.activation, "weight_variance": weight_variance, "bias_variance": layer.bias_variance}


def _samples(axis: Axis, count: int) -> np.ndarray:
    """Levels at which theory is asked: `count`, or so many of an axis of whole numbers."""
    if not axis.is_whole:
        return np.asarray(replace(axis, count=count).levels)
    levels = np.asarray(axis.levels)
    return levels[np.unique(np.linspace(0, len(levels) - 1, count).astype(int))]


def _repeated_layers(plane: Plane, x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """The hidden layer that follows hidden layers, of each network: array (Y, X) of Layer.

    None unless each network has one, and all that it has are alike.
    """
    plan = plane.plan_levels(x, y)
    layers = np.empty(len(plan.conditions), object)
    for population in plan.populations:
        for trial, member in zip(population.trials[:, 0], population.members, strict=True):
            alike = {replace(layer, dropout=0.0, l2=0.0, learning_rate=None) for layer in member.layers[1:-1]}
            if len(alike) != 1:
                return None
            layers[trial] = alike.pop()
    return layers.reshape(len(y), len(x))


def _as_theory_sees(function: Callable[[NetworkLayer], float]) -> Callable[[np.ndarray], np.ndarray]:
    """`function` for arrays of Layer, each asked once; nan where theory does not see a layer."""

    @cache
    def value(layer: Layer) -> float:
        seen = theory_layers([layer])
        if seen is None or seen[0].activation is None:
            return float("nan")
        is_centred = abs(seen[0].bias_mean) <= 1e-3 * np.sqrt(seen[0].bias_variance)
        return function(seen[0]) if is_centred else float("nan")

    return np.vectorize(value, otypes=[float])


def _contour(plane: Plane, x: np.ndarray, y: np.ndarray, height: np.ndarray, label: str) -> list[Line]:
    """The line along which `height`, (Y, X), is 0; where that is nan there is none."""
    from contourpy import contour_generator

    height = np.broadcast_to(height, (len(y), len(x)))
    found: Any = contour_generator(plane.x.coordinate(x), plane.y.coordinate(y), height).lines(0.0)
    pieces = [np.stack([plane.x.value(line[:, 0]), plane.y.value(line[:, 1])], axis=1) for line in found]
    return [{"label": label, "pieces": [piece.tolist() for piece in pieces]}] if pieces else []
