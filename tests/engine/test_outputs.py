"""What networks say of given rows."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine import counted_compilation
from assay.engine.layout import Member
from assay.engine.trainer import Trainer
from assay.networks.architecture import Layer

FEATURES, BATCH = 6, 16
# A float32 sum of a few products in another order.
TOLERANCE = 2e-6

# Task → (outputs, output activation, loss).
TASKS = {
    "binary": (1, "sigmoid", "binary_crossentropy"),
    "multiclass": (3, "softmax", "categorical_crossentropy"),
    "regression": (2, "linear", "mean_squared_error"),
}
ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "linear": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
}


def member(task: str, activation: str, rate: float, dropout: float = 0.0, features: int = FEATURES) -> Member:
    outputs, output_activation, loss = TASKS[task]
    layers = tuple(
        Layer(fan_in, units, Choice(name), Choice("glorot_uniform"), Choice("random_normal"), rate_of_dropout, 0.0)
        for fan_in, units, name, rate_of_dropout in (
            (features, 7, activation, dropout),
            (7, outputs, output_activation, 0.0),
        )
    )
    return Member(layers, Choice(loss), Choice("adam", {"learning_rate": rate}))


def examples(task: str, rows: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    x, outputs = generator.normal(size=(rows, FEATURES)).astype(np.float32), TASKS[task][0]
    if task == "multiclass":
        return x, np.eye(outputs, dtype=np.float32)[np.arange(rows) % outputs]
    y = generator.normal(size=(rows, outputs)).astype(np.float32)
    return x, (y > 0).astype(np.float32) if task == "binary" else y


def by_hand(trainer: Trainer, state: object, condition: int, seed: int, x: np.ndarray) -> np.ndarray:
    """The slow twin: one network, one product after another, of the parameters as Keras shapes them."""
    h = x.astype(np.float64)
    for layer, (kernel, bias) in zip(
        trainer.layout.members[condition].layers, trainer.parameters(state, condition, seed), strict=True
    ):
        h = ACTIVATIONS[layer.activation.name](h @ kernel + bias)
    return h


@pytest.mark.parametrize("task", TASKS)
def test_outputs_are_those_of_a_forward_pass_by_hand(task):
    """Of every trial, after training with dropout, in the order of the rows, whatever part of the data they are."""
    x, y = examples(task, 300)
    members = [member(task, "relu", 0.01), member(task, "tanh", 0.02, dropout=0.4), member(task, "relu", 0.03)]
    trainer = Trainer(members, seeds=[0, 5], batch_size=BATCH, task=task, tiles=2)
    whole = trainer.place(x, y)
    state, _ = trainer.train_epoch(trainer.start(), whole, 1)
    for first, stop in ((0, 300), (17, 280), (299, 300)):
        found = trainer.predict(state, whole.part(first, stop))
        assert found.shape == (3, 2, stop - first, TASKS[task][0])
        assert found.dtype == np.float32
        for condition, seed in np.ndindex(3, 2):
            expected = by_hand(trainer, state, condition, seed, x[first:stop])
            np.testing.assert_allclose(found[condition, seed], expected, atol=TOLERANCE * np.abs(expected).max())


def test_a_network_in_keras_says_the_same():
    """Given the parameters, `keras.Sequential` predicts what the engine does."""
    import keras

    x, y = examples("multiclass", 40)
    trainer = Trainer([member("multiclass", "tanh", 0.01)], seeds=[2], batch_size=BATCH, task="multiclass")
    data = trainer.place(x, y)
    state, _ = trainer.train_epoch(trainer.start(), data, 1)
    network = keras.Sequential(
        [keras.Input((FEATURES,)), keras.layers.Dense(7, "tanh"), keras.layers.Dense(3, "softmax")]
    )
    network.set_weights([array for layer in trainer.parameters(state, 0, 0) for array in layer])
    expected = network.predict(x, verbose=0)
    np.testing.assert_allclose(trainer.predict(state, data)[0, 0], expected, atol=TOLERANCE)


def test_outputs_of_a_sparse_first_layer_are_those_of_the_dense_one():
    """Padding rows have no words, and change nothing."""
    generator = np.random.default_rng(0)
    x = (generator.random((150, 2500)) < 0.01).astype(np.uint8)
    y = np.eye(3, dtype=np.float32)[np.arange(150) % 3]
    members = [member("multiclass", "relu", rate, features=2500) for rate in (0.01, 0.1)]
    found = []
    for sparse in (False, True):
        trainer = Trainer(members, seeds=[0, 1], batch_size=BATCH, task="multiclass", sparse=sparse)
        found.append(trainer.predict(trainer.start(), trainer.place(x, y).part(7, 150)))
    np.testing.assert_allclose(found[1], found[0], atol=TOLERANCE)


def test_rows_that_leave_in_pieces_are_the_rows(monkeypatch):
    """However few chunks a call may bring; one program makes them all."""
    x, y = examples("regression", 700)
    trainer = Trainer([member("regression", "tanh", 0.01)], seeds=[0, 1], batch_size=BATCH, task="regression")
    state, data = trainer.start(), trainer.place(x, y)
    whole = trainer.predict(state, data.part(3, 690))
    monkeypatch.setattr("assay.engine.running.PIECE_BYTES", 2 * 4 * 2 * 2 * 128)
    with counted_compilation() as compilation:
        in_pieces = trainer.predict(state, data.part(3, 690))
    np.testing.assert_array_equal(in_pieces, whole)
    assert compilation.programs == 1


def test_groups_at_once_say_what_groups_one_after_another_say():
    """A GPU's program, and trials that nobody asks of."""
    x, y = examples("binary", 200)
    active = np.array([[True, False], [True, False]])
    found = []
    for at_once in (True, False):
        members = [member("binary", "relu", 0.01), member("binary", "tanh", 0.01)]
        trainer = Trainer(members, seeds=[0, 1], batch_size=BATCH, task="binary", at_once=at_once, tiles=1)
        found.append(trainer.predict(trainer.start(), trainer.place(x, y), active))
    np.testing.assert_allclose(found[0], found[1], atol=TOLERANCE)
    assert np.isnan(found[0][~active]).all()
    assert np.isfinite(found[0][active]).all()


def test_the_state_stays_as_it_is():
    """It can be trained on afterwards, to the bit."""
    x, y = examples("multiclass", 60)
    trained = []
    for looks in (False, True):
        trainer = Trainer([member("multiclass", "relu", 0.01)], seeds=[0], batch_size=BATCH, task="multiclass")
        state, data = trainer.start(), trainer.place(x, y)
        if looks:
            trainer.predict(state, data)
        trained.append(trainer.train_epoch(state, data, 1)[0])
    for one, other in zip(*map(jax.tree.leaves, trained), strict=True):
        np.testing.assert_array_equal(one, other)
