"""Findings of networks with activations of a user's own."""

from __future__ import annotations

import jax.numpy as jnp
import pytest

import assay
from assay.choices import Choice
from assay.diagnosis.expected import critical_gain
from assay.networks.activations import ACTIVATIONS

LARGE = {"name": "random_normal", "stddev": 3.0}
LOW = {"name": "constant", "value": -20.0}
OWN = {
    "bounded formula": {"expression": "2 * arctan(a * x) / pi", "a": 2.0},
    "bounded code": lambda x: x / jnp.sqrt(1 + x * x),
    "one-sided formula": {"expression": "max(x, 0) ** 2"},
    "one-sided code": lambda x: jnp.where(x > 0, x, 0.0),
}
STARTS = {
    "large": {"network.kernel_initializer": LARGE},
    "low": {"network.bias_initializer": LOW},
    "fitting": {"network.kernel_initializer": "he_normal"},
}


@pytest.fixture(scope="module")
def symptoms():
    """By activation and start, what is found at epoch 0 in at least half of three seeds of a deep network."""
    study = assay.Study(
        data="wine",
        network={"hidden": [32, 32, 32]},
        training={"epochs": 2},
        conditions={
            f"{name}, {start}": {"network.activation": activation, **settings}
            for name, activation in OWN.items()
            for start, settings in STARTS.items()
        },
        design={"kind": "conditions", "seeds": 3},
    )
    return {
        condition: {finding.symptom for finding in found if 2 * finding.seeds >= finding.of_seeds}
        for condition, found in assay.probe(study).findings.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["formula", "code"])
def test_a_bounded_function_is_called_saturated_where_it_is(symptoms, kind):
    """With kernels of standard deviation 3 most units are flat; with kernels that fit they are not."""
    assert "saturation" in symptoms[f"bounded {kind}, large"]
    assert "dead_units" not in symptoms[f"bounded {kind}, large"]
    assert "saturation" not in symptoms[f"bounded {kind}, fitting"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["formula", "code"])
def test_a_one_sided_function_is_called_dead_where_it_is(symptoms, kind):
    """A bias of -20 leaves no unit above 0 for any example."""
    assert "dead_units" in symptoms[f"one-sided {kind}, low"]
    assert "saturation" not in symptoms[f"one-sided {kind}, low"]
    assert "dead_units" not in symptoms[f"one-sided {kind}, fitting"]


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
