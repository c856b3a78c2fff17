"""Plain JAX, the recipe of the blog posts: ``jit(vmap(scan(step)))`` over the usual layout, (in, out) kernels.

Networks of one seed share their batches, so that a batch is gathered once for them: two nested maps.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from workloads import Workload

CLIP = 1e-7  # Keras keeps probabilities so far from 0 and 1; a loss of logits would differ at high rates
ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}


class Contender:
    """All networks at once, of one activation and one optimizer."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        activation, _, optimizer, _ = workload.conditions[0]
        x, y = workload.rows
        self.x, self.y = jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.float32)
        self.order = jnp.asarray(np.stack([workload.order(seed) for seed in workload.seeds]))
        self.rates = jnp.asarray([rate for *_, rate in workload.conditions])
        self.kernels = workload.stacked_kernels()
        phi = ACTIVATIONS[activation]

        def loss(parameters, inputs, targets):
            h = inputs
            for kernel, bias in parameters[:-1]:
                h = phi(h @ kernel + bias)
            kernel, bias = parameters[-1]
            outputs = h @ kernel + bias
            if workload.output == "softmax":
                likely = jnp.clip(jax.nn.softmax(outputs), CLIP, 1 - CLIP)
                return -jnp.mean(jnp.sum(targets * jnp.log(likely), axis=-1))
            if workload.output == "sigmoid":
                likely = jnp.clip(jax.nn.sigmoid(outputs), CLIP, 1 - CLIP)
                return -jnp.mean(targets * jnp.log(likely) + (1 - targets) * jnp.log(1 - likely))
            return jnp.mean((outputs - targets) ** 2)

        def train(parameters, rate, order):
            slots = jax.tree.map(lambda p: (jnp.zeros_like(p), jnp.zeros_like(p)), parameters)

            def step(carry, rows):
                parameters, slots, count = carry
                value, gradients = jax.value_and_grad(loss)(parameters, self.x[rows], self.y[rows])
                count = count + 1
                if optimizer == "sgd":
                    parameters = jax.tree.map(lambda p, g: p - rate * g, parameters, gradients)
                else:
                    pairs = jax.tree.map(
                        lambda p, g, s: UPDATES[optimizer](p, g, s, rate, count), parameters, gradients, slots
                    )
                    is_pair = lambda node: isinstance(node, Updated)  # noqa: E731
                    parameters = jax.tree.map(lambda pair: pair.parameter, pairs, is_leaf=is_pair)
                    slots = jax.tree.map(lambda pair: pair.slots, pairs, is_leaf=is_pair)
                return (parameters, slots, count), value

            _, losses = jax.lax.scan(step, (parameters, slots, 0.0), order)
            return jnp.mean(losses)

        by_rate = jax.vmap(train, in_axes=(0, 0, None))
        self.program = jax.jit(jax.vmap(by_rate, in_axes=(0, None, 0)))

    def round(self) -> dict[int, float]:
        """Mean losses by network."""
        parameters = [(jnp.asarray(kernel), jnp.zeros((*kernel.shape[:2], kernel.shape[3]))) for kernel in self.kernels]
        losses = np.asarray(self.program(parameters, self.rates, self.order))
        return dict(enumerate(np.ravel(losses.T)))


class Updated:
    """A parameter after its update, and its optimizer state."""

    def __init__(self, parameter, slots):
        self.parameter, self.slots = parameter, slots


def adam(parameter, gradient, slots, rate, count):
    """Adam with Keras' constants."""
    mean = 0.9 * slots[0] + 0.1 * gradient
    square = 0.999 * slots[1] + 0.001 * gradient**2
    size = rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    return Updated(parameter - size * mean / (jnp.sqrt(square) + 1e-7), (mean, square))


def rmsprop(parameter, gradient, slots, rate, count):
    """RMSprop with Keras' constants."""
    square = 0.9 * slots[1] + 0.1 * gradient**2
    return Updated(parameter - rate * gradient / jnp.sqrt(square + 1e-7), (slots[0], square))


UPDATES = {"adam": adam, "rmsprop": rmsprop}
