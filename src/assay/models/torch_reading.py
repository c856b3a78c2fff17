"""Read a PyTorch module: its facts and signals, on the examples that it is to learn from, leaving it as it was.

::

    observation = observe_torch(module, x, y, loss=torch.nn.CrossEntropyLoss(), optimizer=optimizer)
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from assay.choices import Choice
from assay.diagnosis.facts import DataFacts, LayerFacts, NetworkFacts, chance_loss
from assay.errors import MissingExtra, ModelError
from assay.learning.losses import LOSSES
from assay.learning.optimizers import OPTIMIZERS
from assay.models.drawing import drawn_inputs, drawn_targets
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

try:
    import torch
except ImportError:
    raise MissingExtra("PyTorch is not installed. Install it with: pip install 'assay[torch]'") from None

from assay.models.torch_layers import function_of, loss_of, optimizer_of
from assay.models.torch_network import Kernel, TorchNetwork, Traced, by_units


def observe_torch(
    module: Any,
    x: Any = None,
    y: Any = None,
    *,
    loss: Any = None,
    optimizer: Any = None,
    steps: int | None = None,
    rows: int = 256,
    epoch: int = 0,
) -> Observation:
    """Look at a PyTorch module once.

    Parameters
    ----------
    module : torch.nn.Module
        It is left as it was.
    x, y : tensor or array, or a tuple of them where ``forward`` takes several
        The examples that it is to learn. Drawn at random where they are not given.
    loss : torch.nn.Module, function of (outputs, targets), str or Choice, optional
        One that goes with the targets is taken if it is not given.
    optimizer : torch.optim.Optimizer, str or Choice, optional
        Without one, what an update would do is left out.
    steps, rows, epoch
        As in `assay.models.keras_reading.observe_keras`.

    Raises
    ------
    ModelError
        If it is no module that can be read, or the examples do not fit it.
    """
    return TorchReader(module, x, y, loss=loss, optimizer=optimizer, steps=steps, rows=rows).observe(epoch)


class TorchReader:
    """Looks at one module again and again, on the same examples; takes the arguments of `observe_torch`.

    Attributes
    ----------
    remarks : list of str
    """

    def __init__(
        self,
        module: Any,
        x: Any = None,
        y: Any = None,
        *,
        loss: Any = None,
        optimizer: Any = None,
        steps: int | None = None,
        rows: int = 256,
    ) -> None:
        if not isinstance(module, torch.nn.Module):
            raise ModelError(f"expected a PyTorch module, got {type(module).__name__}.")
        if rows < 2:
            raise ModelError(f"rows: expected at least 2 examples to look at, got {rows}.")
        self.module, self.optimizer, self.steps = module, optimizer, steps
        self.remarks: list[str] = []
        self.name = type(module).__name__
        parameter = next(iter(module.parameters()), None)
        self.device = torch.device("cpu") if parameter is None else parameter.device
        parts = self._inputs(x, rows)
        count = len(parts[0])
        if count == 0 or any(len(part) != count for part in parts):
            raise ModelError("x: expected at least one example, and as many in every input.")
        y = None if y is None else _array(y)
        if y is not None and len(y) != count:
            raise ModelError(f"y: expected {count} targets, one for each example of x, got {len(y)}.")
        self.network = TorchNetwork(module)
        few = self._taken(parts, np.arange(FEW) % count)
        output_shape, row_bytes = self.network.discover(few)
        structure = self.network.structure(few)
        self.layers = [
            self._layer(number, choice, is_residual) for number, (choice, is_residual) in enumerate(structure)
        ]
        self._choose_loss(loss, y, output_shape, count)
        room = max(2, TRACE_BYTES // max(COPIES * row_bytes, 1))
        if room < min(rows, count):
            self.remarks.append(f"{room} examples were looked at instead of {min(rows, count)}, to stay below 1 GiB.")
        looked_at = probe_rows(count, min(rows, room))
        flat = np.concatenate([part.reshape(count, -1) for part in parts], axis=1)
        self.data = DataFacts.of(flat, self.targets.dense, classes=self.targets.classes)
        self._flat_x, self._dense = flat[looked_at], self.targets.dense[looked_at]
        if self.steps is None and y is not None:
            self.steps, remark = budget(count)
            self.remarks.append(remark)
        self._x, self._y = self._taken(parts, looked_at), torch.as_tensor(self._given[looked_at], device=self.device)

    def facts(self) -> NetworkFacts:
        """What is known without measuring; the optimizer as it is now."""
        choice = dense_loss(self.loss) if self.loss else None
        return NetworkFacts(
            tuple(self.layers),
            task=self.targets.task,
            loss=self.loss,
            optimizer=self._optimizer()[0],
            steps=self.steps,
            data=self.data,
            chance_loss=None if choice is None else chance_loss(choice, self.targets.dense),
        )

    def observe(self, epoch: int = 0) -> Observation:
        """Look at it as it is now."""
        facts = self.facts()
        now = self.network.trace(self._x, self._y, self._loss)
        held = {name: tensor.cpu().numpy() for name, tensor in self.network.parameters().items()}
        later = None
        if facts.optimizer is not None and can_update(facts.optimizer, [array.shape for array in held.values()]):
            _, penalty = self._optimizer()
            moved = self._trained()
            following = next_parameters(
                facts.optimizer,
                [held[name] for name in moved],
                [now.gradients[name] + penalty * held[name] for name in moved],
            )
            after = {**held, **dict(zip(moved, following, strict=True))}
            later = self.network.trace(self._x, self._y, self._loss, after)
        layers = [self._traced(number, now, later) for number in range(len(self.layers))]
        loss_after = None if later is None else later.loss
        signals, histograms = signal_tables(self.name, layers, loss=now.loss, loss_after=loss_after, epoch=epoch)
        course = course_of(facts, layers, self._flat_x, self._dense) if epoch == 0 else None
        return Observation(self.name, facts, signals, histograms, tuple(self.remarks), course)

    # --- What is told of the module ----------------------------------------------------------------------------------

    def _kernel(self, number: int) -> Kernel:
        return self.network.kernels[self.network.links[number].kernel.site]

    def _layer(self, number: int, choice: Choice | None, is_residual: bool) -> LayerFacts:
        link, kernel = self.network.links[number], self._kernel(number)
        name, repeated = cast(tuple[str, int], link.kernel.site)
        return LayerFacts(
            name=name if repeated == 1 else f"{name} (call {repeated})",
            kind="dense" if kernel.function == "linear" else "convolution",
            fan_in=int(np.prod(kernel.weight.shape[1:])),
            units=int(kernel.weight.shape[0]),
            activation=choice,
            is_normalized=link.is_normalized,
            is_residual=is_residual,
        )

    def _optimizer(self) -> tuple[Choice | None, float]:
        """The optimizer, and the weight decay that it adds to gradients."""
        if self.optimizer is None:
            return None, 0.0
        if isinstance(self.optimizer, torch.optim.Optimizer):
            return optimizer_of(self.optimizer)
        return OPTIMIZERS.parse(self.optimizer, where="optimizer"), 0.0

    def _trained(self) -> list[str]:
        """The names of the parameters that an update moves."""
        if isinstance(self.optimizer, torch.optim.Optimizer):
            given = {id(tensor) for group in self.optimizer.param_groups for tensor in group["params"]}
        else:
            given = {id(tensor) for tensor in self.module.parameters()}
        return [name for name, tensor in self.module.named_parameters() if tensor.requires_grad and id(tensor) in given]

    # --- Examples ----------------------------------------------------------------------------------------------------

    def _inputs(self, x: Any, rows: int) -> list[np.ndarray]:
        """The arguments of ``forward`` as arrays; drawn where there are none and the first layer tells their shape."""
        if x is not None:
            return [_array(part) for part in (x if isinstance(x, tuple | list) and _is_several(x) else [x])]
        for part in self.module.modules():
            if isinstance(part, torch.nn.Embedding):
                raise ModelError(f"module {self.name}: it looks words up, and how many is not known. Give x and y.")
            if isinstance(part, torch.nn.Linear):
                self.remarks.append("No inputs were given: they were drawn from a standard normal.")
                return [drawn_inputs(rows, (part.in_features,))]
            if isinstance(part, torch.nn.modules.conv._ConvNd):
                break
        raise ModelError(
            f"module {self.name}: it does not tell the shape of its inputs, so none can be drawn for it. Give x and y."
        )

    def _taken(self, parts: list[np.ndarray], rows: np.ndarray) -> tuple[Any, ...]:
        return tuple(torch.as_tensor(part[rows], device=self.device) for part in parts)

    def _choose_loss(self, given: Any, y: np.ndarray | None, output_shape: tuple[int, ...], count: int) -> None:
        """Set `loss` (the choice), `_loss` (the function), `targets` (dense) and `_given` (as the loss takes them)."""
        choice, function = (None, None) if given is None else _loss_of(given)
        is_crossentropy = choice is not None and choice.name == "categorical_crossentropy"
        if is_crossentropy and len(output_shape) > 1:  # PyTorch has the classes first
            output_shape = (*output_shape[1:], output_shape[0])
        if y is None:
            y, words = drawn_targets(count, output_shape, self.layers[-1].activation, choice)
            self.remarks.append(f"No targets were given: they were {words}, so the loss says nothing.")
        if function is not None and choice is None:
            self.remarks.append("The loss is not one of assay's: it is differentiated as it is, and not judged.")
            try:
                self.targets = read_targets(y, output_shape)
            except ModelError:
                self.targets = Targets(y.reshape(len(y), -1).astype(np.float32), None, None)
            self.loss, self._loss, self._given = None, function, y
            return
        self.targets = read_targets(y, output_shape)
        if function is None:
            choice = fitting_loss(self.targets, self.layers[-1].activation)
            function = function_of(choice)
            self.remarks.append(f"No loss was given: {choice} was taken, which goes with the targets and the output.")
        dense = self.targets.dense.reshape(len(y), *output_shape)
        if is_crossentropy and y.size != dense.size:
            dense = y.reshape(len(y), *output_shape[:-1]).astype(np.int64)
        elif is_crossentropy:
            dense = np.moveaxis(dense, -1, 1)
        elif y.shape != dense.shape:
            self.remarks.append(
                f"The targets have shape {y.shape} and the outputs {dense.shape}: PyTorch would compare every output "
                "with every target. Here the targets were reshaped."
            )
        self.loss, self._loss, self._given = choice, function, dense

    # --- Arrays ------------------------------------------------------------------------------------------------------

    def _traced(self, number: int, now: Traced, later: Traced | None) -> TracedLayer:
        count, function = len(self._x[0]), self._kernel(number).function
        units = len(now.kernels[number])

        def rows(kernel: np.ndarray) -> np.ndarray:
            return kernel.reshape(units, -1)

        def arranged(array: np.ndarray) -> np.ndarray:
            return by_units(array, function, count)

        change = None if later is None else later.preactivations[number] - now.preactivations[number]
        return TracedLayer(
            facts=self.layers[number],
            preactivations=arranged(now.preactivations[number]),
            activations=arranged(now.activations[number]),
            errors=arranged(now.errors[number]) * count,
            kernel=rows(now.kernels[number]),
            kernel_gradient=rows(now.kernel_gradients[number]),
            kernel_update=None if later is None else rows(later.kernels[number] - now.kernels[number]),
            bias=now.biases[number],
            bias_gradient=now.bias_gradients[number],
            preactivation_change=None if change is None else arranged(change),
        )


def _loss_of(given: Any) -> tuple[Choice | None, Any]:
    """A loss as a choice, if it is one of ours, and as a function of outputs and targets."""
    if not isinstance(given, str | dict | Choice):
        if not callable(given):
            raise ModelError(f"loss: expected a loss of torch.nn or a function of outputs and targets, got {given!r}.")
        return loss_of(given), given
    choice = dense_loss(LOSSES.parse(given, where="loss"))
    function = function_of(choice)
    if function is None:
        raise ModelError(f"loss: PyTorch has no '{choice}'. Give a function of outputs and targets.")
    return choice, function


def _array(values: Any) -> np.ndarray:
    array = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ModelError(f"expected examples that are numbers, got an array of {array.dtype}.")
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _is_several(x: tuple[Any, ...] | list[Any]) -> bool:
    return all(hasattr(part, "shape") for part in x)
