"""Read a Keras model: its facts and signals, on the examples that it is to learn from, leaving it as it was.

::

    observation = observe_keras(model, x, y)
    observation.signals.filter(quantity="preactivations", statistic="std")
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import keras
import numpy as np

from assay.choices import Choice
from assay.diagnosis.ahead import LookAhead, look_ahead_size, within_budget
from assay.diagnosis.facts import DataFacts, LayerFacts, LookupFacts, NetworkFacts
from assay.errors import ModelError
from assay.learning.optimizers import OPTIMIZERS
from assay.models.calls import Link
from assay.models.keras_ahead import KerasAhead
from assay.models.keras_examples import array_of, count_of, flattened, inputs_of, taken, tensors_of
from assay.models.keras_layers import (
    BLOCKS,
    as_rows,
    block_of,
    fan_in,
    initializer_of,
    is_convolution,
    kernel_of,
    largest_dropout,
    optimizer_of,
    parameters_of,
)
from assay.models.keras_network import KerasNetwork, Traced, build_for, by_units, numpy_of
from assay.models.keras_objective import objective_of
from assay.models.keras_parameters import kernels_and_biases, parameter_facts
from assay.models.keras_steps import OwnSteps, keras_optimizer
from assay.models.observation import (
    COPIES,
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
from assay.models.updates import can_update, next_parameters
from assay.probes import probe_rows, quantities

if TYPE_CHECKING:
    import polars as pl

# What is told of a layer that is looked at as a whole: it has no pre-activations of its own.
OF_BLOCKS = ("activations", "errors")


def observe_keras(
    model: Any,
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
    output : str or int, optional
        Which output of several: its name, or its place. Targets and losses that are given by output are taken of it.

    Raises
    ------
    ModelError
        If it is no model that can be read, or the examples do not fit it.
    """
    return KerasReader(model, x, y, loss=loss, optimizer=optimizer, steps=steps, rows=rows, output=output).observe(
        epoch
    )


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
        steps: Budget | int | None = None,
        rows: int = 256,
        output: str | int | None = None,
    ) -> None:
        if not isinstance(model, keras.Model):
            raise ModelError(f"expected a Keras model, got {type(model).__name__}.")
        if rows < 2:
            raise ModelError(f"rows: expected at least 2 examples to look at, got {rows}.")
        self.model, self.optimizer, self._budget = model, optimizer, Budget.of(steps)
        self.remarks: list[str] = []
        self._steps: OwnSteps | None = None
        x = inputs_of(model, x, rows, self.remarks)
        count = count_of(x)
        if not model.built:
            build_for(model, tensors_of(taken(x, np.arange(1))))
        self.network = KerasNetwork(model, output)
        found = self.network.discover(tensors_of(taken(x, np.arange(FEW) % count)))
        y = None if y is None else array_of(self.network.of_output(y))
        if y is not None and len(y) != count:
            raise ModelError(f"y: expected {count} targets, one for each example of x, got {len(y)}.")
        structure = self.network.structure(tensors_of(taken(x, np.arange(min(FEW, count)))))
        self.layers = [
            self._layer(link, choice, is_residual)
            for link, (choice, is_residual) in zip(self.network.links, structure, strict=True)
        ]
        self._look_over()
        self._output_shape, self._products = found.output_shape, found.products
        self.objective = objective_of(
            loss if loss is not None else self.network.of_output(getattr(model, "loss", None)),
            y,
            rows=count,
            output_shape=found.output_shape,
            activation=self.layers[-1].activation,
            remarks=self.remarks,
        )
        room = max(2, TRACE_BYTES // max(COPIES * found.row_bytes, 1))
        if room < min(rows, count):
            self.remarks.append(f"{room} examples were looked at instead of {min(rows, count)}, to stay below 1 GiB.")
        self._has_targets = y is not None
        if self._budget is None and y is not None:
            self._budget, remark = assumed_budget(count)
            self.remarks.append(remark)
        self._rows = probe_rows(count, min(rows, room))
        self._given_x = x
        self._x = tensors_of(taken(x, self._rows))
        self._y = keras.ops.convert_to_tensor(self.objective.given[self._rows])
        self._data = DataFacts.of(flattened(x), self.objective.targets.dense, classes=self.objective.targets.classes)
        self._data = replace(self._data, rows=count)
        over = np.arange(count) if self.objective.is_whole else self._rows
        self._chance = self.objective.chance(over, found.output_shape, self.layers[-1].activation)

    def observe(self, epoch: int = 0) -> Observation:
        """Look at it as it is now."""
        now = self.network.trace(self._x, self._y, self.objective.function)
        before = [numpy_of(variable.value) for variable in self.network.parameters]
        after = self._after_one_update(now, before)
        later = None if after is None else self.network.trace(self._x, self._y, self.objective.function, after)
        facts = self._facts(now, before, after)
        if epoch == 0:
            facts = replace(facts, ahead=self._look_ahead())
        name = self.model.name
        layers = self._traced(now, later, before, before if after is None else after)
        loss_after = None if later is None else later.loss
        tables = signal_tables(name, layers, loss=now.loss, loss_after=loss_after, epoch=epoch)
        signals, histograms = (self._without_insides_of_blocks(table) for table in tables)
        course = (
            course_of(facts, layers, flattened(taken(self._given_x, self._rows)), self.objective.dense(self._rows))
            if epoch == 0
            else None
        )
        return Observation(name, facts, signals, histograms, tuple(self.remarks), course)

    # --- What is told of the model -----------------------------------------------------------------------------------

    def facts(self) -> NetworkFacts:
        """All that is known of it as it is now, without an update."""
        now = self.network.trace(self._x, self._y, self.objective.function)
        return self._facts(now, [numpy_of(variable.value) for variable in self.network.parameters], None)

    def _facts(self, now: Traced, before: list[np.ndarray], after: list[np.ndarray] | None) -> NetworkFacts:
        rule = keras_optimizer(self.optimizer, self.model)
        parameters = parameter_facts(self.network, rule, now.gradients, before, after)
        return NetworkFacts(
            tuple(self.layers),
            task=self.objective.targets.task,
            loss=self.objective.loss,
            optimizer=self._optimizer(),
            steps=None if self._budget is None else self._budget.steps,
            data=self._data_at(now),
            chance_loss=self._chance,
            floor_loss=self.objective.floor(),
            is_budget_assumed=self._budget is None or self._budget.is_assumed,
            is_scheduled=any(one.peak_rate is not None for one in parameters),
            largest_dropout=largest_dropout(self.model),
            parameters=parameters,
            unseen=self.network.unseen,
            as_read=self.objective.as_read,
            lookups_beyond=tuple(self._lookups_beyond(now)),
            decay_cosine=self._decay_cosine(before, after),
        )

    def _data_at(self, now: Traced) -> DataFacts:
        """The numbers that reach the first kernels, beside what is known of all examples."""
        entries = [entry.reshape(len(self._rows), -1) for entry in now.entries if entry.size % len(self._rows) == 0]
        if not entries:
            return self._data
        at = DataFacts.of(np.concatenate(entries, axis=1), self.objective.dense(self._rows), classes=None)
        return replace(
            self._data,
            features=at.features,
            largest_std=at.largest_std,
            largest_mean=at.largest_mean,
            rms=at.rms,
        )

    def _lookups_beyond(self, now: Traced) -> list[LookupFacts]:
        """Embeddings that are given what they have no row for; all examples count where they go there as they are."""
        found = []
        for layer, given in now.lookups:
            whole = [given]
            for part in keras.tree.flatten(self._given_x):
                if part.shape[1:] == given.shape[1:] and np.array_equal(part[self._rows], given):
                    whole = [part]
            low, high = int(np.nanmin(whole[0])), int(np.nanmax(whole[0]))
            if low < 0 or high >= layer.input_dim:
                found.append(LookupFacts(layer.name, low, high, layer.input_dim))
        return found

    def _layer(self, link: Link, choice: Choice | None, is_residual: bool) -> LayerFacts:
        _, layer = self.network.found[link.kernel.owner]
        _, repeated = cast(tuple[int, int], link.kernel.site)
        block = block_of(layer)
        if block is None:
            kernel = kernel_of(layer)
            inputs, units = fan_in(kernel), len(as_rows(layer, np.empty(kernel.shape, np.bool_)))
        else:
            units = int(link.kernel.output.shape[-1])
            inputs = layer.input_dim if block == "embedding" else int(link.kernel.inputs[0].shape[-1])
        return LayerFacts(
            name=layer.name if repeated == 1 else f"{layer.name} (call {repeated})",
            kind=block or ("convolution" if is_convolution(layer) else "dense"),
            fan_in=inputs,
            units=units,
            activation=choice,
            kernel_initializer=initializer_of(layer) if block is None else None,
            is_normalized=link.is_normalized,
            is_residual=is_residual,
            is_chained=link.is_chained,
            number_type=self.network.number_type(link),
        )

    def _look_over(self) -> None:
        """Say what is not read, and what is not trained."""
        if self.network.unseen:
            self.remarks.append(f"Passed through without a look inside: {', '.join(self.network.unseen)}.")
        trained = {id(variable) for variable in self.network.model.trainable_variables}
        layers = [
            self.network.found[place][1] for place in dict.fromkeys(link.kernel.owner for link in self.network.links)
        ]
        frozen = [
            layer.name for layer in layers if not any(id(variable) in trained for variable in parameters_of(layer))
        ]
        if frozen:
            self.remarks.append(f"Not trained, so no update moves them: {', '.join(frozen)}.")

    def _decay_cosine(self, before: list[np.ndarray], after: list[np.ndarray] | None) -> float | None:
        """None where no update can be made by its own optimizer."""
        own = None if after is None else self._own_steps()
        return None if own is None or after is None else own.decay_cosine(before, after)

    # --- Updates -----------------------------------------------------------------------------------------------------

    def _look_ahead(self) -> LookAhead | None:
        """Some updates on a copy."""
        size = look_ahead_size(self._products, len(self._rows))
        own = self._own_steps()
        if not self._has_targets or size is None or own is None:
            return None
        updates, rows = size
        chance = self.objective.chance(self._rows[:rows], self._output_shape, self.layers[-1].activation)
        if chance is None:
            return None

        ahead = KerasAhead(own, self.objective, self._given_x)
        made = ahead.made(updates, rows, chance, self.objective.floor())
        known = self._budget
        return made if made is None or known is None or known.is_assumed else within_budget(made, known.steps)

    def _optimizer(self) -> Choice | None:
        """The optimizer as one of ours, with the learning rate that it has now."""
        given = self.optimizer if self.optimizer is not None else getattr(self.model, "optimizer", None)
        if isinstance(given, str | dict | Choice):
            return OPTIMIZERS.parse(given, where="optimizer")
        return optimizer_of(given)

    def _own_steps(self) -> OwnSteps | None:
        """Made anew only when the optimizer has got a state of its own since."""
        optimizer = keras_optimizer(self.optimizer, self.model)
        if optimizer is None or keras.backend.backend() != "jax" or not self.network.model.trainable_variables:
            return None
        if self._steps is not None and self._steps.is_up_to_date(optimizer):
            return self._steps
        try:
            self._steps = OwnSteps(self.network, optimizer)
        except Exception as error:  # an optimizer of the user's own that cannot be copied
            self._remark(f"The optimizer cannot be copied, so its own updates are left out. {one_line(error)}")
            return None
        return self._steps

    def _after_one_update(self, now: Traced, before: list[np.ndarray]) -> list[np.ndarray] | None:
        """All parameters after the next update; by our own rules where the optimizer itself cannot be asked."""
        own = self._own_steps()
        if own is not None:
            return own.next(now.gradients)
        choice = self._optimizer()
        if choice is None or not can_update(choice, [array.shape for array in before]):
            return None
        trained = {id(variable) for variable in self.network.model.trainable_variables}
        moved = [place for place, variable in enumerate(self.network.parameters) if id(variable) in trained]
        following = next_parameters(
            choice, [before[place] for place in moved], [now.gradients[place] for place in moved]
        )
        after = list(before)
        for place, array in zip(moved, following, strict=True):
            after[place] = array
        return after

    def _remark(self, text: str) -> None:
        if text not in self.remarks:
            self.remarks.append(text)

    # --- Arrays ------------------------------------------------------------------------------------------------------

    def _traced(
        self, now: Traced, later: Traced | None, before: list[np.ndarray], after: list[np.ndarray]
    ) -> list[TracedLayer]:
        count = len(self._rows)
        traced = []
        for number, (link, facts) in enumerate(zip(self.network.links, self.layers, strict=True)):
            _, layer = self.network.found[link.kernel.owner]
            units = partial(by_units, layer=layer, rows=count)
            kernels, biases = kernels_and_biases(self.network, layer)
            change = None if later is None else later.preactivations[number] - now.preactivations[number]
            traced.append(
                TracedLayer(
                    facts=facts,
                    preactivations=units(now.preactivations[number]),
                    activations=units(now.activations[number]),
                    errors=units(now.errors[number]) * count,
                    kernel=kernels(before),
                    kernel_gradient=kernels(now.gradients),
                    kernel_update=None if later is None else kernels(after) - kernels(before),
                    bias=biases(before),
                    bias_gradient=biases(now.gradients),
                    preactivation_change=None if change is None else units(change),
                )
            )
        return traced

    def _without_insides_of_blocks(self, table: pl.DataFrame) -> pl.DataFrame:
        """A layer that is looked at as a whole has outputs, parameters and gradients, and no pre-activations."""
        import polars as pl

        blocks = [number for number, layer in enumerate(self.layers, start=1) if layer.kind in BLOCKS]
        known = [one.name for one in quantities() if one.per in ("parameter", "network") or one.name in OF_BLOCKS]
        return table.filter(~pl.col("layer").is_in(blocks) | pl.col("quantity").is_in(known))
