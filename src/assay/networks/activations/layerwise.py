"""Functions of a whole layer: they work along the feature axis, -2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import lazy_module
from assay.errors import StudyError
from assay.networks.activations.record import FEATURES, activation

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


@activation(
    is_elementwise=False,
    normalizes=True,
    derivative="∂y_j/∂z_k = y_j · (δ_jk - y_k)",
    range="(0, 1)",
    advantages="Probabilities of classes that exclude each other: they sum to 1.",
    drawbacks="On a single unit it is always 1. As a hidden layer it lets units compete for one unit of signal.",
    sources=("Bridle, NATO ASI 1990",),
    torch="F.softmax(z, dim=-1)",
)
def softmax(z: jax.Array) -> jax.Array:
    """exp(z_k) / Σ_j exp(z_j) over the units of a layer."""
    return jax.nn.softmax(z, axis=FEATURES)


@activation(
    is_elementwise=False,
    normalizes=True,
    derivative="∂y_j/∂z_k = δ_jk - exp(y_k)",
    range="(-∞, 0)",
    advantages="Logarithms of probabilities without loss of digits.",
    drawbacks="The cross-entropies here want probabilities, and take the logarithm themselves.",
    torch="F.log_softmax(z, dim=-1)",
)
def log_softmax(z: jax.Array) -> jax.Array:
    """log(softmax(z)) over the units of a layer."""
    return jax.nn.log_softmax(z, axis=FEATURES)


@activation(
    is_elementwise=False,
    normalizes=True,
    derivative="∂y_j/∂z_k = δ_jk - (n - r_k + 1) / n among the n units above τ, r_k the rank of z_k; else 0",
    range="[0, ∞)",
    advantages="Like softmax, and exactly 0 for units that are far behind.",
    drawbacks="No gradient for those units. As Keras computes it, outputs need not sum to 1 and can exceed it.",
)
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


def _half(units: int) -> int:
    if units % 2:
        raise StudyError(
            f"glu: expected a layer with an even number of units, got {units}. "
            f"It multiplies one half by the sigmoid of the other; write {units + 1}."
        )
    return units // 2


@activation(
    is_elementwise=False,
    outputs_of=_half,
    derivative="∂y/∂a = sigmoid(b), ∂y/∂b = a · sigmoid(b) · (1 - sigmoid(b)), with y = a · sigmoid(b)",
    range="(-∞, ∞)",
    advantages="A gate for each unit; the gradient has a linear way through.",
    drawbacks="Twice the units for the same number of outputs.",
    torch="F.glu(z, dim=-1)",
)
def glu(z: jax.Array) -> jax.Array:
    """First half of the units · sigmoid(second half): half as many outputs (Dauphin et al., ICML 2017)."""
    return jax.nn.glu(z, axis=FEATURES)
