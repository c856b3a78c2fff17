"""What a condition becomes once the shape of the data is known: layers, loss, and whether they fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.choices import Choice
from assay.data.request import DataShape
from assay.errors import StudyError
from assay.learning.losses import check_loss
from assay.learning.metrics import metric_names
from assay.learning.scores import METRICS
from assay.networks.architecture import Layer, output_defaults
from assay.networks.initializers import INITIALIZERS
from assay.networks.saved_models import dense_layers
from assay.study.conditions import Condition
from assay.study.parts import NetworkSpec, TrainingSpec
from assay.study.spec import Study


def layers_of(network: NetworkSpec, shape: DataShape, folder: str | Path | None = None) -> tuple[Layer, ...]:
    """The layers of a network for data of this shape, per-layer settings applied.

    Parameters
    ----------
    network : NetworkSpec
    shape : DataShape
    folder : path, optional
        Where the relative path of a saved model starts.

    Raises
    ------
    StudyError
        If an activation cannot take its layer's units (glu halves them), or a saved model does not fit.
    """
    layers: list[Layer] = []
    sizes = (*network.hidden_units, shape.outputs)
    depth = len(sizes)
    fan_in = shape.features
    for number, units in enumerate(sizes, start=1):
        is_output = number == depth
        own = _own_settings(network, number, depth)
        kernel_initializer = _kernel_initializer(network, own, number, depth, folder)
        # A saved model's kernels bring their biases; only what is said of this very layer goes before them.
        is_pretrained = kernel_initializer.name == "pretrained"
        bias_initializer = kernel_initializer if is_pretrained else network.bias_initializer
        layer = Layer(
            fan_in=fan_in,
            units=units,
            activation=own.get("activation") or _output_activation(network, shape, is_output),
            kernel_initializer=kernel_initializer,
            bias_initializer=own.get("bias_initializer", bias_initializer),
            dropout=own.get("dropout", 0.0 if is_output else network.dropout),
            l2=own.get("l2", network.l2),
            learning_rate=own.get("learning_rate"),
        )
        if is_pretrained:
            _check_saved(layer, _where(network, number, depth), number, depth)
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


def _own_settings(network: NetworkSpec, number: int, depth: int) -> dict[str, Any]:
    """The settings that a layer has by its role, overridden by those that it has by its number."""
    given = [network.layers[name] for name in (_role(number, depth), str(number)) if name in network.layers]
    return {field: value for layer in given for field, value in layer if value is not None}


def _role(number: int, depth: int) -> str:
    return "output" if number == depth else "first" if number == 1 else "hidden"


def _kernel_initializer(
    network: NetworkSpec, own: dict[str, Any], number: int, depth: int, folder: str | Path | None
) -> Choice:
    """A layer's own or the network's; a saved model by its whole path, and no autoencoder for the output layer."""
    choice: Choice = own.get("kernel_initializer", network.kernel_initializer)
    arguments = INITIALIZERS.arguments(choice)
    if choice.name == "pretrained":
        return Choice("pretrained", {"from": str(Path(folder or ".", Path(arguments["from"]).expanduser()))})
    if choice.name == "autoencoder" and number == depth:
        if "kernel_initializer" in own:
            raise StudyError(
                f"{_where(network, number, depth)}: the output layer is learnt from the targets and has no "
                f"autoencoder. Choose another initializer, such as '{arguments['start']}'."
            )
        return Choice(arguments["start"])
    return choice


def _where(network: NetworkSpec, number: int, depth: int) -> str:
    """The dotted key that decided a layer's kernel initializer."""
    for name in (str(number), _role(number, depth)):
        if name in network.layers and network.layers[name].kernel_initializer:
            return f"network.layers.{name}.kernel_initializer"
    return "network.kernel_initializer"


def _check_saved(layer: Layer, where: str, number: int, depth: int) -> None:
    """Raise a `StudyError` unless the saved model has a dense layer of this number, and it fits."""
    path = layer.kernel_initializer.arguments["from"]
    try:
        saved = dense_layers(path)
    except StudyError as error:
        raise StudyError(f"{where}.from: {error}") from None
    expected = layer.fan_in, layer.units
    if number <= len(saved) and saved[number - 1].kernel.shape == expected:
        return
    got = (
        f"dense layer {number} of the file, '{saved[number - 1].name}', has {saved[number - 1].kernel.shape}"
        if number <= len(saved)
        else f"the file has {len(saved)} dense layer{'' if len(saved) == 1 else 's'}"
    )
    place, its_output = ("output", " (its output)") if number == depth else (str(number), "")
    raise StudyError(
        f"{where}: {path}: layer {number} of the network{its_output} expects a kernel of shape {expected}, but {got}. "
        f"Give this layer an initializer of its own, "
        f'network.layers.{place}.kernel_initializer = "glorot_uniform", or change the network or the file.'
    )


def resolve(
    study: Study, condition: Condition, shape: DataShape, layers: tuple[Layer, ...] | None = None
) -> tuple[tuple[Layer, ...], Choice]:
    """The layers of a condition and the loss that it trains with: the one it names, or the one that goes with the data.

    Everything that needs the data's shape to be checked is checked here, before anything is trained.

    Parameters
    ----------
    study : Study
    condition : Condition
        One of the study's.
    shape : DataShape
        Of the condition's data.
    layers : tuple of Layer, optional
        Those of its network on these data, where they are known: conditions share what does not vary.

    Raises
    ------
    StudyError
        If the layers, the loss, the batch size or the metric to select by do not fit the data.
    """
    loss = condition.training.loss or output_defaults(shape.task, shape.outputs)[1]
    try:
        layers = layers or layers_of(condition.network, shape, study.folder)
        allowed = study.design.allow
        check_loss(loss, shape.task, shape.outputs, layers[-1].activation, "training.loss", allowed=allowed)
    except StudyError as error:
        raise StudyError(f"condition '{condition.name}': {error}") from None
    recorded = _recorded(condition, shape)
    _check_class_weight(condition, shape)
    batch_size = condition.training.batch_size
    if batch_size > shape.train_rows:
        raise StudyError(
            f"condition '{condition.name}': training.batch_size: expected at most {shape.train_rows}, the number of "
            f"training rows, got {batch_size}. Write a smaller one."
        )
    known = [*(f"val_{name}" for name in recorded), "last"]
    if study.design.select not in known:
        name = study.design.select.removeprefix("val_")
        fits = name in METRICS and METRICS[name].fits(shape.task, shape.outputs)
        advice = f' Write training.metrics = ["{name}"], or choose' if fits else " Choose"
        raise StudyError(
            f"design.select: '{study.design.select}' is not measured on {shape.task} data."
            f"{advice} from: {', '.join(known)}."
        )
    return layers, loss


def _recorded(condition: Condition, shape: DataShape) -> list[str]:
    """The names of all that is recorded of a condition's validation rows.

    Raises
    ------
    StudyError
        If a metric means nothing on these data, or is recorded anyway.
    """
    metric, place = condition.training.metric, f"condition '{condition.name}': training"
    asked = metrics_of(condition.training, shape)
    for name in asked:
        if not METRICS[name].fits(shape.task, shape.outputs):
            fitting = [record.name for record in METRICS.records if record.fits(shape.task, shape.outputs)]
            few = " of so few classes" if shape.task in METRICS[name].tasks else ""
            raise StudyError(
                f"{place}.metrics: '{name}' means nothing on {shape.task} data{few}. Choose from: {', '.join(fitting)}."
            )
    recorded = [*metric_names(shape.task), *asked]
    if metric is not None and str(metric) in recorded:
        raise StudyError(f"{place}.metric: '{metric}' is recorded anyway. Leave it out, or choose another.")
    return recorded if metric is None else [*recorded, str(metric)]


def _check_class_weight(condition: Condition, shape: DataShape) -> None:
    """Raise a `StudyError` for weights of classes that an example does not have one of."""
    if condition.training.class_weight != "none" and shape.task not in ("binary", "multiclass"):
        raise StudyError(
            f"condition '{condition.name}': training.class_weight: an example of {shape.task} data has no single "
            "class. Leave it out; a column may say how much each row counts (data.weight)."
        )


def metrics_of(training: TrainingSpec, shape: DataShape) -> tuple[str, ...]:
    """The metrics that a study asks for, without those that data of this shape have anyway."""
    return tuple(name for name in training.metrics if name not in metric_names(shape.task))
