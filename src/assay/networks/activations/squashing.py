"""Squashing functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import lazy_module
from assay.networks.activations.record import activation

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


@activation(
    derivative="sigmoid(z) · (1 - sigmoid(z))",
    range="(0, 1)",
    advantages="A probability: the output unit for two classes, and for gates.",
    drawbacks="Its slope is at most 1/4, so gradients shrink at least fourfold in each layer unless kernels are "
    "large; saturates on both sides; not zero-centred; takes an exponential.",
    torch="torch.sigmoid(z)",
)
def sigmoid(z: jax.Array) -> jax.Array:
    """1 / (1 + exp(-z))."""
    return jax.nn.sigmoid(z)


@activation(
    derivative="1/6 if -3 < z < 3, else 0",
    range="[0, 1]",
    advantages="A sigmoid without an exponential.",
    drawbacks="Slope 1/6 at most, and no gradient at all beyond 3; not zero-centred.",
    sources=("Courbariaux, Bengio and David, NIPS 2015",),
    torch="F.hardsigmoid(z)",
)
def hard_sigmoid(z: jax.Array) -> jax.Array:
    """relu6(z + 3) / 6."""
    return jax.nn.hard_sigmoid(z)


@activation(
    derivative="1/2 if -1 < z < 1, else 0",
    range="[0, 1]",
    advantages="Can say exactly 0 and exactly 1.",
    drawbacks="No gradient beyond 1; not zero-centred.",
    torch="torch.clamp((z + 1) / 2, 0.0, 1.0)",
)
def sparse_sigmoid(z: jax.Array) -> jax.Array:
    """0 below -1, (z + 1) / 2 between, 1 above 1 (Blondel et al., 2019)."""
    return jax.nn.sparse_sigmoid(z)


@activation(
    derivative="1 - sigmoid(z)",
    range="(-∞, 0)",
    advantages="The logarithm of a probability without loss of digits.",
    drawbacks="Never positive: not for hidden layers.",
    torch="F.logsigmoid(z)",
)
def log_sigmoid(z: jax.Array) -> jax.Array:
    """log(sigmoid(z))."""
    return jax.nn.log_sigmoid(z)


@activation(
    initializer="glorot_uniform",
    derivative="1 - tanh(z)²",
    range="(-1, 1)",
    advantages="Zero-centred, with slope 1 at 0: small signals pass as they are.",
    drawbacks="Saturates on both sides, where the gradient vanishes; takes an exponential.",
    formula="(exp(z) - exp(-z)) / (exp(z) + exp(-z))",
    sources=("LeCun et al., Efficient BackProp, 1998",),
    torch="torch.tanh(z)",
)
def tanh(z: jax.Array) -> jax.Array:
    """The hyperbolic tangent."""
    return jax.numpy.tanh(z)


@activation(
    initializer="glorot_uniform",
    derivative="1 if -1 < z < 1, else 0",
    range="[-1, 1]",
    advantages="Zero-centred like tanh, as cheap as ReLU.",
    drawbacks="No gradient at all beyond 1.",
    sources=("Collobert, 2004",),
    torch="F.hardtanh(z)",
)
def hard_tanh(z: jax.Array) -> jax.Array:
    """φ(z) = z, held between -1 and 1."""
    return jax.nn.hard_tanh(z)


@activation(
    initializer="glorot_uniform",
    derivative="1 / (1 + |z|)²",
    range="(-1, 1)",
    advantages="Zero-centred; saturates more slowly than tanh, without an exponential.",
    drawbacks="Its slope falls quickly beside 0.",
    sources=("Glorot and Bengio, AISTATS 2010",),
    torch="F.softsign(z)",
)
def softsign(z: jax.Array) -> jax.Array:
    """φ(z) = z / (1 + |z|)."""
    return jax.nn.soft_sign(z)
