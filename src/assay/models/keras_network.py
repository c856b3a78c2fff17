"""A Keras model as a pure function of its parameters, on any backend, and its gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from assay.choices import Choice
from assay.errors import ModelError
from assay.models.calls import Link, Log, Site, links
from assay.models.identification import activation_between
from assay.models.keras_layers import is_chain, kernel_of, leaves, unit_axis
from assay.models.recording import recording
from assay.models.their_code import told_as_theirs

FLOAT_BYTES = 4
Loss = Callable[[Any, Any], Any]


class Traced(NamedTuple):
    """What one pass computes, as NumPy arrays.

    Attributes
    ----------
    loss : float
    preactivations, activations, errors : list of array
        By link.
    gradients : list of array
        By parameter.
    """

    loss: float
    preactivations: list[np.ndarray]
    activations: list[np.ndarray]
    errors: list[np.ndarray]
    gradients: list[np.ndarray]


class Discovery(NamedTuple):
    """What is known of a network without its numbers.

    Attributes
    ----------
    links : list of Link
    output_shape : tuple of int
        Of one example.
    row_bytes : int
        What the layers compute for one example.
    """

    links: list[Link]
    output_shape: tuple[int, ...]
    row_bytes: int


class KerasNetwork:
    """A built model; nothing here changes it.

    Attributes
    ----------
    found : list of (kind, layer)
    parameters : list of variable
        What gradients are taken of: all that is trained, and the kernels and biases that are frozen.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.found = list(leaves(model))
        read = [layer for kind, layer in self.found if kind == "kernel"]
        looked_at = [*model.trainable_variables, *(kernel_of(layer) for layer in read)]
        looked_at += [layer.bias for layer in read if layer.bias is not None]
        self.parameters = list({id(variable): variable for variable in looked_at}.values())
        known = {id(variable) for variable in self.parameters}
        self.state = [variable for variable in model.variables if id(variable) not in known]
        self.links: list[Link] = []
        self.sites: list[Site] = []
        self._per_example: list[tuple[int, ...]] = []
        self._types: list[str] = []
        self._differentiated: Any = None

    def forward(self, parameters: Sequence[Any], state: Sequence[Any], x: Any, log: Log) -> tuple[Any, list[Any]]:
        """The outputs, and the penalties that the model's layers add to a loss."""
        values = [*zip(self.parameters, parameters, strict=True), *zip(self.state, state, strict=True)]
        with keras.StatelessScope(state_mapping=values, collect_losses=True), recording(self.found, log):
            return self.model(x, training=False), self.model.losses

    def discover(self, x: Any) -> Discovery:
        """Learn its links from a pass on few examples, which on JAX computes nothing.

        Raises
        ------
        ModelError
            If the model fails on them, or has several outputs or no layer that is read.
        """
        log = Log()
        given: list[Any] = []

        def run(x: Any) -> Any:
            outputs, _ = self.forward(values_of(self.parameters), values_of(self.state), x, log)
            given.extend(keras.tree.flatten(outputs))
            return outputs

        name = self.model.name
        _called(self.model, shapes_only(run), x)
        if len(given) != 1:
            raise ModelError(
                f"model '{name}': expected one output, got {len(given)}. Look at one of them: "
                "keras.Model(model.inputs, model.outputs[0])."
            )
        self.links = links(log.calls, given[0])
        if not self.links:
            have = ", ".join(dict.fromkeys(type(layer).__name__ for _, layer in self.found)) or "nothing"
            raise ModelError(
                f"model '{name}': expected a layer with a kernel (Dense, Conv1D, Conv2D, Conv3D, DepthwiseConv2D, "
                f"SeparableConv2D or a plain EinsumDense), got {have}."
            )
        rows = _rows(x)
        self.sites = list(dict.fromkeys(link.site for link in self.links))
        at_sites = [log.sites[site][0] for site in self.sites]
        self._per_example = [(z.shape[0] // rows, *z.shape[1:]) for z in at_sites]
        self._types = [keras.backend.standardize_dtype(z.dtype) for z in at_sites]
        numbers = sum(int(np.prod(call.output.shape)) for call in log.calls if hasattr(call.output, "shape"))
        return Discovery(self.links, tuple(given[0].shape[1:]), FLOAT_BYTES * numbers // rows)

    def structure(self, x: Any) -> list[tuple[Choice | None, bool]]:
        """Of each link the activation, and whether a connection leads around its layer.

        The model's own numbers would hide both, where all are 0 or nothing gets through; so it is given random ones. An
        activation that no layer names is told by its numbers. Where the outputs still differ between examples when a
        layer's outputs are cut, the signal has another way.
        """
        unknown = [link for link in self.links if link.is_open or link.choice is None]
        around = [False] * len(self.links)
        kernels = [link.kernel.site for link in self.links]
        if not unknown and is_chain(self.model):
            return [(link.choice, False) for link in self.links]
        random = np.random.Generator(np.random.Philox(0))
        parameters = [_drawn(variable, random) for variable in self.parameters]
        state = [keras.ops.nan_to_num(value) if _is_float(value) else value for value in values_of(self.state)]
        x = keras.tree.map_structure(lambda part: _drawn_like(part, random), x)

        def run(gates: Any, parameters: Any, state: Any, x: Any) -> Any:
            log = Log(gates=dict(zip(kernels, gates, strict=True)))
            outputs, _ = self.forward(parameters, state, x, log)
            inputs = {call.site: call.inputs[0] for call in log.calls if call.kind == "kernel"}
            (outputs,) = keras.tree.flatten(outputs)
            made = [inputs[link.next_kernel.site] if link.next_kernel else outputs for link in unknown if link.is_open]
            return outputs, [log.sites[link.site] for link in unknown], made

        run = without_gradients(run)
        _, sites, made = run([np.float32(1.0)] * len(kernels), parameters, state, x)
        told = {}
        after = iter(made)
        for link, (z, a) in zip(unknown, sites, strict=True):
            layer = self.found[link.kernel.owner][1]
            z, a = (by_units(numpy_of(array), layer, _rows(x)) for array in (z, a))
            told[id(link)] = activation_between(z, numpy_of(next(after)) if link.is_open else a)
        if not is_chain(self.model) and _rows(x) > 1:
            for place in range(len(kernels)):
                gates = [np.float32(number != place) for number in range(len(kernels))]
                outputs = numpy_of(run(gates, parameters, state, x)[0])
                outputs = outputs.reshape(len(outputs), -1)
                around[place] = bool((np.ptp(outputs, axis=0) > 1e-5 * np.abs(outputs).max()).any())
        return [(told.get(id(link), link.choice), way) for link, way in zip(self.links, around, strict=True)]

    def trace(self, x: Any, y: Any, loss: Loss, parameters: Sequence[np.ndarray] | None = None) -> Traced:
        """Loss, signals and gradients, with these parameters instead of its own if they are given.

        `loss` takes targets and outputs, and is to be the same at every call.
        """
        values = values_of(self.parameters)
        if parameters is not None:
            pairs = zip(parameters, self.parameters, strict=True)
            values = [keras.ops.convert_to_tensor(value, variable.dtype) for value, variable in pairs]
        rows = _rows(x)
        shapes = [(times * rows, *shape) for times, *shape in self._per_example]
        offsets = [keras.ops.zeros(shape, kind) for shape, kind in zip(shapes, self._types, strict=True)]

        def objective(parameters: Any, offsets: Any, state: Any, x: Any, y: Any) -> Any:
            log = Log(offsets=dict(zip(self.sites, offsets, strict=True)))
            outputs, penalties = self.forward(parameters, state, x, log)
            total = keras.ops.mean(loss(y, keras.tree.flatten(outputs)[0])) + sum(penalties)
            return total, [log.sites[site] for site in self.sites]

        if self._differentiated is None:
            self._differentiated = differentiated(objective)
        value, sites, gradients, errors = self._differentiated(values, offsets, values_of(self.state), x, y)
        at = [self.sites.index(link.site) for link in self.links]
        return Traced(
            float(numpy_of(value)),
            [numpy_of(sites[place][0]) for place in at],
            [numpy_of(sites[place][1]) for place in at],
            [numpy_of(errors[place]) for place in at],
            [numpy_of(gradient) for gradient in gradients],
        )


def build_for(model: Any, x: Any) -> None:
    """Give a model that has not been called yet its parameters."""
    _called(model, lambda x: model(x, training=False), x)


def _called(model: Any, function: Callable[[Any], Any], x: Any) -> None:
    with told_as_theirs(f"model '{model.name}': it fails on these examples"):
        function(x)


# --- Arrays ----------------------------------------------------------------------------------------------------------


def values_of(variables: Sequence[Any]) -> list[Any]:
    """The tensors that they hold."""
    return [variable.value for variable in variables]


def numpy_of(tensor: Any) -> np.ndarray:
    """On the host, as float32 if it is of another float type."""
    array = keras.ops.convert_to_numpy(tensor)
    return array.astype(np.float32) if array.dtype.kind not in "biu" else array


def by_units(array: np.ndarray, layer: Any, rows: int) -> np.ndarray:
    """Outputs of a layer as (B, P, U): examples, positions, units."""
    array = np.moveaxis(array, unit_axis(layer), -1)
    return array.reshape(rows, -1, array.shape[-1])


def _rows(x: Any) -> int:
    return int(keras.tree.flatten(x)[0].shape[0])


def _is_float(tensor: Any) -> bool:
    return keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype))


def _drawn(variable: Any, random: np.random.Generator) -> Any:
    """Numbers that let a signal through: kernels keep its size, scales and biases are of one sign."""
    shape = tuple(variable.shape)
    if len(shape) > 1:
        drawn = random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[:-1]))
    else:
        drawn = random.uniform(0.5, 1.5, shape)
    return keras.ops.convert_to_tensor(drawn.astype(np.float32), variable.dtype)


def _drawn_like(tensor: Any, random: np.random.Generator) -> Any:
    """Standard normal numbers for inputs that are real; others are kept, for they may be words."""
    if not _is_float(tensor):
        return tensor
    return keras.ops.convert_to_tensor(random.standard_normal(tuple(tensor.shape)).astype(np.float32), tensor.dtype)


# --- Backends --------------------------------------------------------------------------------------------------------


def without_gradients(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled on JAX; on the others as it is, without the memory that gradients need."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    if keras.backend.backend() == "torch":
        import torch

        return torch.no_grad()(function)
    return function


def shapes_only(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same calls on tensors that, on JAX, have shapes and no numbers."""
    if keras.backend.backend() == "jax":
        import jax

        return lambda x: jax.eval_shape(function, x)
    return without_gradients(function)


def differentiated(objective: Callable[..., Any]) -> Callable[..., Any]:
    """From ``(parameters, offsets, …) -> loss, kept`` to loss, kept, and the gradients of both lists of tensors."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        gradients = jax.jit(jax.value_and_grad(objective, argnums=(0, 1), has_aux=True))

        def on_jax(*arguments: Any) -> Any:
            (value, kept), found = gradients(*arguments)
            return value, kept, *found

        return on_jax
    if backend == "torch":
        import torch

        def on_torch(parameters: Any, offsets: Any, *others: Any) -> Any:
            with torch.enable_grad():
                leaves = [tensor.detach().clone().requires_grad_() for tensor in (*parameters, *offsets)]
                value, kept = objective(leaves[: len(parameters)], leaves[len(parameters) :], *others)
                found = torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)
            return value, kept, found[: len(parameters)], found[len(parameters) :]

        return on_torch
    import tensorflow as tf

    def on_tensorflow(parameters: Any, offsets: Any, *others: Any) -> Any:
        leaves = [tf.identity(tensor) for tensor in (*parameters, *offsets)]
        with tf.GradientTape() as tape:
            tape.watch(leaves)
            value, kept = objective(leaves[: len(parameters)], leaves[len(parameters) :], *others)
        found = tape.gradient(value, leaves, unconnected_gradients="zero")
        return value, kept, found[: len(parameters)], found[len(parameters) :]

    return on_tensorflow
