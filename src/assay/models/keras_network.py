"""A Keras model as a pure function of its parameters, on any backend, and its gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from assay.choices import Choice
from assay.errors import ModelError
from assay.models.calls import Call, Link, Log, Site, links
from assay.models.identification import activation_between
from assay.models.keras_functions import differentiated, shapes_only, without_gradients
from assay.models.keras_layers import block_of, is_chain, leaves, parameters_of, unit_axis
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
    entries : list of array
        What the first kernels are given: those that no other stands before.
    lookups : list of (layer, array)
        What each embedding is given.
    """

    loss: float
    preactivations: list[np.ndarray]
    activations: list[np.ndarray]
    errors: list[np.ndarray]
    gradients: list[np.ndarray]
    entries: list[np.ndarray]
    lookups: list[tuple[Any, np.ndarray]]


class Discovery(NamedTuple):
    """What is known of a network without its numbers.

    Attributes
    ----------
    links : list of Link
    output_shape : tuple of int
        Of one example.
    row_bytes : int
        What the layers compute for one example.
    products : float
        Of two numbers, in one example's forward pass.
    """

    links: list[Link]
    output_shape: tuple[int, ...]
    row_bytes: int
    products: float


class KerasNetwork:
    """A built model; nothing here changes it.

    Attributes
    ----------
    found : list of (kind, layer)
    parameters : list of variable
        What gradients are taken of: all that training moves, and what would be moved but is frozen.
    outputs : tuple of str
        The names of all that the whole model has.
    aside : set of int
        The ids of parameters that only lead to other outputs than the one that is looked at.
    links : list of Link
        In the order of the calls. A layer that is looked at as a whole has one too: its site is its output.
    entries : list of int
        The first kernels, as places among the links of all outputs.
    """

    def __init__(self, model: Any, output: str | int | None = None) -> None:
        self.model, self.output = cut_to(model, output), output
        self.outputs: tuple[str, ...] = tuple(getattr(model, "output_names", None) or ("0",))
        model = self.model
        self.found = list(leaves(model))
        self.parameters = parameters_of(model)
        known = {id(variable) for variable in self.parameters}
        self.state = [variable for variable in model.variables if id(variable) not in known]
        self.aside: set[int] = set()
        self.links: list[Link] = []
        self._tables: dict[int, Any] = {}
        self.entries: list[int] = []
        self.sites: list[Site] = []
        self._per_example: list[tuple[int, ...]] = []
        self._types: list[str] = []
        self._differentiated: Any = None

    def forward(self, parameters: Sequence[Any], state: Sequence[Any], x: Any, log: Log) -> tuple[Any, list[Any]]:
        """The outputs, and the penalties that the model's layers add to a loss."""
        values = [*zip(self.parameters, parameters, strict=True), *zip(self.state, state, strict=True)]
        with keras.StatelessScope(state_mapping=values, collect_losses=True), recording(self.found, log):
            return self._output_of(self.model(x, training=False)), self.model.losses

    def _output_of(self, outputs: Any) -> Any:
        """The one tensor that is looked at."""
        if keras.ops.is_tensor(outputs) or not isinstance(outputs, dict | list | tuple):
            return outputs
        names = getattr(self.model, "output_names", None) or [str(place) for place in range(len(outputs))]
        named = outputs if isinstance(outputs, dict) else dict(zip(names, outputs, strict=True))
        self.outputs = tuple(named)
        return self._picked(named)

    def of_output(self, several: Any) -> Any:
        """Of targets or losses that are given by output those of the one that is looked at; else the thing itself.

        Raises
        ------
        ModelError
            If there are several and none was named, or there is none of this name.
        """
        if isinstance(several, dict) and "class_name" not in several and "name" not in several:
            return self._picked(several)
        is_by_output = isinstance(several, list | tuple) and len(several) == len(self.outputs)
        if is_by_output and not all(isinstance(part, int | float | np.generic) for part in several):
            return self._picked(dict(zip(self.outputs, several, strict=True)))
        return several

    def _picked(self, several: Mapping[str, Any]) -> Any:
        names = list(several)
        if len(names) == 1:
            return several[names[0]]
        wanted = name_of(self.output, names)
        if wanted is not None:
            return several[wanted]
        asked = "" if self.output is None else f" There is no output {self.output!r}."
        raise ModelError(
            f"model '{self.model.name}': it has {len(names)} outputs.{asked} Say which one is to be looked at: "
            f"output = {' or '.join(map(repr, names))}."
        )

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
        self.links = _with_blocks(log.calls, links(log.calls, given[0]))
        self._tables = {place: self.found[link.kernel.owner][1] for place, link in enumerate(self.links)}
        self._tables = {place: layer for place, layer in self._tables.items() if block_of(layer) == "embedding"}
        self.entries = [place for place in range(len(self.links)) if place not in self._tables][:1]
        if not self.links:
            have = ", ".join(dict.fromkeys(type(layer).__name__ for _, layer in self.found)) or "nothing"
            raise ModelError(
                f"model '{name}': expected a layer with a kernel (Dense, Conv1D, Conv2D, Conv3D, DepthwiseConv2D, "
                f"SeparableConv2D or a plain EinsumDense, a recurrent layer or attention), got {have}."
            )
        rows = _rows(x)
        self.sites = list(dict.fromkeys(link.site for link in self.links))
        at_sites = [log.sites[site][0] for site in self.sites]
        self._per_example = [(z.shape[0] // rows, *z.shape[1:]) for z in at_sites]
        self._types = [keras.backend.standardize_dtype(z.dtype) for z in at_sites]
        numbers = sum(int(np.prod(call.output.shape)) for call in log.calls if hasattr(call.output, "shape"))
        products = sum(self._products(link.kernel) for link in self.links) / rows
        return Discovery(self.links, tuple(given[0].shape[1:]), FLOAT_BYTES * numbers // rows, products)

    def _products(self, call: Call) -> float:
        """Of a kernel, its size at every position; of attention also those between positions."""
        layer, output = self.found[call.owner][1], call.output
        block = block_of(layer)
        if block == "embedding":
            return 0.0
        size = sum(int(np.prod(variable.shape)) for variable in parameters_of(layer) if len(variable.shape) > 1)
        if block is None:
            return float(np.prod(output.shape) / output.shape[unit_axis(layer)] * size)
        rows, *times = call.inputs[0].shape[:-1]
        positions = float(np.prod(times))
        return rows * positions * (size + (2 * positions * output.shape[-1] if block == "attention" else 0.0))

    def number_type(self, link: Link) -> str:
        """Of what a layer gives: ``float32``."""
        return self._types[self.sites.index(link.site)]

    @property
    def unseen(self) -> tuple[str, ...]:
        """Layers with parameters that are passed through without a look inside."""
        return tuple(f"{layer.name} ({type(layer).__name__})" for kind, layer in self.found if kind == "opaque")

    def structure(self, x: Any) -> list[tuple[Choice | None, bool]]:
        """Of each link the activation, and whether a connection leads around its layer.

        The model's own numbers would hide both, where all are 0 or nothing gets through; so it is given random ones. An
        activation that no layer names is told by its numbers. Where the outputs still differ between examples when a
        layer's outputs are cut, the signal has another way.
        """
        of_kernels = [link for link in self.links if link.kernel.kind == "kernel"]
        unknown = [link for link in of_kernels if link.is_open or link.choice is None]
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
            given = [call.inputs[0] for call in _seen(log.calls)]
            return outputs, [log.sites[link.site] for link in unknown], made, given

        run = without_gradients(run)
        outputs, sites, made, given = run([np.float32(1.0)] * len(kernels), parameters, state, x)
        told = {}
        after = iter(made)
        for link, (z, a) in zip(unknown, sites, strict=True):
            layer = self.found[link.kernel.owner][1]
            z, a = (by_units(numpy_of(array), layer, _rows(x)) for array in (z, a))
            told[id(link)] = activation_between(z, numpy_of(next(after)) if link.is_open else a)
        leads = [True] * len(self.links)
        if not is_chain(self.model):
            cut = [np.float32(place in self._tables) for place in range(len(self.links))]
            self.entries = self._unmoved(given, run(cut, parameters, state, x)[3])
            for place in range(len(kernels) if _rows(x) > 1 else 0):
                gates = [np.float32(number != place) for number in range(len(kernels))]
                found = numpy_of(run(gates, parameters, state, x)[0])
                leads[place] = len(self.outputs) < 2 or not np.array_equal(found, numpy_of(outputs))
                found = found.reshape(len(found), -1)
                around[place] = bool((np.ptp(found, axis=0) > 1e-5 * np.abs(found).max()).any())
        known = [(told.get(id(link), link.choice), way) for link, way in zip(self.links, around, strict=True)]
        pairs = list(zip(self.links, leads, strict=True))
        others = [self.found[link.kernel.owner][1] for link, leads_there in pairs if not leads_there]
        self.aside = {id(variable) for layer in others for variable in parameters_of(layer)}
        self.links = [link for link, leads_there in pairs if leads_there]
        return [one for one, leads_there in zip(known, leads, strict=True) if leads_there]

    def _unmoved(self, given: Sequence[Any], without: Sequence[Any]) -> list[int]:
        """The kernels that are given the same when nothing leaves any kernel: those that no other stands before."""
        return [
            place
            for place, (one, other) in enumerate(zip(given, without, strict=True))
            if place not in self._tables and np.array_equal(numpy_of(one), numpy_of(other))
        ]

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
            value = loss_of_outputs(loss, y, outputs)
            given = [call.inputs[0] for call in _seen(log.calls)]
            entries, lookups = ([given[place] for place in places] for places in (self.entries, self._tables))
            return value + sum(penalties), ([log.sites[site] for site in self.sites], entries, lookups)

        if self._differentiated is None:
            self._differentiated = differentiated(objective)
        found = self._differentiated(values, offsets, values_of(self.state), x, y)
        value, (sites, entries, lookups), gradients, errors = found
        at = [self.sites.index(link.site) for link in self.links]
        return Traced(
            float(numpy_of(value)),
            [numpy_of(sites[place][0]) for place in at],
            [numpy_of(sites[place][1]) for place in at],
            [numpy_of(errors[place]) for place in at],
            [numpy_of(gradient) for gradient in gradients],
            [numpy_of(entry) for entry in entries],
            [(layer, numpy_of(given)) for layer, given in zip(self._tables.values(), lookups, strict=True)],
        )


def _seen(calls: Sequence[Call]) -> list[Call]:
    """The calls of kernels, and of layers that are looked at as a whole: one for each link, in the same order."""
    return [call for call in calls if call.kind in ("kernel", "opaque") and call.site is not None]


def _with_blocks(calls: Sequence[Call], found: Sequence[Link]) -> list[Link]:
    """The links of kernels, and among them those of layers that are looked at as a whole."""
    of_kernels = {id(link.kernel): link for link in found}
    return [
        of_kernels.get(id(call)) or Link(call, call.site, None, is_normalized=False, is_open=False, is_chained=False)
        for call in _seen(calls)
    ]


def loss_of_outputs(loss: Loss, y: Any, outputs: Any) -> Any:
    """The mean loss, without penalties.

    Raises
    ------
    ModelError
        If the user's loss fails.
    """
    (outputs,) = keras.tree.flatten(outputs)
    shapes = f"targets of shape {tuple(y.shape)} and outputs of shape {tuple(outputs.shape)}"
    with told_as_theirs(f"loss: it fails on {shapes}"):
        return keras.ops.mean(loss(y, outputs))


def cut_to(model: Any, output: str | int | None) -> Any:
    """Of a functional model with several outputs the part that leads to one, of the very same layers."""
    names, outputs = (list(getattr(model, what, None) or []) for what in ("output_names", "outputs"))
    wanted = name_of(output, names)
    if len(names) < 2 or len(names) != len(outputs) or wanted is None:  # what is missing is told when it is called
        return model
    return keras.Model(model.inputs, outputs[names.index(wanted)], name=model.name)


def name_of(output: str | int | None, names: Sequence[str]) -> str | None:
    """The output that is meant by its name or its place; None if there is none such."""
    if isinstance(output, int):
        return names[output] if output < len(names) else None
    return output if output in names else None


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
