"""Updates of a Keras model's parameters by its own optimizer, on copies: the next one, and some tens of them.

Neither the model nor the optimizer is changed. Only JAX can do it, for there an optimizer is a function of its state.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import keras
import numpy as np

from assay.choices import Choice
from assay.learning.optimizers import OPTIMIZERS
from assay.models.calls import Log
from assay.models.keras_network import KerasNetwork, Loss, loss_of_outputs, numpy_of, values_of


def keras_optimizer(given: Any, model: Any) -> Any:
    """An optimizer of Keras: the one that is given, or made from its name and arguments, or the compiled one; or None.

    Raises
    ------
    StudyError
        If there is none of this name.
    """
    given = given if given is not None else getattr(model, "optimizer", None)
    if isinstance(given, str | dict | Choice):
        choice = OPTIMIZERS.parse(given, where="optimizer")
        return keras.optimizers.get({"class_name": choice.name, "config": OPTIMIZERS.arguments(choice)})
    given = getattr(given, "inner_optimizer", given)  # within one that scales the loss
    return given if isinstance(given, keras.optimizers.Optimizer) else None


class OwnSteps:
    """The updates that an optimizer will make of the parameters that it moves.

    Parameters
    ----------
    network : KerasNetwork
    optimizer : keras.optimizers.Optimizer
        With the state that it has now; before its first update it is copied.
    """

    def __init__(self, network: KerasNetwork, optimizer: Any) -> None:
        self.network = network
        trained = {id(variable) for variable in network.model.trainable_variables}
        self.moved = [place for place, variable in enumerate(network.parameters) if id(variable) in trained]
        variables = [network.parameters[place] for place in self.moved]
        self._given = optimizer
        self.optimizer = optimizer if _holds(optimizer, variables) else _fresh(optimizer, variables)
        # It keeps an order of its own.
        place_of = {id(network.parameters[place]): place for place in self.moved}
        self.moved = [place_of[id(variable)] for variable in self.optimizer._trainable_variables]
        self._apply = jax.jit(self.optimizer.stateless_apply)
        self._steps: dict[tuple[Any, ...], Any] = {}

    def is_up_to_date(self, optimizer: Any) -> bool:
        """Whether it is of this optimizer, and of its own state if it has one."""
        return optimizer is self._given and (optimizer is self.optimizer or not optimizer.built)

    def next(self, gradients: Sequence[np.ndarray]) -> list[np.ndarray]:
        """All parameters of the network after the next update.

        Parameters
        ----------
        gradients : sequence of array
            By parameter of the network.
        """
        variables = [self.network.parameters[place] for place in self.moved]
        slopes = [
            keras.ops.convert_to_tensor(gradients[place], variable.dtype)
            for place, variable in zip(self.moved, variables, strict=True)
        ]
        moved, _ = self._apply(values_of(self.optimizer.variables), slopes, values_of(variables))
        after = [numpy_of(variable.value) for variable in self.network.parameters]
        for place, value in zip(self.moved, moved, strict=True):
            after[place] = numpy_of(value)
        return after

    def decay_cosine(self, before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> float | None:
        """Cosine between the next update and the one that weight decay alone would make, over all kernels.

        With gradients of 0 nothing but the decay moves the parameters, however the optimizer applies it.

        Parameters
        ----------
        before, after : sequence of array
            By parameter of the network: as they are, and after the next update.

        Returns
        -------
        float or None
            None without weight decay, or where one of both moves nothing.
        """
        if not getattr(self.optimizer, "weight_decay", None):
            return None
        decayed = self.next([np.zeros_like(array) for array in before])
        product, own, other = 0.0, 0.0, 0.0
        for old, moved, pulled in zip(before, after, decayed, strict=True):
            if old.ndim > 1:
                update, decay = moved.astype(np.float64) - old, pulled.astype(np.float64) - old
                product += float((update * decay).sum())
                own += float((update**2).sum())
                other += float((decay**2).sum())
        return product / np.sqrt(own * other) if own > 0 and other > 0 else None

    def look_ahead(
        self, batch: Callable[[], tuple[Any, Any]], loss: Loss, updates: int, factor: float = 1.0
    ) -> tuple[np.ndarray, list[Any]] | None:
        """The loss before each of some updates, and after the last; and all parameters then.

        Dropout is off, and batch normalization takes the statistics of the examples.

        Parameters
        ----------
        batch : callable
            The inputs and targets of the next update, as tensors.
        loss : callable
            ``(targets, outputs) -> values``; the same at every call.
        updates : int
            K.
        factor : float
            Of the learning rate.

        Returns
        -------
        (array (K + 1,), list of tensor), or None
            The losses end with the first that is not finite. None where the learning rate cannot be changed, for it
            follows a schedule.
        """
        held = self._state_at(factor)
        if held is None:
            return None
        parameters = values_of(self.network.parameters)
        moved = [parameters[place] for place in self.moved]
        losses: list[float] = []
        for update in range(updates + 1):
            x, y = batch()
            shapes = tuple(tuple(part.shape) for part in keras.tree.flatten((x, y)))
            if shapes not in self._steps:
                self._steps[shapes] = jax.jit(self._step_of(loss))
            value, after, held_after = self._steps[shapes](moved, held, parameters, values_of(self.network.state), x, y)
            losses.append(float(value))
            if update == updates or not np.isfinite(losses[-1]):
                break
            moved, held = after, held_after
        for place, tensor in zip(self.moved, moved, strict=True):
            parameters[place] = tensor
        return np.asarray(losses), parameters

    def _step_of(self, loss: Loss) -> Any:
        """One update as a function: the loss before it, the parameters and the optimizer's state after it."""

        def objective(moved: Any, parameters: Any, state: Any, x: Any, y: Any) -> Any:
            parameters = list(parameters)
            for place, value in zip(self.moved, moved, strict=True):
                parameters[place] = value
            outputs, penalties = self.network.forward(parameters, state, x, Log())
            return loss_of_outputs(loss, y, outputs) + sum(penalties)

        def step(moved: Any, held: Any, parameters: Any, state: Any, x: Any, y: Any) -> Any:
            value, slopes = jax.value_and_grad(objective)(moved, parameters, state, x, y)
            return value, *self.optimizer.stateless_apply(held, slopes, moved)

        return step

    def _state_at(self, factor: float) -> list[Any] | None:
        """The optimizer's state, its learning rate multiplied."""
        held = values_of(self.optimizer.variables)
        if factor == 1.0:
            return held
        rates = [place for place, one in enumerate(self.optimizer.variables) if one is self.optimizer._learning_rate]
        if not rates:
            return None
        held[rates[0]] = held[rates[0]] * factor
        return held


def _holds(optimizer: Any, variables: Sequence[Any]) -> bool:
    """Whether an optimizer has a state for exactly these variables."""
    if not optimizer.built:
        return False
    return {id(variable) for variable in optimizer._trainable_variables} == {id(variable) for variable in variables}


def _fresh(optimizer: Any, variables: Sequence[Any]) -> Any:
    """The same optimizer before its first update."""
    with warnings.catch_warnings():  # NumPy's to Keras, about how it reads its own variables
        warnings.simplefilter("ignore", DeprecationWarning)
        made = type(optimizer).from_config(optimizer.get_config())
    made.build(list(variables))
    return made
