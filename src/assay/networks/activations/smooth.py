"""Smooth relatives of ReLU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import lazy_module
from assay.networks.activations.record import activation

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


@activation(
    derivative="sigmoid(z)",
    range="(0, ∞)",
    advantages="Smooth and positive: an output unit for rates and variances.",
    drawbacks="Mean far above 0, which piles up through layers; exponential and logarithm.",
    sources=("Dugas et al., NIPS 2000",),
    torch="F.softplus(z)",
)
def softplus(z: jax.Array) -> jax.Array:
    """log(1 + exp(z))."""
    return jax.nn.softplus(z)


@activation(
    derivative="(1 + z / √(z² + b)) / 2",
    range="(0, ∞)",
    advantages="Like softplus, with a square root in place of exponential and logarithm.",
    drawbacks="Mean far above 0; comes near 0 only slowly on the left.",
    torch="(z + torch.sqrt(z**2 + {b})) / 2",
)
def squareplus(z: jax.Array, *, b: float = 4) -> jax.Array:
    """(z + √(z² + b)) / 2 (Barron, 2021)."""
    return jax.nn.squareplus(z, b=b)


@activation(
    derivative="0 if z < -1, (z + 1) / 2 if z < 1, else 1",
    range="[0, ∞)",
    advantages="ReLU with its corner rounded by a parabola; exactly 0 on the left.",
    drawbacks="Units can die; not zero-centred.",
    torch="torch.where(z < 1, F.relu(z + 1) ** 2 / 4, z)",
)
def sparse_plus(z: jax.Array) -> jax.Array:
    """0 below -1, (z + 1)² / 4 between, z above 1."""
    return jax.nn.sparse_plus(z)


@activation(
    other_names=("swish",),
    derivative="sigmoid(z) · (1 + z · (1 - sigmoid(z)))",
    range="[-0.2785, ∞)",
    advantages="Smooth; keeps some gradient on the left, so units seldom die; common in very deep networks.",
    drawbacks="Slope 1/2 at 0, so small signals are halved in each layer; takes an exponential.",
    sources=("Elfwing, Uchibe and Doya, 2017",),
    torch="F.silu(z)",
)
def silu(z: jax.Array) -> jax.Array:
    """φ(z) = z · sigmoid(z), also called swish (Ramachandran et al., 2017)."""
    return jax.nn.silu(z)


@activation(
    derivative="Φ(z) + z · exp(-z² / 2) / √(2 · π)",
    range="[-0.17, ∞)",
    advantages="Smooth; the usual choice in transformers.",
    drawbacks="Slope 1/2 at 0, so small signals are halved in each layer; takes the error function.",
    torch=lambda approximate: f"F.gelu(z, approximate='{'tanh' if approximate else 'none'}')",
)
def gelu(z: jax.Array, *, approximate: bool = False) -> jax.Array:
    """φ(z) = z · Φ(z), Φ the standard normal distribution; or its tanh approximation (Hendrycks and Gimpel, 2016)."""
    return jax.nn.gelu(z, approximate=approximate)


@activation(
    derivative="tanh(softplus(z)) + z · sigmoid(z) · (1 - tanh(softplus(z))²)",
    range="[-0.3088, ∞)",
    advantages="Smooth; a little steeper at 0 than SiLU.",
    drawbacks="Among the dearest to compute.",
    torch="F.mish(z)",
)
def mish(z: jax.Array) -> jax.Array:
    """φ(z) = z · tanh(softplus(z)) (Misra, 2019)."""
    return z * jax.numpy.tanh(jax.nn.softplus(z))


@activation(
    other_names=("hard_swish",),
    derivative="0 if z < -3, (2 · z + 3) / 6 if z < 3, else 1",
    range="[-0.375, ∞)",
    advantages="SiLU without an exponential, for small devices.",
    drawbacks="Its slope jumps at -3 and 3; no gradient below -3.",
    torch="F.hardswish(z)",
)
def hard_silu(z: jax.Array) -> jax.Array:
    """φ(z) = z · hard_sigmoid(z), also called hard swish (Howard et al., 2019)."""
    return jax.nn.hard_silu(z)
