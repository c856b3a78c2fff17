"""Formulas of a user's own: what they mean, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import StudyError
from assay.expressions import ELEMENTWISE, NUMPY, jax_library, parse_expression

X = np.linspace(-3.0, 3.0, 25)


def value(text, **numbers):
    expression = parse_expression(text, variables=("x",), where="network.activation")
    return expression.evaluate({"x": X, **numbers}, NUMPY)


MEANINGS = [
    ("x + 1 - 2 * x / 4", lambda x: x + 1 - x / 2),
    ("-x ** 2", lambda x: -(x**2)),
    ("2 ** -1 * x", lambda x: x / 2),
    ("x ** 2 ** 3", lambda x: x**8),
    ("where(x < 0, exp(x) - 1, x)", lambda x: np.where(x < 0, np.expm1(x), x)),
    ("x * (x > 0)", lambda x: np.maximum(x, 0)),
    ("where(-1 <= x <= 1, x, sign(x))", lambda x: np.clip(x, -1, 1)),
    ("max(min(x, 1), -1) + clip(x, 0, 2)", lambda x: np.clip(x, -1, 1) + np.clip(x, 0, 2)),
    ("sin(pi * x) + e", lambda x: np.sin(math.pi * x) + math.e),
    ("erf(x) + softplus(x) - sigmoid(x) + relu(x)", None),
    ("1e-3*x+.5", lambda x: 0.001 * x + 0.5),
    ("  x  ", lambda x: x),
]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [case for case in MEANINGS if case[1]],
    ids=lambda case: case[:30] if isinstance(case, str) else "",
)
def test_an_expression_means_what_python_would(text, meaning):
    """Precedence, chains of comparisons and functions are those of NumPy."""
    np.testing.assert_allclose(value(text), meaning(X), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("text", [text for text, _ in MEANINGS])
def test_numpy_and_jax_agree(text):
    """A formula is evaluated by NumPy for kernels and by JAX in networks, to float32 rounding."""
    expression = parse_expression(text, variables=("x",), where="k")
    theirs = np.asarray(expression.evaluate({"x": np.asarray(X, np.float32)}, jax_library()))
    np.testing.assert_allclose(theirs, value(text), rtol=2e-5, atol=2e-5)


def test_every_function_is_there_for_both():
    """The list of names is one; both libraries hold it."""
    assert set(ELEMENTWISE) <= set(NUMPY)
    assert set(ELEMENTWISE) <= set(jax_library())


def test_settings_are_the_names_that_are_no_variable():
    """In the order of the text, each once; functions and constants are none."""
    expression = parse_expression("b * x * sigmoid(a * x) + b + pi", variables=("x",), where="k")
    assert expression.settings == ("b", "a")
    np.testing.assert_allclose(value("a * x", a=3.0), 3 * X)


HOSTILE = {
    "__import__('os').system('touch owned')": "column 12",
    "x.__class__.__bases__": "a dot after a name",
    "().__class__": r"has no place|a dot",
    "x if open else x": r"where\(condition, a, b\)",
    "[y for y in x]": "column 1",
    "(y for y in x)": "has no place",
    "{x}": "column 1",
    "lambda: x": "column 7",
    "exec(x)": "unknown function 'exec'",
    "eval(x)": "unknown function 'eval'",
    "open(x)": "unknown function 'open'",
    "print(x)": "unknown function 'print'",
    "getattr(x, y)": "unknown function 'getattr'",
    "x(x)": "unknown function 'x'",
    "(x)(x)": "unknown function 'x'",
    "exp(x)(x)": "only a named function",
    "9**9**9**9*x": "no finite number",
    "x*10**400": "no finite number",
    "1/0*x": "no finite number",
    "x+" + "9" * 500: "no finite number",
    "(" * 200 + "x" + ")" * 200: "40 deep",
    "-" * 900 + "x": "nested too deeply",
    "x" + "+x" * 600: "at most 1000 characters",
    "ｘ*2": "only looks like 'x'",
    "х*2": "cyrillic",
    "x\u200b+1": "zero width space",
    "x\x00": "control character",
    "x\n+1": "control character",
    "x; import os": "column 2",
    "x := 2": "column 3",
    "x[0]": "column 2",
    "f'{x}'": "column 2",
    "'a' * x": "column 1",
    "x and True": r"where\(condition, a, b\)",
    "not x": r"where\(condition, a, b\)",
    "x @ x": "column 3",
    "x // 2": r"floor\(a / b\)",
    "x % 2": r"floor\(a / b\)",
    "x is 1": "compare numbers",
    "x in x": "compare numbers",
    "True * x": "not a number",
    "1j * x": "only real numbers",
    "...": "only real numbers",
    "max(x, key=x)": "without names",
    "max(*x)": r"a star|takes 2",
    "exp(x, x)": "takes 1 value, got 2",
    "sigmoid": "write sigmoid",
    "x^2": r"write \*\*",
    "x × 2": r"write \*",
    "2x": "an operator",
    "x +": "an operator",
    "x)": "an operator",
    "": "empty text",
    "1": "does not depend on x",
    "sum(x)": "belongs to a loss",
}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:24]))
def test_anything_else_is_refused_with_its_place(text, tmp_path, monkeypatch):
    """Nothing is run, the message says what is wrong, and shows the text with a mark below the place."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyError, match=HOSTILE[text]) as refused:
        parse_expression(text, variables=("x",), where="network.activation.expression")
    said = str(refused.value)
    assert said.startswith("network.activation.expression: ")
    assert list(tmp_path.iterdir()) == []
    if "column" in said:
        _, shown, mark = said.split("\n")
        assert set(mark) == {" ", "^"}
        assert len(mark) <= len(shown) + 1


def test_a_typing_error_is_told_with_the_near_miss():
    """With the mark below the very name."""
    with pytest.raises(StudyError, match="Did you mean 'sigmoid'") as refused:
        parse_expression("x * sigmiod(a * x)", variables=("x",), where="k")
    _, shown, mark = str(refused.value).split("\n")
    assert shown[mark.index("^") : mark.rindex("^") + 1] == "sigmiod"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="x1290.+-*/()<>=!, aesinpoqrtw_[]{}:'\"\\#@%^&|~", max_size=40))
def test_any_text_is_an_expression_or_refused(text):
    """Whatever is typed, the answer is a formula that can be evaluated or a sentence; never another error."""
    try:
        expression = parse_expression(text, variables=("x",), where="k")
    except StudyError:
        return
    with np.errstate(all="ignore"):
        found = expression.evaluate({"x": X, **dict.fromkeys(expression.settings, 0.5)}, NUMPY)
    assert np.shape(found) in ((), X.shape)


def _texts():
    leaf = st.sampled_from(["x", "2", "0.5", "pi", "a"])

    def grown(inner):
        return st.one_of(
            st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
            st.builds("{}({})".format, st.sampled_from(["tanh", "sigmoid", "exp", "sin"]), inner),
            st.builds("where({} < {}, {}, {})".format, inner, inner, inner, inner),
        )

    return st.recursive(leaf, grown, max_leaves=8)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_texts())
def test_a_formula_is_what_python_makes_of_it(text):
    """The slow plain twin: Python's own `eval` over NumPy's functions."""
    if "x" not in text.replace("exp", ""):
        return
    expression = parse_expression(text, variables=("x",), where="k")
    names = {**NUMPY, "x": X, "a": 0.3, "pi": math.pi}
    with np.errstate(all="ignore"):
        theirs = eval(text, {"__builtins__": {}}, names)
        np.testing.assert_allclose(expression.evaluate({"x": X, "a": 0.3}, NUMPY), theirs, rtol=1e-12)
