"""Parity with Keras: the same initial parameters and batches give the same parameters after 20 steps."""

from __future__ import annotations

import functools
import itertools
from collections import Counter

import numpy as np
import pytest

from assay.choices import Choice
from assay.engine.layout import Member
from assay.engine.trainer import Trainer
from assay.learning.losses import LOSSES
from assay.learning.optimizers import OPTIMIZERS
from assay.networks.activations import ACTIVATIONS, output_units
from assay.networks.architecture import Layer

ROWS, FEATURES, UNITS, BATCH, EPOCHS = 20, 6, 8, 5, 5  # 4 steps an epoch: 20 steps in all
# Float32 sums in another order, through 20 updates: the largest difference of any parameter, relative to the largest
# parameter of its array.
TOLERANCE = 1e-5

# Loss → (task, output units, output activation) that fit it.
SETTINGS = {
    "binary_crossentropy": ("binary", 1, "sigmoid"),
    "categorical_crossentropy": ("multiclass", 3, "softmax"),
    "sparse_categorical_crossentropy": ("multiclass", 3, "softmax"),
    "categorical_hinge": ("multiclass", 3, "softmax"),
    "hinge": ("binary", 1, "tanh"),  # the constant slope of a linear one leaves Lion the sign of rounding errors
    "squared_hinge": ("binary", 1, "linear"),  # tanh saturates under it, and RMSprop divides by what is left
    "cosine_similarity": ("regression", 2, "linear"),
    "huber": ("regression", 2, "linear"),
    "kl_divergence": ("multiclass", 3, "softmax"),
    "log_cosh": ("regression", 2, "linear"),
    "mean_absolute_error": ("regression", 2, "linear"),
    "mean_absolute_percentage_error": ("regression", 2, "linear"),
    "mean_squared_error": ("regression", 2, "linear"),
    "mean_squared_logarithmic_error": ("regression", 2, "softplus"),
    "poisson": ("regression", 2, "softplus"),
}
KERAS_OPTIMIZERS = {
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "adam": "Adam",
    "adamw": "AdamW",
    "adamax": "Adamax",
    "nadam": "Nadam",
    "ftrl": "Ftrl",
    "lion": "Lion",
    "adafactor": "Adafactor",
}


# Keras' Dense believes that glu, which halves its units, keeps them, and cannot build the layer after it; its values
# and gradients are compared in tests/networks.
BUILDABLE = [name for name in ACTIVATIONS if name != "glu"]


def pairwise_cases(loss: str) -> list[tuple[str, str]]:
    """Every activation with an optimizer such that, over all losses, every pair of the three factors occurs."""
    shift = list(SETTINGS).index(loss)
    optimizers = list(OPTIMIZERS)
    return [(activation, optimizers[(shift + index) % len(optimizers)]) for index, activation in enumerate(BUILDABLE)]


def some_cases(loss: str) -> list[tuple[str, str]]:
    """Four of `pairwise_cases`; from loss to loss the next four, so that all activations and optimizers occur."""
    cases = pairwise_cases(loss)
    first = 4 * list(SETTINGS).index(loss)
    return [cases[(first + index) % len(cases)] for index in range(4)]


def examples(task: str, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(5)
    x = generator.normal(size=(ROWS, FEATURES)).astype(np.float32)
    if task == "multiclass":
        return x, np.eye(outputs, dtype=np.float32)[np.arange(ROWS) % outputs]
    if task == "binary":
        return x, (np.arange(ROWS) % 2).astype(np.float32)[:, None]
    if task == "multilabel":
        return x, (generator.random((ROWS, outputs)) < 0.4).astype(np.float32)
    return x, generator.uniform(0.5, 2.0, size=(ROWS, outputs)).astype(np.float32)


def member(activation: str, output_activation: str, outputs: int, loss: Choice, optimizer: Choice, **layer) -> Member:
    hidden = Choice(activation)
    common = {"kernel_initializer": Choice("glorot_uniform"), "dropout": 0.0, "l2": 0.0} | layer
    first = Layer(FEATURES, UNITS, hidden, bias_initializer=Choice("random_normal"), **common)
    last = Layer(
        output_units(hidden, UNITS), outputs, Choice(output_activation), bias_initializer=Choice("zeros"), **common
    )
    return Member((first, last), loss, optimizer)


def keras_after_training(trained: Member, start: list, x: np.ndarray, y: np.ndarray, orders: list) -> list[np.ndarray]:
    """The slow twin: one `keras.Model`, one `train_on_batch` after another."""
    import keras

    layers = [
        keras.layers.Dense(
            layer.units,
            activation=functools.partial(
                getattr(keras.activations, layer.activation.name), **ACTIVATIONS.arguments(layer.activation)
            ),
            kernel_regularizer=keras.regularizers.L2(layer.l2) if layer.l2 else None,
        )
        for layer in trained.layers
    ]
    model = keras.Sequential([keras.Input((FEATURES,)), *layers])
    model.set_weights([array for pair in start for array in pair])
    optimizer = getattr(keras.optimizers, KERAS_OPTIMIZERS[trained.optimizer.name])(**trained.optimizer.arguments)
    if trained.loss.name == "sparse_categorical_crossentropy":
        y = y.argmax(axis=1)
    model.compile(optimizer=optimizer, loss=trained.loss.name)
    for rows in itertools.chain.from_iterable(orders):
        model.train_on_batch(x[rows], y[rows])
    return [np.asarray(variable.value) for variable in model.weights]


def largest_difference(trainer: Trainer, members: list[Member], x: np.ndarray, y: np.ndarray) -> dict:
    """Largest relative difference from Keras of each member's parameters, by what distinguishes it."""
    from assay.engine.batching import batch_order

    data = trainer.place(x, y)
    state = trainer.start()
    start = [trainer.parameters(state, index, 0) for index in range(len(members))]
    orders = []
    for epoch in range(1, EPOCHS + 1):
        orders.append(batch_order(trainer.seeds[0], epoch, ROWS, BATCH))
        state, _ = trainer.train_epoch(state, data, epoch)
    differences = {}
    for index, trained in enumerate(members):
        ours = [array for pair in trainer.parameters(state, index, 0) for array in pair]
        theirs = keras_after_training(trained, start[index], x, y, orders)
        differences[trained.layers[0].activation.name, str(trained.optimizer)] = max(
            relative_difference(mine, yours) for mine, yours in zip(ours, theirs, strict=True)
        )
    return differences


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference, relative to the largest entry; not a number on both sides is no difference."""
    if np.array_equal(np.isnan(ours), np.isnan(theirs)):
        ours, theirs = np.nan_to_num(ours), np.nan_to_num(theirs)
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-3))


def too_large_differences(loss: str, cases: list[tuple[str, str]]) -> dict:
    """The cases that differ from Keras by more than the tolerance, trained in one population."""
    task, outputs, output_activation = SETTINGS[loss]
    members = [
        member(activation, output_activation, outputs, Choice(loss), Choice(optimizer))
        for activation, optimizer in cases
    ]
    trainer = Trainer(members, seeds=[3], batch_size=BATCH, task=task)
    differences = largest_difference(trainer, members, *examples(task, outputs))
    return {case: value for case, value in differences.items() if not value <= TOLERANCE}


# The losses of most networks; the others are as many seconds again.
USUAL = ("mean_squared_error", "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")


@pytest.mark.slow
@pytest.mark.parametrize(
    "loss", [loss if loss in USUAL else pytest.param(loss, marks=pytest.mark.validation) for loss in SETTINGS]
)
def test_training_equals_keras_for_every_loss(loss):
    """Twenty steps of a member equal twenty `train_on_batch` of Keras, with four activations and optimizers."""
    assert not too_large_differences(loss, some_cases(loss))


@pytest.mark.slow
@pytest.mark.validation
@pytest.mark.parametrize("loss", SETTINGS)
def test_training_equals_keras_for_every_pair_of_choices(loss):
    """Twenty steps of a member equal twenty `train_on_batch` of Keras, whatever activation, optimizer and loss."""
    assert not too_large_differences(loss, pairwise_cases(loss))


@pytest.mark.slow
def test_training_on_several_labels_equals_keras():
    """Twenty steps of three sigmoids under binary cross-entropy, and the accuracy by element of what comes out."""
    import keras

    members = [member("tanh", "sigmoid", 3, Choice("binary_crossentropy"), Choice("adam", {"learning_rate": 0.01}))]
    trainer = Trainer(members, seeds=[3], batch_size=BATCH, task="multilabel")
    x, y = examples("multilabel", 3)
    assert max(largest_difference(trainer, members, x, y).values()) <= TOLERANCE
    state, data = trainer.start(), trainer.place(x, y)
    outputs = trainer.predict(state, data)[0, 0]
    _, scores = trainer.evaluate(state, data)
    assert scores["accuracy"][0, 0] == pytest.approx(float(keras.metrics.binary_accuracy(y, outputs).mean()), abs=1e-6)
    assert scores["loss"][0, 0] == pytest.approx(float(keras.losses.binary_crossentropy(y, outputs).mean()), rel=1e-5)


def test_some_cases_have_every_activation_and_optimizer():
    """Each activation at least once, each optimizer under several losses."""
    cases = [pair for loss in SETTINGS for pair in some_cases(loss)]
    assert {activation for activation, _ in cases} == set(BUILDABLE)
    optimizers = Counter(optimizer for _, optimizer in cases)
    assert set(optimizers) == set(OPTIMIZERS)
    assert min(optimizers.values()) >= 3
    assert set(some_cases("huber")) <= set(pairwise_cases("huber"))


def test_the_pairwise_cases_are_complete():
    """Every loss, activation and optimizer of the tables is in a parity case, in all pairs."""
    aliases = {name for name in LOSSES if LOSSES[name].name != name}
    assert set(SETTINGS) == set(LOSSES) - aliases
    assert set(KERAS_OPTIMIZERS) == set(OPTIMIZERS)
    cases = [(loss, *pair) for loss in SETTINGS for pair in pairwise_cases(loss)]
    assert len({(loss, activation) for loss, activation, _ in cases}) == len(SETTINGS) * len(BUILDABLE)
    assert len({(loss, optimizer) for loss, _, optimizer in cases}) == len(SETTINGS) * len(OPTIMIZERS)
    assert len({(act, optimizer) for _, act, optimizer in cases}) == len(BUILDABLE) * len(OPTIMIZERS)
