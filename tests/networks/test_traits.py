"""What is measured of an activation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.choices import Choice
from assay.networks.activations import ACTIVATIONS
from assay.networks.traits import Traits, in_double, traits_of

ELEMENTWISE = [record.name for record in ACTIVATIONS.records if record.is_elementwise]


def formula(text, **arguments):
    return ACTIVATIONS.parse({"expression": text, **arguments}, where="network.activation")


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_measured_range_is_the_one_that_the_record_states(name):
    """The record's interval is from the literature; the measurement knows nothing of it."""
    low, high = (float(end.replace("∞", "inf")) for end in ACTIVATIONS[name].range[1:-1].split(", "))
    traits = traits_of(Choice(name))
    assert traits.low == pytest.approx(low, abs=1e-4)
    assert traits.high == pytest.approx(high, abs=1e-4)


def test_squashing_functions_saturate_and_rectifiers_die():
    """As the textbooks have it: bounded and flat on both sides, or exactly constant where a unit can stay."""
    saturating = {name for name in ELEMENTWISE if traits_of(Choice(name)).saturates}
    dying = {name for name in ELEMENTWISE if traits_of(Choice(name)).can_die}
    assert saturating == {"sigmoid", "hard_sigmoid", "sparse_sigmoid", "tanh", "hard_tanh", "softsign"}
    assert dying == {"relu", "relu6", "threshold", "sparse_plus", "soft_shrink", "hard_shrink"}


def test_arguments_decide_too():
    """A ReLU with a slope below 0 cannot die; one with a ceiling still does."""
    assert not traits_of(Choice("relu", {"negative_slope": 0.1})).can_die
    assert traits_of(Choice("relu", {"max_value": 3.0})).can_die
    assert traits_of(Choice("relu", {"max_value": 3.0})).high == 3.0


@pytest.mark.parametrize(
    ("text", "saturates", "can_die"),
    [
        ("2 * arctan(x) / pi", True, False),
        ("x / sqrt(1 + x * x)", True, False),
        ("exp(-x * x)", True, False),
        ("sin(x)", False, False),
        ("arcsinh(x)", False, False),
        ("sign(x) * log1p(abs(x))", False, False),
        ("max(x, -0.5)", False, True),
        ("max(x, 0) ** 2", False, True),
        ("min(x, 0)", False, True),
        ("clip(x, 0, 1)", False, True),
        ("clip(x, -2, 2)", True, False),
        ("x * sigmoid(x)", False, False),
        ("where(x > 0, x, 0.01 * x)", False, False),
    ],
)
def test_a_strangers_function_has_traits_of_its_own(text, saturates, can_die):
    """Bounded and flat far out on both sides; exactly constant where many pre-activations lie; or neither."""
    traits = traits_of(formula(text))
    assert (traits.saturates, traits.can_die) == (saturates, can_die)


def test_where_a_unit_is_dead_it_says_the_constant():
    """Of max(x, -0.5) that is -0.5."""
    assert traits_of(formula("max(x, -0.5)")).dead_value == -0.5


def test_the_numbers_are_those_of_closed_forms():
    """E max(Z, 0) = 1/√(2π); the slope of tanh(3 x) is 3 at most; |x| has its kink at 0; sin is odd."""
    assert traits_of(Choice("relu")).mean == pytest.approx(1 / math.sqrt(2 * math.pi), abs=1e-6)
    assert traits_of(formula("tanh(a * x)", a=3.0)).steepest == pytest.approx(3.0)
    assert traits_of(formula("abs(x)")).kinks == (0.0,)
    assert traits_of(formula("clip(x, -2, 1.5)")).kinks == (-2.0, 1.5)
    assert traits_of(Choice("gelu")).kinks == ()
    assert traits_of(formula("sin(x)")).is_odd
    assert not traits_of(Choice("softplus")).is_odd


def test_functions_of_a_whole_layer_have_none():
    """They have no range of one pre-activation."""
    assert traits_of(Choice("softmax")) is None


def test_traits_are_kept_as_json():
    """Infinite ends and all."""
    for name in ("relu", "tanh", "log_sigmoid", "hard_shrink"):
        traits = traits_of(Choice(name))
        assert Traits.of_written(traits.written()) == traits


def test_a_function_can_be_asked_for_while_a_program_is_traced():
    """Probes ask for traits inside a compiled program; the answer is a number and no part of it."""
    import jax

    seen = []

    @jax.jit
    def traced(x):
        seen.append(in_double(formula("x * x * x"))(np.array([2.0]))[0])
        return x + 1

    traced(1.0)
    assert seen == [8.0]
