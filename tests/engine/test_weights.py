"""Rows that count more than others, against Keras' `class_weight` and `sample_weight`."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from assay.choices import Choice
from assay.engine.batching import batch_order
from assay.engine.layout import Member
from assay.engine.trainer import Trainer
from assay.networks.architecture import Layer
from assay.probes import all_probes

ROWS, FEATURES, BATCH, EPOCHS = 21, 5, 5, 4  # 5 steps an epoch, the last of one row: 20 steps
# Float32 sums in another order, through 20 updates; as in test_parity.py.
TOLERANCE = 1e-5

TASKS = {
    "binary": (1, "sigmoid", "binary_crossentropy"),
    "multiclass": (3, "softmax", "categorical_crossentropy"),
    "regression": (2, "linear", "mean_squared_error"),
}


def member(task: str, optimizer: str, l2: float = 0.0) -> Member:
    outputs, unit, loss = TASKS[task]
    glorot, zeros = Choice("glorot_uniform"), Choice("zeros")
    layers = (
        Layer(FEATURES, 6, Choice("tanh"), glorot, zeros, 0.0, l2),
        Layer(6, outputs, Choice(unit), glorot, zeros, 0.0, l2),
    )
    return Member(layers, Choice(loss), Choice(optimizer, {"learning_rate": 0.02}))


def examples(task: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    x, labels = generator.normal(size=(ROWS, FEATURES)).astype(np.float32), np.arange(ROWS) % 3
    if task == "multiclass":
        y = np.eye(3, dtype=np.float32)[labels]
    elif task == "binary":
        y = (labels == 0).astype(np.float32)[:, None]
    else:
        y = generator.normal(size=(ROWS, 2)).astype(np.float32)
    return x, y, generator.uniform(0, 3, size=ROWS).astype(np.float32)


def in_keras(trained: Member, start: list, **compiled):
    import keras

    layers = [
        keras.layers.Dense(
            layer.units,
            activation=layer.activation.name,
            kernel_regularizer=keras.regularizers.L2(layer.l2) if layer.l2 else None,
        )
        for layer in trained.layers
    ]
    model = keras.Sequential([keras.Input((FEATURES,)), *layers])
    model.set_weights([array for pair in start for array in pair])
    optimizer = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[trained.optimizer.name]
    model.compile(optimizer=optimizer(0.02), loss=trained.loss.name, **compiled)
    return model


@pytest.mark.parametrize("task", TASKS)
def test_sample_weights_are_those_of_keras(task):
    """Parameters after 20 steps and the loss of weighted rows, penalties beside; metrics are not weighted."""
    x, y, weights = examples(task)
    members = [member(task, "adam"), member(task, "sgd"), member(task, "sgd", l2=0.01)]
    trainer = Trainer(members, seeds=[4], batch_size=BATCH, task=task, weighted=True)
    data, state = trainer.place(x, y, weights=weights), trainer.start()
    start = [trainer.parameters(state, index, 0) for index in range(len(members))]
    orders = []
    for epoch in range(1, EPOCHS + 1):
        orders.append(batch_order(4, epoch, ROWS, BATCH))
        state, _ = trainer.train_epoch(state, data, epoch)
    state, scores = trainer.evaluate(state, data)
    metric = "mean_absolute_error" if task == "regression" else "accuracy"
    for index, trained in enumerate(members):
        model = in_keras(trained, start[index], metrics=[metric])
        for rows in itertools.chain.from_iterable(orders):
            rows = rows[rows >= 0]
            model.train_on_batch(x[rows], y[rows], sample_weight=weights[rows])
        ours = [array for pair in trainer.parameters(state, index, 0) for array in pair]
        for mine, variable in zip(ours, model.weights, strict=True):
            theirs = np.asarray(variable.value)
            assert np.abs(mine - theirs).max() <= TOLERANCE * max(np.abs(theirs).max(), 1e-3)
        loss, value = model.evaluate(x, y, sample_weight=weights, batch_size=ROWS, verbose=0)
        assert scores["loss"][index, 0] == pytest.approx(float(loss), rel=1e-5)
        assert scores[metric][index, 0] == pytest.approx(float(value), rel=1e-5)


def test_class_weights_are_those_of_keras_fit():
    """`fit(class_weight=…)` on batches in order is training on rows that have the weights of their classes."""
    x, y, _ = examples("multiclass")
    class_weight = {0: 0.4, 1: 3.0, 2: 1.5}
    weights = np.asarray([class_weight[label] for label in y.argmax(axis=1)], np.float32)
    trained = member("multiclass", "adam")
    trainer = Trainer([trained], seeds=[4], batch_size=BATCH, task="multiclass", weighted=True)
    state, orders = trainer.start(), np.arange(20).reshape(1, 4, 5)
    model = in_keras(trained, trainer.parameters(state, 0, 0))
    data = trainer.place(x[:20], y[:20], weights=weights[:20])
    for _ in range(5):  # 20 steps
        state, losses = trainer.train_steps(state, data, orders)
        told = model.fit(x[:20], y[:20], BATCH, class_weight=class_weight, shuffle=False, verbose=0)
    for mine, variable in zip(
        [a for pair in trainer.parameters(state, 0, 0) for a in pair], model.weights, strict=True
    ):
        theirs = np.asarray(variable.value)
        assert np.abs(mine - theirs).max() <= TOLERANCE * np.abs(theirs).max()
    assert losses.mean() == pytest.approx(told.history["loss"][-1], rel=1e-5)


def test_weights_of_one_are_no_weights():
    """The same parameters and scores, of a sparse first layer too; and outputs have no column more."""
    generator = np.random.default_rng(0)
    x = (generator.random((60, 2500)) < 0.01).astype(np.uint8)
    y = np.eye(3, dtype=np.float32)[np.arange(60) % 3]
    first, last = member("multiclass", "adam").layers
    wide = Member(
        (Layer(2500, 6, *(first.activation, first.kernel_initializer, first.bias_initializer)), last),
        Choice("categorical_crossentropy"),
        Choice("adam"),
    )
    for sparse in (False, True):
        found = []
        for weights in (None, np.ones(60, np.float32)):
            trainer = Trainer(
                [wide], seeds=[0, 1], batch_size=16, task="multiclass", sparse=sparse, weighted=weights is not None
            )
            data = trainer.place(x, y, weights=weights)
            state, scores = trainer.train_epoch(trainer.start(), data, 1)
            found.append((scores["loss"], trainer.predict(state, data)))
        for one, other in zip(*found, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_parts_may_be_given_other_weights():
    """The rows stay where they are; only what they count changes."""
    x, y, weights = examples("binary")
    trainer = Trainer([member("binary", "sgd")], seeds=[0], batch_size=BATCH, task="binary", weighted=True)
    whole = trainer.place(x, y, weights=np.zeros(ROWS, np.float32))
    _, nothing = trainer.evaluate(trainer.start(), whole)
    assert nothing["loss"].item() == 0
    _, scores = trainer.evaluate(trainer.start(), whole.weighted(weights).part(3, 20))
    _, expected = trainer.evaluate(trainer.start(), trainer.place(x[3:20], y[3:20], weights=weights[3:20]))
    assert scores["loss"] == pytest.approx(expected["loss"], rel=1e-6)


def test_probes_see_the_gradient_of_the_weighted_loss():
    """Of weights of 2 everywhere it is twice as large."""
    x, y, _ = examples("binary")
    found = []
    for weight in (1.0, 2.0):
        trainer = Trainer([member("binary", "sgd")], seeds=[0], batch_size=BATCH, task="binary", weighted=True)
        data = trainer.place(x, y, weights=np.full(ROWS, weight, np.float32))
        signals = trainer.probe(trainer.start(), data, np.arange(ROWS), all_probes())
        found.append(signals[0]["kernel_gradient"].statistics["rms"].item())
    assert found[1] == pytest.approx(2 * found[0], rel=1e-5)


def test_what_is_compiled_ahead_is_what_trains_with_weights():
    """Its targets have a column more."""
    from assay.engine import counted_compilation

    x, y, weights = examples("binary")
    trainer = Trainer([member("binary", "sgd")], seeds=[0], batch_size=BATCH + 2, task="binary", weighted=True)
    trainer.compile(ROWS, x.dtype, 1, training_rows=ROWS)
    with counted_compilation() as after:
        trainer.train_epoch(trainer.start(), trainer.place(x, y, weights=weights), 1)
    assert after.programs == 0
