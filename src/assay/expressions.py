"""A formula that a user writes in a study file: parsed, checked, and never executed as code.

>>> swish = parse_expression("x * sigmoid(a * x)", variables=("x",), where="network.activation")
>>> swish.settings
('a',)
>>> swish.evaluate({"x": np.array([0.0, 1.0]), "a": 1.702}, NUMPY)
array([0.        , 0.84579577])

The text is read as one expression. Numbers, arithmetic, comparisons, names and calls of the functions below are all
that it may hold. Everything else is refused, with the place in the text: attributes, indices, strings, lambdas,
comprehensions, keywords, letters that only look like others, and text that is long or deeply nested.
"""

from __future__ import annotations

import ast
import math
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

import numpy as np

from assay.errors import StudyError, did_you_mean

LONGEST = 1000  # characters
DEEPEST = 40  # levels of brackets and of operators
LARGEST = 10**300  # of a whole number
LARGEST_INTEGER_POWER = 32  # above it x ** n is a floating-point power, not a product of n factors

Array = Any
"""A NumPy or a JAX array, or a number."""
Library = Mapping[str, Callable[..., Array]]
"""What the functions of an expression are: by name, of NumPy arrays or of JAX arrays."""

CONSTANTS = {"pi": math.pi, "e": math.e}
NO_SIGNS = "^\\'\"`#$?@;:{}[]&|~"  # printable, and without a meaning in an expression
# Name → number of arguments. All are elementwise.
ELEMENTWISE = {
    **dict.fromkeys(
        ("abs", "sign", "floor", "exp", "expm1", "log", "log1p", "sqrt", "square", "sin", "cos", "tan", "sinh", "cosh"),
        1,
    ),
    **dict.fromkeys(("tanh", "arctan", "arcsinh", "erf", "sigmoid", "softplus", "relu"), 1),
    **dict.fromkeys(("min", "max"), 2),
    **dict.fromkeys(("clip", "where"), 3),
}
# Over the outputs of an example: for losses.
OVER_OUTPUTS = {"sum": 1, "mean": 1, "largest": 1}
OUTPUTS = -2  # the axis of the outputs in (..., K, batch)

_OPERATORS: dict[type, Callable[[Array, Array], Array]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
_COMPARISONS: dict[type, Callable[[Array, Array], Array]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}
# What is meant by a sign that is none of ours.
_MEANT = {"^": "**", "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "²": "**2", "³": "**3", "≤": "<=", "≥": ">="}
_REFUSED = {
    ast.Attribute: "a dot after a name means nothing here",
    ast.Subscript: "square brackets mean nothing here",
    ast.Lambda: "a function cannot be defined here",
    ast.IfExp: "write where(condition, a, b) instead of a if … else b",
    ast.BoolOp: "write where(condition, a, b) instead of and, or",
    ast.NamedExpr: "nothing can be assigned here",
    ast.Starred: "a star means multiplication, and stands between two values",
    ast.FloorDiv: "write floor(a / b) instead of a // b",
    ast.Mod: "write a - b * floor(a / b) instead of a % b",
    ast.MatMult: "an expression is elementwise; @ has no place in it",
    ast.Not: "write where(condition, a, b) instead of not",
    ast.Invert: "~ has no meaning for real numbers",
}


@dataclass(frozen=True)
class Expression:
    """A parsed formula. Two are equal if their texts and variables are.

    Attributes
    ----------
    text : str
    variables : tuple of str
        The names that the caller gives values to: ``x``, or ``y_true`` and ``y_pred``.
    reduces : bool
        Whether `OVER_OUTPUTS` may be used.
    """

    text: str
    variables: tuple[str, ...]
    reduces: bool = False

    @cached_property
    def _tree(self) -> ast.expr:
        return _parsed(self.text, "expression")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Variables and settings that stand in it, in the order of the text."""
        found = [node for node in ast.walk(self._tree) if isinstance(node, ast.Name)]
        called = {id(node.func) for node in ast.walk(self._tree) if isinstance(node, ast.Call)}
        found = sorted((node for node in found if id(node) not in called), key=lambda node: node.col_offset)
        return tuple(dict.fromkeys(node.id for node in found if node.id not in CONSTANTS))

    @property
    def settings(self) -> tuple[str, ...]:
        """The names that are no variables: numbers that stand beside the expression."""
        return tuple(name for name in self.names if name not in self.variables)

    def evaluate(self, values: Mapping[str, Array], library: Library) -> Array:
        """The value of the expression.

        Parameters
        ----------
        values : mapping of str to array or float
            Of every name; they broadcast.
        library : mapping of str to callable
            `NUMPY`, or `jax_library()`.
        """
        return _value(self._tree, values, library)


@lru_cache(maxsize=1024)
def parse_expression(text: str, *, variables: tuple[str, ...], where: str, reduces: bool = False) -> Expression:
    """Read and check an expression.

    Parameters
    ----------
    text : str
    variables : tuple of str
        The names that it is a function of.
    where : str
        The dotted key, for the message.
    reduces : bool
        Whether `OVER_OUTPUTS` may be used.

    Raises
    ------
    StudyError
        If the text is no expression, or holds what is not allowed. The message shows the place.
    """
    tree = _parsed(text, where)
    _check(tree, text, where, reduces)
    expression = Expression(text, variables, reduces)
    if not set(expression.names) & set(variables):
        wanted = " or ".join(variables)
        raise StudyError(f"{where}: the expression '{text}' does not depend on {wanted}. Write it with {wanted}.")
    return expression


# --- Checking --------------------------------------------------------------------------------------------------------


def _parsed(text: str, where: str) -> ast.expr:
    """The syntax tree of a text that is short, plain ASCII, and not deeply nested."""
    if len(text) > LONGEST:
        raise StudyError(f"{where}: expected an expression of at most {LONGEST} characters, got {len(text)}.")
    if not text.strip():
        raise StudyError(f"{where}: expected an expression, such as 'x * sigmoid(x)', got an empty text.")
    for place, sign in enumerate(text):
        if not " " <= sign <= "~" or sign in NO_SIGNS:
            _refuse(text, place, 1, _stranger(sign), where)
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth > DEEPEST:
            _refuse(text, place, 1, f"brackets may be nested {DEEPEST} deep, not deeper", where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's, of odd literals; they are refused below
            tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        lead = len(text) - len(text.lstrip())
        place = min(lead + max((error.offset or 1) - 1, 0), len(text) - 1)
        _refuse(text, place, 1, "an operator, a bracket or a value is missing or too many", where)
    except (ValueError, MemoryError, RecursionError):
        raise StudyError(f"{where}: '{text[:60]}…' cannot be read as an expression. Write it shorter.") from None
    return tree


def _stranger(sign: str) -> str:
    """What is said of a character that has no place in an expression."""
    if sign in _MEANT:
        return f"'{sign}' has no meaning here; write {_MEANT[sign]}"
    plain = unicodedata.normalize("NFKD", sign)
    meant = f"; it only looks like '{plain}'" if plain.isascii() and plain.isprintable() and plain != sign else ""
    if sign.isascii():
        return f"'{sign}' has no meaning here" if sign.isprintable() else "a control character has no meaning here"
    return f"'{sign}' ({unicodedata.name(sign, 'unnamed').lower()}) has no meaning here{meant}"


def _refuse(text: str, place: int, length: int, reason: str, where: str) -> None:
    """Raise a `StudyError` that shows where in the text."""
    start = max(0, place - 50)
    shown = text[start : start + 100].replace("\n", " ").replace("\t", " ")
    mark = " " * (place - start) + "^" * max(1, min(length, len(shown) - (place - start)))
    raise StudyError(f"{where}: column {place + 1} of the expression: {reason}.\n    {shown}\n    {mark}")


def _children(tree: ast.expr) -> Iterator[tuple[ast.AST, int]]:
    """Every node with its depth, without recursion."""
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


def _check(tree: ast.expr, text: str, where: str, reduces: bool) -> None:
    """Refuse every node that is not one of ours."""
    functions = {**ELEMENTWISE, **(OVER_OUTPUTS if reduces else {})}
    lead = len(text) - len(text.lstrip())
    called = {id(node.func) for node, _ in _children(tree) if isinstance(node, ast.Call)}
    for node, depth in _children(tree):
        if not isinstance(node, ast.expr | ast.keyword):
            continue  # operators are looked at with the node that has them
        place, length = lead + node.col_offset, (node.end_col_offset or node.col_offset + 1) - node.col_offset
        reason = _reason_against(node, functions, is_called=id(node) in called)
        if reason is None and depth > 4 * DEEPEST:
            reason = "the expression is nested too deeply; write it in fewer steps"
        if reason is not None:
            _refuse(text, place, length, reason, where)
    _check_constants(tree, text, lead, where)


def _reason_against(node: ast.AST, functions: Mapping[str, int], *, is_called: bool) -> str | None:
    """Why this node has no place in an expression; None where it has one."""
    match node:
        case ast.Constant(value=bool() | None as word):
            return f"'{word}' is not a number"
        case ast.Constant(value=int() | float()):
            return None
        case ast.Constant():
            return "only real numbers have a place in an expression"
        case ast.BinOp(op=operator) if type(operator) in _OPERATORS:
            return None
        case ast.UnaryOp(op=ast.UAdd() | ast.USub()):
            return None
        case ast.BinOp(op=operator) | ast.UnaryOp(op=operator):
            return _REFUSED.get(type(operator), f"{type(operator).__name__} has no meaning for real numbers")
        case ast.Compare(ops=operators):
            known = all(type(operator) in _COMPARISONS for operator in operators)
            return None if known else "only <, <=, >, >=, == and != compare numbers"
        case ast.Name(id=name) if is_called:
            if name in functions:
                return None
            if name in OVER_OUTPUTS:
                return f"'{name}' runs over the outputs of an example, so it belongs to a loss"
            return f"unknown function '{name}'.{did_you_mean(name, functions)} Known: {', '.join(functions)}"
        case ast.Name(id=name):
            return f"'{name}' is a function; write {name}(…)" if name in functions else None
        case ast.Call(func=ast.Name(id=name), args=given, keywords=[]):
            wanted = functions.get(name, len(given))
            plural = "" if wanted == 1 else "s"
            return None if len(given) == wanted else f"'{name}' takes {wanted} value{plural}, got {len(given)}"
        case ast.Call(func=ast.Name(), keywords=[_, *_]):
            return "a function takes values without names"
        case ast.Call():
            return "only a named function can be called"
    return _REFUSED.get(type(node), f"{type(node).__name__} has no place in an expression")


def _check_constants(tree: ast.expr, text: str, lead: int, where: str) -> None:
    """Numbers alone are worked out here, in double precision: what comes to no finite number is refused."""
    for node, _ in _children(tree):
        if not isinstance(node, ast.expr) or isinstance(node, ast.Name):
            continue
        if any(isinstance(part, ast.Name) and part.id not in {*CONSTANTS, *ELEMENTWISE} for part in ast.walk(node)):
            continue
        with np.errstate(all="ignore"):
            value = _value(node, {}, NUMPY)
        if not np.isfinite(value):
            length = (node.end_col_offset or 0) - node.col_offset
            _refuse(text, lead + node.col_offset, length, "this comes to no finite number", where)


# --- Evaluating ------------------------------------------------------------------------------------------------------


def _value(node: ast.AST, values: Mapping[str, Array], library: Library) -> Array:
    """The value of a node that `_check` has let pass."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number) if abs(number) < LARGEST else math.inf
        case ast.Name(id=name):
            return values[name] if name in values else CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, values, library)
        case ast.UnaryOp(operand=operand):
            return _value(operand, values, library)
        case ast.BinOp(left=left, op=operator, right=right):
            return _combined(operator, _value(left, values, library), _value(right, values, library))
        case ast.Compare(left=left, ops=operators, comparators=others):
            sides = [_value(side, values, library) for side in (left, *others)]
            pairs = zip(operators, sides, sides[1:], strict=False)
            found = [_COMPARISONS[type(operator)](low, high) for operator, low, high in pairs]
            return math.prod(found[1:], start=found[0]) if len(found) > 1 else found[0]
        case ast.Call(func=ast.Name(id=name), args=given):
            return library[name](*(_value(argument, values, library) for argument in given))
    raise AssertionError(f"{type(node).__name__} was to be refused")


def _combined(operator: ast.operator, left: Array, right: Array) -> Array:
    """Two numbers in double precision, where overflow and division by zero give infinities; else as arrays do it."""
    combine = _OPERATORS[type(operator)]
    if isinstance(left, float) and isinstance(right, float):
        with np.errstate(all="ignore"):
            return float(combine(np.float64(left), np.float64(right)))
    if isinstance(operator, ast.Pow) and isinstance(right, float) and right.is_integer():
        return left ** (int(right) if abs(right) <= LARGEST_INTEGER_POWER else right)
    return combine(left, right)


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(x, 0.0)


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return erf(x)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return expit(x)


NUMPY: Library = {
    **{name: getattr(np, name) for name in ELEMENTWISE if hasattr(np, name)},
    "max": np.maximum,
    "min": np.minimum,
    "erf": _erf,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "relu": lambda x: np.maximum(x, 0.0),
}
"""The functions of NumPy arrays, in double precision."""


@cache
def jax_library() -> Library:
    """The functions of JAX arrays; imports JAX."""
    import jax
    import jax.numpy as jnp

    over: Library = {"sum": jnp.sum, "mean": jnp.mean, "largest": jnp.max}
    return {
        **{name: getattr(jnp, name) for name in ELEMENTWISE if hasattr(jnp, name)},
        "max": jnp.maximum,
        "min": jnp.minimum,
        "erf": jax.scipy.special.erf,
        "sigmoid": jax.nn.sigmoid,
        "softplus": jax.nn.softplus,
        "relu": jax.nn.relu,
        **{name: _over_outputs(function) for name, function in over.items()},
    }


def _over_outputs(function: Callable[..., Array]) -> Callable[[Array], Array]:
    return lambda values: function(values, axis=OUTPUTS, keepdims=True)
