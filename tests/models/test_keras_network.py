"""What a Keras model does, layer by layer: layers that are looked at as a whole, first kernels, chosen outputs."""

from __future__ import annotations

import jax
import keras
import numpy as np
import pytest
from keras import layers, ops

from assay.errors import ModelError
from assay.models.keras_reading import KerasReader, observe_keras

# NumPy's to Keras, about how it reads its own variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)
WORDS = RANDOM.integers(0, 20, (24, 6))
SERIES = RANDOM.standard_normal((24, 6, 4)).astype(np.float32)
TABLE = SERIES[:, 0]
LABELS = RANDOM.integers(0, 3, 24)


def value(observation, layer, quantity, statistic="rms"):
    return observation.signals.filter(layer=layer, quantity=quantity, statistic=statistic)["value"].item()


@pytest.fixture(scope="module")
def language():
    """An embedding, layers that go back and forth, attention around which the signal has a way, steps one by one."""
    keras.utils.set_random_seed(0)
    words = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 5, name="table")(words)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both")(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 3, name="heads")(x, x)])
    x = layers.TimeDistributed(layers.Dense(4, "relu", name="step"))(x)
    x, _ = layers.GRU(5, return_state=True, name="last")(x)
    model = keras.Model(words, layers.Dense(3, "softmax", name="out")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model, observe_keras(model, WORDS, LABELS)


def test_layers_with_kernels_of_their_own_way_are_looked_at_as_a_whole(language):
    """Recurrent layers, attention and embeddings stand among the layers; a layer at each time step is a dense one."""
    facts = language[1].facts
    assert [(layer.name, layer.kind, layer.units) for layer in facts.layers] == [
        ("table", "embedding", 5),
        ("both", "recurrent", 6),
        ("heads", "attention", 6),
        ("step", "dense", 4),
        ("last", "recurrent", 5),
        ("out", "dense", 3),
    ]
    assert [layer.name for layer in facts.layers if layer.is_residual] == ["heads"]
    assert not any(layer.is_chained for layer in facts.layers)
    assert facts.layers[0].fan_in == 20
    assert facts.unseen == ()
    assert not [remark for remark in language[1].remarks if "without a look inside" in remark]


def test_of_a_whole_layer_outputs_gradients_and_parameters_are_told(language):
    """It has no pre-activations, so there are no rows of them."""
    signals = language[1].signals
    inside = {"preactivations", "response", "correlation", "saturation", "dead_units", "identical_units"}
    for number in (1, 2, 3, 5):
        quantities = set(signals.filter(layer=number)["quantity"])
        assert {"activations", "errors", "kernel", "kernel_gradient", "update"} <= quantities
        assert not inside & quantities
    assert inside <= set(signals.filter(layer=4)["quantity"])


def test_gradients_are_those_of_keras(language):
    """Of every parameter, by `jax.grad` of the model as Keras calls it."""
    model, observation = language
    rows = KerasReader(model, WORDS, LABELS)._rows
    values, rest = ([v.value for v in held] for held in (model.trainable_variables, model.non_trainable_variables))

    def objective(values):
        outputs, _ = model.stateless_call(values, rest, WORDS[rows])
        return keras.losses.SparseCategoricalCrossentropy()(LABELS[rows], outputs)

    slopes = jax.grad(objective)(values)
    by_path = {v.path: np.asarray(slope) for v, slope in zip(model.trainable_variables, slopes, strict=True)}
    assert {one.name for one in observation.facts.parameters} == set(by_path)
    for one in observation.facts.parameters:
        assert one.gradient == pytest.approx(np.sqrt(np.mean(by_path[one.name] ** 2)), rel=1e-3, abs=1e-9)
    of_gru = np.concatenate([by_path[v.path].ravel() for v in model.get_layer("last").variables if len(v.shape) > 1])
    assert value(observation, 5, "kernel_gradient") == pytest.approx(np.sqrt(np.mean(of_gru**2)), rel=1e-3)


def test_errors_of_a_whole_layer_are_gradients_with_respect_to_its_output(language):
    """Of the last recurrent layer by hand: what the softmax hands back through the kernel of the output."""
    model, observation = language
    rows = KerasReader(model, WORDS, LABELS)._rows
    kernel, _ = model.get_layer("out").get_weights()
    errors = (model.predict(WORDS[rows], verbose=0) - np.eye(3)[LABELS[rows]]) @ kernel.T
    assert value(observation, 5, "errors") == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-3)


def normalized():
    layer = layers.Normalization()
    layer.adapt(TABLE * 100 + 50)
    return layer


@pytest.mark.parametrize(
    ("first", "x", "expected"),
    [
        (lambda: layers.Rescaling(1 / 100), TABLE * 100, TABLE),
        (normalized, TABLE * 100 + 50, (TABLE - TABLE.mean(0)) / TABLE.std(0)),
        (layers.BatchNormalization, TABLE * 100 + 50, (TABLE - TABLE.mean(0)) / TABLE.std(0)),
        (layers.Flatten, SERIES, SERIES),
    ],
)
def test_inputs_are_measured_where_they_reach_the_first_kernel(first, x, expected):
    """Behind layers that scale them."""
    model = keras.Sequential([keras.Input(x.shape[1:]), first(), layers.Dense(3), layers.Dense(3)])
    facts = KerasReader(model, x, LABELS).facts()
    assert facts.data.rms == pytest.approx(np.sqrt(np.mean(expected**2)), rel=1e-3)
    assert facts.data.features == expected[0].size
    assert facts.data.rows == 24


def test_numbers_that_only_look_up_are_not_measured(language):
    """Behind an embedding stand its rows; what is asked of it is compared with its size."""
    facts = language[1].facts
    table = language[0].get_layer("table").get_weights()[0]
    rows = KerasReader(language[0], WORDS, LABELS)._rows
    assert facts.data.rms == pytest.approx(np.sqrt(np.mean(table[WORDS[rows]] ** 2)), rel=1e-4)
    assert facts.lookups_beyond == ()
    (beyond,) = observe_keras(language[0], WORDS + 3, LABELS).facts.lookups_beyond
    assert (beyond.name, beyond.low, beyond.high, beyond.size) == ("table", 3, 22, 20)


def test_all_first_kernels_count():
    """Of a model with two inputs both are measured, whichever of them is too large."""
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    joined = layers.Concatenate()([layers.Dense(3, "relu")(left), layers.Dense(3, "relu")(right)])
    model = keras.Model([left, right], layers.Dense(3)(joined))
    facts = KerasReader(model, [TABLE, 1000 * TABLE], LABELS).facts()
    assert facts.data.rms == pytest.approx(1000 * np.sqrt(np.mean(TABLE**2) / 2), rel=1e-2)
    assert facts.data.features == 8
    drawn = observe_keras(model, rows=10)
    assert drawn.facts.data.features == 8
    assert "Assumed: inputs drawn from a standard normal." in drawn.remarks


# --- Outputs ---------------------------------------------------------------------------------------------------------


def two_heads():
    inputs = keras.Input((4,))
    hidden = layers.Dense(5, "relu", name="shared")(inputs)
    outputs = {"price": layers.Dense(1, name="price")(hidden), "kind": layers.Dense(3, "softmax", name="kind")(hidden)}
    model = keras.Model(inputs, outputs)
    model.compile("adam", {"price": "mse", "kind": "sparse_categorical_crossentropy"})
    return model


class Heads(keras.Model):
    """The same as a class, whose outputs have no names."""

    def __init__(self):
        super().__init__()
        self.shared, self.price = layers.Dense(5, "relu", name="shared"), layers.Dense(1, name="price")
        self.kind = layers.Dense(3, "softmax", name="kind")

    def call(self, x):
        hidden = self.shared(x)
        return self.kind(hidden), self.price(hidden)


@pytest.mark.parametrize(
    ("make", "output", "y"),
    [
        (two_heads, "kind", {"price": TABLE[:, :1], "kind": LABELS}),
        (two_heads, "kind", LABELS),
        (Heads, 0, LABELS),
        (Heads, "0", [LABELS, TABLE[:, :1]]),
    ],
)
def test_one_output_of_several_is_looked_at(make, output, y):
    """With the targets and the loss of its own; what only leads to others is left out."""
    facts = observe_keras(make(), TABLE, y, output=output).facts
    assert [layer.name for layer in facts.layers] == ["shared", "kind"]
    assert (facts.task, facts.output.activation.name) == ("multiclass", "softmax")
    assert not [one.name for one in facts.parameters if "price" in one.name]


@pytest.mark.parametrize("output", [None, "kinds", 5])
def test_which_output_is_asked_where_there_are_several(output):
    """The message lists them."""
    with pytest.raises(ModelError, match=r"it has 2 outputs\..*output = 'price' or 'kind'"):
        observe_keras(two_heads(), TABLE, LABELS, output=output)


# --- Number types ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["mixed_float16", "bfloat16"])
def test_other_number_types_are_looked_at(policy):
    """Their layers say what they compute in, and gradients are those of the variables."""
    parts = [layers.Dense(8, "relu", dtype=policy), layers.LayerNormalization(dtype=policy)]
    model = keras.Sequential([keras.Input((4,)), *parts, layers.Dense(3, "softmax", dtype="float32")])
    model.compile("adam", "sparse_categorical_crossentropy")
    observation = observe_keras(model, TABLE, LABELS)
    kinds = [layer.number_type for layer in observation.facts.layers]
    assert kinds == [policy.removeprefix("mixed_"), "float32"]
    assert all(one.gradient > 0 and one.update is not None for one in observation.facts.parameters)
    assert np.isfinite(observation.facts.ahead.losses).all()


def test_a_layer_that_is_not_looked_at_is_listed():
    """One of the user's own with a matrix and no layers within."""

    class Own(layers.Layer):
        def build(self, shape):
            self.matrix = self.add_weight(shape=(shape[-1], 3))

        def call(self, x):
            return ops.matmul(x, self.matrix)

    model = keras.Sequential([keras.Input((4,)), Own(name="mine"), layers.Dense(3)])
    observation = observe_keras(model, TABLE, LABELS)
    assert observation.facts.unseen == ("mine (Own)",)
    assert "Passed through without a look inside: mine (Own)." in observation.remarks
    assert {one.name.split("/")[-2] for one in observation.facts.parameters} == {"mine", observation.layer_names[0]}
