"""A kept network as a ``.keras`` file of Keras' own layers and operations, and a ``.json`` beside it.

Raw rows are its input; a table has an input for each column, of shape (rows, 1), with NaN for a gap and dates in days
from 1970-01-01. Keras' layers for words need TensorFlow, so a categorical column is given by numbers: those of
``StringLookup(vocabulary=levels, mask_token="")``, 0 for a gap, 1 for a word that is no level, and 2, 3, … for the
levels. The ``.json`` tells them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from assay.choices import Choice
from assay.data.preparation import Column, Preparation
from assay.data.scaling import Scaling
from assay.errors import StoreError
from assay.expressions import ELEMENTWISE, Expression
from assay.kept import Kept
from assay.keras_backend import choose_backend
from assay.networks.activations import ACTIVATIONS
from assay.own_code import OwnCode
from assay.store.files import replace_file, write_json

GAP, UNKNOWN, FIRST_LEVEL = 0, 1, 2


def write_keras(network: Kept, path: Path) -> Path:
    """Write a network as a ``.keras`` file, and what its inputs and outputs are beside it; returns the latter's path.

    Raises
    ------
    StoreError
        If an activation has no counterpart in Keras, or a file cannot be written.
    """
    model = keras_model(network)
    about = path.with_suffix(".json")

    def save(temporary: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:  # Keras wants its own ending
            model.save(Path(folder) / "network.keras")
            shutil.copyfile(Path(folder) / "network.keras", temporary)

    replace_file(path, save)
    write_json(about, _about(network))
    return about


def keras_model(network: Kept) -> Any:
    """The network as a functional model; raw rows in, outputs out, those of a regression in their own units."""
    choose_backend()
    import keras

    inputs, x = _inputs(network.preparation)
    for number, layer in enumerate(network.layers, start=1):
        named = _named(layer.activation)
        dense = keras.layers.Dense(layer.kernel.shape[1], activation=named, name=f"layer_{number}")
        x = dense(x)
        dense.set_weights([layer.kernel, layer.bias])
        x = x if named is not None else _activated(layer.activation, x)
    if network.target_scaling is not None:
        scaling = network.target_scaling
        x = keras.layers.Rescaling(scaling.scale.tolist(), scaling.offset.tolist(), name="own_units")(x)
    return keras.Model(inputs, x, name="network")


def _about(network: Kept) -> dict[str, Any]:
    columns = {
        column.name: {
            "kind": column.kind,
            "gap": GAP,
            "other": UNKNOWN,
            "levels": {level: number for number, level in enumerate(column.levels, start=FIRST_LEVEL)},
        }
        if column.kind == "categorical"
        else {"kind": column.kind, "gap": "NaN"}
        for column in network.preparation.columns
    }
    return {
        "task": network.task,
        "outputs": list(network.output_names),
        "threshold": network.threshold,
        "columns": columns,
        "condition": network.condition,
        "seed": network.seed,
        "epoch": network.epoch,
    }


# ---- before the network


def _inputs(preparation: Preparation) -> tuple[Any, Any]:
    """The input of the model, or its inputs by their names, and the features as the network takes them."""
    import keras

    if not preparation.columns:
        x = keras.Input(preparation.shape, name="x")
        flat = keras.layers.Flatten()(x) if len(preparation.shape) != 1 else x
        return x, _scaled(flat, preparation.scaling)
    inputs = {column.name: keras.Input((1,), name=column.name) for column in preparation.columns}
    parts = [part for column in preparation.columns for part in _features(inputs[column.name], column)]
    joined = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    return inputs, _scaled(joined, preparation.scaling)


def _features(x: Any, column: Column) -> list[Any]:
    import keras

    if column.kind == "categorical":
        entries = np.zeros((FIRST_LEVEL + len(column.levels), len(column.feature_names)), np.float32)
        entries[FIRST_LEVEL:, : len(column.levels)] = np.eye(len(column.levels))
        if column.fill in column.levels:
            entries[GAP, column.levels.index(str(column.fill))] = 1.0
        if column.has_indicator:
            entries[GAP, -1] = 1.0
        table = keras.layers.Embedding(*entries.shape, trainable=False)
        features = keras.layers.Flatten()(table(x))
        table.set_weights([entries])
        return [features]
    gaps = keras.ops.isnan(x)
    filled = x if column.fill is None else keras.ops.where(gaps, float(column.fill), x)
    return [filled, keras.ops.cast(gaps, "float32")] if column.has_indicator else [filled]


def _scaled(x: Any, scaling: Scaling) -> Any:
    import keras

    if scaling.name == "none":
        return x
    if scaling.scale.ndim == 0 and not scaling.offset.any():
        return keras.layers.Rescaling(1.0 / float(scaling.scale))(x)
    features = x.shape[-1]
    mean, scale = (np.broadcast_to(each, (features,)) for each in (scaling.offset, scaling.scale))
    return keras.layers.Normalization(mean=mean.tolist(), variance=(scale**2).tolist())(x)


# ---- activations


def _named(choice: Choice) -> str | None:
    """The name under which Keras has an activation with these arguments; None where it has none."""
    import keras

    if choice.own is not None:
        return None
    record = ACTIVATIONS.of(choice)
    has_defaults = ACTIVATIONS.arguments(choice) == dict(record.defaults)
    known = getattr(keras.activations, record.name, None)
    # Keras' `threshold` has no defaults, and a dense layer does not ask how many outputs its activation leaves.
    is_plain = record.name != "threshold" and record.outputs_of is None
    return record.name if has_defaults and is_plain and known is not None else None


def _activated(choice: Choice, x: Any) -> Any:
    """An activation that Keras has under no name: with arguments, or a formula."""
    import keras

    arguments = ACTIVATIONS.arguments(choice)
    if isinstance(choice.own, Expression):
        return choice.own.evaluate({"x": x, **arguments}, _library())
    name = choice.name if isinstance(choice.own, OwnCode) else ACTIVATIONS.of(choice).name
    if name == "relu":
        return keras.layers.ReLU(**arguments)(x)
    if choice.own is not None or not hasattr(keras.ops, name):
        raise StoreError(
            f"The activation '{choice}' has no counterpart in Keras. Export to npz, and use "
            "assay.kept.Kept.load(…).predict."
        )
    return getattr(keras.ops, name)(x, **arguments)


def _library() -> Mapping[str, Callable[..., Any]]:
    """The functions of expressions, as Keras' operations."""
    import keras

    named = {name: getattr(keras.ops, name) for name in ELEMENTWISE if hasattr(keras.ops, name)}
    return {**named, "max": keras.ops.maximum, "min": keras.ops.minimum}
