"""Activation functions: every name of ``keras.activations``, on feature-major arrays.

An array of pre-activations has shape (..., units, batch); the functions that look at a whole layer (softmax,
log_softmax, sparsemax, glu) work along its feature axis, -2. Values and gradients are those of Keras 3 on its JAX
backend, kinks included: ReLU has slope 0 at 0, leaky ReLU slope 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assay._lazy import lazy_module
from assay.choices import Choice, arguments_of
from assay.errors import StudyError

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")

FEATURES = -2  # the feature axis of (..., units, batch)


# --- The ReLU family -------------------------------------------------------------------------------------------------


def relu(
    z: jax.Array, *, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> jax.Array:
    """max(z, 0); in general min(z, max_value) above the threshold, negative_slope · (z - threshold) below it."""
    if negative_slope and max_value is None and not threshold:
        return leaky_relu(z, negative_slope=negative_slope)
    if threshold:
        positive = jax.numpy.where(z > threshold, z, 0.0)
    else:
        # Keras takes relu6 here, whose slope at the upper kink is 0; clip's is 1/2.
        positive = jax.nn.relu6(z) if max_value == 6 else jax.nn.relu(z)
    if max_value is not None and (threshold or max_value != 6):
        positive = jax.numpy.clip(positive, 0.0, max_value)
    return positive - negative_slope * jax.nn.relu(threshold - z) if negative_slope else positive


def leaky_relu(z: jax.Array, *, negative_slope: float = 0.2) -> jax.Array:
    """φ(z) = z above 0, negative_slope · z below (Maas et al., 2013)."""
    return jax.nn.leaky_relu(z, negative_slope=negative_slope)


def relu6(z: jax.Array) -> jax.Array:
    """min(max(z, 0), 6)."""
    return jax.nn.relu6(z)


def elu(z: jax.Array, *, alpha: float = 1.0) -> jax.Array:
    """φ(z) = z above 0, alpha · (exp(z) - 1) below (Clevert et al., ICLR 2016)."""
    return jax.nn.elu(z, alpha=alpha)


def celu(z: jax.Array, *, alpha: float = 1.0) -> jax.Array:
    """max(z, 0) + min(alpha · (exp(z / alpha) - 1), 0) (Barron, 2017)."""
    return jax.nn.celu(z, alpha=alpha)


def selu(z: jax.Array) -> jax.Array:
    """1.0507 · elu(z, alpha = 1.6733), which keeps mean 0 and variance 1 (Klambauer et al., NeurIPS 2017)."""
    return jax.nn.selu(z)


def threshold(z: jax.Array, *, threshold: float = 0.0, default_value: float = 0.0) -> jax.Array:
    """φ(z) = z above the threshold, default_value otherwise. Keras demands both arguments; here both default to 0."""
    return jax.numpy.where(z > threshold, z, default_value)


# --- Smooth relatives of ReLU ----------------------------------------------------------------------------------------


def softplus(z: jax.Array) -> jax.Array:
    """log(1 + exp(z))."""
    return jax.nn.softplus(z)


def squareplus(z: jax.Array, *, b: float = 4) -> jax.Array:
    """(z + √(z² + b)) / 2 (Barron, 2021)."""
    return jax.nn.squareplus(z, b=b)


def sparse_plus(z: jax.Array) -> jax.Array:
    """0 below -1, (z + 1)² / 4 between, z above 1."""
    return jax.nn.sparse_plus(z)


def silu(z: jax.Array) -> jax.Array:
    """φ(z) = z · sigmoid(z), also called swish (Ramachandran et al., 2017)."""
    return jax.nn.silu(z)


def gelu(z: jax.Array, *, approximate: bool = False) -> jax.Array:
    """φ(z) = z · Φ(z), Φ the standard normal distribution; or its tanh approximation (Hendrycks and Gimpel, 2016)."""
    return jax.nn.gelu(z, approximate=approximate)


def mish(z: jax.Array) -> jax.Array:
    """φ(z) = z · tanh(softplus(z)) (Misra, 2019)."""
    return z * jax.numpy.tanh(jax.nn.softplus(z))


def hard_silu(z: jax.Array) -> jax.Array:
    """φ(z) = z · hard_sigmoid(z), also called hard swish (Howard et al., 2019)."""
    return jax.nn.hard_silu(z)


# --- Squashing functions ---------------------------------------------------------------------------------------------


def sigmoid(z: jax.Array) -> jax.Array:
    """1 / (1 + exp(-z))."""
    return jax.nn.sigmoid(z)


def hard_sigmoid(z: jax.Array) -> jax.Array:
    """relu6(z + 3) / 6."""
    return jax.nn.hard_sigmoid(z)


def sparse_sigmoid(z: jax.Array) -> jax.Array:
    """0 below -1, (z + 1) / 2 between, 1 above 1 (Blondel et al., 2019)."""
    return jax.nn.sparse_sigmoid(z)


def log_sigmoid(z: jax.Array) -> jax.Array:
    """log(sigmoid(z))."""
    return jax.nn.log_sigmoid(z)


def tanh(z: jax.Array) -> jax.Array:
    """The hyperbolic tangent."""
    return jax.numpy.tanh(z)


def hard_tanh(z: jax.Array) -> jax.Array:
    """φ(z) = z, held between -1 and 1."""
    return jax.nn.hard_tanh(z)


def softsign(z: jax.Array) -> jax.Array:
    """φ(z) = z / (1 + |z|)."""
    return jax.nn.soft_sign(z)


# --- Shrinking functions, and those with nothing to squash ------------------------------------------------------------


def tanh_shrink(z: jax.Array) -> jax.Array:
    """φ(z) = z - tanh(z)."""
    return z - jax.numpy.tanh(z)


def soft_shrink(z: jax.Array, *, threshold: float = 0.5) -> jax.Array:
    """sign(z) · max(|z| - threshold, 0)."""
    return jax.numpy.where(z > threshold, z - threshold, jax.numpy.where(z < -threshold, z + threshold, 0.0))


def hard_shrink(z: jax.Array, *, threshold: float = 0.5) -> jax.Array:
    """φ(z) = z where |z| > threshold, 0 elsewhere."""
    return jax.numpy.where(jax.numpy.abs(z) > threshold, z, 0.0)


def exponential(z: jax.Array) -> jax.Array:
    """exp(z)."""
    return jax.numpy.exp(z)


def linear(z: jax.Array) -> jax.Array:
    """φ(z) = z."""
    return z


# --- Functions of a whole layer --------------------------------------------------------------------------------------


def softmax(z: jax.Array) -> jax.Array:
    """exp(z_k) / Σ_j exp(z_j) over the units of a layer."""
    return jax.nn.softmax(z, axis=FEATURES)


def log_softmax(z: jax.Array) -> jax.Array:
    """log(softmax(z)) over the units of a layer."""
    return jax.nn.log_softmax(z, axis=FEATURES)


def sparsemax(z: jax.Array) -> jax.Array:
    """max(z - τ, 0) over the units of a layer, after Martins and Astudillo (ICML 2016), as Keras computes it.

    With z sorted downwards, S_j the sum of the j largest and k the largest j with 1 + j · z_j > S_j, the paper's
    projection onto the simplex has τ = (S_k - 1) / k. Keras has τ = (S_1 + … + S_k - 1) / k, so that its outputs sum to
    less than 1 wherever k > 1. Parity with Keras is the licence of this table, hence its τ.
    """
    descending = -jax.numpy.sort(-z, axis=FEATURES)
    sums = jax.numpy.cumsum(descending, axis=FEATURES)
    rank = jax.numpy.arange(1, z.shape[FEATURES] + 1)[:, None]
    in_support = descending - (sums - 1) / rank > 0
    k = in_support.sum(axis=FEATURES, keepdims=True)
    tau = (jax.numpy.where(in_support, sums, 0.0).sum(axis=FEATURES, keepdims=True) - 1) / k
    return jax.numpy.maximum(z - tau, 0.0)


def glu(z: jax.Array) -> jax.Array:
    """First half of the units · sigmoid(second half): half as many outputs (Dauphin et al., ICML 2017)."""
    return jax.nn.glu(z, axis=FEATURES)


ACTIVATIONS: dict[str, Callable[..., jax.Array]] = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "relu6": relu6,
    "elu": elu,
    "celu": celu,
    "selu": selu,
    "threshold": threshold,
    "softplus": softplus,
    "squareplus": squareplus,
    "sparse_plus": sparse_plus,
    "silu": silu,
    "swish": silu,
    "gelu": gelu,
    "mish": mish,
    "hard_silu": hard_silu,
    "hard_swish": hard_silu,
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "sparse_sigmoid": sparse_sigmoid,
    "log_sigmoid": log_sigmoid,
    "tanh": tanh,
    "hard_tanh": hard_tanh,
    "softsign": softsign,
    "tanh_shrink": tanh_shrink,
    "soft_shrink": soft_shrink,
    "hard_shrink": hard_shrink,
    "exponential": exponential,
    "linear": linear,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "sparsemax": sparsemax,
    "glu": glu,
}


def activate(choice: Choice, z: jax.Array) -> jax.Array:
    """Apply a chosen activation.

    Parameters
    ----------
    choice : Choice
        A name of `ACTIVATIONS` with its arguments.
    z : array, shape (..., units, batch)
        Pre-activations.

    Returns
    -------
    array, shape (..., outputs, batch)
        `outputs` is `units`, except under glu, which halves it.
    """
    return ACTIVATIONS[choice.name](z, **arguments_of(choice, ACTIVATIONS))


def output_units(choice: Choice, units: int) -> int:
    """How many units are left after the activation: `units`, or half of them under glu.

    Raises
    ------
    StudyError
        If glu is given an odd number of units.
    """
    if choice.name != "glu":
        return units
    if units % 2:
        raise StudyError(
            f"glu: expected a layer with an even number of units, got {units}. "
            f"It multiplies one half by the sigmoid of the other; write {units + 1}."
        )
    return units // 2
