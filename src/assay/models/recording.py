"""Watch a Keras model's layers compute, without changing what they compute, and leave them as they were.

While `recording` is open, each layer's `call` and each kernel layer's `activation` are stand-ins that note what passes;
dropout is off because the model is called for inference, and batch normalization takes the statistics of the batch, as
in training. The stand-ins lie in the layers' own dictionaries, before the classes' attributes, and go when it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from assay.models.calls import Call, Log, Site
from assay.models.keras_layers import KEEPING, activation_of

_ABSENT = object()


@contextmanager
def recording(found: Sequence[tuple[str, Any]], log: Log) -> Iterator[None]:
    """Note what these layers do, each with its kind (`keras_layers.leaves`); a layer goes by its place among them."""
    held: list[tuple[Any, str, Any]] = []

    def replace(layer: Any, attribute: str, stand_in: Any) -> None:
        held.append((layer, attribute, layer.__dict__.get(attribute, _ABSENT)))
        layer.__dict__[attribute] = stand_in

    try:
        for place, (kind, layer) in enumerate(found):
            if kind == "kernel":
                _stand_in_for_kernel(place, layer, log, replace)
            elif kind == "block":
                replace(layer, "call", _stand_in_for_block(place, layer, log))
            elif kind == "distributed":
                replace(layer, "call", _all_steps_at_once(layer))
            else:
                replace(layer, "call", _stand_in(place, kind, layer, log))
        yield
    finally:
        for layer, attribute, before in reversed(held):
            if before is _ABSENT:
                layer.__dict__.pop(attribute, None)
            else:
                layer.__dict__[attribute] = before


def _stand_in_for_kernel(place: int, layer: Any, log: Log, replace: Callable[[Any, str, Any], None]) -> None:
    call, function = layer.call, layer.activation
    choice = activation_of(function)
    is_activated = choice is None or choice.name != "linear"
    passed: list[Site] = []

    def activation(z: Any) -> Any:
        site, a = log.apply(place, z, function if function is not None else lambda z: z)
        passed.append(site)
        return a

    def stand_in(*args: Any, **kwargs: Any) -> Any:
        passed.clear()
        output = call(*args, **kwargs)
        if not passed:  # a class of the user's own that applies its activation, if any, in another way
            output = activation(output)
        log.calls.append(Call("kernel", place, _tensors(args, kwargs), output, passed[-1], choice, is_activated))
        return output

    replace(layer, "activation", activation)
    replace(layer, "call", stand_in)


def _stand_in_for_block(place: int, layer: Any, log: Log) -> Callable[..., Any]:
    """It goes by its first output; a number that an embedding has no row for is taken as the nearest that it has."""
    call = layer.call
    is_table = isinstance(layer, keras.layers.Embedding)

    def stand_in(*args: Any, **kwargs: Any) -> Any:
        given = _tensors(args, kwargs)
        if is_table:
            known = keras.ops.clip(given[0], 0, layer.input_dim - 1)
            args, kwargs = (known, *args[1:]), {key: kwargs[key] for key in kwargs if key != "inputs"}
        output = call(*args, **kwargs)
        first, *rest = output if isinstance(output, tuple | list) else (output,)
        site, first = log.apply(place, first, lambda z: z)
        log.calls.append(Call("opaque", place, given, first, site))
        return type(output)((first, *rest)) if isinstance(output, tuple | list) else first

    return stand_in


def _all_steps_at_once(layer: Any) -> Callable[..., Any]:
    """`TimeDistributed` calls the layer within at each time step; here the steps are rows, so that one call is seen."""

    def stand_in(inputs: Any, training: Any = None, mask: Any = None) -> Any:
        rows, times = inputs.shape[:2]
        kwargs: dict[str, Any] = {}
        if layer.layer._call_has_mask_arg and mask is not None:
            kwargs["mask"] = keras.ops.reshape(mask, (rows * times, *mask.shape[2:]))
        if layer.layer._call_has_training_arg:
            kwargs["training"] = training
        output = layer.layer.call(keras.ops.reshape(inputs, (rows * times, *inputs.shape[2:])), **kwargs)
        return keras.ops.reshape(output, (rows, times, *output.shape[1:]))

    return stand_in


def _stand_in(place: int, kind: str, layer: Any, log: Log) -> Callable[..., Any]:
    call = layer.call
    as_in_training = {"training": True} if isinstance(layer, keras.layers.BatchNormalization) else {}
    choice = activation_of(layer) if kind == "activation" else None
    is_activation = kind == "activation" and (choice is None or choice.name != "linear")

    def stand_in(*args: Any, **kwargs: Any) -> Any:
        kwargs |= as_in_training
        if not is_activation:
            output = call(*args, **kwargs)
            is_identity = kind == "activation"
            told = Call("passive" if is_identity else kind, place, _tensors(args, kwargs), output)
            told.keeps = is_identity or isinstance(layer, KEEPING)
            log.calls.append(told)
            return output
        given = _tensors(args, kwargs)
        z, *rest = args
        site, output = log.apply(place, z, lambda z: call(z, *rest, **kwargs))
        log.calls.append(Call("activation", place, given, output, site, choice, is_activated=True))
        return output

    return stand_in


def _tensors(args: Any, kwargs: Any) -> tuple[Any, ...]:
    return tuple(item for item in keras.tree.flatten((args, kwargs)) if keras.ops.is_tensor(item))
