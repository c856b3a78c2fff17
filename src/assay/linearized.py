"""The network that stays linear in its parameters: what training would come to if no feature were ever learnt.

To first order in its parameters a network moves, under gradient descent, as its tangent kernel says (Jacot et al.,
2018; Lee et al., 2019): with z the outputs before the last activation, e = ∂ℓ/∂z the errors of the examples, and
K_ij = Σ_p P_p ∂z_i/∂θ_p ∂z_j/∂θ_p the kernel of the update rule, one step takes z to z − e K / B. Nothing is trained: K
is that of the untrained network, and all steps of a budget cost a product of B × B each. A learning rate at which this
linear network is unstable, one at which it hardly moves, a depth at which K no longer tells examples apart, and targets
that no linear model fits, all show.

P is the learning rate under SGD. Optimizers that divide by the size of the gradient are followed with what they divide
by at the start, √(g² + Var[g_i] / batch_size) as a product of rows and columns, held in proportion to the errors as
these shrink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from assay._lazy import lazy_module
from assay.choices import Choice
from assay.learning.losses import class_threshold, loss_values
from assay.learning.metrics import per_example_metric
from assay.learning.optimizers import OPTIMIZERS
from assay.networks.activations import ACTIVATIONS, activate
from assay.networks.traits import in_double, slope_in_double

jax: Any = lazy_module("jax")

# Optimizers whose step is about the learning rate in every parameter, whatever the size of the gradient.
ADAPTIVE = ("adam", "adamw", "adamax", "nadam", "rmsprop", "lion")
# Longer budgets are cut: by then a linear network has learnt what it can, or its largest eigenvalues have exploded.
MOST_STEPS = 2000
# Examples that are followed where there are more: the forecast's trees were grown on as many.
LINEARIZED_ROWS = 64
# Output directions that the kernel is averaged over.
DIRECTIONS = 2


@dataclass(frozen=True)
class DenseWeights:
    """One layer of an untrained network: kernel (units, fan_in), bias (units,), and what it applies."""

    kernel: np.ndarray
    bias: np.ndarray
    activation: Choice


@dataclass(frozen=True)
class LinearizedCourse:
    """How the linear network would go, on the examples looked at.

    Attributes
    ----------
    loss_before, loss_after : float
        Mean loss at the start and after all steps; infinite where it diverges.
    metric_after : float
        Accuracy, or the mean absolute error, after all steps.
    stability : float
        Largest eigenvalue of K / B times the mean curvature of the loss in z: a gradient descent with fixed steps is
        unstable beyond 2.
    """

    loss_before: float
    loss_after: float
    metric_after: float
    stability: float


def linearized_course(
    layers: Sequence[DenseWeights],
    x: np.ndarray,
    y: np.ndarray,
    *,
    task: str,
    loss: Choice,
    optimizer: Choice,
    steps: int,
    batch_size: int,
    row_weights: np.ndarray | None = None,
) -> LinearizedCourse | None:
    """Follow the linear network through a budget of steps.

    Parameters
    ----------
    layers : sequence of DenseWeights
        A chain; elementwise activations but for the last.
    x, y : array, shape (B, F) and (B, K)
        Examples, and dense targets.
    task, loss, optimizer, steps, batch_size
        As the network would be trained.
    row_weights : array, shape (B,), optional
        How much each example counts in the loss; all alike when not given.

    Returns
    -------
    LinearizedCourse or None
        None for optimizers or activations that are not followed.
    """
    scale = _learning_rate(optimizer)
    if scale is None or not all(ACTIVATIONS.of(layer.activation).is_elementwise for layer in layers[:-1]):
        return None
    with np.errstate(all="ignore"):
        inputs, slopes, z = _forward(layers, np.asarray(x, np.float64))
        targets = np.asarray(y, np.float64).T
        counts = np.ones(len(y)) if row_weights is None else np.asarray(row_weights, np.float64)
        kind = (layers[-1].activation, loss, task)
        if not np.isfinite(z).all():
            return LinearizedCourse(np.inf, np.inf, np.nan, np.inf)
        errors = np.asarray(_output_errors(*kind)(z, targets, counts))
        kernel = _kernel(layers, inputs, slopes, errors, scale, adaptive=optimizer.name in ADAPTIVE, batch=batch_size)
    if not np.isfinite(kernel).all():
        return LinearizedCourse(np.inf, np.inf, np.nan, np.inf)
    count = min(steps, MOST_STEPS)
    stretch = steps / count  # each step of a cut course does the work of several
    found = _course(*kind)(z, targets, counts, kernel * stretch, count, optimizer.name in ADAPTIVE)
    before, after, metric, curvature = (float(value) for value in found)
    largest = float(np.linalg.eigvalsh(kernel)[-1])
    after = after if np.isfinite(after) else np.inf
    return LinearizedCourse(before, after, metric, largest * curvature)


def _learning_rate(optimizer: Choice) -> float | None:
    """Of a step in the long run; None for rules that are not followed."""
    given = OPTIMIZERS.arguments(optimizer)
    if optimizer.name == "sgd":
        return given["learning_rate"] / (1 - given["momentum"])
    return given["learning_rate"] if optimizer.name in ADAPTIVE else None


def _forward(layers: Sequence[DenseWeights], x: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    """Inputs of each layer (F, B), slopes φ'(z) of each hidden one (U, B), and the outputs before φ (K, B)."""
    inputs, slopes, h = [], [], x.T
    for layer in layers:
        inputs.append(h)
        z = layer.kernel @ h + layer.bias[:, None]
        if layer is not layers[-1]:
            h = in_double(layer.activation)(z)
            slopes.append(slope_in_double(layer.activation)(z))
    return inputs, slopes, z


def _backward(layers: Sequence[DenseWeights], slopes: list[np.ndarray], top: np.ndarray) -> list[np.ndarray]:
    """What `top` (K, B) at the outputs is at each layer's pre-activations, first layer first."""
    found = [top]
    for layer, slope in zip(reversed(layers[1:]), reversed(slopes), strict=True):
        found.append((layer.kernel.T @ found[-1]) * slope)
    return found[::-1]


def _kernel(
    layers: Sequence[DenseWeights],
    inputs: list[np.ndarray],
    slopes: list[np.ndarray],
    errors: np.ndarray,
    scale: float,
    *,
    adaptive: bool,
    batch: int,
) -> np.ndarray:
    """K, (B, B), for one output: a mean over random signs v of the kernel of v · z / √(number of outputs)."""
    outputs, examples = errors.shape
    generator = np.random.Generator(np.random.Philox(0))
    signs = generator.choice([-1.0, 1.0], (DIRECTIONS if outputs > 1 else 1, outputs)) / np.sqrt(outputs)
    ways = [_backward(layers, slopes, np.repeat(sign[:, None], examples, axis=1)) for sign in signs]
    losses = _backward(layers, slopes, errors) if adaptive else []
    total = np.zeros((examples, examples))
    for at, h in enumerate(inputs):
        h = np.concatenate([h, np.ones((1, examples))])  # the bias has an input of 1
        if not adaptive:
            for way in ways:
                total += (way[at].T @ way[at]) * (h.T @ h)
            continue
        rows, columns = _size_of_gradient(losses[at], h, batch)
        for way in ways:
            total += (way[at].T @ (way[at] / rows[:, None])) * (h.T @ (h / columns[:, None]))
    return scale * total / len(signs) / examples


def _size_of_gradient(delta: np.ndarray, h: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """What an adaptive optimizer divides by, √(g² + Var[g_i] / batch), as a product of rows (U,) and columns (F,).

    The matrix of its squares is replaced by the product of its row and column means, as Adafactor does (Shazeer and
    Stern, 2018), so that the kernel stays a product of two Gram matrices.
    """
    gradient = delta @ h.T / delta.shape[1]
    square = gradient**2 * (1 - 1 / batch) + delta**2 @ (h**2).T / delta.shape[1] / batch
    mean = max(float(square.mean()), 1e-30)
    # A unit or an input without any gradient takes no part; 1e-14 is the square of Keras' ε.
    rows, columns = square.mean(axis=1) / mean, square.mean(axis=0)
    return np.sqrt(np.maximum(rows, 1e-14)), np.sqrt(np.maximum(columns, 1e-14))


@lru_cache(maxsize=64)
def _output_errors(activation: Choice, loss: Choice, task: str) -> Any:
    """``(z, targets, weights) -> e``: the gradient of each example's own loss, (K, B), times its weight."""
    total = lambda z, targets, weights: (loss_values(loss, targets, activate(activation, z)) * weights).sum()  # noqa: E731
    gradient = jax.jit(jax.grad(total))

    def in_double_precision(*arrays: np.ndarray) -> np.ndarray:
        with jax.enable_x64(True):
            return np.asarray(gradient(*map(jax.numpy.asarray, arrays)))

    return in_double_precision


@lru_cache(maxsize=64)
def _course(activation: Choice, loss: Choice, task: str) -> Any:
    """``(z, targets, weights, kernel, steps, adaptive) -> (loss before, after, metric after, curvature)``, compiled."""
    jnp = jax.numpy

    def of_examples(z: Any, targets: Any, weights: Any) -> Any:
        return loss_values(loss, targets, activate(activation, z)) * weights

    def errors_of(z: Any, targets: Any, weights: Any) -> Any:
        return jax.grad(lambda z: of_examples(z, targets, weights).sum())(z)

    def run(z: Any, targets: Any, weights: Any, kernel: Any, steps: Any, adaptive: Any) -> Any:
        def size(errors: Any) -> Any:
            return jnp.sqrt(jnp.mean(errors**2))

        asked = targets, weights
        first = size(errors_of(z, *asked))

        def step(_: Any, z: Any) -> Any:
            errors = errors_of(z, *asked)
            faster = jnp.where(adaptive, first / jnp.maximum(size(errors), 1e-3 * first), 1.0)
            return z - faster * errors @ kernel

        last = jax.lax.fori_loop(0, steps, step, z)
        threshold = class_threshold(loss, activation)
        metric = per_example_metric(task, targets, activate(activation, last), threshold=threshold)
        # Mean second derivative along the outputs, by a difference of errors at a step of 1e-4.
        curvature = jnp.mean((errors_of(z + 1e-4, *asked) - errors_of(z - 1e-4, *asked)) / 2e-4)
        return of_examples(z, *asked).mean(), of_examples(last, *asked).mean(), metric.mean(), jnp.abs(curvature)

    compiled = jax.jit(run)

    def in_double_precision(z: Any, targets: Any, weights: Any, kernel: Any, steps: int, adaptive: bool) -> Any:
        with jax.enable_x64(True):
            return compiled(*map(jax.numpy.asarray, (z, targets, weights, kernel)), steps, adaptive)

    return in_double_precision
