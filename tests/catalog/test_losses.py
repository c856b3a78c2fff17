"""What the catalogue says of losses, against the functions themselves."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from assay.choices import Choice
from assay.learning.losses import LOSSES, loss_values
from assay.networks.activations import ACTIVATIONS, activate

K = 3
ONE_HOT = np.array([0.0, 1.0, 0.0])
TARGETS = {
    "binary_crossentropy": np.array([1.0, 0.0, 1.0]),
    "categorical_crossentropy": ONE_HOT,
    "sparse_categorical_crossentropy": ONE_HOT,
    "categorical_hinge": ONE_HOT,
    "hinge": np.array([1.0, -1.0, -1.0]),
    "squared_hinge": np.array([1.0, -1.0, -1.0]),
    "kl_divergence": np.array([0.2, 0.5, 0.3]),
    "mean_squared_logarithmic_error": np.array([0.5, 2.0, 1.0]),
    "poisson": np.array([0.0, 2.0, 1.0]),
}
QUANTITIES = np.array([0.4, -1.3, 2.5])


def test_every_loss_has_notes():
    """Under the first of its spellings, in the order of the table."""
    assert all(notes.advantages and notes.drawbacks and notes.labels for notes in LOSSES.records)


def test_output_units_are_activations():
    """By their names."""
    assert all(set(notes.output_units) <= set(ACTIVATIONS) for notes in LOSSES.records)


@pytest.mark.parametrize("name", [record.name for record in LOSSES.records])
def test_both_gradients_are_those_of_automatic_differentiation(name, evaluated):
    """By the outputs, and by the pre-activations of the usual output unit, for several random layers."""
    notes = LOSSES[name]
    t = TARGETS.get(name, QUANTITIES)
    unit = Choice(notes.output_units[0])

    def loss(y):
        return loss_values(Choice(name), jnp.asarray(t)[:, None], y[:, None])[0]

    def below(z):
        return loss(activate(unit, z[:, None])[:, 0])

    for seed in range(5):
        with jax.enable_x64(True):
            z = jnp.asarray(np.random.default_rng(seed).normal(size=K))
            y = activate(unit, z[:, None])[:, 0]
            value, by_output, by_preactivation = loss(y), jax.grad(loss)(y), jax.grad(below)(z)
        y = np.asarray(y)
        others = np.where(t == 1, -np.inf, y)
        for formula, expected in ((notes.gradient, by_output), (notes.gradient_below, by_preactivation)):
            shown = [
                evaluated(
                    formula,
                    t=float(t[k]),
                    y=float(y[k]),
                    K=K,
                    best=float(k == others.argmax()),
                    loss=float(value),
                    sum_t=t.sum(),
                    sum_y=y.sum(),
                    norm_t=float(np.linalg.norm(t)),
                    norm_y=float(np.linalg.norm(y)),
                    **{key: item for key, item in LOSSES[name].defaults.items() if key == "delta"},
                )
                for k in range(K)
            ]
            assert np.asarray(expected) == pytest.approx(np.array(shown, float), abs=2e-5), formula
