"""Distributions that are scaled by the layer's size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from assay.errors import StudyError, did_you_mean
from assay.networks.initializers.fixed import random_normal, random_uniform, truncated_normal
from assay.networks.initializers.record import Draw, initializer

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")

SQUASHING = ("tanh", "hard_tanh", "softsign", "sigmoid", "linear", "softmax")
RECTIFYING = ("relu", "leaky_relu", "relu6", "threshold")
NORMALIZING = ("selu", "elu", "celu", "tanh", "linear")

_GLOROT = (
    "A compromise between signal (1 / fan_in) and gradient (1 / fan_out), exact for both in square layers of slope 1.",
    "Half of what ReLU needs, and a sixteenth of what sigmoid needs for its gradient.",
)
_HE = (
    "Makes good for the half of the signal that ReLU cuts off, at any depth.",
    "Too large for SELU in deep networks, whose signal it lets grow.",
)
_LECUN = (
    "Keeps the variance of the signal wherever the activation has slope 1 at 0, or is made for it, as SELU is.",
    "Half of what ReLU needs. The gradient keeps its size only in square layers.",
)


def _check_scaling(given: dict[str, Any], where: str) -> None:
    if given["scale"] <= 0:
        raise StudyError(
            f"{where}.scale: expected a number above 0, got {given['scale']}. It is the variance times the fan."
        )
    for key, known in (("mode", MODES), ("distribution", DISTRIBUTIONS)):
        if given[key] not in known:
            raise StudyError(
                f"{where}.{key}: unknown {key} '{given[key]}'.{did_you_mean(given[key], known)} "
                f"Known: {', '.join(known)}."
            )


def _moments_of_orthogonal(given: dict[str, Any], fan_in: int, units: int) -> tuple[float, float]:
    return 0.0, given["gain"] ** 2 / max(fan_in, units)


@initializer(
    meant_by=("xavier_normal",),
    variance="2 / (fan_in + fan_out)",
    activations=SQUASHING,
    advantages=_GLOROT[0],
    drawbacks=_GLOROT[1],
)
def glorot_normal(draw: Draw) -> np.ndarray:
    """Variance 2 / (fan_in + fan_out), truncated normal (Glorot and Bengio, AISTATS 2010)."""
    return variance_scaling(draw, mode="fan_avg")


@initializer(
    meant_by=("glorot", "xavier", "xavier_uniform"),
    variance="2 / (fan_in + fan_out)",
    activations=SQUASHING,
    advantages=f"{_GLOROT[0]} Keras' default.",
    drawbacks=_GLOROT[1],
)
def glorot_uniform(draw: Draw) -> np.ndarray:
    """Variance 2 / (fan_in + fan_out), uniform (Glorot and Bengio, AISTATS 2010)."""
    return variance_scaling(draw, mode="fan_avg", distribution="uniform")


@initializer(
    meant_by=("he", "kaiming", "kaiming_normal"),
    variance="2 / fan_in",
    activations=RECTIFYING,
    advantages=_HE[0],
    drawbacks=_HE[1],
)
def he_normal(draw: Draw) -> np.ndarray:
    """Variance 2 / fan_in, truncated normal (He et al., ICCV 2015)."""
    return variance_scaling(draw, scale=2.0)


@initializer(
    meant_by=("kaiming_uniform",),
    variance="2 / fan_in",
    activations=RECTIFYING,
    advantages=_HE[0],
    drawbacks=_HE[1],
)
def he_uniform(draw: Draw) -> np.ndarray:
    """Variance 2 / fan_in, uniform (He et al., ICCV 2015)."""
    return variance_scaling(draw, scale=2.0, distribution="uniform")


@initializer(
    meant_by=("lecun",),
    variance="1 / fan_in",
    activations=NORMALIZING,
    advantages=_LECUN[0],
    drawbacks=_LECUN[1],
    sources=("Klambauer et al., NeurIPS 2017, for SELU",),
)
def lecun_normal(draw: Draw) -> np.ndarray:
    """Variance 1 / fan_in, truncated normal (LeCun et al., Efficient BackProp, 1998)."""
    return variance_scaling(draw)


@initializer(
    variance="1 / fan_in",
    activations=NORMALIZING,
    advantages=_LECUN[0],
    drawbacks=_LECUN[1],
)
def lecun_uniform(draw: Draw) -> np.ndarray:
    """Variance 1 / fan_in, uniform (LeCun et al., Efficient BackProp, 1998)."""
    return variance_scaling(draw, distribution="uniform")


@initializer(
    check=_check_scaling,
    variance="scale / fan_in",
    advantages="The family of Glorot, He and LeCun, with the scale free: the gain is √scale, so any activation can "
    "have its critical gain.",
    drawbacks="The right scale has to be known: see the critical gain of the activation.",
    sources=("He et al., ICCV 2015",),
)
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


@initializer(
    fills_biases=False,
    moments=_moments_of_orthogonal,
    variance="gain² / max(fan_in, fan_out)",
    activations=("linear", "tanh"),
    advantages="Keeps the length of every signal and not only the mean, so that a very deep linear or tanh network "
    "learns like a shallow one. Gain √2 for ReLU.",
    drawbacks="Takes a QR decomposition. Kernels only.",
)
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
