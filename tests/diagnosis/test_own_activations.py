"""Findings of networks with activations of a user's own."""

from __future__ import annotations

import jax.numpy as jnp
import pytest

import assay
from assay.choices import Choice
from assay.diagnosis.remedies import critical_gain
from assay.networks.activations import ACTIVATIONS

BOUNDED = {"formula": {"expression": "2 * arctan(a * x) / pi", "a": 2.0}, "code": lambda x: x / jnp.sqrt(1 + x * x)}
ONE_SIDED = {"formula": {"expression": "max(x, 0) ** 2"}, "code": lambda x: jnp.where(x > 0, x, 0.0)}


def symptoms(activation, **network):
    """What is found at epoch 0 in a network of three hidden layers, in at least half of three seeds."""
    study = assay.Study(
        data="wine",
        network={"hidden": [32, 32, 32], "activation": activation, **network},
        training={"epochs": 2},
        seeds=3,
    )
    (found,) = assay.probe(study).findings.values()
    return {finding.symptom for finding in found if 2 * finding.seeds >= finding.of_seeds}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BOUNDED)
def test_a_bounded_function_is_called_saturated_where_it_is(kind):
    """With kernels of standard deviation 3 most units are flat; with kernels that fit they are not."""
    large = {"name": "random_normal", "stddev": 3.0}
    assert "saturation" in symptoms(BOUNDED[kind], kernel_initializer=large)
    assert "saturation" not in symptoms(BOUNDED[kind], kernel_initializer="glorot_uniform")
    assert "dead_units" not in symptoms(BOUNDED[kind], kernel_initializer=large)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ONE_SIDED)
def test_a_one_sided_function_is_called_dead_where_it_is(kind):
    """A bias of -20 leaves no unit above 0 for any example."""
    low = {"name": "constant", "value": -20.0}
    assert "dead_units" in symptoms(ONE_SIDED[kind], bias_initializer=low)
    assert "dead_units" not in symptoms(ONE_SIDED[kind], kernel_initializer="he_normal")
    assert "saturation" not in symptoms(ONE_SIDED[kind], bias_initializer=low)


@pytest.mark.parametrize(
    ("formula", "gain"),
    [
        ({"expression": "tanh(a * x)", "a": 2.0}, 1 / 2),
        ({"expression": "arctan(x)"}, 1.0),
        ({"expression": "max(x, 0)"}, 2**0.5),
        ({"expression": "where(x > 0, x, a * x)", "a": 0.3}, (2 / (1 + 0.3**2)) ** 0.5),
        ({"expression": "x + 0.5 * sin(x)"}, None),
        ({"expression": "3 * x"}, 1 / 3),
    ],
    ids=lambda case: case["expression"] if isinstance(case, dict) else "",
)
def test_the_critical_gain_of_a_formula_is_the_closed_form(formula, gain):
    """1 / √E φ'² for tiny signals where φ(0) = 0: of tanh(2 x) 1/2, of a leaky ReLU √(2 / (1 + a²)); within 1 %."""
    found = critical_gain(ACTIVATIONS.parse(formula, where="network.activation"))
    if gain is None:  # a slope of 1.5 at 0, and steep on average: compared with the built-in rule at 0 instead
        gain = 1 / 1.5
    assert found == pytest.approx(gain, rel=0.01)


def test_a_twin_has_the_gain_of_its_built_in():
    """The same function under another name."""
    own = ACTIVATIONS.parse({"expression": "x * tanh(softplus(x))"}, where="network.activation")
    assert critical_gain(own) == pytest.approx(critical_gain(Choice("mish")), rel=1e-6)
