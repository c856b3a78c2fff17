"""Every elementwise activation of Keras in plain NumPy, with its derivative and kinks, written from the formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from scipy.special import erf, expit, ndtr

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


class Formula(NamedTuple):
    activation: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray], np.ndarray]
    kinks: tuple[float, ...] = ()


def normal_density(z: np.ndarray) -> np.ndarray:
    """exp(-z²/2) / √2π."""
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def exp_below(z: np.ndarray) -> np.ndarray:
    """exp(z) below 0, 1 above."""
    return np.exp(np.minimum(z, 0))


def mish_derivative(z: np.ndarray) -> np.ndarray:
    """With t = tanh(softplus(z)): t + z (1 - t²) sigmoid(z)."""
    t = np.tanh(np.logaddexp(0, z))
    return t + z * (1 - t**2) * expit(z)


FORMULAS = {
    "linear": Formula(lambda z: z, np.ones_like),
    "relu": Formula(lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0), (0.0,)),
    "leaky_relu": Formula(lambda z: np.where(z > 0, z, 0.2 * z), lambda z: np.where(z > 0, 1.0, 0.2), (0.0,)),
    "relu6": Formula(lambda z: np.clip(z, 0, 6), lambda z: 1.0 * ((z > 0) & (z < 6)), (0.0, 6.0)),
    "elu": Formula(lambda z: np.where(z > 0, z, exp_below(z) - 1), exp_below, (0.0,)),
    "celu": Formula(
        lambda z: np.where(z > 0, z, 2 * np.expm1(np.minimum(z, 0) / 2)), lambda z: np.sqrt(exp_below(z)), (0.0,)
    ),
    "selu": Formula(
        lambda z: SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0))),
        lambda z: SELU_SCALE * np.where(z > 0, 1.0, SELU_ALPHA * exp_below(z)),
        (0.0,),
    ),
    "threshold": Formula(lambda z: np.where(z > 0.3, z, -1.0), lambda z: 1.0 * (z > 0.3), (0.3,)),
    "softplus": Formula(lambda z: np.logaddexp(0, z), expit),
    "squareplus": Formula(lambda z: (z + np.sqrt(z**2 + 4)) / 2, lambda z: (1 + z / np.sqrt(z**2 + 4)) / 2),
    "sparse_plus": Formula(
        lambda z: np.where(z > 1, z, np.where(z < -1, 0.0, (z + 1) ** 2 / 4)),
        lambda z: np.clip((z + 1) / 2, 0, 1),
        (-1.0, 1.0),
    ),
    "silu": Formula(lambda z: z * expit(z), lambda z: expit(z) * (1 + z * expit(-z))),
    "gelu": Formula(lambda z: z * ndtr(z), lambda z: ndtr(z) + z * normal_density(z)),
    "mish": Formula(lambda z: z * np.tanh(np.logaddexp(0, z)), mish_derivative),
    "hard_silu": Formula(
        lambda z: z * np.clip(z + 3, 0, 6) / 6,
        lambda z: np.where(z > 3, 1.0, np.where(z < -3, 0.0, (2 * z + 3) / 6)),
        (-3.0, 3.0),
    ),
    "sigmoid": Formula(expit, lambda z: expit(z) * expit(-z)),
    "hard_sigmoid": Formula(lambda z: np.clip(z + 3, 0, 6) / 6, lambda z: (np.abs(z) < 3) / 6, (-3.0, 3.0)),
    "sparse_sigmoid": Formula(lambda z: np.clip((z + 1) / 2, 0, 1), lambda z: (np.abs(z) < 1) / 2, (-1.0, 1.0)),
    "log_sigmoid": Formula(lambda z: -np.logaddexp(0, -z), lambda z: expit(-z)),
    "tanh": Formula(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "hard_tanh": Formula(lambda z: np.clip(z, -1, 1), lambda z: 1.0 * (np.abs(z) < 1), (-1.0, 1.0)),
    "softsign": Formula(lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2, (0.0,)),
    "tanh_shrink": Formula(lambda z: z - np.tanh(z), lambda z: np.tanh(z) ** 2),
    "soft_shrink": Formula(
        lambda z: np.sign(z) * np.maximum(np.abs(z) - 0.5, 0), lambda z: 1.0 * (np.abs(z) > 0.5), (-0.5, 0.5)
    ),
    "hard_shrink": Formula(lambda z: np.where(np.abs(z) > 0.5, z, 0.0), lambda z: 1.0 * (np.abs(z) > 0.5), (-0.5, 0.5)),
    "exponential": Formula(np.exp, np.exp),
    # Not Keras', but with closed forms: the error function, and a hard_tanh whose kinks lie on no round number.
    "erf": Formula(erf, lambda z: 2 / math.sqrt(math.pi) * np.exp(-(z**2))),
    "clip": Formula(
        lambda z: np.clip(z, -math.sqrt(2), math.pi),
        lambda z: 1.0 * ((z > -math.sqrt(2)) & (z < math.pi)),
        (-math.sqrt(2), math.pi),
    ),
}


@pytest.fixture(scope="session")
def formulas() -> dict[str, Formula]:
    """All of them by name."""
    return FORMULAS


@pytest.fixture(params=FORMULAS)
def formula(request: pytest.FixtureRequest) -> Formula:
    """Each in turn."""
    return FORMULAS[request.param]
