"""The recipe of Sohl-Dickstein's trainability fractals (arXiv 2402.06184): a Python loop over ``jit(vmap(step))``.

The usual layout, (in, out) kernels; the whole batch at each step; at most 50,000 networks at once.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from workloads import Workload

CHUNK = 50_000
ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}


class Contender:
    """All networks, of one seed, one activation, plain gradient descent and a quadratic loss, on one batch of rows."""

    dtype = np.float32

    def __init__(self, workload: Workload) -> None:
        activation, *_ = workload.conditions[0]
        phi, (x, y) = ACTIVATIONS[activation], workload.rows
        assert len(x) == workload.batch_size
        inputs, targets = jnp.asarray(x, self.dtype), jnp.asarray(y, self.dtype)
        self.steps = workload.steps
        kernels = [np.asarray(kernels[0], self.dtype) for kernels in workload.stacked_kernels()]
        rates = np.asarray([rate for *_, rate in workload.conditions], self.dtype)
        parts = np.array_split(np.arange(len(rates)), -(-len(rates) // CHUNK))
        self.chunks = [([kernel[part] for kernel in kernels], rates[part]) for part in parts]

        def loss(parameters):
            h = inputs
            for kernel, bias in parameters[:-1]:
                h = phi(h @ kernel + bias)
            kernel, bias = parameters[-1]
            return jnp.mean((h @ kernel + bias - targets) ** 2)

        def step(parameters, rate):
            value, gradients = jax.value_and_grad(loss)(parameters)
            return jax.tree.map(lambda p, g: p - rate * g, parameters, gradients), value

        self.step = jax.jit(jax.vmap(step))

    def round(self) -> dict[int, float]:
        """Mean losses by network."""
        means = []
        for kernels, rates in self.chunks:
            parameters = [
                (jnp.asarray(kernel), jnp.zeros((len(kernel), kernel.shape[2]), self.dtype)) for kernel in kernels
            ]
            rates, losses = jnp.asarray(rates), []
            for _ in range(self.steps):
                parameters, value = self.step(parameters, rates)
                losses.append(value)
            means.append(np.mean([np.asarray(value) for value in losses], axis=0))
        return dict(enumerate(np.concatenate(means)))
