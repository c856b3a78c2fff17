"""The network that stays linear in its parameters."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from assay.choices import Choice
from assay.linearized import DenseWeights, linearized_course

SETTINGS = {"task": "regression", "loss": Choice("mean_squared_error"), "batch_size": 16}


@pytest.fixture
def network():
    """8 – 32 – 32 – 1 of tanh, and 16 examples with a target that a linear network can learn."""
    random = np.random.default_rng(0)
    sizes = [8, 32, 32, 1]
    layers = [
        DenseWeights(random.normal(size=(units, fan_in)) / np.sqrt(fan_in), np.zeros(units), Choice(activation))
        for fan_in, units, activation in zip(sizes, sizes[1:], ["tanh", "tanh", "linear"], strict=False)
    ]
    x = random.normal(size=(16, 8))
    return layers, x, x[:, :1] - 0.5 * x[:, 1:2]


def test_it_goes_the_way_of_gradient_descent_on_the_first_order_expansion(network):
    """The slow plain twin: all parameters, f(θ₀) + J (θ − θ₀), plain gradient descent by JAX."""
    layers, x, y = network

    def outputs(parameters):
        h = jnp.asarray(x.T)
        for at, (kernel, bias) in enumerate(parameters):
            z = kernel @ h + bias[:, None]
            h = jnp.tanh(z) if at < 2 else z
        return h

    with jax.enable_x64(True):
        start = [(jnp.asarray(layer.kernel), jnp.asarray(layer.bias)) for layer in layers]

        def linear(moved):
            return jnp.add(*jax.jvp(outputs, (start,), (moved,)))

        def loss(moved):
            return jnp.mean((linear(moved) - y.T) ** 2)

        moved = jax.tree.map(jnp.zeros_like, start)
        for _ in range(40):
            moved = jax.tree.map(lambda m, g: m - 0.05 * g, moved, jax.grad(loss)(moved))
        expected, before = float(loss(moved)), float(loss(jax.tree.map(jnp.zeros_like, start)))
    course = linearized_course(layers, x, y, optimizer=Choice("sgd", {"learning_rate": 0.05}), steps=40, **SETTINGS)
    assert course.loss_after == pytest.approx(expected, rel=1e-6)
    assert course.loss_before == pytest.approx(before, rel=1e-6)


def test_a_rate_beyond_two_over_the_largest_curvature_diverges(network):
    """Gradient descent on a quadratic is stable up to a stability of 2, and no further."""
    layers, x, y = network

    def course(rate):
        return linearized_course(layers, x, y, optimizer=Choice("sgd", {"learning_rate": rate}), steps=2000, **SETTINGS)

    edge = 2.0 / course(1.0).stability
    assert course(0.95 * edge).loss_after < course(0.0).loss_before
    assert course(1.05 * edge).loss_after > 1e3


def test_what_is_not_followed_has_no_course(network):
    """Optimizers with another rule, and activations of a whole layer within the network."""
    layers, x, y = network
    assert linearized_course(layers, x, y, optimizer=Choice("ftrl"), steps=10, **SETTINGS) is None
    odd = [layers[0], DenseWeights(layers[1].kernel, layers[1].bias, Choice("softmax")), layers[2]]
    assert linearized_course(odd, x, y, optimizer=Choice("sgd"), steps=10, **SETTINGS) is None
