"""Distributions whose numbers are fixed, whatever the layer's size."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.errors import StudyError
from assay.networks.initializers.record import Draw, initializer

_FIXED = (
    "Simple; good for trying what too small and too large kernels do.",
    "The same for 10 inputs as for 10,000: right for one width only, and at depth the signal vanishes or explodes.",
)


def _check_stddev(given: dict[str, Any], where: str) -> None:
    if given["stddev"] < 0:
        raise StudyError(f"{where}.stddev: expected a number of at least 0, got {given['stddev']}.")


def _check_ends(given: dict[str, Any], where: str) -> None:
    if given["minval"] > given["maxval"]:
        raise StudyError(
            f"{where}: expected minval to be at most maxval, got minval = {given['minval']} and "
            f"maxval = {given['maxval']}. Swap them."
        )


def _moments_of_identity(given: dict[str, Any], fan_in: int, units: int) -> tuple[float, float]:
    share = min(fan_in, units) / (fan_in * units)
    return given["gain"] * share, given["gain"] ** 2 * share * (1 - share)


@initializer(
    meant_by=("normal", "gaussian"),
    check=_check_stddev,
    variance="stddev²",
    advantages=_FIXED[0],
    drawbacks=_FIXED[1],
)
def random_normal(draw: Draw, *, mean: float = 0.0, stddev: float = 0.05) -> np.ndarray:
    """Normal with the given mean and standard deviation, whatever the layer's size."""
    return mean + stddev * draw.normal()


@initializer(
    meant_by=("uniform",),
    check=_check_ends,
    variance="(maxval - minval)² / 12",
    advantages=_FIXED[0],
    drawbacks=_FIXED[1],
)
def random_uniform(draw: Draw, *, minval: float = -0.05, maxval: float = 0.05) -> np.ndarray:
    """Uniform between minval and maxval, whatever the layer's size."""
    return minval + (maxval - minval) * draw.uniform()


@initializer(
    check=_check_stddev,
    variance="0.7737 · stddev²",
    advantages="As random_normal, without the rare very large entries.",
    drawbacks=f"{_FIXED[1]} Its standard deviation is not `stddev`.",
)
def truncated_normal(draw: Draw, *, mean: float = 0.0, stddev: float = 0.05) -> np.ndarray:
    """Normal cut at two `stddev` from the mean; its own standard deviation is 0.8796 · stddev."""
    return mean + stddev * draw.truncated_normal()


@initializer(
    variance="0",
    advantages="Right for biases, and for the kernel of a network without hidden layers.",
    drawbacks="Hidden units of a layer stay alike for ever: symmetry is never broken. See `assay run mnist-zeros`.",
)
def zeros(draw: Draw) -> np.ndarray:
    """All 0: every unit of a layer then stays equal to its neighbours."""
    return np.zeros(draw.shape)


@initializer(
    variance="0",
    advantages="For scales that multiply, as in normalization.",
    drawbacks="As a kernel it keeps all units of a layer alike, and multiplies the signal by fan_in.",
)
def ones(draw: Draw) -> np.ndarray:
    """All 1."""
    return np.ones(draw.shape)


@initializer(
    variance="0",
    advantages="For biases, such as 0.1 before ReLU.",
    drawbacks="As a kernel it keeps all units of a layer alike.",
)
def constant(draw: Draw, *, value: float = 0.0) -> np.ndarray:
    """All `value`."""
    return np.full(draw.shape, value, dtype=np.float64)


@initializer(
    fills_biases=False,
    moments=_moments_of_identity,
    variance="gain² · (s - s²) with s = 1 / max(fan_in, fan_out)",
    activations=("linear",),
    advantages="Each layer begins as a copy: for recurrent and residual layers.",
    drawbacks="No luck in it: units differ only by what their inputs are, and inputs beyond the units are cut off.",
    sources=("Le, Jaitly and Hinton, 2015",),
)
def identity(draw: Draw, *, gain: float = 1.0) -> np.ndarray:
    """Gain on the diagonal, 0 elsewhere; a kernel need not be square."""
    rows, columns = draw.shape
    return gain * np.eye(rows, columns)
