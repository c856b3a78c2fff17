"""Telling an activation by its numbers."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from assay.choices import Choice
from assay.models.identification import activation_between

Z = 2 * np.random.default_rng(0).standard_normal((4, 6, 5)).astype(np.float32)


@pytest.mark.parametrize(
    ("made", "choice"),
    [
        (Z, Choice("linear")),
        (np.maximum(Z, 0), Choice("relu")),
        (np.tanh(Z).reshape(4, -1), Choice("tanh")),
        (np.where(Z > 0, Z, 0.01 * Z).swapaxes(1, 2), Choice("leaky_relu", {"negative_slope": 0.01})),
        (np.maximum(Z, 0).reshape(4, 3, 2, 5).max(axis=2), Choice("relu")),
        (np.asarray(jax.nn.softmax(Z, axis=-1)), Choice("softmax")),
        (Z**2, None),
        (np.full((4, 3), np.nan), None),
    ],
)
def test_an_activation_is_told_through_what_only_picks_and_orders(made, choice):
    """Flattening, transposing and max pooling hide no activation; what is none of ours is None."""
    assert activation_between(Z, made) == choice
