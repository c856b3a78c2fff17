"""Shrinking functions, and those with nothing to squash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import lazy_module
from assay.networks.activations.record import activation

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


@activation(
    derivative="tanh(z)²",
    range="(-∞, ∞)",
    advantages="Silences small values and keeps large ones: for sparse codes.",
    drawbacks="Slope 0 at 0: small signals die out, forward and backward.",
    torch="F.tanhshrink(z)",
)
def tanh_shrink(z: jax.Array) -> jax.Array:
    """φ(z) = z - tanh(z)."""
    return z - jax.numpy.tanh(z)


@activation(
    derivative="1 if |z| > threshold, else 0",
    range="(-∞, ∞)",
    advantages="Exactly 0 for small values: the step of sparse coding.",
    drawbacks="No gradient between the thresholds: small signals die out.",
    sources=("Donoho, IEEE Trans. Inform. Theory 1995",),
    torch="F.softshrink(z, {threshold})",
)
def soft_shrink(z: jax.Array, *, threshold: float = 0.5) -> jax.Array:
    """sign(z) · max(|z| - threshold, 0)."""
    return jax.numpy.where(z > threshold, z - threshold, jax.numpy.where(z < -threshold, z + threshold, 0.0))


@activation(
    derivative="1 if |z| > threshold, else 0",
    range="(-∞, ∞)",
    advantages="Drops small values and leaves the others as they are.",
    drawbacks="Jumps at both thresholds; no gradient between them.",
    sources=("Donoho and Johnstone, Biometrika 1994",),
    torch="F.hardshrink(z, {threshold})",
)
def hard_shrink(z: jax.Array, *, threshold: float = 0.5) -> jax.Array:
    """φ(z) = z where |z| > threshold, 0 elsewhere."""
    return jax.numpy.where(jax.numpy.abs(z) > threshold, z, 0.0)


@activation(
    derivative="exp(z)",
    range="(0, ∞)",
    advantages="An output unit for rates, beside the Poisson loss.",
    drawbacks="Explodes: not for hidden layers.",
    torch="torch.exp(z)",
)
def exponential(z: jax.Array) -> jax.Array:
    """exp(z)."""
    return jax.numpy.exp(z)


@activation(
    initializer="glorot_uniform",
    derivative="1",
    range="(-∞, ∞)",
    advantages="The output unit for a quantity; keeps signal and gradient.",
    drawbacks="Layers of it in a row can do no more than one.",
    torch="z",
)
def linear(z: jax.Array) -> jax.Array:
    """φ(z) = z."""
    return z
