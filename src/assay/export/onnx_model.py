"""A kept network as an ONNX model: raw rows in, predictions out.

A row of numbers is one input, ``x``. A table has an input for each column, of shape (rows, 1): words where it is
categorical, with ``""`` for a gap; else numbers, with NaN for a gap, dates in days from 1970-01-01.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assay.data.preparation import Column, Preparation
from assay.errors import MissingExtra
from assay.export.onnx_graph import ML, Graph, add_activation
from assay.kept import Kept
from assay.store.files import replace_file

OPSETS = {"": 18, ML: 3}
IR_VERSION = 9
ROWS = "rows"


def write_onnx(network: Kept, path: Path) -> None:
    """Write a network as an ``.onnx`` file.

    Its outputs are ``prediction`` (the class by its name; 0 or 1 for each label; quantities in their own units) and,
    but for a regression, ``outputs``, what the network says of each class or label.

    Raises
    ------
    MissingExtra
        If onnx is not installed.
    StoreError
        If an activation has no counterpart, or the file cannot be written.
    """
    try:
        from onnx import TensorProto, checker, helper
    except ImportError:
        raise MissingExtra("Writing an ONNX model needs onnx: pip install 'assay[onnx]'") from None
    graph = Graph()
    inputs, x = _inputs(graph, network.preparation)
    for number, layer in enumerate(network.layers, start=1):
        kernel = graph.constant(layer.kernel, f"kernel_{number}")
        z = graph.add("Gemm", x, kernel, graph.constant(layer.bias, f"bias_{number}"))
        x = add_activation(graph, layer.activation, z, layer.kernel.shape[1])
    taken = {each.name for each in inputs}
    prediction, outputs = (_free(name, taken) for name in ("prediction", "outputs"))
    names, count = network.output_names, network.num_outputs
    told: list[Any] = []
    shape: list[str | int | None]
    if network.task == "regression":
        kind, shape = TensorProto.FLOAT, [ROWS, count]
        _in_own_units(graph, network, x, prediction)
    else:
        graph.add("Identity", x, name=outputs)
        told = [helper.make_tensor_value_info(outputs, TensorProto.FLOAT, [ROWS, count])]
        if network.task == "multilabel":
            kind, shape = TensorProto.INT64, [ROWS, count]
            graph.add("Cast", _above(graph, network, x), to=TensorProto.INT64, name=prediction)
        else:
            kind, shape = TensorProto.STRING, [ROWS]
            graph.add("Gather", graph.constant(names), _classes(graph, network, x), name=prediction)
    told.insert(0, helper.make_tensor_value_info(prediction, kind, shape))
    made = helper.make_graph(graph.nodes, "network", inputs, told, graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION, producer_name="assay")
    _, about = network.written()
    kept = ("task", "class_names", "target_names", "condition", "seed", "epoch", "phase", "versions")
    helper.set_model_props(model, {name: json.dumps(about[name]) for name in kept})
    checker.check_model(model)
    replace_file(path, lambda temporary: temporary.write_bytes(model.SerializeToString()))


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


# ---- before the network


def _inputs(graph: Graph, preparation: Preparation) -> tuple[list[Any], str]:
    """The inputs of the model, and the features as the network takes them, float32 (rows, F)."""
    from onnx import TensorProto, helper

    if not preparation.columns:
        given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [ROWS, *preparation.shape])
        flat = graph.add("Flatten", "x", axis=1) if len(preparation.shape) != 1 else "x"
        return [given], _scaled(graph, preparation, flat, np.float32)
    inputs: list[Any] = []
    parts: list[str] = []
    for column in preparation.columns:
        is_text = column.kind == "categorical"
        kind = TensorProto.STRING if is_text else TensorProto.DOUBLE
        inputs.append(helper.make_tensor_value_info(column.name, kind, [ROWS, 1]))
        parts += [_of_words(graph, column)] if is_text else _of_numbers(graph, column)
    joined = graph.add("Concat", *parts, axis=1)
    return inputs, graph.add("Cast", _scaled(graph, preparation, joined, np.float64), to=TensorProto.FLOAT)


def _scaled(graph: Graph, preparation: Preparation, x: str, dtype: type) -> str:
    scaling = preparation.scaling
    if scaling.name == "none":
        return x
    centred = graph.add("Sub", x, graph.constant(scaling.offset.astype(dtype)))
    return graph.add("Div", centred, graph.constant(scaling.scale.astype(dtype)))


def _of_words(graph: Graph, column: Column) -> str:
    """One-hot levels: a matrix says which features each level has, and which a gap."""
    from onnx import TensorProto

    features = np.zeros((len(column.levels) + 1, len(column.feature_names)))
    features[: len(column.levels), : len(column.levels)] = np.eye(len(column.levels))
    if column.fill in column.levels:
        features[-1, column.levels.index(str(column.fill))] = 1.0
    if column.has_indicator:
        features[-1, -1] = 1.0
    marked = graph.add("OneHotEncoder", column.name, cats_strings=[*column.levels, ""], zeros=1)
    shape = graph.constant(np.asarray([-1, len(features)], np.int64))
    flat = graph.add("Cast", graph.add("Reshape", marked, shape), to=TensorProto.DOUBLE)
    return graph.add("MatMul", flat, graph.constant(features))


def _of_numbers(graph: Graph, column: Column) -> Sequence[str]:
    """The number, with its gaps filled, and where there were gaps."""
    from onnx import TensorProto

    if column.fill is None and not column.has_indicator:
        return [column.name]
    gaps = graph.add("IsNaN", column.name)
    filled = column.name
    if column.fill is not None:
        filled = graph.add("Where", gaps, graph.constant(np.asarray([[float(column.fill)]])), column.name)
    return [filled, graph.add("Cast", gaps, to=TensorProto.DOUBLE)] if column.has_indicator else [filled]


# ---- after the network


def _above(graph: Graph, network: Kept, x: str) -> str:
    return graph.add("Greater", x, graph.constant(np.asarray(network.threshold, np.float32)))


def _classes(graph: Graph, network: Kept, x: str) -> str:
    """The number of the class of each row, int64 (rows,)."""
    from onnx import TensorProto

    if network.task == "binary":
        above = graph.add("Cast", _above(graph, network, x), to=TensorProto.INT64)
        return graph.add("Squeeze", above, graph.constant(np.asarray([1], np.int64)))
    return graph.add("ArgMax", x, axis=1, keepdims=0)


def _in_own_units(graph: Graph, network: Kept, x: str, name: str) -> None:
    scaling = network.target_scaling
    if scaling is None or scaling.name == "none":
        graph.add("Identity", x, name=name)
        return
    stretched = graph.add("Mul", x, graph.constant(scaling.scale.astype(np.float32)))
    graph.add("Add", stretched, graph.constant(scaling.offset.astype(np.float32)), name=name)
