"""Initial kernels and biases: every initializer of Keras, as a quantile function of one base draw.

For each (seed, layer, role) there is one array of uniform numbers u in (0, 1). A normal initializer returns
mean + stddev · Φ⁻¹(u), a uniform one minval + (maxval - minval) · u, and so on. Seed s therefore starts every condition
of the same shape from the same luck, scaled by each initializer: the largest entry of one is the largest of all.

Draws are made on the host in double precision and rounded once to float32. Kernels have Keras' orientation,
(fan_in, units).

Two initializers are `LEARNT` and no distribution: ``pretrained`` reads a saved model, and ``autoencoder`` is a draw
from which `assay.pretraining` goes on with the training rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

import numpy as np

from assay.choices import Choice, arguments_of
from assay.errors import StudyError, did_you_mean
from assay.networks.saved_models import SUFFIX, dense_layers

ROLES = {"kernel": 0, "bias": 1, "decoder": 2}
MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")


@dataclass(frozen=True)
class Draw:
    """Where an array of parameters takes its luck from.

    Attributes
    ----------
    seed : int
        The user's seed, at least 0.
    layer : int
        1 for the first layer.
    role : {"kernel", "bias", "decoder"}
        The last is the kernel that leads back from a layer's outputs to its inputs, in an autoencoder.
    shape : tuple of int
        (fan_in, units) or (units,).
    """

    seed: int
    layer: int
    role: str
    shape: tuple[int, ...]

    @property
    def fans(self) -> tuple[int, int]:
        """(fan_in, fan_out); for a bias both are its length, as Keras counts."""
        return self.shape[0], self.shape[-1]

    def uniform(self) -> np.ndarray:
        """The base draw: uniform in (0, 1), one number for each parameter."""
        stream = np.random.Philox(np.random.SeedSequence(self.seed, spawn_key=(self.layer, ROLES[self.role])))
        # random() is a multiple of 2⁻⁵³ in [0, 1); half a step up from 0 keeps Φ⁻¹(u) finite.
        return np.maximum(np.random.Generator(stream).random(self.shape), 2.0**-54)

    def normal(self) -> np.ndarray:
        """The standard normal draw, Φ⁻¹(u)."""
        from scipy.special import ndtri

        return ndtri(self.uniform())

    def truncated_normal(self) -> np.ndarray:
        """The standard normal cut at ±2: Φ⁻¹(a + u (b - a)) with a = Φ(-2), b = Φ(2)."""
        from scipy.special import ndtr, ndtri

        low, high = ndtr(-2.0), ndtr(2.0)
        return ndtri(low + self.uniform() * (high - low))


# --- Distributions with fixed numbers --------------------------------------------------------------------------------


def zeros(draw: Draw) -> np.ndarray:
    """All 0: every unit of a layer then stays equal to its neighbours."""
    return np.zeros(draw.shape)


def ones(draw: Draw) -> np.ndarray:
    """All 1."""
    return np.ones(draw.shape)


def constant(draw: Draw, *, value: float = 0.0) -> np.ndarray:
    """All `value`."""
    return np.full(draw.shape, value, dtype=np.float64)


def identity(draw: Draw, *, gain: float = 1.0) -> np.ndarray:
    """Gain on the diagonal, 0 elsewhere; a kernel need not be square."""
    rows, columns = draw.shape
    return gain * np.eye(rows, columns)


def random_normal(draw: Draw, *, mean: float = 0.0, stddev: float = 0.05) -> np.ndarray:
    """Normal with the given mean and standard deviation, whatever the layer's size."""
    return mean + stddev * draw.normal()


def random_uniform(draw: Draw, *, minval: float = -0.05, maxval: float = 0.05) -> np.ndarray:
    """Uniform between minval and maxval, whatever the layer's size."""
    return minval + (maxval - minval) * draw.uniform()


def truncated_normal(draw: Draw, *, mean: float = 0.0, stddev: float = 0.05) -> np.ndarray:
    """Normal cut at two `stddev` from the mean; its own standard deviation is 0.8796 · stddev."""
    return mean + stddev * draw.truncated_normal()


# --- Distributions scaled by the layer's size ------------------------------------------------------------------------


def variance_scaling(
    draw: Draw, *, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal"
) -> np.ndarray:
    """Mean 0 and variance scale / n, where n is fan_in, fan_out or their mean."""
    fan_in, fan_out = draw.fans
    n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    stddev = math.sqrt(scale / max(1.0, n))
    if distribution == "uniform":
        limit = math.sqrt(3.0) * stddev  # Var U(-a, a) = a² / 3
        return random_uniform(draw, minval=-limit, maxval=limit)
    if distribution == "untruncated_normal":
        return random_normal(draw, stddev=stddev)
    # 0.87962566103423978 is the standard deviation of a standard normal cut at ±2 (scipy.stats.truncnorm(-2, 2).std()).
    return truncated_normal(draw, stddev=stddev / 0.87962566103423978)


def glorot_normal(draw: Draw) -> np.ndarray:
    """Variance 2 / (fan_in + fan_out), truncated normal (Glorot and Bengio, AISTATS 2010)."""
    return variance_scaling(draw, mode="fan_avg")


def glorot_uniform(draw: Draw) -> np.ndarray:
    """Variance 2 / (fan_in + fan_out), uniform (Glorot and Bengio, AISTATS 2010)."""
    return variance_scaling(draw, mode="fan_avg", distribution="uniform")


def he_normal(draw: Draw) -> np.ndarray:
    """Variance 2 / fan_in, truncated normal (He et al., ICCV 2015)."""
    return variance_scaling(draw, scale=2.0)


def he_uniform(draw: Draw) -> np.ndarray:
    """Variance 2 / fan_in, uniform (He et al., ICCV 2015)."""
    return variance_scaling(draw, scale=2.0, distribution="uniform")


def lecun_normal(draw: Draw) -> np.ndarray:
    """Variance 1 / fan_in, truncated normal (LeCun et al., Efficient BackProp, 1998)."""
    return variance_scaling(draw)


def lecun_uniform(draw: Draw) -> np.ndarray:
    """Variance 1 / fan_in, uniform (LeCun et al., Efficient BackProp, 1998)."""
    return variance_scaling(draw, distribution="uniform")


def orthogonal(draw: Draw, *, gain: float = 1.0) -> np.ndarray:
    """Gain times orthonormal columns (rows, if there are fewer rows than columns) (Saxe et al., ICLR 2014).

    Q of the QR decomposition of the normal draw, each column multiplied by the sign of R's diagonal, which makes Q
    uniform over the orthogonal matrices.
    """
    normal = draw.normal()
    wide = normal.shape[0] < normal.shape[1]
    q, r = np.linalg.qr(normal.T if wide else normal)
    q = q * np.sign(np.diag(r))
    return gain * (q.T if wide else q)


# --- Learnt before the training --------------------------------------------------------------------------------------


def pretrained(draw: Draw, *, from_: str = "") -> np.ndarray:
    """Kernel and bias of the dense layer of the same number in a saved Keras model; every seed starts from them.

    Written ``{name = "pretrained", from = "model.keras"}``; a relative path starts at the study file.
    """
    layer = dense_layers(from_)[draw.layer - 1]
    return layer.kernel if draw.role == "kernel" else layer.bias


def autoencoder(
    draw: Draw, *, start: str = "glorot_uniform", epochs: int = 10, learning_rate: float = 1e-3, batch_size: int = 128
) -> np.ndarray:
    """Learnt before training and without labels: the layer as the encoder of an autoencoder (Bengio et al., NIPS 2006).

    Layer by layer, a decoder is to rebuild what the layer sees; `assay.pretraining` trains both. Here is the encoder's
    kernel before that, a draw of the initializer `start`. The output layer has no autoencoder and keeps that draw.
    """
    return INITIALIZERS[start](draw)


INITIALIZERS: dict[str, Callable[..., np.ndarray]] = {
    "glorot_normal": glorot_normal,
    "glorot_uniform": glorot_uniform,
    "he_normal": he_normal,
    "he_uniform": he_uniform,
    "lecun_normal": lecun_normal,
    "lecun_uniform": lecun_uniform,
    "random_normal": random_normal,
    "random_uniform": random_uniform,
    "truncated_normal": truncated_normal,
    "variance_scaling": variance_scaling,
    "orthogonal": orthogonal,
    "identity": identity,
    "zeros": zeros,
    "ones": ones,
    "constant": constant,
    "pretrained": pretrained,
    "autoencoder": autoencoder,
}

LEARNT = ("pretrained", "autoencoder")
"""Initializers that are not a draw alone, and of which theory knows nothing."""


def _filled(choice: Choice, draw: Draw) -> np.ndarray:
    """What a choice puts into an array; an argument called as a word of Python (`from`) has a line after it."""
    arguments = arguments_of(choice, INITIALIZERS)
    return INITIALIZERS[choice.name](
        draw, **{f"{key}_" if iskeyword(key) else key: arguments[key] for key in arguments}
    )


@dataclass(frozen=True)
class _Spectrum(Draw):
    """Instead of luck, every part of the distribution once: evenly spaced probabilities."""

    fans_of: tuple[int, int] = (1, 1)

    @property
    def fans(self) -> tuple[int, int]:
        return self.fans_of

    def uniform(self) -> np.ndarray:
        count = self.shape[0]
        return (np.arange(count) + 0.5) / count


def kernel_moments(choice: Choice, *, fan_in: int, units: int) -> tuple[float, float]:
    """Mean and variance of a kernel's entries: what theory needs to know of an initializer.

    A random initializer is a quantile function, so its moments are integrals of that function over (0, 1), here to
    about one part in ten thousand; an orthogonal kernel's entries have variance gain² / max(fan_in, units). Both are
    nan for initializers that are `LEARNT`.

    Parameters
    ----------
    choice : Choice
    fan_in, units : int

    Returns
    -------
    mean, variance : float
    """
    arguments = arguments_of(choice, INITIALIZERS)
    if choice.name in LEARNT:
        return math.nan, math.nan
    if choice.name == "orthogonal":
        return 0.0, arguments["gain"] ** 2 / max(fan_in, units)
    if choice.name == "identity":
        share = min(fan_in, units) / (fan_in * units)
        return arguments["gain"] * share, arguments["gain"] ** 2 * share * (1 - share)
    return _moments(choice, (fan_in, units))


def bias_moments(choice: Choice, *, units: int) -> tuple[float, float]:
    """Mean and variance of a bias' entries; see `kernel_moments`."""
    if choice.name in LEARNT:
        return math.nan, math.nan
    return _moments(choice, (units, units))


def _moments(choice: Choice, fans: tuple[int, int]) -> tuple[float, float]:
    spectrum = _Spectrum(0, 1, "kernel", (2**16,), fans)
    quantiles = np.asarray(_filled(choice, spectrum), np.float64)
    return float(quantiles.mean()), float(quantiles.var())


def draw_kernel(choice: Choice, *, seed: int, layer: int, fan_in: int, units: int) -> np.ndarray:
    """The initial kernel of a layer.

    Parameters
    ----------
    choice : Choice
        A name of `INITIALIZERS` with its arguments.
    seed, layer : int
        The trial's seed, and the layer's number from 1.
    fan_in, units : int
        Inputs and units of the layer.

    Returns
    -------
    array of float32, shape (fan_in, units)
    """
    return _filled(choice, Draw(seed, layer, "kernel", (fan_in, units))).astype(np.float32)


def draw_bias(choice: Choice, *, seed: int, layer: int, units: int) -> np.ndarray:
    """The initial bias of a layer, float32 of shape (units,); see `draw_kernel`.

    Raises
    ------
    StudyError
        If the initializer makes matrices only (orthogonal, identity).
    """
    if choice.name != "pretrained":  # whose kernels bring their biases with them
        check_initializer(choice, "bias_initializer", role="bias")
    return _filled(choice, Draw(seed, layer, "bias", (units,))).astype(np.float32)


def draw_decoder(choice: Choice, *, seed: int, layer: int, fan_in: int, outputs: int) -> np.ndarray:
    """The kernel from a layer's outputs back to its inputs, float32 of shape (outputs, fan_in); see `draw_kernel`."""
    return _filled(choice, Draw(seed, layer, "decoder", (outputs, fan_in))).astype(np.float32)


def check_initializer(choice: Choice, where: str, *, role: str = "kernel") -> None:
    """Check that the arguments of an initializer make sense, and that it can fill an array of this role.

    Parameters
    ----------
    choice : Choice
        A name of `INITIALIZERS` with its arguments, of the right kinds.
    where : str
        The dotted key, for the message.
    role : {"kernel", "bias"}
        What is to be filled.

    Raises
    ------
    StudyError
        If a number is out of its range, a word is unknown, or an initializer that fills no bias is asked for one.
    """
    if role == "bias" and choice.name in LEARNT:
        raise StudyError(
            f"{where}: '{choice.name}' is a kernel_initializer, and brings the biases of its kernels with it. "
            "Choose another initializer, such as 'zeros' (the default)."
        )
    if role == "bias" and choice.name in ("orthogonal", "identity"):
        raise StudyError(
            f"{where}: '{choice.name}' fills matrices only, and a bias is a vector. "
            "Choose another initializer, such as 'zeros' (the default)."
        )
    given = arguments_of(choice, INITIALIZERS)
    if choice.name == "pretrained" and not given["from"].endswith(SUFFIX):
        got = f"got '{given['from']}'" if given["from"] else "got none"
        raise StudyError(
            f"{where}.from: expected the path of a saved Keras model, {got}. "
            f'Write {{name = "pretrained", from = "model{SUFFIX}"}}; model.save("model{SUFFIX}") writes the file.'
        )
    if choice.name == "autoencoder":
        _check_autoencoder(given, where)
    if given.get("stddev", 0.0) < 0:
        raise StudyError(f"{where}.stddev: expected a number of at least 0, got {given['stddev']}.")
    if "minval" in given and given["minval"] > given["maxval"]:
        raise StudyError(
            f"{where}: expected minval to be at most maxval, got minval = {given['minval']} and "
            f"maxval = {given['maxval']}. Swap them."
        )
    if given.get("scale", 1.0) <= 0:
        raise StudyError(
            f"{where}.scale: expected a number above 0, got {given['scale']}. It is the variance times the fan."
        )
    for key, known in (("mode", MODES), ("distribution", DISTRIBUTIONS)):
        if key in given and given[key] not in known:
            raise StudyError(
                f"{where}.{key}: unknown {key} '{given[key]}'.{did_you_mean(given[key], known)} "
                f"Known: {', '.join(known)}."
            )


def _check_autoencoder(given: dict[str, Any], where: str) -> None:
    """As `check_initializer`."""
    known = [name for name in INITIALIZERS if name not in LEARNT]
    if given["start"] not in known:
        raise StudyError(
            f"{where}.start: expected an initializer that draws, got '{given['start']}'."
            f"{did_you_mean(given['start'], known)} Known: {', '.join(known)}."
        )
    for key, least in (("epochs", 0), ("batch_size", 1)):
        if given[key] < least or given[key] != int(given[key]):
            raise StudyError(f"{where}.{key}: expected a whole number of at least {least}, got {given[key]}.")
    if given["learning_rate"] <= 0:
        raise StudyError(f"{where}.learning_rate: expected a number above 0, got {given['learning_rate']}.")
