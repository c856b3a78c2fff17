"""What a condition becomes once the shape of the data is known: layers, loss, and whether they fit."""

from __future__ import annotations

from typing import Any

from assay.choices import Choice
from assay.data.request import DataShape
from assay.errors import StudyError
from assay.learning.losses import check_loss
from assay.learning.metrics import metric_names
from assay.networks.architecture import Layer, output_defaults
from assay.study.conditions import Condition
from assay.study.parts import NetworkSpec
from assay.study.spec import Study


def layers_of(network: NetworkSpec, shape: DataShape) -> tuple[Layer, ...]:
    """The layers of a network for data of this shape, per-layer settings applied.

    Raises
    ------
    StudyError
        If an activation cannot take its layer's units (glu halves them).
    """
    layers: list[Layer] = []
    sizes = (*network.hidden_units, shape.outputs)
    depth = len(sizes)
    fan_in = shape.features
    for number, units in enumerate(sizes, start=1):
        is_output = number == depth
        layer = Layer(
            fan_in=fan_in,
            units=units,
            activation=_of_layer(network, number, depth, "activation", _output_activation(network, shape, is_output)),
            kernel_initializer=_of_layer(network, number, depth, "kernel_initializer", network.kernel_initializer),
            bias_initializer=_of_layer(network, number, depth, "bias_initializer", network.bias_initializer),
            dropout=_of_layer(network, number, depth, "dropout", 0.0 if is_output else network.dropout),
            l2=_of_layer(network, number, depth, "l2", network.l2),
        )
        fan_in = layer.outputs
        layers.append(layer)
    if fan_in != shape.outputs:
        raise StudyError(
            f"network.output_activation: '{layers[-1].activation}' leaves {fan_in} of {shape.outputs} outputs; "
            "it cannot end a network. Choose another."
        )
    return tuple(layers)


def _output_activation(network: NetworkSpec, shape: DataShape, is_output: bool) -> Choice:
    """The activation of a layer that has none of its own."""
    if not is_output:
        return network.activation
    return network.output_activation or output_defaults(shape.task, shape.outputs)[0]


def _of_layer(network: NetworkSpec, number: int, depth: int, field: str, default: Any) -> Any:
    """A setting of one layer: by its number, else by its role, else `default`."""
    role = "output" if number == depth else "first" if number == 1 else "hidden"
    for name in (str(number), role):
        own = getattr(network.layers.get(name), field, None)
        if own is not None:
            return own
    return default


def loss_of(condition: Condition, shape: DataShape) -> Choice:
    """The loss that a condition trains with: the one it names, or the one that goes with the data.

    Raises
    ------
    StudyError
        If the labels do not fit the loss.
    """
    loss = condition.training.loss or output_defaults(shape.task, shape.outputs)[1]
    output = layers_of(condition.network, shape)[-1]
    check_loss(loss, shape.task, shape.outputs, output.activation, "training.loss")
    return loss


def check_fit(study: Study, condition: Condition, shape: DataShape) -> None:
    """Everything about a condition that needs the data's shape to be checked, before anything is trained.

    Raises
    ------
    StudyError
        If the layers, the loss, the batch size or the metric to select by do not fit the data.
    """
    try:
        layers_of(condition.network, shape)
        loss_of(condition, shape)
    except StudyError as error:
        raise StudyError(f"condition '{condition.name}': {error}") from None
    batch_size = condition.training.batch_size
    if batch_size > shape.train_rows:
        raise StudyError(
            f"condition '{condition.name}': training.batch_size: expected at most {shape.train_rows}, the number of "
            f"training rows, got {batch_size}. Write a smaller one."
        )
    known = [f"val_{name}" for name in metric_names(shape.task)]
    if study.design.select not in (*known, "last"):
        raise StudyError(
            f"design.select: '{study.design.select}' is not measured on {shape.task} data. "
            f"Choose from: {', '.join([*known, 'last'])}."
        )
