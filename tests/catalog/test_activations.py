"""What the catalogue says of activations, against the functions themselves."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from assay.choices import Choice
from assay.networks.activations import ACTIVATIONS, activate
from assay.networks.traits import in_double, slope_in_double

LAYERWISE = [record.name for record in ACTIVATIONS.records if not record.is_elementwise]
ELEMENTWISE = [record.name for record in ACTIVATIONS.records if record.is_elementwise]


def test_every_activation_has_notes():
    """Under the first of its spellings, in the order of the table."""
    assert all(record.advantages and record.drawbacks and record.range for record in ACTIVATIONS.records)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_derivative_is_that_of_automatic_differentiation(name, evaluated):
    """The formula that is shown, with default arguments, at points that are no corners."""
    z = np.random.default_rng(0).uniform(-7, 7, 200)
    arguments = dict(ACTIVATIONS[name].defaults)
    shown = [evaluated(ACTIVATIONS[name].derivative, z=float(point), **arguments) for point in z]
    assert slope_in_double(Choice(name))(z) == pytest.approx(np.array(shown), abs=1e-4 if name == "selu" else 1e-7)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_range_is_that_of_a_dense_scan(name):
    """No value is outside; an end with a square bracket is reached, one with a round bracket only approached."""
    words = ACTIVATIONS[name].range
    low, high = (float(end.replace("∞", "inf")) for end in words[1:-1].split(", "))
    function = in_double(Choice(name))
    near, far = function(np.linspace(-15, 15, 60_001)), function(np.linspace(-700, 700, 1401))
    for end, bracket, sign in ((low, words[0], -1), (high, words[-1], 1)):
        reached = (sign * near).max()
        if np.isinf(end):
            assert (sign * far).max() > 50
        elif bracket in "[]":
            assert reached == pytest.approx(sign * end, abs=6e-5)
        else:
            assert reached < sign * end
            assert (sign * far).max() == pytest.approx(sign * end, abs=2e-3)


def test_functions_of_a_layer_have_the_jacobians_that_are_shown():
    """Softmax y_j (δ_jk - y_k), log_softmax δ_jk - exp(y_k), sparsemax by ranks, glu by halves."""
    z = jnp.array([1.0, 0.7, -0.4, 0.9])[:, None]
    y, jacobian = {}, {}
    for name in LAYERWISE:
        y[name] = np.asarray(activate(Choice(name), z))[:, 0]
        jacobian[name] = np.asarray(jax.jacobian(lambda z, name=name: activate(Choice(name), z))(z))[:, 0, :, 0]
    delta = np.eye(4)
    assert jacobian["softmax"] == pytest.approx(y["softmax"][:, None] * (delta - y["softmax"]), abs=1e-6)
    assert jacobian["log_softmax"] == pytest.approx(delta - np.exp(y["log_softmax"])[None], abs=1e-6)
    # The units above τ are those of rank 1 to n; the catalogue's formula counts ranks from the largest.
    rank = np.argsort(np.argsort(-np.asarray(z[:, 0]))) + 1
    n = 3
    inside = rank <= n
    expected = np.where(inside[:, None] & inside[None], delta - (n - rank[None] + 1) / n, 0.0)
    alive = y["sparsemax"] > 0
    assert jacobian["sparsemax"][alive] == pytest.approx(expected[alive], abs=1e-6)
    a, b = np.asarray(z[:2, 0]), np.asarray(z[2:, 0])
    gate = 1 / (1 + np.exp(-b))
    assert jacobian["glu"] == pytest.approx(np.hstack([np.diag(gate), np.diag(a * gate * (1 - gate))]), abs=1e-6)


def test_functions_of_a_layer_stay_in_their_ranges():
    """Over random layers of three or four units."""
    layers = jnp.asarray(np.random.default_rng(0).normal(scale=3, size=(4, 5000)), jnp.float32)
    for name in LAYERWISE:
        low, high = (float(end.replace("∞", "inf")) for end in ACTIVATIONS[name].range[1:-1].split(", "))
        values = np.asarray(activate(Choice(name), layers))
        assert values.min() >= low
        assert values.max() <= high
