"""The examples that a Keras model is looked at with: arrays for each of its inputs, checked against what it takes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from assay.errors import ModelError
from assay.models.drawing import drawn_inputs, drawn_words


def inputs_of(model: Any, x: Any, rows: int, remarks: list[str]) -> Any:
    """The inputs as arrays, nested as the model takes them; drawn where there are none.

    Raises
    ------
    ModelError
        If they do not fit the model, or none are given and it does not tell their shape.
    """
    if x is None:
        return _drawn(model, rows, remarks)
    x = keras.tree.map_structure(array_of, x) if _is_several(x) else array_of(x)
    _check(model, x)
    return x


def _drawn(model: Any, rows: int, remarks: list[str]) -> Any:
    """Standard normal numbers; for a model with embeddings whole numbers that all of them have a row for."""
    expected = list(getattr(model, "inputs", None) or ()) if model.built else []
    if not expected or any(None in tensor.shape[1:] for tensor in expected):
        raise ModelError(
            f"model '{model.name}': it does not tell the shape of its inputs, so none can be drawn for it. "
            "Give x and y."
        )
    tables = [layer.input_dim for layer in model._flatten_layers() if isinstance(layer, keras.layers.Embedding)]
    if tables:
        remarks.append(f"Assumed: inputs drawn from the whole numbers below {min(tables)}.")
        drawn = [drawn_words(rows, tuple(tensor.shape[1:]), min(tables)) for tensor in expected]
    else:
        remarks.append("Assumed: inputs drawn from a standard normal.")
        drawn = [drawn_inputs(rows, tuple(tensor.shape[1:])) for tensor in expected]
    return drawn[0] if len(drawn) == 1 else drawn


def array_of(values: Any) -> np.ndarray:
    """On the host, as float32 if it has 64 bits; a list of rows, a data frame or any backend's tensor."""
    array = np.asarray(keras.ops.convert_to_numpy(values) if keras.ops.is_tensor(values) else values)
    if array.dtype.kind not in "biuf":
        raise ModelError(f"expected examples that are numbers, got an array of {array.dtype}.")
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _is_several(x: Any) -> bool:
    """Whether it holds the arrays of several inputs, as Keras reads it."""
    return isinstance(x, dict) or (isinstance(x, list | tuple) and all(hasattr(part, "shape") for part in x))


def _check(model: Any, x: Any) -> None:
    parts = keras.tree.flatten(x)
    counts = {len(part) for part in parts if part.ndim}
    if len(counts) != 1 or 0 in counts or not all(part.ndim for part in parts):
        shapes = ", ".join(str(part.shape) for part in parts)
        raise ModelError(f"x: expected at least one example, and as many in every input, got arrays of shape {shapes}.")
    expected = [tuple(tensor.shape) for tensor in getattr(model, "inputs", None) or ()]
    if not expected:
        return
    if len(expected) != len(parts):
        raise ModelError(f"x: model '{model.name}' has {len(expected)} inputs, got {len(parts)} arrays.")
    for shape, part in zip(expected, parts, strict=True):
        given = part.shape if len(part.shape) == len(shape) else (*part.shape, 1)  # Keras adds a last axis of 1
        fits = len(given) == len(shape) and all(a in (None, b) for a, b in zip(shape[1:], given[1:], strict=True))
        if not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in shape[1:])
            raise ModelError(
                f"x: model '{model.name}' expects examples of shape (rows, {wanted}), got {part.shape}. "
                "Reshape x, or give the model another Input."
            )


def count_of(x: Any) -> int:
    """How many examples there are."""
    return len(keras.tree.flatten(x)[0])


def taken(x: Any, rows: np.ndarray) -> Any:
    """Some of the examples."""
    return keras.tree.map_structure(lambda part: part[rows], x)


def tensors_of(x: Any) -> Any:
    """As the backend has them."""
    return keras.tree.map_structure(keras.ops.convert_to_tensor, x)


def flattened(x: Any) -> np.ndarray:
    """All inputs of an example side by side."""
    parts = [part.reshape(len(part), -1) for part in keras.tree.flatten(x)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
