"""What a Keras model is to learn: its loss as a function, the targets as the loss reads them, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any, NamedTuple

import keras
import numpy as np
from scipy.special import entr

from assay.choices import Choice
from assay.diagnosis.facts import LOOKED_AT, OutputFacts, chance_loss
from assay.errors import ModelError, did_you_mean
from assay.learning.losses import LOSSES
from assay.models.chance import best_constant_loss
from assay.models.drawing import drawn_targets
from assay.models.keras_functions import differentiated
from assay.models.keras_layers import loss_of
from assay.models.keras_network import Loss, numpy_of
from assay.models.objective import Targets, dense_loss, fitting_loss, is_of_shares, read_targets
from assay.models.observation import BATCH_SIZE

SPARSE = "sparse_categorical_crossentropy"


@dataclass(frozen=True, eq=False)
class Objective:
    """A loss and its targets.

    Attributes
    ----------
    loss : Choice, optional
        None for one that is not among ours.
    function : callable
        ``(targets, outputs) -> values`` with Keras' tensors.
    targets : Targets
    given : array, (B, …)
        The targets as the function takes them.
    as_read : OutputFacts
        What does not fit. The function and `given` have been made to fit, so that the model can be looked at.
    is_whole : bool
        The choice says all about the function: it is a mean over examples, without weights or classes left out.
    """

    loss: Choice | None
    function: Loss
    targets: Targets
    given: np.ndarray
    as_read: OutputFacts
    is_whole: bool

    def chance(self, rows: np.ndarray, output_shape: tuple[int, ...], activation: Choice | None) -> float | None:
        """The loss of the best constant output.

        Parameters
        ----------
        rows : array of int
            The examples that it is taken over.
        output_shape : tuple of int
            Of one example.
        activation : Choice, optional
            Of the output: the constant is what it makes of a constant pre-activation, for a loss may read
            probabilities. Without it nothing is said of a loss of the user's own.
        """
        if self.loss is not None and self.is_whole:
            return chance_loss(dense_loss(self.loss), self.dense(rows))
        applied = None if activation is None else _keras_activation(activation)
        if applied is None:
            return None
        given = keras.ops.convert_to_tensor(self.given[rows])
        shape = (len(rows), *output_shape)

        def at_constant(constants: Any, _: Any) -> Any:
            constant = applied(constants[0][None, :])
            outputs = keras.ops.broadcast_to(constant if output_shape else constant[0], shape)
            return keras.ops.mean(self.function(given, outputs)), ()

        evaluate = differentiated(at_constant)

        def loss(constant: np.ndarray) -> tuple[float, np.ndarray]:
            value, _, (gradient,), _ = evaluate([keras.ops.convert_to_tensor(constant, "float32")], [])
            return float(numpy_of(value)), numpy_of(gradient).astype(np.float64)

        outputs = output_shape[-1] if output_shape else 1
        starts = [np.zeros(outputs)]
        if activation is not None and activation.name == "linear" and self.targets.dense.shape[1] == outputs:
            starts.append(self.dense(rows).mean(axis=0).astype(np.float64))
        return best_constant_loss(loss, starts)

    def floor(self) -> float:
        """The smallest loss that any outputs reach: the entropy of soft targets, 0 of all others.

        For shares t of classes Σ −t log t; for a target t between 0 and 1, −t log t − (1 − t) log(1 − t).
        """
        name = (
            None if self.loss is None or not self.is_whole or self.as_read.target_form else dense_loss(self.loss).name
        )
        if name not in ("categorical_crossentropy", "binary_crossentropy"):
            return 0.0
        smoothing = float(LOSSES.arguments(dense_loss(self.loss)).get("label_smoothing", 0.0)) if self.loss else 0.0
        soft = np.clip(self.targets.dense[:LOOKED_AT].astype(np.float64), 0, 1)
        if name == "categorical_crossentropy":
            return float(entr(soft * (1 - smoothing) + smoothing / soft.shape[1]).sum(axis=1).mean())
        soft = soft * (1 - smoothing) + smoothing / 2
        return float((entr(soft) + entr(1 - soft)).mean())

    def dense(self, rows: np.ndarray) -> np.ndarray:
        """The dense targets of some examples; those of several positions of an example are rows of their own."""
        outputs = self.targets.dense.shape[-1]
        return self.targets.dense.reshape(len(self.given), -1, outputs)[rows].reshape(-1, outputs)


def _keras_activation(choice: Choice) -> Callable[[Any], Any] | None:
    """One of ours as a function of Keras' tensors; None where Keras has none of this name."""
    function = getattr(keras.activations, choice.name, None)
    return partial(function, **choice.arguments) if function is not None else None


def objective_of(
    loss: Any,
    y: np.ndarray | None,
    *,
    rows: int,
    output_shape: tuple[int, ...],
    activation: Choice | None,
    remarks: list[str],
) -> Objective:
    """Find out what a model is to learn.

    Parameters
    ----------
    loss : str, Choice, Keras loss or function, optional
    y : array, (rows, …), optional
        Drawn if it is not given.
    rows : int
        How many examples there are.
    output_shape : tuple of int
        Of one example.
    activation : Choice, optional
        Of the output.
    remarks : list of str
        Gets a sentence for all that was assumed.

    Raises
    ------
    ModelError
        If there is no such loss, or nothing can be made of the targets.
    """
    found = None if loss is None else named(loss)
    if y is None:
        y, words = drawn_targets(rows, output_shape, activation, None if found is None else found.choice)
        remarks.append(f"Assumed: targets {words}; none were given, so the loss says nothing.")
    if found is not None and found.choice is None:  # a loss of the user's own may take targets of any kind
        remarks.append("The loss is not one of assay's: it is differentiated as it is.")
        try:
            targets = read_targets(y, output_shape)
        except ModelError:
            targets = Targets(y.reshape(len(y), -1).astype(np.float32), None, None)
        return Objective(None, found.function, targets, y, OutputFacts(), is_whole=False)
    targets = read_targets(y, output_shape)
    if found is None:
        choice = fitting_loss(targets, activation)
        remarks.append(f"Assumed: the loss {choice}, which goes with the targets and the output.")
        found, y = named(choice), targets.dense.reshape(len(y), *output_shape)
    return _fitted(found, y, targets, output_shape)


def _fitted(found: NamedLoss, y: np.ndarray, targets: Targets, output_shape: tuple[int, ...]) -> Objective:
    """One of our losses, with targets of the form that it takes; what form they had is noted."""
    choice = found.choice
    assert choice is not None
    is_sparse, is_dense = choice.name == SPARSE, y.size == targets.dense.size
    form = None
    if is_sparse and is_dense:
        form = "one_hot"
    elif not is_sparse and not is_dense:
        form = "labels"
    elif LOSSES.of(choice).needs == "one_hot" and not is_sparse and not is_of_shares(targets.dense):
        form = "not_shares"
    if is_sparse:
        given = targets.dense.argmax(axis=1).reshape(len(y), *output_shape[:-1])
    else:
        given = targets.dense.reshape(len(y), *output_shape)
    as_read = OutputFacts(labels_beyond=targets.labels_beyond, target_form=form)
    return Objective(choice, found.function, targets, given, as_read, found.is_whole)


# --- Losses ----------------------------------------------------------------------------------------------------------


class _OwnLoss(keras.losses.Loss):
    """A function of the user's, called as Keras calls it: targets as floats, with as many axes as the outputs."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__(name=getattr(function, "__name__", type(function).__name__))
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Where one has a last axis of 1 more than the other, the other gets it."""
        if len(y_true.shape) + 1 == len(y_pred.shape) and y_pred.shape[-1] == 1:
            y_true = keras.ops.expand_dims(y_true, axis=-1)
        elif len(y_pred.shape) + 1 == len(y_true.shape) and y_true.shape[-1] == 1:
            y_pred = keras.ops.expand_dims(y_pred, axis=-1)
        return self.function(y_true, y_pred)


class NamedLoss(NamedTuple):
    """A loss as a choice, None if it is not among ours, and as a function; `is_whole` as in `Objective`."""

    choice: Choice | None
    function: Loss
    is_whole: bool = True


def named(given: Any) -> NamedLoss:
    """What a user calls a loss.

    Raises
    ------
    ModelError
        If there is no such loss.
    """
    name = given.get("name") if isinstance(given, dict) else given
    if isinstance(given, Choice) or (isinstance(name, str) and name in LOSSES):
        parsed = LOSSES.parse(given, where="loss")
        function = keras.losses.get(parsed.name)
        return NamedLoss(Choice(function.__name__, parsed.arguments), partial(function, **parsed.arguments))
    try:
        function = keras.losses.get(given)
    except (ValueError, TypeError):
        function = None
    if not callable(function):
        raise ModelError(
            f"loss: expected a loss of Keras, or a function of targets and outputs, got {given!r}."
            f"{did_you_mean(given, LOSSES)}"
        )
    choice = loss_of(function)
    if not isinstance(function, keras.losses.Loss):
        return NamedLoss(choice, function if choice is not None else _OwnLoss(function), choice is not None)
    if function.reduction == "sum":
        return NamedLoss(choice, partial(_sum_of_a_batch, function), is_whole=False)
    return NamedLoss(choice, function, choice is not None and not _is_more_than(function, choice))


def _sum_of_a_batch(loss: Any, targets: Any, outputs: Any) -> Any:
    """A sum over as many examples as a batch has, for of more it would be larger than any that training sees."""
    return loss(targets, outputs) * (BATCH_SIZE / targets.shape[0])


def _is_more_than(loss: Any, choice: Choice) -> bool:
    """Whether a Keras loss was given what the choice does not hold: a class that is left out, another axis."""
    known = {"name", "reduction", "dtype", *LOSSES.of(choice).defaults}
    defaults = {name: parameter.default for name, parameter in signature(type(loss)).parameters.items()}
    given = {**loss.get_config(), **getattr(loss, "_fn_kwargs", {})}
    return any(given[name] != default for name, default in defaults.items() if name in given and name not in known)
