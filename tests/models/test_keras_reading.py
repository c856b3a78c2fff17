"""Reading a Keras model."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np
import polars as pl
import pytest
from keras import layers, ops

import assay
from assay.choices import Choice
from assay.data import load
from assay.errors import ModelError
from assay.models import observe
from assay.models.keras_reading import KerasReader, observe_keras
from assay.networks.initializers import draw_bias, draw_kernel

# NumPy's to Keras, about how it reads its own variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

KEY = ["epoch", "layer", "quantity", "statistic"]
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((30, 4)).astype(np.float32)
LABELS = RANDOM.integers(0, 3, 30)


def compiled(*parts, loss="sparse_categorical_crossentropy", optimizer="adam", shape=(4,)):
    model = keras.Sequential([keras.Input(shape), *parts])
    model.compile(optimizer, loss)
    return model


def value(observation, layer, quantity, statistic):
    return observation.signals.filter(layer=layer, quantity=quantity, statistic=statistic)["value"].item()


@pytest.mark.slow
def test_a_model_with_a_trials_weights_has_the_trials_signals(tiny_study):
    """The tables of a dense Keras model are those of the trial with the same weights, examples and optimizer."""
    study = tiny_study(
        network={"hidden": [8, 8], "activation": "tanh", "bias_initializer": "random_normal"},
        training={"optimizer": {"name": "rmsprop", "learning_rate": 0.01, "clipnorm": 0.5}},
        vary={},
        design={"seeds": 1},
    )
    report = assay.probe(study)
    (population,) = assay.plan_study(study).populations
    model = compiled(
        *(layers.Dense(8, "tanh") for _ in range(2)),
        layers.Dense(3, "softmax"),
        loss="categorical_crossentropy",
        optimizer=keras.optimizers.RMSprop(0.01, clipnorm=0.5),
    )
    for number, layer in enumerate(model.layers, start=1):
        fan_in, units = layer.kernel.shape
        kernel = draw_kernel(
            Choice("glorot_uniform"), seed=population.seeds[0], layer=number, fan_in=fan_in, units=units
        )
        bias = draw_bias(Choice("random_normal"), seed=population.seeds[0], layer=number, units=units)
        layer.set_weights([kernel, bias])
    data = load(population.request)
    observation = observe_keras(model, data.x_train, data.y_train)
    both = report.signals.join(observation.signals, on=KEY, how="full")
    assert both.null_count().sum_horizontal().item() == 0
    np.testing.assert_allclose(both["value_right"], both["value"], rtol=1e-4, atol=1e-6)
    both = report.histograms.join(observation.histograms, on=KEY[:3], how="full")
    assert [sum(counts) for counts in both["counts"]] == [sum(counts) for counts in both["counts_right"]]


@pytest.fixture(scope="module")
def everything():
    """A model with every kind of layer that is read, a way around some of them, and its observation."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="first")(inputs)
    x = shortcut = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu6", name="depthwise")(x)
    x = layers.SeparableConv2D(4, 3, padding="same", name="separable")(x)
    x = layers.LeakyReLU()(layers.LayerNormalization()(x))
    x = layers.Conv2D(4, 1, name="pointwise")(x)
    x = layers.Activation("tanh")(layers.Add()([shortcut, x]))
    x = layers.Dropout(0.5)(layers.MaxPooling2D()(x))
    x = layers.Reshape((9, 4))(x)
    x = layers.Conv1D(5, 3, activation="elu", kernel_initializer="he_normal", name="line")(x)
    x = layers.EinsumDense("abc,cd->abd", output_shape=(7, 6), bias_axes="d", activation="gelu", name="einsum")(x)
    x = layers.GaussianNoise(0.1)(layers.Flatten()(x))
    inner = keras.Sequential(
        [layers.Dense(7, activation=layers.LeakyReLU(), name="inner"), layers.Dense(6, name="last")]
    )
    x = ops.sigmoid(inner(x))
    outputs = layers.Softmax()(layers.Dense(3, kernel_regularizer="l2", name="output")(x))
    model = keras.Model(inputs, outputs, name="everything")
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), keras.losses.SparseCategoricalCrossentropy())
    x = RANDOM.standard_normal((24, 6, 6, 3)).astype(np.float32)
    y = RANDOM.integers(0, 3, 24)
    weights = [np.array(weight) for weight in model.get_weights()]
    inside = [(layer, dict(vars(layer))) for layer in model._flatten_layers()]
    return model, x, y, weights, inside, observe_keras(model, x, y, steps=100)


@pytest.mark.slow
def test_every_kind_of_layer_is_named_with_its_activation(everything):
    """Kernels are found in the order of the signal, each with the activation behind it, wherever that is written."""
    facts = everything[-1].facts
    assert [(layer.name, layer.kind, str(layer.activation)) for layer in facts.layers] == [
        ("first", "convolution", "relu"),
        ("depthwise", "convolution", "relu6"),
        ("separable", "convolution", "leaky_relu(negative_slope=0.3)"),
        ("pointwise", "convolution", "tanh"),
        ("line", "convolution", "elu"),
        ("einsum", "dense", "gelu"),
        ("inner", "dense", "leaky_relu(negative_slope=0.3)"),
        ("last", "dense", "sigmoid"),
        ("output", "dense", "softmax"),
    ]
    assert [layer.name for layer in facts.layers if layer.is_normalized] == ["first", "separable"]
    assert [layer.name for layer in facts.layers if layer.is_residual] == ["depthwise", "separable", "pointwise"]
    assert everything[-1].layer_names[0] == "first"


@pytest.mark.slow
def test_facts_of_layers_are_those_of_keras(everything):
    """Fan-in is what Keras' initializers count, and the kernel's initializer is named as a study would."""
    observation = everything[-1]
    first, *_, line, _, _, _, output = observation.facts.layers
    assert (first.fan_in, first.units) == (3 * 3 * 3, 4)
    assert (line.fan_in, line.units, line.kernel_initializer) == (3 * 4, 5, Choice("he_normal"))
    assert (output.fan_in, output.units) == (6, 3)


@pytest.mark.slow
def test_the_objective_is_that_of_the_compiled_model(everything):
    """Loss, optimizer, task, budget and the loss of chance come from the compiled model and its targets."""
    _, _, y, *_, observation = everything
    facts = observation.facts
    assert (str(facts.loss), facts.task, facts.steps) == ("sparse_categorical_crossentropy", "multiclass", 100)
    assert facts.optimizer == Choice("sgd", {"learning_rate": 0.1, "momentum": 0.9})
    shares = np.bincount(y) / len(y)
    assert facts.chance_loss == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-6)  # the targets' entropy
    assert (facts.data.rows, facts.data.features, facts.data.classes) == (24, 108, 3)


@pytest.mark.slow
def test_the_model_is_left_as_it_was(everything):
    """Weights, moving averages, activations, trainable flags and attributes are the same objects as before."""
    model, _, _, weights, inside, _ = everything
    for before, now in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, now)
    for layer, attributes in inside:
        assert vars(layer).keys() == attributes.keys()
        new = {"_called", "_parent_path"}  # Keras' own notes that a layer was called
        assert all(vars(layer)[key] is attributes[key] for key in attributes.keys() - new), layer.name


@pytest.mark.slow
def test_gradients_of_a_convolution_are_those_of_keras(everything):
    """Kernel gradients and the loss are what `jax.grad` finds of the model called as in training, dropout left out."""
    model, x, y, _, _, observation = everything
    dropouts = [layer for layer in model._flatten_layers() if isinstance(layer, layers.Dropout | layers.GaussianNoise)]
    rates = [
        (layer, name, getattr(layer, name)) for layer in dropouts for name in ("rate", "stddev") if hasattr(layer, name)
    ]
    for layer, name, _ in rates:
        setattr(layer, name, 0.0)
    values = [variable.value for variable in model.trainable_variables]
    rest = [variable.value for variable in model.non_trainable_variables]

    def objective(values):
        outputs, _, losses = model.stateless_call(values, rest, x, training=True, return_losses=True)
        return keras.losses.SparseCategoricalCrossentropy()(y, outputs) + sum(losses)

    loss, gradients = jax.value_and_grad(objective)(values)
    for layer, name, rate in rates:
        setattr(layer, name, rate)
    assert value(observation, 9, "loss", "before") == pytest.approx(float(loss), rel=1e-5)
    by_path = dict(zip((variable.path for variable in model.trainable_variables), gradients, strict=True))
    for number, path in [
        (1, "first/kernel"),
        (2, "depthwise/kernel"),
        (3, "separable/pointwise_kernel"),
        (5, "line/kernel"),
    ]:
        gradient = np.asarray(by_path[path])
        rms = np.sqrt(np.mean(gradient**2))
        assert value(observation, number, "kernel_gradient", "rms") == pytest.approx(rms, rel=1e-3)


def test_errors_of_a_convolution_are_gradients_with_respect_to_what_its_activation_is_given():
    """On a network written out by hand, errors are each example's own gradient, over all positions."""
    model = compiled(layers.Conv2D(2, 3), layers.ReLU(), layers.Flatten(), layers.Dense(1), loss="mse", shape=(5, 5, 1))
    x, y = RANDOM.standard_normal((8, 5, 5, 1)).astype(np.float32), RANDOM.standard_normal((8, 1)).astype(np.float32)
    observation = observe_keras(model, x, y)
    (kernel, bias), (dense, dense_bias) = model.layers[0].get_weights(), model.layers[3].get_weights()

    def loss(z):
        outputs = jnp.maximum(z, 0).reshape(8, -1) @ dense + dense_bias
        return jnp.mean((outputs - y) ** 2)

    z = jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias
    errors = np.asarray(jax.grad(loss)(z)) * 8
    assert value(observation, 1, "errors", "rms") == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-4)
    assert value(observation, 1, "preactivations", "std") == pytest.approx(float(z.std()), rel=1e-4)
    # Correlation compares whole maps: the mean cosine over pairs of examples.
    maps = np.asarray(z).reshape(8, -1)
    maps = maps / np.linalg.norm(maps, axis=1, keepdims=True)
    cosines = (maps @ maps.T)[~np.eye(8, dtype=bool)]
    assert value(observation, 1, "correlation", "mean") == pytest.approx(cosines.mean(), abs=1e-4)


class Around(keras.Model):
    """Activations as functions, a sum around a layer."""

    def __init__(self):
        super().__init__(name="around")
        self.first, self.second, self.last = layers.Dense(5), layers.Dense(5), layers.Dense(3)

    def call(self, x):
        h = keras.activations.relu(self.first(x))
        return self.last(h + 2 * self.second(h))


def test_a_subclassed_model_is_read_by_its_numbers():
    """An activation that no layer names is told by what it makes of random numbers, and a sum by cutting the layer."""
    reader = KerasReader(Around(), X, LABELS)
    first, second, last = reader.layers
    assert (first.activation, second.activation, last.activation) == (Choice("relu"), None, Choice("linear"))
    assert (first.is_residual, second.is_residual, last.is_residual) == (False, True, False)
    assert reader.objective.loss == Choice("categorical_crossentropy", {"from_logits": True})
    assert reader.remarks[0].startswith("Assumed: the loss categorical_crossentropy(from_logits=True)")


def test_a_model_with_nan_weights_is_observed():
    """NaN is counted beside the statistics and never stops the reading."""
    model = compiled(layers.Dense(5, "relu"), layers.Dense(3, "softmax"))
    model.layers[0].set_weights([np.full((4, 5), np.nan), np.zeros(5)])
    observation = observe_keras(model, X, LABELS)
    assert value(observation, 1, "preactivations", "nonfinite_count") == 30 * 5
    assert np.isnan(value(observation, 2, "loss", "before"))


def test_what_is_not_among_ours_is_asked_itself():
    """An optimizer without a rule of ours tells its own update, and a loss of the user's own its own gradient."""
    model = compiled(
        layers.Dense(2, use_bias=False),
        loss=lambda targets, outputs: ops.mean((targets - outputs) ** 2, axis=-1),
        optimizer="muon",
    )
    y = RANDOM.standard_normal((30, 2)).astype(np.float32)
    observation = observe_keras(model, X, y)
    assert observation.facts.optimizer is None
    assert observation.facts.loss is None
    quantities = set(observation.signals["quantity"])
    assert {"update", "response"} <= quantities
    assert not {"bias", "bias_gradient"} & quantities
    error = X @ model.layers[0].get_weights()[0] - y
    gradient = X.T @ error / 30  # of the mean over 30 examples and 2 outputs: 2 / (30 · 2) Xᵀ e
    assert value(observation, 1, "kernel_gradient", "rms") == pytest.approx(np.sqrt(np.mean(gradient**2)), rel=1e-4)


def test_without_an_optimizer_an_update_is_left_out():
    """Nobody knows what it would do."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    observation = observe_keras(model, X, LABELS)
    assert not {"update", "response"} & set(observation.signals["quantity"])
    assert observation.signals.filter(quantity="loss")["statistic"].to_list() == ["before"]
    assert observation.facts.ahead is None
    assert [one.is_in_optimizer for one in observation.facts.parameters] == [None, None]


def test_a_shared_layer_is_read_at_each_call():
    """A layer that is called twice is two layers of the signal."""
    inputs, dense = keras.Input((4,)), layers.Dense(4, "tanh", name="twice")
    reader = KerasReader(keras.Model(inputs, layers.Dense(1, name="out")(dense(dense(inputs)))), X, X[:, 0])
    assert [layer.name for layer in reader.layers] == ["twice", "twice (call 2)", "out"]


def test_examples_are_drawn_where_none_are_given():
    """Without x and y both are drawn for the model's shapes, and the remarks say so."""
    observation = observe_keras(compiled(layers.Dense(5, "relu"), layers.Dense(3, "softmax")), rows=30)
    assert observation.facts.data.rows == 30
    assert observation.facts.task == "multiclass"
    assert "standard normal" in observation.remarks[0]
    assert "drawn from 3 classes" in observation.remarks[1]


@pytest.mark.parametrize(
    ("make", "x", "y", "words"),
    [
        (
            lambda: compiled(layers.Flatten(), layers.ReLU()),
            X,
            LABELS,
            "expected a layer with a kernel.*got Flatten, ReLU",
        ),
        (lambda: compiled(layers.Dense(3)), X[:, :3], LABELS, r"expects examples of shape \(rows, 4\), got \(30, 3\)"),
        (lambda: compiled(layers.Dense(3)), X, LABELS[:5], "expected 30 targets, one for each example of x, got 5"),
        (lambda: compiled(layers.Dense(2)), X, LABELS + 0.5, "a class from 0 to 1; got numbers from 0.5 to 2.5 with"),
        (lambda: compiled(layers.Dense(3)), X, X, r"expected targets of shape \(rows, 3\)"),
        (lambda: compiled(layers.Dense(3)), np.array([["a"] * 4] * 3), LABELS, "examples that are numbers"),
        (lambda: compiled(layers.Dense(3)), X[:0], LABELS[:0], "at least one example"),
        (lambda: keras.Sequential([layers.Dense(3)]), None, None, "does not tell the shape of its inputs"),
        (lambda: 3, X, LABELS, "expected a study, a Keras model or a PyTorch module, got int"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(make, x, y, words):
    """A model without a kernel, and examples that do not fit, are told in words."""
    with pytest.raises(ModelError, match=words):
        observe(make(), x, y)


def test_a_layer_that_fails_is_told_in_one_line():
    """An error of the user's own layers arrives with its kind and first line."""

    def fail(x):
        raise RuntimeError("no such thing\nmore")

    class Failing(keras.Model):
        def call(self, x):
            return fail(x)

    with pytest.raises(
        ModelError,
        match=r"it fails on these examples\. RuntimeError: no such thing \(test_keras_reading\.py, line \d+: raise",
    ):
        observe_keras(Failing(), X, LABELS)


def test_an_unknown_loss_has_its_near_miss():
    """A misspelt loss is told with the known name."""
    with pytest.raises(ModelError, match=r"got 'mze'\. Did you mean 'mse'"):
        observe_keras(compiled(layers.Dense(3)), X, LABELS, loss="mze")


@pytest.mark.slow
def test_tables_have_the_columns_of_the_store(everything):
    """Signals and histograms are those of trial 0, seed 0, of a condition with the model's name."""
    from assay.store.schema import HISTOGRAM_COLUMNS, SIGNAL_COLUMNS

    observation = everything[-1]
    assert observation.signals.columns == list(SIGNAL_COLUMNS)
    assert observation.histograms.columns == list(HISTOGRAM_COLUMNS)
    assert observation.signals.select("trial", "condition", "seed", "epoch").unique().rows() == [
        (0, "everything", 0, 0)
    ]
    assert observation.signals.filter(pl.col("layer") == 1, pl.col("quantity") == "bias").is_empty()
