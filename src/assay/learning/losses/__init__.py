"""Loss functions: Keras' formulas, and a user's own, example by example, on feature-major arrays.

One file for each family; `record.py` says what is known of one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from assay.choices import Choice
from assay.errors import StudyError
from assay.learning.losses import crossentropies, distances, hinges
from assay.learning.losses.distances import mean_absolute_error
from assay.learning.losses.record import EPSILON, LOSSES, Loss, loss
from assay.learning.own import FEATURES
from assay.networks.activations import ACTIVATIONS

if TYPE_CHECKING:
    import jax

__all__ = [
    "EPSILON",
    "FEATURES",
    "LOSSES",
    "STUDIED",
    "Loss",
    "check_loss",
    "class_threshold",
    "crossentropies",
    "distances",
    "hinges",
    "loss",
    "loss_values",
    "mean_absolute_error",
]


def loss_values(choice: Choice, targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """The loss of each example.

    Parameters
    ----------
    choice : Choice
        A name of `LOSSES` with its arguments.
    targets, outputs : array, shape (..., K, batch)
        What was asked for, and what the network said; they broadcast.

    Returns
    -------
    array, shape (..., batch)
    """
    return LOSSES.of(choice).function(targets, outputs, **LOSSES.arguments(choice))


def class_threshold(choice: Choice, output_activation: Choice) -> float:
    """The output above which a binary network says 1.

    It is 0 where the loss pulls the outputs to both sides of 0 (logits; a hinge on an odd activation such as tanh),
    else 0.5, which is also what Keras' "accuracy" takes.
    """
    from assay.networks.traits import traits_of

    is_logit = LOSSES.arguments(choice).get("from_logits", False)
    is_margin = False
    if LOSSES.of(choice).reads == "margins":
        traits = traits_of(output_activation)
        is_margin = traits is not None and traits.is_odd
    return 0.0 if is_logit or is_margin else 0.5


STUDIED = ("constant_output", "output_loss_mismatch")
"""Symptoms that are certain before anything is trained, so that a study of them is refused unless it names them."""


def check_loss(
    choice: Choice, task: str, outputs: int, output_activation: Choice, where: str, *, allowed: Collection[str] = ()
) -> None:
    """Check that a loss can mean anything on these data, and that its arguments are in range.

    Only what is wrong for certain is refused. A questionable pair, such as a relu output under binary cross-entropy, is
    an experiment; so is a fault that the study names.

    Parameters
    ----------
    choice : Choice
        A name of `LOSSES` with its arguments, of the right kinds.
    task : {"binary", "multiclass", "multilabel", "regression"}
        What the data ask for.
    outputs : int
        Rows of the targets, K.
    output_activation : Choice
        What the last layer applies.
    where : str
        The dotted key of the loss, for the message.
    allowed : collection of str
        Symptoms that the study means to study, of `STUDIED`.

    Raises
    ------
    StudyError
        If the labels do not fit the loss, one output is normalised by itself, or an argument is out of range.
    """
    record = LOSSES.of(choice)
    symptom, reason = _misfit(record, choice.name, task, outputs, output_activation)
    if symptom and symptom not in allowed:
        raise StudyError(f'{where}: {reason}; or, to study this fault, write design.allow = ["{symptom}"].')
    if record.check is not None:
        record.check(LOSSES.arguments(choice), where)


def _misfit(record: Loss, name: str, task: str, outputs: int, output_activation: Choice) -> tuple[str, str]:
    """Why a loss means nothing on these data, as the symptom that it would show and in words; both empty if it does."""
    if task == "regression" and record.needs != "any":
        return "output_loss_mismatch", (
            f"'{name}' expects class labels, but the data are for regression ({outputs} real-valued target(s)). Choose "
            "'mean_squared_error', 'mean_absolute_error' or 'huber'"
        )
    if task == "multilabel" and record.needs == "one_hot":
        return "output_loss_mismatch", (
            f"'{name}' expects one-hot labels, of which one is 1, but an example of the data may have any of {outputs} "
            "labels. Choose 'binary_crossentropy'"
        )
    if outputs == 1 and record.needs == "one_hot":
        return "output_loss_mismatch", (
            f"'{name}' expects one-hot labels of at least 2 classes, but the data have a single 0/1 label per example. "
            "Choose 'binary_crossentropy'"
        )
    if outputs == 1 and ACTIVATIONS.of(output_activation).normalizes:
        return "constant_output", (
            f"'{name}' on the single output of '{output_activation.name}' is constant, since "
            f"'{output_activation.name}' normalises an output by itself. Choose 'sigmoid' as the output activation"
        )
    return "", ""
