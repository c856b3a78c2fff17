"""A look ahead of models in both frameworks, and what of it carries over to examples that they have not seen."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from torch import nn

from assay.diagnosis.ahead import CARRIES
from assay.models.keras_reading import observe_keras
from assay.models.torch_reading import observe_torch

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((400, 6)).astype(np.float32)
LABELS = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
AMOUNTS = np.abs(X[:, :1]).astype(np.float32)


def ahead_of(framework: str, x: np.ndarray, y: np.ndarray):
    """The look ahead of a small network of either framework."""
    is_classified = y.dtype.kind == "i"
    if framework == "torch":
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2 if is_classified else 1))
        optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
        loss = nn.CrossEntropyLoss() if is_classified else nn.MSELoss()
        return observe_torch(module, torch.tensor(x), torch.tensor(y), loss=loss, optimizer=optimizer).facts.ahead
    keras.utils.set_random_seed(0)
    output = keras.layers.Dense(2, "softmax") if is_classified else keras.layers.Dense(1)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(32, "relu"), output])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy" if is_classified else "mse")
    return observe_keras(model, x, y).facts.ahead


@pytest.mark.parametrize("framework", ["torch", "keras"])
@pytest.mark.parametrize("y", [LABELS, AMOUNTS], ids=["labels", "amounts"])
def test_right_targets_carry_over_and_shuffled_ones_do_not(framework, y):
    """Both are learnt by heart."""
    for targets, carries in ((y, True), (RANDOM.permutation(y), False), (np.roll(y, 1, axis=0), False)):
        ahead = ahead_of(framework, X, targets)
        assert ahead.learns
        assert (ahead.carried >= CARRIES) == carries


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_of_few_examples_nothing_is_kept_apart(framework):
    """127 are too few to tell."""
    assert ahead_of(framework, X[:127], LABELS[:127]).carried is None


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_of_256_examples_half_is_kept_apart(framework):
    """The other half is what the look ahead learns."""
    random = np.random.default_rng(3)
    x = random.standard_normal((256, 6)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    assert ahead_of(framework, x, y).carried >= CARRIES


def test_a_loss_that_fails_on_other_examples_says_nothing():
    """A user's loss may have one weight for each of the examples that it knows."""
    module = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
    weights = torch.ones(128, 1)

    def weighted(output, target):
        return (weights[: len(output)] * (output - target) ** 2).mean()

    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    seen = observe_torch(module, torch.tensor(X), torch.tensor(AMOUNTS), loss=weighted, optimizer=optimizer, rows=128)
    assert seen.facts.ahead.learns
    assert seen.facts.ahead.carried is None
