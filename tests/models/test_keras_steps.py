"""Updates of a Keras model by its own optimizer, on copies."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from assay.models.keras_ahead import KerasAhead
from assay.models.keras_reading import KerasReader

# NumPy's to Keras, about how it reads its own variables.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.skipif(keras.backend.backend() != "jax", reason="only JAX has optimizers that are functions"),
]

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((24, 5)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2] + 0.1).astype(np.float32)


def model_of(optimizer, *, seed=0):
    """Batch normalization and a penalty are part of what is trained; a dropout is off in a look ahead."""
    keras.utils.set_random_seed(seed)
    parts = [
        layers.Dense(6, "tanh", kernel_regularizer="l2"),
        layers.BatchNormalization(),
        layers.Dropout(0.0),
        layers.Dense(1),
    ]
    model = keras.Sequential([keras.Input((5,)), *parts])
    model.compile(optimizer, "mse")
    return model


def state_of(model):
    return [np.array(variable.value) for variable in (*model.variables, *model.optimizer.variables)]


OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: keras.optimizers.Adam(0.02, clipnorm=0.5),
    "muon": lambda: keras.optimizers.Muon(0.02),
    "schedule": lambda: keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.05, 3, 0.5)),
}


def look_ahead(reader, updates, rows, factor=1.0):
    """The losses of some updates on the first examples that a reader looks at; None where they cannot be made."""
    ahead = KerasAhead(reader._own_steps(), reader.objective, X)
    made = ahead.updated(lambda: ahead.first(rows), updates, factor)
    return None if made is None else made[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("trained_before", [0, 3])
def test_a_look_ahead_is_what_training_would_do(name, trained_before):
    """The losses are those of `train_on_batch` on the same rows, from the state that the optimizer has."""
    model, twin = model_of(OPTIMIZERS[name]()), model_of(OPTIMIZERS[name]())
    for _ in range(trained_before):
        model.train_on_batch(X, Y)
        twin.train_on_batch(X, Y)
    before = state_of(model)
    losses = look_ahead(KerasReader(model, X, Y), 6, 24)
    rows = KerasReader(model, X, Y)._rows
    assert len(losses) == 7
    expected = [float(twin.train_on_batch(X[rows], Y[rows])) for _ in range(7)]
    np.testing.assert_allclose(losses, expected, rtol=2e-4)
    for one, other in zip(before, state_of(model), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_learning_rate_is_tried_on_a_copy():
    """At a tenth of the rate it is the training of a twin with that rate; a schedule has no single rate."""
    twin = model_of(keras.optimizers.SGD(0.005))
    reader = KerasReader(model_of(keras.optimizers.SGD(0.05)), X, Y)
    expected = [float(twin.train_on_batch(X[reader._rows], Y[reader._rows])) for _ in range(4)]
    np.testing.assert_allclose(look_ahead(reader, 3, 24, factor=0.1), expected, rtol=1e-4)
    assert look_ahead(KerasReader(model_of(OPTIMIZERS["schedule"]()), X, Y), 3, 24, factor=0.1) is None


def test_it_ends_where_the_loss_is_no_number():
    """The first loss that is not finite is the last."""
    losses = look_ahead(KerasReader(model_of(keras.optimizers.SGD(1e20)), X, Y), 10, 24)
    assert len(losses) < 11
    assert not np.isfinite(losses[-1])
    assert np.isfinite(losses[:-1]).all()


def test_the_next_update_is_the_optimizers_own():
    """Of every parameter, for an optimizer that assay has no rule of; frozen ones stay."""
    model, twin = model_of("muon"), model_of("muon")
    for each in (model, twin):
        each.layers[0].trainable = False
        each.compile("muon", "mse")
    reader = KerasReader(model, X, Y)
    facts = reader.observe().facts
    before = {variable.path: np.array(variable.value) for variable in twin.variables}
    twin.train_on_batch(X[reader._rows], Y[reader._rows])
    assert facts.optimizer is None
    assert [one.name for one in facts.parameters if not one.is_trained] == [
        variable.path for variable in model.layers[0].variables
    ]
    moved = dict(zip((v.path for v in model.trainable_variables), twin.trainable_variables, strict=True))
    for one in facts.parameters:
        if one.is_trained:
            change = np.array(moved[one.name].value) - before[moved[one.name].path]
            assert one.update == pytest.approx(np.sqrt(np.mean(change**2)), rel=1e-3)
            assert one.is_in_optimizer
        else:
            assert one.update == 0


def test_an_observation_holds_a_look_ahead():
    """With the loss of the best constant output beside it: the variance of the targets."""
    ahead = KerasReader(model_of(keras.optimizers.Adam(0.02)), X, Y).observe().facts.ahead
    assert ahead.chance == pytest.approx(float(Y.var()), rel=1e-4)
    assert ahead.learns
    reader = KerasReader(model_of(keras.optimizers.Adam(0.02)), X, Y)
    assert reader.observe(epoch=1).facts.ahead is None


def test_of_plain_descent_the_cosine_with_weight_decay_is_that_of_the_gradient_and_the_weights():
    """(g + λ w) · w / (|g + λ w| |w|) over all kernels, by hand; nothing without weight decay."""
    reader = KerasReader(model_of(keras.optimizers.SGD(0.1, weight_decay=0.5)), X, Y)
    gradients = reader.network.trace(reader._x, reader._y, reader.objective.function).gradients
    weights = [np.asarray(variable.value) for variable in reader.network.parameters]
    pairs = [
        (g.astype(np.float64), w.astype(np.float64)) for g, w in zip(gradients, weights, strict=True) if w.ndim > 1
    ]
    moved, kernels = (np.concatenate([part.ravel() for part in parts]) for parts in zip(*pairs, strict=True))
    moved = moved + 0.5 * kernels
    expected = moved @ kernels / np.linalg.norm(moved) / np.linalg.norm(kernels)
    assert reader.observe().facts.decay_cosine == pytest.approx(expected, abs=1e-4)
    assert KerasReader(model_of("sgd"), X, Y).observe().facts.decay_cosine is None


@pytest.mark.parametrize(("decay", "is_large"), [(0.004, False), (30.0, True)])
def test_weight_decay_of_adamw_is_seen_through_its_own_update(decay, is_large):
    """It is not part of the gradient there."""
    reader = KerasReader(model_of(keras.optimizers.AdamW(0.01, weight_decay=decay)), X, Y)
    assert (reader.observe().facts.decay_cosine >= 0.7) == is_large
