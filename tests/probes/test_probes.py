"""What probes say, against a slow twin: one network at a time, row by row, in plain JAX and NumPy."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine.layout import Member
from assay.engine.trainer import Trainer
from assay.networks.architecture import Layer
from assay.probes import all_probes, quantities
from assay.probes.quantity import QUANTILES

ROWS, FEATURES, CLASSES, RATE = 60, 5, 3, 0.1
ACTIVATIONS = {"tanh": jnp.tanh, "relu": lambda z: jnp.maximum(z, 0.0)}
EPOCHS = (0, 3)


def member(activation: str, initializer: Choice | str = "glorot_uniform", l2: float = 0.0) -> Member:
    kernel = Choice(initializer) if isinstance(initializer, str) else initializer
    bias = Choice("zeros")
    layers = (
        Layer(FEATURES, 12, Choice(activation), kernel, bias, 0.0, l2),
        Layer(12, 12, Choice(activation), kernel, bias, 0.0, l2),
        Layer(12, CLASSES, Choice("softmax"), kernel, bias, 0.0, l2),
    )
    return Member(layers, Choice("categorical_crossentropy"), Choice("sgd", {"learning_rate": RATE}))


MEMBERS = [
    member("tanh", l2=0.01),
    member("relu", "he_normal"),
    member("tanh", Choice("random_normal", {"stddev": 3.0})),
    member("relu", "zeros"),
]


def examples() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(ROWS, FEATURES)).astype(np.float32)
    return x, np.eye(CLASSES, dtype=np.float32)[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0)]


@functools.cache
def probed() -> dict[int, tuple[list, list]]:
    """By epoch: the signals of all members, and their parameters."""
    trainer = Trainer(MEMBERS, seeds=[0, 1], batch_size=20, task="multiclass")
    data, state, found = trainer.place(*examples()), trainer.start(), {}
    for epoch in range(max(EPOCHS) + 1):
        if epoch:
            state, _ = trainer.train_epoch(state, data, epoch)
        if epoch in EPOCHS:
            parameters = [trainer.parameters(state, index, 1) for index in range(len(MEMBERS))]
            found[epoch] = (trainer.probe(state, data, np.arange(ROWS), all_probes()), parameters)
    return found


def twin(trained: Member, parameters: list) -> list[dict[str, np.ndarray]]:
    """The arrays of each layer of one network, examples in rows as Keras has them."""
    x, y = examples()
    activation = ACTIVATIONS[trained.layers[0].activation.name]

    def forward(parameters, offsets):
        h, zs, hs = x, [], []
        for index, ((kernel, bias), offset) in enumerate(zip(parameters, offsets, strict=True)):
            z = h @ kernel + bias + offset
            h = activation(z) if index < 2 else jax.nn.softmax(z)
            zs.append(z)
            hs.append(h)
        return zs, hs

    def loss(parameters, offsets):
        _, hs = forward(parameters, offsets)
        penalty = sum(
            layer.l2 * jnp.sum(kernel**2) for layer, (kernel, _) in zip(trained.layers, parameters, strict=True)
        )
        probabilities = jnp.clip(hs[-1], 1e-7, 1 - 1e-7)  # as Keras, so a saturated softmax has no gradient
        return -jnp.mean(jnp.sum(y * jnp.log(probabilities), axis=1)) + penalty

    offsets = [jnp.zeros((ROWS, layer.units)) for layer in trained.layers]
    parameters = [tuple(jnp.asarray(array) for array in pair) for pair in parameters]
    zs, hs = forward(parameters, offsets)
    gradients, errors = jax.grad(loss, argnums=(0, 1))(parameters, offsets)
    return [
        {
            "preactivations": np.asarray(zs[index]),
            "activations": np.asarray(hs[index]),
            "errors": np.asarray(errors[index]) * ROWS,
            "kernel": np.asarray(parameters[index][0]),
            "kernel_gradient": np.asarray(gradients[index][0]),
            "bias": np.asarray(parameters[index][1]),
            "bias_gradient": np.asarray(gradients[index][1]),
        }
        for index in range(3)
    ]


@pytest.mark.parametrize("epoch", EPOCHS)
def test_each_layer_has_what_the_records_say(epoch):
    """Every quantity with its statistics, and a histogram where it says so."""
    signals, _ = probed()[epoch]
    for layer, found in enumerate(signals):
        expected = [quantity for quantity in quantities() if quantity.per != "network" or layer == len(signals) - 1]
        assert found.keys() == {quantity.name for quantity in expected}
        for quantity in expected:
            measurement = found[quantity.name]
            assert measurement.names == quantity.statistics
            assert (measurement.histogram is not None) == quantity.has_histogram


CASES = [(epoch, index, layer) for epoch in EPOCHS for index in range(len(MEMBERS)) for layer in range(3)]


@pytest.mark.parametrize(("epoch", "index", "layer"), CASES)
def test_distributions_equal_those_of_a_slow_twin(epoch, index, layer):
    """Every statistic and histogram of every array, before training and after it."""
    signals, parameters = probed()[epoch]
    for name, values in twin(MEMBERS[index], parameters[index])[layer].items():
        measurement = signals[layer][name]
        found = {statistic: value[index, 1] for statistic, value in measurement.statistics.items()}
        size, reach = np.abs(values).max(), values.max() - values.min()
        close = functools.partial(np.testing.assert_allclose, rtol=2e-5, atol=2e-6 * size + 1e-12, err_msg=name)
        close(found["mean"], values.mean(dtype=np.float64))
        close(found["std"], values.std(dtype=np.float64))
        close(found["rms"], np.sqrt((values.astype(np.float64) ** 2).mean()))
        close(found["minimum"], values.min())
        close(found["maximum"], values.max())
        assert found["nonfinite_count"] == 0
        for quantile_name, quantile in QUANTILES.items():
            below = np.mean(values <= found[quantile_name] + reach / 1024 + 1e-6 * size)
            above = np.mean(values >= found[quantile_name] - reach / 1024 - 1e-6 * size)
            assert below >= quantile - 1e-6
            assert above >= 1 - quantile - 1e-6
        assert measurement.histogram.counts[index, 1].sum() == values.size


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_histogram_is_numpys(index):
    """Counts of 32 equal bins between the ends, up to values that rounding moves over an edge."""
    signals, parameters = probed()[3]
    values = twin(MEMBERS[index], parameters[index])[0]["preactivations"]
    histogram = signals[0]["preactivations"].histogram
    ends = histogram.low[index, 1], histogram.high[index, 1]
    expected, _ = np.histogram(values, bins=32, range=ends)
    assert np.abs(histogram.counts[index, 1] - expected).sum() <= 2


def one(signals: list, layer: int, quantity: str, statistic: str, index: int) -> float:
    return float(signals[layer][quantity].statistics[statistic][index, 1])


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_update_of_gradient_descent_is_rate_times_gradient(index):
    """‖update‖ / ‖kernel‖ = learning rate · ‖gradient‖ / ‖kernel‖."""
    signals, parameters = probed()[3]
    for layer, arrays in enumerate(twin(MEMBERS[index], parameters[index])):
        expected = RATE * np.linalg.norm(arrays["kernel_gradient"]) / np.linalg.norm(arrays["kernel"])
        assert one(signals, layer, "update", "ratio", index) == pytest.approx(expected, rel=1e-3)


def test_units_of_a_layer_of_zeros_are_all_identical_and_dead():
    """Zeros leave every unit a copy of the others, and a ReLU of zeros off for every example."""
    signals, _ = probed()[3]
    for layer in (0, 1):
        assert one(signals, layer, "identical_units", "fraction", 3) == 1.0
        assert one(signals, layer, "dead_units", "fraction", 3) == 1.0
    assert one(signals, 0, "identical_units", "fraction", 1) == 0.0


def test_dead_units_are_off_for_every_example():
    """The fraction counts whole units, not zeros."""
    signals, parameters = probed()[3]
    for layer in (0, 1):
        activations = twin(MEMBERS[1], parameters[1])[layer]["activations"]
        assert one(signals, layer, "dead_units", "fraction", 1) == pytest.approx((activations == 0).all(0).mean())


def test_saturation_is_where_tanh_is_flat():
    """1 − tanh² < 0.05 beyond |z| = 2.18; a kernel of standard deviation 3 is mostly there, a ReLU never."""
    signals, parameters = probed()[0]
    z = twin(MEMBERS[2], parameters[2])[1]["preactivations"]
    expected = np.mean(1 - np.tanh(z.astype(np.float64)) ** 2 < 0.05)
    assert expected > 0.5
    assert one(signals, 1, "saturation", "fraction", 2) == pytest.approx(expected, abs=2e-3)
    assert one(signals, 1, "saturation", "fraction", 1) == 0.0


@pytest.mark.parametrize("index", [0, 1, 2])
def test_correlation_is_the_mean_cosine_of_pairs(index):
    """Over all pairs of different examples."""
    signals, parameters = probed()[0]
    z = twin(MEMBERS[index], parameters[index])[1]["preactivations"].astype(np.float64)
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    pairs = (unit @ unit.T)[~np.eye(ROWS, dtype=bool)]
    assert one(signals, 1, "correlation", "mean", index) == pytest.approx(pairs.mean(), abs=1e-4)
