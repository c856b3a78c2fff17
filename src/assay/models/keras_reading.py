"""Read a Keras model: its facts and signals, on the examples that it is to learn from, leaving it as it was.

::

    observation = observe_keras(model, x, y)
    observation.signals.filter(quantity="preactivations", statistic="std")
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import keras
import numpy as np

from assay.choices import Choice
from assay.diagnosis.facts import DataFacts, LayerFacts, NetworkFacts, chance_loss
from assay.errors import ModelError, did_you_mean
from assay.learning.losses import LOSSES
from assay.learning.optimizers import OPTIMIZERS
from assay.models.calls import Link
from assay.models.drawing import drawn_inputs, drawn_targets, drawn_words
from assay.models.keras_layers import (
    as_rows,
    fan_in,
    initializer_of,
    is_convolution,
    kernel_of,
    loss_of,
    optimizer_of,
)
from assay.models.keras_network import KerasNetwork, Loss, Traced, build_for, by_units, numpy_of
from assay.models.objective import Targets, dense_loss, fitting_loss, read_targets
from assay.models.observation import (
    COPIES,
    FEW,
    TRACE_BYTES,
    Observation,
    TracedLayer,
    budget,
    course_of,
    signal_tables,
)
from assay.models.updates import can_update, next_parameters
from assay.probes import probe_rows


def observe_keras(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    loss: Any = None,
    optimizer: Any = None,
    steps: int | None = None,
    rows: int = 256,
    epoch: int = 0,
) -> Observation:
    """Look at a Keras model once.

    Parameters
    ----------
    model : keras.Model
        On any backend. It is left as it was; one that was not built is built for `x`.
    x, y : array, or list or dict of arrays for several inputs
        The examples that it is to learn, as ``model.fit`` takes them. Drawn at random where they are not given.
    loss, optimizer : str, Choice or Keras object, optional
        Those that it was compiled with unless given. Without a loss one is taken that goes with the targets; without
        an optimizer what an update would do is left out.
    steps : int, optional
        Updates that it will have.
    rows : int
        How many examples are looked at; fewer where they would take more than 1 GiB.
    epoch : int
        What the tables say.

    Raises
    ------
    ModelError
        If it is no model that can be read, or the examples do not fit it.
    """
    return KerasReader(model, x, y, loss=loss, optimizer=optimizer, steps=steps, rows=rows).observe(epoch)


class KerasReader:
    """Looks at one model again and again, on the same examples; takes the arguments of `observe_keras`.

    Attributes
    ----------
    remarks : list of str
    """

    def __init__(
        self,
        model: Any,
        x: Any = None,
        y: Any = None,
        *,
        loss: Any = None,
        optimizer: Any = None,
        steps: int | None = None,
        rows: int = 256,
    ) -> None:
        if not isinstance(model, keras.Model):
            raise ModelError(f"expected a Keras model, got {type(model).__name__}.")
        if rows < 2:
            raise ModelError(f"rows: expected at least 2 examples to look at, got {rows}.")
        self.model, self.optimizer, self.steps = model, optimizer, steps
        self.remarks: list[str] = []
        x = self._inputs(x, rows)
        _check_inputs(model, x)
        count = _count(x)
        y = None if y is None else _array(y)
        if y is not None and len(y) != count:
            raise ModelError(f"y: expected {count} targets, one for each example of x, got {len(y)}.")
        if not model.built:
            build_for(model, _tensors(_taken(x, np.arange(1))))
        self.network = KerasNetwork(model)
        found = self.network.discover(_tensors(_taken(x, np.arange(FEW) % count)))
        self._look_over(found.links)
        structure = self.network.structure(_tensors(_taken(x, np.arange(min(FEW, count)))))
        self.layers = [
            self._layer(link, choice, is_residual)
            for link, (choice, is_residual) in zip(found.links, structure, strict=True)
        ]
        compiled = getattr(model, "loss", None)
        self._choose_loss(loss if loss is not None else _only(compiled), y, found.output_shape, count)
        room = max(2, TRACE_BYTES // max(COPIES * found.row_bytes, 1))
        if room < min(rows, count):
            self.remarks.append(f"{room} examples were looked at instead of {min(rows, count)}, to stay below 1 GiB.")
        looked_at = probe_rows(count, min(rows, room))
        self.data = DataFacts.of(_flat(x), self.targets.dense, classes=self.targets.classes)
        self._flat_x, self._dense = _flat(_taken(x, looked_at)), self.targets.dense[looked_at]
        if self.steps is None and y is not None:
            self.steps, remark = budget(count)
            self.remarks.append(remark)
        self._x, self._y = _tensors(_taken(x, looked_at)), keras.ops.convert_to_tensor(self._given[looked_at])

    def facts(self) -> NetworkFacts:
        """What is known without measuring; the optimizer as it is now."""
        choice = dense_loss(self.loss) if self.loss else None
        return NetworkFacts(
            tuple(self.layers),
            task=self.targets.task,
            loss=self.loss,
            optimizer=self._optimizer(),
            steps=self.steps,
            data=self.data,
            chance_loss=None if choice is None else chance_loss(choice, self.targets.dense),
        )

    def observe(self, epoch: int = 0) -> Observation:
        """Look at it as it is now."""
        facts = self.facts()
        now = self.network.trace(self._x, self._y, self._loss)
        variables = self.network.parameters
        before = [numpy_of(variable.value) for variable in variables]
        after, later = before, None
        if facts.optimizer is not None and can_update(facts.optimizer, [array.shape for array in before]):
            trained = {id(variable) for variable in self.model.trainable_variables}
            moved = [place for place, variable in enumerate(variables) if id(variable) in trained]
            following = next_parameters(
                facts.optimizer, [before[place] for place in moved], [now.gradients[place] for place in moved]
            )
            after = list(before)
            for place, array in zip(moved, following, strict=True):
                after[place] = array
            later = self.network.trace(self._x, self._y, self._loss, after)
        name = self.model.name
        layers = self._traced(now, later, before, after)
        loss_after = None if later is None else later.loss
        signals, histograms = signal_tables(name, layers, loss=now.loss, loss_after=loss_after, epoch=epoch)
        course = course_of(facts, layers, self._flat_x, self._dense) if epoch == 0 else None
        return Observation(name, facts, signals, histograms, tuple(self.remarks), course)

    # --- What is told of the model -----------------------------------------------------------------------------------

    def _layer(self, link: Link, choice: Choice | None, is_residual: bool) -> LayerFacts:
        _, layer = self.network.found[link.kernel.owner]
        kernel = kernel_of(layer)
        _, repeated = cast(tuple[int, int], link.kernel.site)
        return LayerFacts(
            name=layer.name if repeated == 1 else f"{layer.name} (call {repeated})",
            kind="convolution" if is_convolution(layer) else "dense",
            fan_in=fan_in(kernel),
            units=len(as_rows(layer, np.empty(kernel.shape, np.bool_))),
            activation=choice,
            kernel_initializer=initializer_of(layer),
            is_normalized=link.is_normalized,
            is_residual=is_residual,
            is_chained=link.is_chained,
        )

    def _look_over(self, links: list[Link]) -> None:
        """Say what is not read, and what is not trained."""
        passed = [f"{layer.name} ({type(layer).__name__})" for kind, layer in self.network.found if kind == "opaque"]
        if passed:
            self.remarks.append(f"Passed through without a look inside: {', '.join(passed)}.")
        trained = {id(variable) for variable in self.model.trainable_variables}
        read = dict.fromkeys(link.kernel.owner for link in links)
        layers = [self.network.found[place][1] for place in read]
        frozen = [layer.name for layer in layers if id(kernel_of(layer)) not in trained]
        if frozen:
            self.remarks.append(f"Not trained, so no update moves them: {', '.join(frozen)}.")

    def _optimizer(self) -> Choice | None:
        given = self.optimizer if self.optimizer is not None else getattr(self.model, "optimizer", None)
        if isinstance(given, str | dict | Choice):
            return OPTIMIZERS.parse(given, where="optimizer")
        return optimizer_of(given)

    # --- Examples ----------------------------------------------------------------------------------------------------

    def _inputs(self, x: Any, rows: int) -> Any:
        """The inputs as arrays; drawn where there are none."""
        if x is not None:
            return keras.tree.map_structure(_array, x) if _is_several(x) else _array(x)
        shape = getattr(self.model, "input_shape", None) if self.model.built else None
        if not (isinstance(shape, tuple) and shape and not isinstance(shape[0], tuple)) or None in shape[1:]:
            raise ModelError(
                f"model '{self.model.name}': it does not tell the shape of its inputs, so none can be drawn for it. "
                "Give x and y."
            )
        words = [layer.input_dim for layer in self.model._flatten_layers() if isinstance(layer, keras.layers.Embedding)]
        if words:
            self.remarks.append(f"Assumed: inputs drawn from the whole numbers below {min(words)}; none were given.")
            return drawn_words(rows, shape[1:], min(words))
        self.remarks.append("Assumed: inputs drawn from a standard normal; none were given.")
        return drawn_inputs(rows, shape[1:])

    def _choose_loss(self, given: Any, y: np.ndarray | None, output_shape: tuple[int, ...], count: int) -> None:
        """Set `loss` (the choice), `_loss` (the function), `targets` (dense) and `_given` (as the loss takes them)."""
        choice, function = _loss_of(given) if given is not None else (None, None)
        if y is None:
            y, words = drawn_targets(count, output_shape, self.layers[-1].activation, choice)
            self.remarks.append(f"Assumed: targets {words}; none were given, so the loss says nothing.")
        if function is not None and choice is None:  # a loss of the user's own may take targets of any kind
            self.remarks.append("The loss is not one of assay's: it is differentiated as it is, and not judged.")
            try:
                self.targets = read_targets(y, output_shape)
            except ModelError:
                self.targets = Targets(y.reshape(len(y), -1).astype(np.float32), None, None)
        else:
            self.targets = read_targets(y, output_shape)
        if function is None:
            choice = fitting_loss(self.targets, self.layers[-1].activation)
            function = _loss_of(choice)[1]
            y = self.targets.dense.reshape(len(y), *output_shape)
            self.remarks.append(f"Assumed: the loss {choice}, which goes with the targets and the output.")
        elif choice is not None:
            y = self._as_the_loss_takes(y, choice, output_shape)
        self.loss, self._loss, self._given = choice, function, y

    def _as_the_loss_takes(self, y: np.ndarray, choice: Choice, output_shape: tuple[int, ...]) -> np.ndarray:
        is_sparse = choice.name == "sparse_categorical_crossentropy"
        is_dense = y.size == self.targets.dense.size
        if is_sparse and is_dense:
            raise ModelError(
                f"y: sparse_categorical_crossentropy takes class numbers, got one-hot rows of shape {y.shape}. "
                "Compile the model with categorical_crossentropy."
            )
        if not is_sparse and not is_dense:
            raise ModelError(
                f"y: {choice.name} takes targets of shape (rows, {', '.join(map(str, output_shape))}), got "
                f"class numbers of shape {y.shape}. Compile the model with sparse_categorical_crossentropy."
            )
        return y.reshape(len(y), *(output_shape[:-1] if is_sparse else output_shape))

    # --- Arrays ------------------------------------------------------------------------------------------------------

    def _traced(
        self, now: Traced, later: Traced | None, before: list[np.ndarray], after: list[np.ndarray]
    ) -> list[TracedLayer]:
        places = {id(variable): place for place, variable in enumerate(self.network.parameters)}
        count = int(self._y.shape[0])
        traced = []
        for number, (link, facts) in enumerate(zip(self.network.links, self.layers, strict=True)):
            _, layer = self.network.found[link.kernel.owner]
            units = partial(by_units, layer=layer, rows=count)
            kernel = places[id(kernel_of(layer))]
            bias = None if layer.bias is None else places[id(layer.bias)]
            change = None if later is None else later.preactivations[number] - now.preactivations[number]
            traced.append(
                TracedLayer(
                    facts=facts,
                    preactivations=units(now.preactivations[number]),
                    activations=units(now.activations[number]),
                    errors=units(now.errors[number]) * count,
                    kernel=as_rows(layer, before[kernel]),
                    kernel_gradient=as_rows(layer, now.gradients[kernel]),
                    kernel_update=None if later is None else as_rows(layer, after[kernel] - before[kernel]),
                    bias=None if bias is None else before[bias].reshape(-1),
                    bias_gradient=None if bias is None else now.gradients[bias].reshape(-1),
                    preactivation_change=None if change is None else units(change),
                )
            )
        return traced


def _loss_of(given: Any) -> tuple[Choice | None, Loss]:
    """A loss as a choice, if it is one of ours, and as a function of targets and outputs."""
    name = given.get("name") if isinstance(given, dict) else given
    if isinstance(given, Choice) or name in LOSSES:
        choice = LOSSES.parse(given, where="loss")
        function = keras.losses.get(choice.name)
        return Choice(function.__name__, choice.arguments), partial(function, **choice.arguments)
    try:
        function = keras.losses.get(given)
    except (ValueError, TypeError):
        function = None
    if not callable(function):
        raise ModelError(
            f"loss: expected a loss of Keras, or a function of targets and outputs, got {given!r}."
            f"{did_you_mean(given, LOSSES)}"
        )
    return loss_of(function), function


def _only(loss: Any) -> Any:
    """A compiled loss out of the list or dict that holds one for each output."""
    held = list(loss.values()) if isinstance(loss, dict) and "class_name" not in loss else loss
    return held[0] if isinstance(held, list) and len(held) == 1 else held


def _array(values: Any) -> np.ndarray:
    """On the host, as float32 if it has 64 bits; a list of rows, a data frame or any backend's tensor."""
    array = np.asarray(keras.ops.convert_to_numpy(values) if keras.ops.is_tensor(values) else values)
    if array.dtype.kind not in "biuf":
        raise ModelError(f"expected examples that are numbers, got an array of {array.dtype}.")
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _is_several(x: Any) -> bool:
    """Whether it holds the arrays of several inputs, as Keras reads it."""
    return isinstance(x, dict) or (isinstance(x, list | tuple) and all(hasattr(part, "shape") for part in x))


def _check_inputs(model: Any, x: Any) -> None:
    parts = keras.tree.flatten(x)
    counts = {len(part) for part in parts if part.ndim}
    if len(counts) != 1 or 0 in counts or not all(part.ndim for part in parts):
        shapes = ", ".join(str(part.shape) for part in parts)
        raise ModelError(f"x: expected at least one example, and as many in every input, got arrays of shape {shapes}.")
    expected = [tuple(tensor.shape) for tensor in getattr(model, "inputs", None) or ()]
    if not expected:
        return
    if len(expected) != len(parts):
        raise ModelError(f"x: model '{model.name}' has {len(expected)} inputs, got {len(parts)} arrays.")
    for shape, part in zip(expected, parts, strict=True):
        given = part.shape if len(part.shape) == len(shape) else (*part.shape, 1)  # Keras adds a last axis of 1
        fits = len(given) == len(shape) and all(a in (None, b) for a, b in zip(shape[1:], given[1:], strict=True))
        if not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in shape[1:])
            raise ModelError(
                f"x: model '{model.name}' expects examples of shape (rows, {wanted}), got {part.shape}. "
                "Reshape x, or give the model another Input."
            )


def _count(x: Any) -> int:
    return len(keras.tree.flatten(x)[0])


def _taken(x: Any, rows: np.ndarray) -> Any:
    return keras.tree.map_structure(lambda part: part[rows], x)


def _tensors(x: Any) -> Any:
    return keras.tree.map_structure(keras.ops.convert_to_tensor, x)


def _flat(x: Any) -> np.ndarray:
    """All inputs of an example side by side."""
    parts = [part.reshape(len(part), -1) for part in keras.tree.flatten(x)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
