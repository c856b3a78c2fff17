"""Look inside every member at once: what each layer computes and what comes back to it, for probes to measure.

The engine owns what a probe is (`Probe`); the probes themselves live in `assay.probes`.

Index letters: G groups, M slots of a group, U units of a layer, F its inputs, B probe examples.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jax.extend.core import jaxpr_as_fun
from jax.sharding import Mesh

from assay.choices import Choice
from assay.engine.arguments import Numbers, Parameters, State
from assay.engine.compilation import Jitted, compiler_options
from assay.engine.layout import Segment
from assay.engine.network import example_losses, penalty
from assay.engine.packing import Packed
from assay.engine.recipe import Recipe
from assay.engine.segments import by_segment
from assay.engine.spreading import GROUPED, WHOLE, over_groups
from assay.engine.updating import updated

T = TypeVar("T")
# Numbers that a probe looks at in one operation: many beside the cost of starting it, few enough for the cache.
AT_ONCE = 2**18


class LayerTrace(NamedTuple):
    """One layer of every member of a group, on the probe examples.

    Attributes
    ----------
    inputs : array, (B, F) for the first layer, (M, F, B) for the others
    preactivations, activations : array, (M, U, B)
    errors : array, (M, U, B)
        Backpropagated errors: the gradient of the mean loss with respect to the pre-activations, times B, so that it is
        that of each example's own loss.
    kernel, kernel_gradient, kernel_update : array, (M, U, F)
        The update is what the optimizer would add next, given this gradient.
    bias, bias_gradient : array, (M, U)
    preactivation_change : array, (M, U, B)
        What becomes of the pre-activations when every layer makes its next update.
    """

    inputs: Array
    preactivations: Array
    activations: Array
    errors: Array
    kernel: Array
    kernel_gradient: Array
    kernel_update: Array
    bias: Array
    bias_gradient: Array
    preactivation_change: Array


class Histogram(NamedTuple):
    """Counts in equal bins between two ends; arrays with a leading axis M (then ends or bins)."""

    ends: Array
    counts: Array

    @property
    def low(self) -> Array:
        """The lower end, (M,)."""
        return self.ends[..., 0]

    @property
    def high(self) -> Array:
        """The upper end, (M,)."""
        return self.ends[..., 1]


@partial(jax.tree_util.register_dataclass, data_fields=["values", "histogram"], meta_fields=["names"])
@dataclass(frozen=True)
class Measurement:
    """What a probe says of one layer.

    Attributes
    ----------
    names : tuple of str
        The statistics.
    values : array, (M, statistics)
        Side by side in one array: each array of a program costs time to compile and to fetch.
    histogram : Histogram, optional
    """

    names: tuple[str, ...]
    values: Array
    histogram: Histogram | None = None

    @classmethod
    def of(cls, statistics: Mapping[str, Array], histogram: Histogram | None = None) -> Measurement:
        """From numbers by statistic, each (M,)."""
        columns = [jnp.asarray(column, jnp.float32) for column in statistics.values()]
        return cls(tuple(statistics), jnp.stack(columns, axis=-1), histogram)

    @property
    def statistics(self) -> dict[str, Array]:
        """Numbers by statistic, each (M,)."""
        return {name: self.values[..., index] for index, name in enumerate(self.names)}


class Layers(NamedTuple):
    """All layers of a group on the probe examples.

    Attributes
    ----------
    traces : list of LayerTrace
    activations : tuple (layers) of tuple of Segment
        What is static in each layer.
    loss, loss_after : array, (M,)
        The mean loss, penalties included, and what it is after the next update.
    """

    traces: list[LayerTrace]
    activations: tuple[tuple[Segment[Choice], ...], ...]
    loss: Array
    loss_after: Array


Signals = list[dict[str, Measurement]]
"""By layer, by quantity."""


class Probe(Protocol):
    """Measures one or several quantities in every layer.

    It is traced by JAX into the population's probe program, so it neither branches on values nor leaves the device.
    """

    def measure(self, layers: Layers) -> Signals:
        """What it finds in each layer, by quantity."""


def over_equal_shapes(
    function: Callable[..., T], items: Sequence[tuple[Array, ...]], static: Sequence[Hashable] | None = None
) -> list[T]:
    """``[function(*item, *static) for item in items]``, compiled once for all items of the same shapes.

    Parameters
    ----------
    function : callable
        Takes the arrays of an item, then its static part if there is one; returns a tree of arrays (M, …). Without a
        static part it must treat members one by one: the members of several items are then given to it together.
    items : sequence of tuple of array, (M, …) each
    static : sequence of hashable, optional
        One for each item; only items of equal static part share their code.
    """
    grouped: dict[Hashable, list[int]] = {}
    for index, item in enumerate(items):
        shapes = tuple((array.shape, array.dtype) for array in item)
        grouped.setdefault((shapes, static[index] if static else None), []).append(index)
    found: dict[int, T] = {}
    for indices in grouped.values():
        kind = (static[indices[0]],) if static else ()
        room = 1 if static else max(1, AT_ONCE // max(array.size for array in items[indices[0]]))
        together = max(size for size in range(1, min(room, len(indices)) + 1) if len(indices) % size == 0)
        chunks = tuple(
            jnp.stack(arrays).reshape(-1, together * arrays[0].shape[0], *arrays[0].shape[1:])
            for arrays in zip(*(items[index] for index in indices), strict=True)
        )
        results = jax.lax.map(lambda item, kind=kind: function(*item, *kind), chunks)
        count = len(indices)
        results = jax.tree.map(lambda leaf, count=count: leaf.reshape(count, -1, *leaf.shape[2:]), results)
        for place, index in enumerate(indices):
            found[index] = jax.tree.map(lambda leaf, place=place: leaf[place], results)
    return [found[index] for index in range(len(items))]


def trace_group(
    recipe: Recipe, state: State[Array], numbers: Numbers[Array], x: Array, y: Array, rows: Array
) -> Layers:
    """Every layer of one group on the examples `rows` of a dense `x`, dropout off.

    The gradient with respect to the pre-activations is that with respect to zeros added to them.
    """
    inputs, targets = x[rows].astype(jnp.float32), y[rows].T
    weights: Array | float = 1.0
    if recipe.weighted:
        targets, weights = targets[:-1], targets[-1]
    parameters, count = state.parameters, rows.shape[0]

    def as_outputs(layer: int, kernel: Array) -> Array:
        """The kernel as (M, out, in), however it lies."""
        return jnp.swapaxes(kernel, 1, 2) if recipe.inputs_first(layer) else kernel

    def forward(parameters: Parameters, offsets: list[Array]) -> tuple[list[Array], list[Array]]:
        preactivations: list[Array] = []
        activations: list[Array] = []
        for layer, (kernel, bias) in enumerate(parameters):
            formula = "mof,mfb->mob" if layer else "mof,bf->mob"
            below = activations[-1] if layer else inputs
            z = jnp.einsum(formula, as_outputs(layer, kernel), below) + bias[:, :, None] + offsets[layer]
            preactivations.append(z)
            activations.append(by_segment(recipe.activations[layer], z))
        return preactivations, activations

    def objective(parameters: Parameters, offsets: list[Array]) -> tuple[Array, tuple[list[Array], list[Array], Array]]:
        preactivations, activations = forward(parameters, offsets)
        losses = example_losses(recipe, targets, activations[-1])
        loss = jnp.mean(losses * weights if recipe.weighted else losses, axis=-1) + penalty(parameters, numbers.l2)
        return jnp.sum(loss), (preactivations, activations, loss)

    members = numbers.threshold.shape[0]
    zeros = [jnp.zeros((members, layer.bias.shape[1], count)) for layer in parameters]
    (gradients, errors), (preactivations, activations, loss) = jax.grad(objective, argnums=(0, 1), has_aux=True)(
        parameters, zeros
    )
    step = (state.step + 1).astype(jnp.float32)
    following, _ = updated(recipe, parameters, gradients, state.slots, step, numbers)
    _, (preactivations_after, _, loss_after) = objective(following, zeros)
    traces = [
        LayerTrace(
            inputs=activations[layer - 1] if layer else inputs,
            preactivations=preactivations[layer],
            activations=activations[layer],
            errors=errors[layer] * count,
            kernel=as_outputs(layer, parameters[layer].kernel),
            kernel_gradient=as_outputs(layer, gradients[layer].kernel),
            kernel_update=as_outputs(layer, following[layer].kernel - parameters[layer].kernel),
            bias=parameters[layer].bias,
            bias_gradient=gradients[layer].bias,
            preactivation_change=preactivations_after[layer] - preactivations[layer],
        )
        for layer in range(len(parameters))
    ]
    return Layers(traces, recipe.activations, loss, loss_after)


def probe_program(recipe: Recipe, mesh: Mesh, probes: tuple[Probe, ...]) -> Jitted:
    """``(state, numbers, x, y, rows, active) -> Packed Signals``, compiled; its arrays have leading axes (G, M).

    `active`, (G,), is 0 for groups to leave out.
    """

    def one_group(state: State[Array], numbers: Numbers[Array], x: Array, y: Array, rows: Array) -> Packed[Signals]:
        layers = trace_group(recipe, state, numbers, x, y, rows)
        signals: Signals = [{} for _ in layers.traces]
        for probe in probes:
            for found, measured in zip(signals, probe.measure(layers), strict=True):
                found |= measured
        return Packed.of(signals)

    def program(
        state: State[Array], numbers: Numbers[Array], x: Array, y: Array, rows: Array, active: Array
    ) -> Packed[Signals]:
        first_state, first_numbers = jax.tree.map(lambda leaf: leaf[0], (state, numbers))
        # Traced once, for the branch that measures and for the shapes of the one that does not.
        traced, shapes = jax.make_jaxpr(one_group, return_shape=True)(first_state, first_numbers, x, y, rows)
        measure, nothing = jaxpr_as_fun(traced), [jnp.zeros(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(shapes)]

        def mapped(group: tuple[State[Array], Numbers[Array], Array]) -> Packed[Signals]:
            state, numbers, active = group
            arguments = jax.tree.leaves((state, numbers, x, y, rows))
            found = jax.lax.cond(active > 0, lambda: measure(*arguments), lambda: nothing)
            return jax.tree.unflatten(jax.tree.structure(shapes), found)

        return jax.lax.map(mapped, (state, numbers, active))

    spread = over_groups(program, mesh, (GROUPED, GROUPED, WHOLE, WHOLE, WHOLE, GROUPED))
    return jax.jit(spread, compiler_options=compiler_options(mesh))
