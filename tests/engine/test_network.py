"""The networks of a group."""

from __future__ import annotations

import jax
import numpy as np

from assay.choices import Choice
from assay.engine.arguments import LayerParameters
from assay.engine.layout import Segment
from assay.engine.network import _drop, forward, penalty
from assay.engine.recipe import Recipe

MEMBERS, FEATURES, HIDDEN, OUTPUTS, ROWS = 2, 4, 3, 2, 5
TANH = (Segment(Choice("tanh"), 0, MEMBERS),)
LINEAR = (Segment(Choice("linear"), 0, MEMBERS),)
RECIPE = Recipe("regression", (TANH, LINEAR), (Segment(Choice("mean_squared_error"), 0, MEMBERS),), (), False, False)


def network() -> list[LayerParameters[np.ndarray]]:
    """Two members of two layers, kernels (M, out, in)."""
    generator = np.random.default_rng(0)
    sizes = ((HIDDEN, FEATURES), (OUTPUTS, HIDDEN))
    return [
        LayerParameters(
            generator.normal(size=(MEMBERS, units, inputs)).astype(np.float32),
            generator.normal(size=(MEMBERS, units)).astype(np.float32),
        )
        for units, inputs in sizes
    ]


def test_every_member_is_its_own_chain_of_layers():
    """As NumPy computes it, one member and one row at a time."""
    x = np.random.default_rng(1).normal(size=(ROWS, FEATURES)).astype(np.float32)
    (w1, b1), (w2, b2) = parameters = network()
    outputs = np.asarray(forward(RECIPE, parameters, x))
    assert outputs.shape == (MEMBERS, OUTPUTS, ROWS)
    for member, row in np.ndindex(MEMBERS, ROWS):
        hidden = np.tanh(w1[member] @ x[row] + b1[member])
        np.testing.assert_allclose(outputs[member, :, row], w2[member] @ hidden + b2[member], rtol=1e-5)


def test_the_penalty_is_of_the_kernels_alone():
    """λ₁ Σ w₁² + λ₂ Σ w₂², for each member with its own strengths; nothing where no member has any."""
    (w1, _), (w2, _) = parameters = network()
    first, second = np.array([0.1, 0.0], np.float32), np.array([0.5, 2.0], np.float32)
    expected = [0.1 * (w1[0] ** 2).sum() + 0.5 * (w2[0] ** 2).sum(), 2.0 * (w2[1] ** 2).sum()]
    np.testing.assert_allclose(penalty(parameters, [first, second]), expected, rtol=1e-5)
    assert penalty(parameters, []) == 0


def test_dropout_drops_its_rate_and_scales_the_rest():
    """A kept unit is scaled by 1 / (1 − rate), so that the expectation stays."""
    rates = np.array([0.0, 0.25, 0.8], np.float32)
    dropped = np.asarray(_drop(np.ones((3, 100, 100), np.float32), rates, jax.random.key(0)))
    for rate, member_units in zip(rates, dropped, strict=True):
        assert abs((member_units == 0).mean() - rate) < 0.02
        np.testing.assert_allclose(member_units[member_units != 0], 1 / (1 - rate), rtol=1e-6)
