"""The ReLU family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import lazy_module
from assay.networks.activations.record import activation

if TYPE_CHECKING:
    import jax
else:
    jax = lazy_module("jax")


def _relu_in_torch(negative_slope: float, max_value: float | None, threshold: float) -> str:
    positive = f"F.threshold(z, {threshold}, 0.0)" if threshold else "F.relu(z)"
    if max_value is not None:
        positive = f"torch.clamp({positive}, 0.0, {max_value})"
    return f"{positive} - {negative_slope} * F.relu({threshold} - z)" if negative_slope else positive


@activation(
    initializer="he_normal",
    derivative="1 if z > 0, else 0",
    range="[0, ∞)",
    advantages="Cheap; the gradient passes active units whole, so it does not saturate above 0.",
    drawbacks="Never negative, so not zero-centred. A unit that is negative for every example has no gradient: it "
    "is dead and cannot come back.",
    sources=("Nair and Hinton, ICML 2010", "Glorot, Bordes and Bengio, AISTATS 2011"),
    torch=_relu_in_torch,
)
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


@activation(
    initializer="he_normal",
    derivative="1 if z > 0, else negative_slope",
    range="(-∞, ∞)",
    advantages="As cheap as ReLU, and no unit can die: there is a gradient below 0 too.",
    drawbacks="One more number to choose; not zero-centred.",
    torch="F.leaky_relu(z, {negative_slope})",
)
def leaky_relu(z: jax.Array, *, negative_slope: float = 0.2) -> jax.Array:
    """φ(z) = z above 0, negative_slope · z below (Maas et al., 2013)."""
    return jax.nn.leaky_relu(z, negative_slope=negative_slope)


@activation(
    initializer="he_normal",
    derivative="1 if 0 < z < 6, else 0",
    range="[0, 6]",
    advantages="ReLU with an upper bound, which suits arithmetic with few bits.",
    drawbacks="No gradient below 0 nor above 6.",
    sources=("Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010",),
    torch="F.relu6(z)",
)
def relu6(z: jax.Array) -> jax.Array:
    """min(max(z, 0), 6)."""
    return jax.nn.relu6(z)


@activation(
    initializer="he_normal",
    derivative="1 if z > 0, else alpha · exp(z)",
    range="(-1, ∞)",
    advantages="Negative values bring the mean nearer to 0; smooth at 0 with alpha = 1; a negative unit keeps some "
    "gradient.",
    drawbacks="Takes an exponential; saturates below.",
    torch="F.elu(z, {alpha})",
)
def elu(z: jax.Array, *, alpha: float = 1.0) -> jax.Array:
    """φ(z) = z above 0, alpha · (exp(z) - 1) below (Clevert et al., ICLR 2016)."""
    return jax.nn.elu(z, alpha=alpha)


@activation(
    derivative="1 if z > 0, else exp(z / alpha)",
    range="(-1, ∞)",
    advantages="ELU whose slope at 0 is 1 for every alpha.",
    drawbacks="Takes an exponential; saturates below. With alpha = 1 it is ELU.",
    torch="F.celu(z, {alpha})",
)
def celu(z: jax.Array, *, alpha: float = 1.0) -> jax.Array:
    """max(z, 0) + min(alpha · (exp(z / alpha) - 1), 0) (Barron, 2017)."""
    return jax.nn.celu(z, alpha=alpha)


@activation(
    initializer="lecun_normal",
    derivative="1.0507 if z > 0, else 1.7581 · exp(z)",
    range="(-1.7581, ∞)",
    advantages="Pulls each layer towards mean 0 and variance 1 without normalization, if kernels have variance "
    "1 / fan_in.",
    drawbacks="The promise is for dense layers with that start and scaled inputs; ordinary dropout breaks it. "
    "Takes an exponential.",
    torch="F.selu(z)",
)
def selu(z: jax.Array) -> jax.Array:
    """1.0507 · elu(z, alpha = 1.6733), which keeps mean 0 and variance 1 (Klambauer et al., NeurIPS 2017)."""
    return jax.nn.selu(z)


@activation(
    derivative="1 if z > threshold, else 0",
    range="[0, ∞)",
    advantages="ReLU with a bar to clear; with threshold = 0 it is ReLU.",
    drawbacks="Jumps at the threshold if that is not 0; units can die.",
    torch="F.threshold(z, {threshold}, {default_value})",
)
def threshold(z: jax.Array, *, threshold: float = 0.0, default_value: float = 0.0) -> jax.Array:
    """φ(z) = z above the threshold, default_value otherwise. Keras demands both arguments; here both default to 0."""
    return jax.numpy.where(z > threshold, z, default_value)
