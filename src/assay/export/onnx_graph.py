"""A graph of ONNX while it is built, and activations in it.

An activation is traced by JAX and its primitives are translated one by one, so that a name, a formula and a function
of the user's own come out of the very code that trained.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assay.choices import Choice
from assay.errors import StoreError
from assay.networks.activations import ACTIVATIONS, activate

ML = "ai.onnx.ml"
BATCH = 7919
"""Stands for the number of rows while an activation is traced; a prime that no layer has as its number of units."""


@dataclass
class Graph:
    """Nodes and constants so far; every value goes by its name."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def constant(self, array: np.ndarray | Sequence[str], name: str = "") -> str:
        """A constant array, or a list of words."""
        from onnx import TensorProto, helper, numpy_helper

        name = name or f"c{next(self._numbers)}"
        if isinstance(array, np.ndarray):
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name))
        else:
            words: Any = [word.encode() for word in array]
            self.constants.append(helper.make_tensor(name, TensorProto.STRING, [len(words)], words))
        return name

    def add(self, operator: str, *inputs: str, outputs: int = 1, name: str = "", **attributes: Any) -> Any:
        """A node; returns the name of its output, or the names of its outputs."""
        from onnx import helper

        names = [name or f"v{next(self._numbers)}" for _ in range(outputs)]
        domain = ML if operator in ("OneHotEncoder",) else None
        self.nodes.append(helper.make_node(operator, list(inputs), names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names


@dataclass(frozen=True)
class _Value:
    """What a variable of a trace is: a constant, or the name of a value in the graph; broadcasting is left to ONNX.

    Its `shape` may therefore have a 1 where the trace has more.
    """

    shape: tuple[int, ...]
    constant: np.ndarray | None = None
    name: str = ""


def add_activation(graph: Graph, choice: Choice, z: str, units: int) -> str:
    """Apply an activation to pre-activations `z` of shape (rows, units).

    Raises
    ------
    StoreError
        If ONNX has no operator for a part of it; the message names the activation and the part.
    """
    import jax

    elementwise = ACTIVATIONS.of(choice).is_elementwise
    traced = jax.make_jaxpr(lambda z: activate(choice, z))(jax.ShapeDtypeStruct((units, BATCH), np.float32))
    turned = z if elementwise else graph.add("Transpose", z, perm=[1, 0])
    constants = [_Value(np.shape(each), np.asarray(each)) for each in traced.consts]
    given = [*constants, _Value((units, BATCH), name=turned)]
    try:
        [found] = _translated(graph, traced.jaxpr, given)
    except NotImplementedError as error:
        raise StoreError(
            f"The activation '{choice}' cannot be written as ONNX: it has no operator for {error}. "
            "Export to npz, and use assay.kept.Kept.load(…).predict."
        ) from None
    name = _named(graph, found, np.float32)
    return name if elementwise else graph.add("Transpose", name, perm=[1, 0])


def _translated(graph: Graph, jaxpr: Any, given: Sequence[_Value]) -> list[_Value]:
    """The values of a trace's results, once its equations are in the graph."""
    values: dict[Any, _Value] = dict(zip([*jaxpr.constvars, *jaxpr.invars], given, strict=True))

    def value(variable: Any) -> _Value:
        if hasattr(variable, "val"):  # a number that stands in the equation
            return _Value((), np.asarray(variable.val, variable.aval.dtype))
        return values[variable]

    for equation in jaxpr.eqns:
        inputs = [value(variable) for variable in equation.invars]
        inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
        if inner is not None:
            closed = [_Value(np.shape(each), np.asarray(each)) for each in getattr(inner, "consts", ())]
            found = _translated(graph, getattr(inner, "jaxpr", inner), [*closed, *inputs])
        elif equation.primitive.name == "split":
            found = _split(graph, equation, inputs[0])
        else:
            found = [_of_equation(graph, equation, inputs)]
        values |= zip(equation.outvars, found, strict=True)
    return [value(variable) for variable in jaxpr.outvars]


def _of_equation(graph: Graph, equation: Any, inputs: Sequence[_Value]) -> _Value:
    primitive, parameters = equation.primitive.name, equation.params
    if primitive == "broadcast_in_dim":
        return _broadcast(graph, inputs[0], parameters["shape"], parameters["broadcast_dimensions"])
    if primitive in PASSED:
        return inputs[0]
    if all(each.constant is not None for each in inputs):
        known = np.asarray(equation.primitive.bind(*(each.constant for each in inputs), **parameters))
        return _Value(known.shape, known)
    types = [variable.aval.dtype for variable in equation.invars]
    if primitive == "convert_element_type":
        same = types[0].kind == parameters["new_dtype"].kind
        return (
            inputs[0] if same else _Value(inputs[0].shape, name=_cast(graph, inputs[0].name, parameters["new_dtype"]))
        )
    if primitive in ALONG_AN_AXIS:
        if inputs[0].shape != equation.invars[0].aval.shape:
            raise NotImplementedError(f"'{primitive}' of what was broadcast")
        name = ALONG_AN_AXIS[primitive](graph, inputs[0].name, parameters, inputs[0].shape)
        return _Value(equation.outvars[0].aval.shape, name=name)
    if primitive not in ELEMENTWISE:
        raise NotImplementedError(f"'{primitive}'")
    if primitive == "max" and any(each.constant is not None and not each.constant.any() for each in inputs):
        name = graph.add("Relu", next(each.name for each in inputs if each.constant is None))
    else:
        names = [_named(graph, each, dtype) for each, dtype in zip(inputs, types, strict=True)]
        name = ELEMENTWISE[primitive](graph, names, parameters)
    return _Value(np.broadcast_shapes(*(each.shape for each in inputs)), name=name)


def _named(graph: Graph, value: _Value, dtype: Any) -> str:
    return value.name if value.constant is None else graph.constant(value.constant.astype(dtype))


def _cast(graph: Graph, name: str, dtype: Any) -> str:
    from onnx import helper

    return graph.add("Cast", name, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def _broadcast(graph: Graph, value: _Value, shape: Sequence[int], kept: Sequence[int]) -> _Value:
    """New axes of length 1, which later operations broadcast."""
    if value.shape == ():
        return value
    axes = [axis for axis in range(len(shape)) if axis not in kept]
    lengths = dict(zip(kept, value.shape, strict=True))
    now = tuple(lengths.get(axis, 1) for axis in range(len(shape)))
    if not axes:
        return value
    if value.constant is not None:
        return _Value(now, value.constant.reshape(now))
    return _Value(now, name=graph.add("Unsqueeze", value.name, graph.constant(np.asarray(axes, np.int64))))


def _split(graph: Graph, equation: Any, value: _Value) -> list[_Value]:
    sizes, axis = equation.params["sizes"], equation.params["axis"]
    lengths = graph.constant(np.asarray(sizes, np.int64))
    names = graph.add("Split", value.name, lengths, outputs=len(sizes), axis=axis)
    return [_Value(out.aval.shape, name=name) for out, name in zip(equation.outvars, names, strict=True)]


def _plain(operator: str) -> Callable[[Graph, list[str], Mapping[str, Any]], str]:
    return lambda graph, names, parameters: graph.add(operator, *names)


def _one(graph: Graph) -> str:
    return graph.constant(np.asarray(1.0, np.float32))


def _select(graph: Graph, names: list[str], parameters: Mapping[str, Any]) -> str:
    which, if_false, if_true = names
    return graph.add("Where", which, if_true, if_false)


def _clamp(graph: Graph, names: list[str], parameters: Mapping[str, Any]) -> str:
    low, value, high = names
    return graph.add("Min", graph.add("Max", value, low), high)


def _integer_power(graph: Graph, names: list[str], parameters: Mapping[str, Any]) -> str:
    return graph.add("Pow", names[0], graph.constant(np.asarray(float(parameters["y"]), np.float32)))


PASSED = ("copy", "copy_p", "stop_gradient")
"""Primitives that give what they are given."""

ELEMENTWISE: dict[str, Callable[[Graph, list[str], Mapping[str, Any]], str]] = {
    **{name: _plain(name.capitalize()) for name in ("abs", "add", "and", "cos", "cosh", "div", "erf", "exp", "floor")},
    **{name: _plain(name.capitalize()) for name in ("log", "max", "min", "mul", "neg", "not", "or", "pow", "sign")},
    **{name: _plain(name.capitalize()) for name in ("sin", "sinh", "sqrt", "sub", "tan", "tanh", "ceil", "round")},
    "asinh": _plain("Asinh"),
    "acosh": _plain("Acosh"),
    "atanh": _plain("Atanh"),
    "asin": _plain("Asin"),
    "acos": _plain("Acos"),
    "atan": _plain("Atan"),
    "logistic": _plain("Sigmoid"),
    "eq": _plain("Equal"),
    "lt": _plain("Less"),
    "le": _plain("LessOrEqual"),
    "gt": _plain("Greater"),
    "ge": _plain("GreaterOrEqual"),
    "ne": lambda graph, names, _: graph.add("Not", graph.add("Equal", *names)),
    "erfc": lambda graph, names, _: graph.add("Sub", _one(graph), graph.add("Erf", *names)),
    "expm1": lambda graph, names, _: graph.add("Sub", graph.add("Exp", *names), _one(graph)),
    "log1p": lambda graph, names, _: graph.add("Log", graph.add("Add", *names, _one(graph))),
    "rsqrt": lambda graph, names, _: graph.add("Reciprocal", graph.add("Sqrt", *names)),
    "square": lambda graph, names, _: graph.add("Mul", names[0], names[0]),
    "integer_pow": _integer_power,
    "select_n": _select,
    "clamp": _clamp,
}
"""Primitives of JAX that look at one number of each input, and how ONNX says them."""


def _axes(graph: Graph, parameters: Mapping[str, Any]) -> str:
    return graph.constant(np.asarray(parameters["axes"], np.int64))


def _sort(graph: Graph, name: str, parameters: Mapping[str, Any], shape: tuple[int, ...]) -> str:
    axis = parameters["dimension"]
    if parameters["num_keys"] != 1 or shape[axis] == BATCH:
        raise NotImplementedError("'sort' of several arrays, or of rows")
    count = graph.constant(np.asarray([shape[axis]], np.int64))
    return graph.add("TopK", name, count, outputs=2, axis=axis, largest=0, sorted=1)[0]


ALONG_AN_AXIS: dict[str, Callable[[Graph, str, Mapping[str, Any], tuple[int, ...]], str]] = {
    "reduce_max": lambda graph, name, p, _: graph.add("ReduceMax", name, _axes(graph, p), keepdims=0),
    "reduce_min": lambda graph, name, p, _: graph.add("ReduceMin", name, _axes(graph, p), keepdims=0),
    "reduce_sum": lambda graph, name, p, _: graph.add("ReduceSum", name, _axes(graph, p), keepdims=0),
    "reduce_prod": lambda graph, name, p, _: graph.add("ReduceProd", name, _axes(graph, p), keepdims=0),
    "cumsum": lambda graph, name, p, _: graph.add(
        "CumSum", name, graph.constant(np.asarray(p["axis"], np.int64)), reverse=int(p["reverse"])
    ),
    "sort": _sort,
    "transpose": lambda graph, name, p, _: graph.add("Transpose", name, perm=list(map(int, p["permutation"]))),
    "squeeze": lambda graph, name, p, _: graph.add(
        "Squeeze", name, graph.constant(np.asarray(p["dimensions"], np.int64))
    ),
}
"""Primitives that look along an axis."""
