"""An activation on the host: the very function that trains, traced by JAX and evaluated by NumPy.

Nothing is compiled, so a trained network says something of new rows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._lazy import lazy_module
from assay.choices import Choice
from assay.networks.activations.record import ACTIVATIONS

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


def activate_in_numpy(choice: Choice, z: np.ndarray) -> np.ndarray:
    """Apply a chosen activation to an array of pre-activations, float32 of shape (units, batch)."""
    traced = _traced(choice, z.shape, z.dtype)
    with np.errstate(all="ignore"):
        [found] = evaluated(traced.jaxpr, [*traced.consts, z])
    return np.asarray(found, np.float32)


@lru_cache(maxsize=256)  # the networks of a study have few shapes, and a trace takes a millisecond
def _traced(choice: Choice, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    function, arguments = ACTIVATIONS.of(choice).function, ACTIVATIONS.arguments(choice)
    return jax.make_jaxpr(lambda z: function(z, **arguments))(jax.ShapeDtypeStruct(shape, dtype))


def evaluated(jaxpr: Any, given: Sequence[Any]) -> list[Any]:
    """The results of a trace for given constants and inputs."""
    values: dict[Any, Any] = dict(zip([*jaxpr.constvars, *jaxpr.invars], given, strict=True))

    def value(variable: Any) -> Any:
        # A number that stands in an equation has no name.
        return np.asarray(variable.val, variable.aval.dtype) if hasattr(variable, "val") else values[variable]

    for equation in jaxpr.eqns:
        inputs, parameters = [value(variable) for variable in equation.invars], equation.params
        inner = parameters.get("jaxpr", parameters.get("call_jaxpr"))
        if inner is not None:
            found = evaluated(getattr(inner, "jaxpr", inner), [*getattr(inner, "consts", ()), *inputs])
        elif equation.primitive.name in _functions():
            found = [_functions()[equation.primitive.name](*inputs, **parameters)]
        else:  # one that NumPy does not know is JAX's affair
            result = equation.primitive.bind(*map(jax.numpy.asarray, inputs), **parameters)
            found = [np.asarray(each) for each in (result if equation.primitive.multiple_results else [result])]
        values |= zip(equation.outvars, found, strict=True)
    return [value(variable) for variable in jaxpr.outvars]


@cache
def _functions() -> dict[str, Callable[..., Any]]:
    """How NumPy says the primitives of JAX that activations are made of."""
    from scipy import special

    def plain(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values, **parameters: function(*values)

    def broadcast(x: Any, *, shape: Sequence[int], broadcast_dimensions: Sequence[int], **_: Any) -> np.ndarray:
        axes = [axis for axis in range(len(shape)) if axis not in broadcast_dimensions]
        return np.broadcast_to(np.expand_dims(x, axes), shape)

    same = ("abs", "add", "ceil", "cos", "cosh", "exp", "expm1", "floor", "log", "log1p", "sign", "sin", "sinh", "sqrt")
    named = {name: getattr(np, name) for name in (*same, "square", "tan", "tanh")}
    named |= {"sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative, "pow": np.power}
    named |= {"max": np.maximum, "min": np.minimum, "eq": np.equal, "ne": np.not_equal}
    named |= {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}
    named |= {"asinh": np.arcsinh, "atan": np.arctan, "erf": special.erf, "erfc": special.erfc}
    named |= {"logistic": special.expit, "copy": np.asarray, "stop_gradient": np.asarray}
    return {
        **{name: plain(function) for name, function in named.items()},
        "broadcast_in_dim": broadcast,
        "convert_element_type": lambda x, *, new_dtype, **_: np.asarray(x).astype(new_dtype),
        "integer_pow": lambda x, *, y: x**y,
        "select_n": lambda which, if_false, if_true: np.where(which, if_true, if_false),
        "transpose": lambda x, *, permutation: np.transpose(x, permutation),
        "reduce_max": lambda x, *, axes, **_: x.max(axis=tuple(axes)),
        "reduce_sum": lambda x, *, axes, **_: x.sum(axis=tuple(axes), dtype=x.dtype),
    }
