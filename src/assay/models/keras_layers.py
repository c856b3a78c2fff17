"""What Keras' layers, losses and optimizers are called here: each a `Choice`, or None where it is not one of ours."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from assay.choices import Choice, Table
from assay.learning.losses import LOSSES
from assay.learning.optimizers import OPTIMIZERS
from assay.models.naming import chosen, snake_case, tidy
from assay.networks.activations import ACTIVATIONS
from assay.networks.initializers import INITIALIZERS

layers = keras.layers

CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)
ACTIVATION_LAYERS = (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.ELU, layers.Softmax, layers.PReLU)
NORMALIZATIONS = (layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization)
# They pass every number as it is: they arrange them anew, or are dropouts that are off.
KEEPING = (
    *(layers.Flatten, layers.Reshape, layers.Permute, layers.Identity),
    *(layers.Dropout, layers.AlphaDropout, layers.GaussianDropout, layers.GaussianNoise),
    *(layers.SpatialDropout1D, layers.SpatialDropout2D, layers.SpatialDropout3D),
)
PASSIVE_OPERATIONS = ("Add", "Subtract", "Concatenate", "Reshape", "Transpose", "Mean", "Max", "GetItem", "Squeeze")
# Their kernels are used in a loop, in ways of their own, or to look up: such a layer is looked at as a whole.
BLOCKS = {
    "recurrent": (layers.RNN, layers.Bidirectional),
    "attention": (layers.MultiHeadAttention, layers.GroupQueryAttention),
    "embedding": (layers.Embedding,),
}


def leaves(layer: Any, seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """The layers and operations that compute something themselves, each once, with their kind.

    Kinds are those of `calls.Call`; and ``block`` for a layer of `BLOCKS`, ``distributed`` for one that hands each time
    step to the layer within, which is a leaf of its own.
    """
    seen = set() if seen is None else seen
    for child in _children(layer):
        if id(child) in seen:
            continue
        seen.add(id(child))
        kind = kind_of(child)
        if kind == "container":
            if isinstance(child, layers.TimeDistributed):
                yield "distributed", child
            yield from leaves(child, seen)
        else:
            yield kind, child


def _children(layer: Any) -> list[Any]:
    inside = layer.layers if isinstance(layer, keras.Model) else layer._flatten_layers(False, False)
    return [*inside, *(each for each in getattr(layer, "operations", ()) if not isinstance(each, layers.Layer))]


def kind_of(layer: Any) -> str:
    """The kind of a leaf; or ``container``, if other layers do its work."""
    if has_kernel(layer):
        return "kernel"
    if block_of(layer) is not None:
        return "block"
    if isinstance(layer, ACTIVATION_LAYERS) or _operation_name(layer) in ACTIVATIONS:
        return "activation"
    if isinstance(layer, NORMALIZATIONS) or type(layer).__name__ in ("RMSNormalization", "UnitNormalization"):
        return "normalization"
    if isinstance(layer, layers.Layer):
        if _children(layer):
            return "container"
        if any(len(weight.shape) > 1 for weight in layer.trainable_weights):
            return "opaque"
        is_of_keras = type(layer).__module__.startswith("keras.") and not isinstance(layer, layers.Lambda)
        return "passive" if is_of_keras else "other"
    return "passive" if type(layer).__name__ in PASSIVE_OPERATIONS else "other"


def block_of(layer: Any) -> str | None:
    """The kind in `LayerFacts` of a layer that is looked at as a whole."""
    return next((kind for kind, classes in BLOCKS.items() if isinstance(layer, classes)), None)


def is_chain(layer: Any) -> bool:
    """Whether its layers come one after another, with no way around any."""
    if not isinstance(layer, keras.Sequential):
        return False
    return all(is_chain(child) or kind_of(child) != "container" for child in layer.layers)


def has_kernel(layer: Any) -> bool:
    """Whether it is read as a layer of the signal; an `EinsumDense` is if it is a dense layer, differently put."""
    if isinstance(layer, layers.EinsumDense):
        inputs, output = layer.equation.split("->")
        return len(layer.kernel.shape) == 2 and inputs[-1] == output[-1] and inputs[-2] == inputs.split(",")[0][-1]
    return isinstance(layer, (layers.Dense, *CONVOLUTIONS, *DEPTHWISE, *SEPARABLE))


# --- The arrays of a layer with a kernel -----------------------------------------------------------------------------


def kernel_of(layer: Any) -> Any:
    """The variable that mixes the channels: of a separable convolution the pointwise one."""
    return layer.pointwise_kernel if isinstance(layer, SEPARABLE) else layer.kernel


def parameters_of(layer: Any) -> list[Any]:
    """All variables of a layer and of those within it that training moves unless they are frozen, each once."""
    found = [variable for part in layer._flatten_layers() for variable in part._trainable_variables]
    return list({id(variable): variable for variable in found}.values())


def is_convolution(layer: Any) -> bool:
    """Whether its outputs have positions and channels."""
    return isinstance(layer, (*CONVOLUTIONS, *DEPTHWISE, *SEPARABLE))


def unit_axis(layer: Any) -> int:
    """The axis of its outputs along which its units lie."""
    return 1 if getattr(layer, "data_format", None) == "channels_first" else -1


def as_rows(layer: Any, kernel: np.ndarray) -> np.ndarray:
    """A kernel, (…, in, units), as (units, inputs of a unit)."""
    if isinstance(layer, DEPTHWISE):  # (…, in, multiplier)
        return kernel.reshape(-1, kernel.shape[-2] * kernel.shape[-1]).T
    return kernel.reshape(-1, kernel.shape[-1]).T


def fan_in(kernel: Any) -> int:
    """Inputs of one unit, as Keras counts them: all axes of a kernel but the last."""
    return int(np.prod(kernel.shape[:-1]))


# --- Names -----------------------------------------------------------------------------------------------------------


def activation_of(function: Any) -> Choice | None:
    """The activation that a function or layer applies."""
    if function is None:
        return Choice("linear")
    if isinstance(function, layers.Activation):
        return activation_of(function.activation)
    if isinstance(function, layers.ReLU):
        given = {"negative_slope": function.negative_slope, "threshold": function.threshold}
        is_leaky = function.negative_slope and not function.threshold and function.max_value is None
        if is_leaky:
            return chosen("leaky_relu", {"negative_slope": function.negative_slope}, ACTIVATIONS)
        return chosen("relu", {**given, "max_value": function.max_value}, ACTIVATIONS)
    if isinstance(function, layers.LeakyReLU):
        return chosen("leaky_relu", {"negative_slope": function.negative_slope}, ACTIVATIONS)
    if isinstance(function, layers.ELU):
        return chosen("elu", {"alpha": function.alpha}, ACTIVATIONS)
    if isinstance(function, layers.Softmax):
        return Choice("softmax") if function.axis == -1 else None
    if isinstance(function, keras.Operation) and not isinstance(function, layers.Layer):
        return chosen(_operation_name(function), vars(function), ACTIVATIONS)
    name = getattr(function, "__name__", "")
    return Choice(name) if name in ACTIVATIONS and getattr(keras.activations, name, None) is function else None


def initializer_of(layer: Any) -> Choice | None:
    """The initializer of its kernel."""
    for role in ("pointwise", "depthwise", "kernel"):
        initializer = getattr(layer, f"{role}_initializer", None)
        if initializer is not None:
            return _of_object(initializer, INITIALIZERS)
    return None


def loss_of(loss: Any) -> Choice | None:
    """A Keras loss: its function, or an object with its arguments."""
    if isinstance(loss, keras.losses.Loss):
        return _of_object(loss, LOSSES)
    name = getattr(loss, "__name__", "")
    return Choice(name) if name in LOSSES and getattr(keras.losses, name, None) is loss else None


def optimizer_of(optimizer: Any) -> Choice | None:
    """A Keras optimizer, with the learning rate that it has now."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # within one that scales the loss
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return None
    rate = float(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(optimizer.learning_rate)))
    found = _of_object(optimizer, OPTIMIZERS, leave_out=("learning_rate",))
    return found and Choice(found.name, {"learning_rate": tidy(rate), **found.arguments})


def _of_object(thing: Any, table: Table[Any], leave_out: tuple[str, ...] = ()) -> Choice | None:
    """By the name of its class, if that is Keras' own, and by its configuration."""
    if not type(thing).__module__.startswith("keras."):
        return None
    with warnings.catch_warnings():  # NumPy's to Keras, about how it reads its own variables
        warnings.simplefilter("ignore", DeprecationWarning)
        config = thing.get_config()
    # A loss may keep an argument that its configuration leaves out, such as Huber's delta.
    config = {**getattr(thing, "_fn_kwargs", {}), **config}
    config = {key: value for key, value in config.items() if key not in leave_out}
    return chosen(snake_case(type(thing).__name__), config, table)


def _operation_name(layer: Any) -> str:
    """``leaky_relu`` for an operation of a functional graph that is no layer; else nothing."""
    is_operation = isinstance(layer, keras.Operation) and not isinstance(layer, layers.Layer)
    return snake_case(type(layer).__name__) if is_operation else ""


def largest_dropout(model: Any) -> float:
    """The largest share that a dropout layer of a model sets to 0."""
    kinds = (layers.Dropout, layers.AlphaDropout, layers.SpatialDropout1D, layers.SpatialDropout2D)
    rates = (float(layer.rate) for layer in model._flatten_layers() if isinstance(layer, kinds))
    return max(rates, default=0.0)
