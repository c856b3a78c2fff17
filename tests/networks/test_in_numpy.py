"""Activations evaluated on the host."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from assay.networks.activations import ACTIVATIONS, activate, activate_in_numpy
from assay.networks.activations.in_numpy import _functions

CHOICES = [
    *(record.name for record in ACTIVATIONS.records),
    {"name": "relu", "max_value": 6.0},
    {"name": "relu", "negative_slope": 0.1, "max_value": 2.0, "threshold": 0.5},
    {"name": "gelu", "approximate": True},
    {"expression": "where(x < 0, a * (exp(x) - 1), min(x, tan(x) ** 2 + arctan(x)))", "a": 0.5},
]


@pytest.mark.parametrize("written", CHOICES, ids=str)
def test_every_activation_is_what_trains(written):
    """Equal to JAX on numbers from far below to far above 0, to float32 rounding."""
    choice = ACTIVATIONS.parse(written, where="here")
    z = np.random.default_rng(0).normal(scale=3.0, size=(6, 50)).astype(np.float32)
    z[:, :4] = np.array([0.0, -40.0, 40.0, 0.5], np.float32)
    found = activate_in_numpy(choice, z)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, activate(choice, z), rtol=2e-6, atol=1e-6)


def test_no_activation_of_ours_needs_jax_to_compute(monkeypatch):
    """NumPy knows every primitive but those of whole layers that sort and split."""
    left = set()
    for record in ACTIVATIONS.records:
        text = str(jax.make_jaxpr(lambda z, record=record: record.function(z))(np.ones((6, 5), np.float32)))
        left |= {name for name in ("sort", "cumsum", "split", "iota") if f" {name}[" in text}
    assert not left & set(_functions())
    assert left <= {"sort", "cumsum", "split", "iota"}


def test_a_function_of_the_users_own_is_evaluated_too():
    """Along a layer, and with a primitive that NumPy does not know."""

    def own(z):
        return jax.numpy.cumsum(z, axis=1) / 2

    choice = ACTIVATIONS.parse(own, where="here")
    z = np.arange(12, dtype=np.float32).reshape(4, 3)
    np.testing.assert_allclose(activate_in_numpy(choice, z), np.cumsum(z, axis=0) / 2)
