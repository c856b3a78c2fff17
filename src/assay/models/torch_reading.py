"""Read a PyTorch module: its facts and signals, on the examples that it is to learn from, leaving it as it was.

::

    observation = observe_torch(module, x, y, loss=torch.nn.CrossEntropyLoss(), optimizer=optimizer)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np

from assay.choices import Choice
from assay.diagnosis.ahead import STATISTICS_KEPT, LookAhead, look_ahead_size, within_budget
from assay.diagnosis.facts import DataFacts, LayerFacts, NetworkFacts, OutputFacts
from assay.errors import MissingExtra, ModelError
from assay.learning.losses import LOSSES
from assay.linearized import LinearizedCourse
from assay.models.drawing import drawn_inputs, drawn_targets
from assay.models.objective import Targets, dense_loss, fitting_loss, read_targets
from assay.models.observation import (
    FEW,
    TRACE_BYTES,
    Budget,
    Observation,
    TracedLayer,
    assumed_budget,
    course_of,
    signal_tables,
)
from assay.models.their_code import one_line
from assay.probes import probe_rows

try:
    import torch
except ImportError:
    raise MissingExtra("PyTorch is not installed. Install it with: pip install 'assay[torch]'") from None

from assay.models.torch_ahead import TorchAhead
from assay.models.torch_audit import torch_audit
from assay.models.torch_kernels import Kernel
from assay.models.torch_layers import (
    function_of,
    largest_dropout,
    loss_of,
    optimizer_for,
    optimizer_of,
    plain_name,
    statistics_kept,
)
from assay.models.torch_loss import ELEMENTWISE, LossCall, takes_classes_first
from assay.models.torch_network import Later, Pass, TorchNetwork, Traced, numpy_of
from assay.models.torch_parameters import parameter_facts
from assay.models.torch_steps import after_one_step, decay_cosine, is_scheduled

# What is computed stays with its gradient until both are measured.
KEPT = 2


def observe_torch(
    module: Any,
    x: Any = None,
    y: Any = None,
    *,
    loss: Any = None,
    optimizer: Any = None,
    steps: Budget | int | None = None,
    rows: int = 256,
    epoch: int = 0,
    output: str | int | None = None,
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
    output : str or int, optional
        Of a module that returns a dict, a record or a tuple: the one that the loss is to read. Without it a loss of the
        user's is given all that the module returns.

    Raises
    ------
    ModelError
        If it is no module that can be read, or the examples do not fit it.
    """
    options = {"loss": loss, "optimizer": optimizer, "steps": steps, "rows": rows, "output": output}
    return TorchReader(module, x, y, **options).observe(epoch)


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
        steps: Budget | int | None = None,
        rows: int = 256,
        output: str | int | None = None,
    ) -> None:
        if not isinstance(module, torch.nn.Module):
            raise ModelError(f"expected a PyTorch module, got {type(module).__name__}.")
        if rows < 2:
            raise ModelError(f"rows: expected at least 2 examples to look at, got {rows}.")
        self.module, self._budget = module, Budget.of(steps)
        self.remarks: list[str] = []
        self.name = type(module).__name__
        self.optimizer = optimizer_for(optimizer, module)
        parts = self._inputs(x, rows)
        count = len(parts[0])
        if count == 0 or any(len(part) != count for part in parts):
            raise ModelError("x: expected at least one example, and as many in every input.")
        if y is not None and len(y) != count:
            raise ModelError(f"y: expected {count} targets, one for each example of x, got {len(y)}.")
        self.network = TorchNetwork(module, output)
        few = probe_rows(count, FEW)
        y, self._loss = self._choose_loss(loss, y, parts, few, count)
        shown = _taken(parts, few)  # the very tensors in which ways around a layer begin
        found, self._cost = self.network.discover(shown, self._loss, y[few])
        structure = self.network.structure(shown, found)
        self.layers = [
            self._layer(number, choice, is_residual) for number, (choice, is_residual) in enumerate(structure)
        ]
        for owner, calls in self.network.loops.items():
            self.remarks.append(f"{owner} is called {calls} times; its first and its last call were looked at.")
        room = max(2, TRACE_BYTES // max(KEPT * self._cost.bytes, 1))
        if room < min(rows, count):
            self.remarks.append(f"{room} examples were looked at instead of {min(rows, count)}, to stay below 1 GiB.")
        looked_at = probe_rows(count, min(rows, room))
        self._x, self._y, self._count = _taken(parts, looked_at), y[looked_at], count
        self._all = tuple(parts), y
        self._nonfinite = sum(_nonfinite(part) for part in (*parts, y))
        if self._budget is None and self._has_targets:
            self._budget, remark = assumed_budget(count)
            self.remarks.append(remark)

    def observe(self, epoch: int = 0) -> Observation:
        """Look at it as it is now."""
        now, found = self.network.trace(self._x, self._y, self._loss)
        after = self._after_one_update(now)
        facts = self._facts(now, found, after)
        later = None if after is None else self.network.later(self._x, self._y, self._loss, after)
        layers = (self._traced(number, now, later) for number in range(len(self.layers)))
        loss_after = None if later is None else later.loss
        signals, histograms = signal_tables(self.name, layers, loss=now.loss, loss_after=loss_after, epoch=epoch)
        course = None
        if epoch == 0:
            course = self._course(facts, now)
            del now, found, after, later, layers  # room for the look ahead
            facts = replace(facts, ahead=self._look_ahead(facts))
        facts = replace(facts, audit=torch_audit(self.module, facts))
        return Observation(self.name, facts, signals, histograms, tuple(self.remarks), course)

    def _course(self, facts: NetworkFacts, now: Traced) -> LinearizedCourse | None:
        """Where it would go if it stayed linear in its parameters."""
        flat = numpy_of(self._x[0]).reshape(len(self._x[0]), -1)
        is_chain = all(layer.kind == "dense" and not layer.is_residual for layer in facts.layers)
        if len(flat) != len(self.targets.dense) or not is_chain:
            return None
        layers = [self._traced(number, now, None) for number in range(len(self.layers))]
        return course_of(facts, layers, flat, self.targets.dense)

    def facts(self) -> NetworkFacts:
        """What is known of it as it is now, without an update."""
        return self._facts(*self.network.trace(self._x, self._y, self._loss), None)

    # --- What is told of the module ----------------------------------------------------------------------------------

    def _facts(self, now: Traced, found: Pass, after: dict[str, Any] | None) -> NetworkFacts:
        """All that is known, with the optimizer as it is now."""
        call = self._read_as(found, self._y)
        self.targets = self._targets_of(call)
        data = DataFacts.of(now.entry, self.targets.dense, classes=self.targets.classes)
        return NetworkFacts(
            tuple(
                replace(
                    layer,
                    number_type=str(z.dtype).removeprefix("torch."),
                    through_time=now.through_time.get(link.kernel.site),
                    lookup=found.lookups.get(link.kernel.site),
                )
                for layer, link, z in zip(self.layers, self.network.links, now.preactivations, strict=True)
            ),
            task=self.targets.task,
            loss=call.choice if found.loss_calls else None,
            optimizer=None if self.optimizer is None else optimizer_of(self.optimizer)[0],
            steps=None if self._budget is None else self._budget.steps,
            data=replace(data, rows=self._count, nonfinite=self._nonfinite),
            chance_loss=call.chance(),
            floor_loss=call.floor() if found.loss_calls else 0.0,
            parameters=parameter_facts(self.module, self.optimizer, now.gradients, after),
            unseen=_unseen(found),
            lookups_beyond=found.lookups_beyond,
            attentions=found.attentions,
            is_budget_assumed=self._budget is None or self._budget.is_assumed,
            is_scheduled=self.optimizer is not None and is_scheduled(self.optimizer),
            largest_dropout=largest_dropout(self.module),
            decay_cosine=self._decay_cosine(now, after),
            statistics_kept=self._statistics_kept(),
            as_read=OutputFacts(
                takes_logarithms=call.takes_logarithms,
                broadcast=found.broadcast,
                labels_beyond=found.labels_beyond,
                over_one=found.over_one,
                over_rows=found.over_rows(len(self._x[0])),
                negated=found.negated,
            ),
        )

    def _read_as(self, found: Pass, y: Any) -> LossCall:
        """The call that reads the output; the user's whole function where it computes the loss by hand."""
        if len(found.loss_calls) == 1:
            return found.loss_calls[0]

        def whole(output: Any, target: Any) -> Any:
            return self._loss(output, target).mean()

        return LossCall("", whole, found.read.detach(), y, {}, found.value)

    def _targets_of(self, call: LossCall) -> Targets:
        """The targets as dense rows, and what they are."""
        target, outputs = call.target.detach(), call.output.shape[call.class_axis]
        dense = numpy_of(target).reshape(len(target) if target.ndim else 1, -1)
        if call.name in ("cross_entropy", "nll_loss"):
            if not target.is_floating_point():
                labels = numpy_of(target).astype(np.int64).reshape(-1).clip(0, outputs - 1)
                return Targets((labels[:, None] == np.arange(outputs)).astype(np.float32), "multiclass", outputs)
            moved = np.moveaxis(numpy_of(target), call.class_axis, -1)
            return Targets(moved.reshape(-1, outputs), "multiclass", outputs)
        if call.name.startswith("binary_cross_entropy"):
            is_binary = dense.shape[1] == 1
            return Targets(dense, "binary" if is_binary else None, 2 if is_binary else None)
        if call.name:
            return Targets(dense, "regression" if call.name in ELEMENTWISE else None, None)
        try:
            return read_targets(numpy_of(target), tuple(call.output.shape[1:]))
        except ModelError:
            return Targets(dense, None, None)

    def _kernel(self, number: int) -> Kernel:
        return self.network.kernels[self.network.links[number].kernel.site]

    def _layer(self, number: int, choice: Choice | None, is_residual: bool) -> LayerFacts:
        link, kernel = self.network.links[number], self._kernel(number)
        name, repeated = cast(tuple[str, int], link.kernel.site)
        units, fan_in = kernel.shape
        following = None if link.next_kernel is None else self.network.kernels[link.next_kernel.site]
        is_plain = kernel.is_plain and (following is None or following.is_plain)
        return LayerFacts(
            ends_branch=is_residual and link.site in self.network.ending,
            name=name if repeated == 1 else f"{name} (call {repeated})",
            kind=kernel.kind,
            fan_in=fan_in,
            units=units,
            activation=choice if kernel.kind != "recurrent" else None,
            is_normalized=link.is_normalized,
            is_residual=is_residual,
            is_chained=link.is_chained and is_plain and link.kernel.owner not in self.network.loops,
        )

    def _decay_cosine(self, now: Traced, after: dict[str, Any] | None) -> float | None:
        """None where no update can be made."""
        if self.optimizer is None or after is None:
            return None
        return decay_cosine(self.optimizer, dict(self.module.named_parameters()), now.gradients)

    def _statistics_kept(self) -> float:
        known = self._budget
        return 0.0 if known is None or known.is_assumed else statistics_kept(self.module, known.steps)

    # --- Updates -----------------------------------------------------------------------------------------------------

    def _after_one_update(self, now: Traced) -> dict[str, Any] | None:
        """The parameters after the next update; None where the optimizer cannot make it alone."""
        if self.optimizer is None:
            return None
        try:
            return after_one_step(self.optimizer, dict(self.module.named_parameters()), now.gradients)
        except Exception as error:  # such as one that calls the loss several times
            self.remarks.append(f"The optimizer's update could not be made on a copy. {one_line(error)}")
            return None

    def _look_ahead(self, facts: NetworkFacts) -> LookAhead | None:
        """Some updates on a copy; none of a loss without an end below, or of which nothing can be learnt."""
        size = look_ahead_size(self._cost.products, len(self._x[0]))
        if not self._has_targets or self.optimizer is None or size is None:
            return None
        keeps_statistics = facts.statistics_kept >= STATISTICS_KEPT
        ahead = TorchAhead(self.network, self.optimizer, self._loss, *self._all, keeps_statistics=keeps_statistics)
        x, y = ahead.first(size[1])
        try:
            with torch.no_grad():
                call = self._read_as(self.network.run(self.network.parameters(), x, loss=self._loss, y=y), y)
            chance, floor = call.chance(), call.floor()
        except Exception:  # whatever the user's own code raises on fewer examples
            return None
        if chance is None or chance <= floor:
            return None
        made = ahead.made(*size, chance, floor)
        known = self._budget
        return made if made is None or known is None or known.is_assumed else within_budget(made, known.steps)

    # --- Examples ----------------------------------------------------------------------------------------------------

    def _inputs(self, x: Any, rows: int) -> list[Any]:
        """The arguments of ``forward`` as tensors; drawn where there are none and the first layer tells their shape."""
        parameter = next(iter(self.module.parameters()), None)
        self.device = torch.device("cpu") if parameter is None else parameter.device
        self.kind = torch.float32 if parameter is None or not parameter.is_floating_point() else parameter.dtype
        if x is not None:
            several = x if isinstance(x, tuple | list) and _is_several(x) else [x]
            return [self._tensor(part) for part in several]
        for part in self.module.modules():
            if isinstance(part, torch.nn.Embedding):
                raise ModelError(f"module {self.name}: it looks words up, and how many is not known. Give x and y.")
            if isinstance(part, torch.nn.Linear):
                self.remarks.append("No inputs were given: they were drawn from a standard normal.")
                return [self._tensor(drawn_inputs(rows, (part.in_features,)))]
            if isinstance(part, torch.nn.modules.conv._ConvNd):
                break
        raise ModelError(
            f"module {self.name}: it does not tell the shape of its inputs, so none can be drawn for it. Give x and y."
        )

    def _tensor(self, values: Any) -> Any:
        """A tensor as it is; other numbers as a tensor, of the module's own type where they are real."""
        if isinstance(values, torch.Tensor):
            return values.detach().to(self.device)
        array = np.asarray(values)
        if array.dtype.kind not in "biuf":
            raise ModelError(f"expected examples that are numbers, got an array of {array.dtype}.")
        tensor = torch.as_tensor(array, device=self.device)
        return tensor.to(self.kind) if array.dtype.kind == "f" else tensor

    def _choose_loss(self, given: Any, y: Any, parts: list[Any], few: np.ndarray, count: int) -> tuple[Any, Any]:
        """The targets as the loss takes them, and the loss as a function of outputs and targets."""
        self._has_targets = y is not None
        function = None if given is None else _function_of(given)
        if function is not None and y is not None:
            return self._tensor(y), function
        shown = _taken(parts, few)
        found, _ = self.network.discover(shown)
        activation = self.network.structure(shown, found)[-1][0]
        shape = tuple(found.read.shape[1:])
        if y is None:
            shape = (*shape[1:], shape[0]) if len(shape) > 1 and takes_classes_first(function) else shape
            drawn, words = drawn_targets(count, shape, activation, None if function is None else loss_of(function))
            self.remarks.append(f"No targets were given: they were {words}, so the loss says nothing.")
            y = drawn
        targets = read_targets(numpy_of(self._tensor(y)) if isinstance(y, torch.Tensor) else np.asarray(y), shape)
        if function is None:
            choice = fitting_loss(targets, activation)
            function = function_of(choice)
            self.remarks.append(f"No loss was given: {choice} was taken, which goes with the targets and the output.")
        dense = targets.dense.reshape(count, *shape)
        is_moved = targets.task == "multiclass" and dense.ndim > 2
        return self._tensor(np.moveaxis(dense, -1, 1) if is_moved else dense), function

    # --- Arrays ------------------------------------------------------------------------------------------------------

    def _traced(self, number: int, now: Traced, later: Later | None) -> TracedLayer:
        count, kernel = len(self._x[0]), self._kernel(number)

        has_signal = kernel.kind != "recurrent"  # PyTorch hides what its gates are given

        def arranged(tensor: Any) -> np.ndarray:
            return kernel.by_units(numpy_of(tensor), count)

        def rows(tensors: Any) -> np.ndarray:
            return kernel.rows(*map(numpy_of, tensors))

        z, bias, bias_gradient = now.preactivations[number], now.biases[number], now.bias_gradients[number]
        weights, moved = now.kernels[number], None
        if later is not None:  # in the layer's own type of number
            moved = [after - before for after, before in zip(later.kernels[number], weights, strict=True)]
        return TracedLayer(
            facts=self.layers[number],
            preactivations=arranged(z) if has_signal else None,
            activations=arranged(now.activations[number]),
            errors=arranged(now.errors[number] * count) if has_signal else None,
            kernel=rows(weights),
            kernel_gradient=rows(now.kernel_gradients[number]),
            kernel_update=None if moved is None else rows(moved),
            bias=None if bias is None else numpy_of(bias),
            bias_gradient=None if bias_gradient is None else numpy_of(bias_gradient),
            preactivation_change=arranged(later.preactivations[number] - z) if later and has_signal else None,
        )


def _function_of(given: Any) -> Any:
    """A loss as a function of outputs and targets."""
    if not isinstance(given, str | dict | Choice):
        if not callable(given):
            raise ModelError(f"loss: expected a loss of torch.nn or a function of outputs and targets, got {given!r}.")
        return given
    choice = dense_loss(LOSSES.parse(given, where="loss"))
    function = function_of(choice)
    if function is None:
        raise ModelError(f"loss: PyTorch has no '{choice}'. Give a function of outputs and targets.")
    return function


def _taken(parts: list[Any], rows: np.ndarray) -> tuple[Any, ...]:
    return tuple(part[torch.as_tensor(rows)] for part in parts)


def _nonfinite(tensor: Any) -> int:
    return int((~torch.isfinite(tensor)).sum()) if tensor.is_floating_point() else 0


def _is_several(x: tuple[Any, ...] | list[Any]) -> bool:
    return all(hasattr(part, "shape") for part in x)


def _unseen(found: Pass) -> tuple[str, ...]:
    """The functions with parameters whose insides were not looked at."""
    names = (plain_name(call.owner) for call in found.log.calls if call.kind == "opaque")
    return tuple(dict.fromkeys(name for name in names if "embedding" not in name))
