"""Initial kernels and biases: every initializer of Keras, and a user's own, as a function of one base draw.

One file for each family; `record.py` says what is known of one, and what a draw is. ``pretrained`` reads a saved model,
and ``autoencoder`` is a draw from which `assay.pretraining` goes on with the training rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from keyword import iskeyword

import numpy as np

from assay.choices import Choice
from assay.errors import StudyError

# The families in the order of the table.
# isort: off
from assay.networks.initializers import fixed, scaled, learnt

# isort: on
from assay.networks.initializers.record import INITIALIZERS, Draw, Initializer, initializer

__all__ = [
    "INITIALIZERS",
    "Draw",
    "Initializer",
    "bias_moments",
    "check_initializer",
    "draw_bias",
    "draw_decoder",
    "draw_kernel",
    "fixed",
    "initializer",
    "kernel_moments",
    "learnt",
    "scaled",
]


def _filled(choice: Choice, draw: Draw) -> np.ndarray:
    """What a choice puts into an array; an argument called as a word of Python (`from`) has a line after it."""
    arguments = INITIALIZERS.arguments(choice)
    return INITIALIZERS.of(choice).function(
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


def kernel_moments(choice: Choice, *, fan_in: int, units: int, depth: int = 1) -> tuple[float, float]:
    """Mean and variance of a kernel's entries: what theory needs to know of an initializer.

    A random initializer is a quantile function, so its moments are integrals of that function over (0, 1), here to
    about one part in ten thousand; an orthogonal kernel's entries have variance gain² / max(fan_in, units). Both are
    nan for initializers that are learnt, and for code of a user's own that was not run.

    Parameters
    ----------
    choice : Choice
    fan_in, units : int
    depth : int
        Number of kernels of the network; formulas may depend on it.

    Returns
    -------
    mean, variance : float
    """
    record = INITIALIZERS.of(choice)
    if record.is_learnt or not choice.is_loaded:
        return math.nan, math.nan
    if record.moments is not None:
        return record.moments(INITIALIZERS.arguments(choice), fan_in, units)
    return _moments(choice, (fan_in, units), depth)


def bias_moments(choice: Choice, *, units: int) -> tuple[float, float]:
    """Mean and variance of a bias' entries; see `kernel_moments`."""
    if INITIALIZERS.of(choice).is_learnt or not choice.is_loaded:
        return math.nan, math.nan
    return _moments(choice, (units, units), 1)


def _moments(choice: Choice, fans: tuple[int, int], depth: int) -> tuple[float, float]:
    spectrum = _Spectrum(0, 1, "kernel", (2**16,), depth, fans)
    quantiles = np.asarray(_filled(choice, spectrum), np.float64)
    return float(quantiles.mean()), float(quantiles.var())


def draw_kernel(choice: Choice, *, seed: int, layer: int, fan_in: int, units: int, depth: int = 1) -> np.ndarray:
    """The initial kernel of a layer.

    Parameters
    ----------
    choice : Choice
        A name of `INITIALIZERS` with its arguments.
    seed, layer : int
        The trial's seed, and the layer's number from 1.
    fan_in, units : int
        Inputs and units of the layer.
    depth : int
        Number of kernels of the network.

    Returns
    -------
    array of float32, shape (fan_in, units)
    """
    return _filled(choice, Draw(seed, layer, "kernel", (fan_in, units), depth)).astype(np.float32)


def draw_bias(choice: Choice, *, seed: int, layer: int, units: int, depth: int = 1) -> np.ndarray:
    """The initial bias of a layer, float32 of shape (units,); see `draw_kernel`.

    Raises
    ------
    StudyError
        If the initializer makes matrices only (orthogonal, identity).
    """
    if choice.name != "pretrained":  # whose kernels bring their biases with them
        check_initializer(choice, "bias_initializer", role="bias")
    return _filled(choice, Draw(seed, layer, "bias", (units,), depth)).astype(np.float32)


def draw_decoder(choice: Choice, *, seed: int, layer: int, fan_in: int, outputs: int) -> np.ndarray:
    """The kernel from a layer's outputs back to its inputs, float32 of shape (outputs, fan_in); see `draw_kernel`."""
    return _filled(choice, Draw(seed, layer, "decoder", (outputs, fan_in))).astype(np.float32)


def check_initializer(choice: Choice, where: str, *, role: str = "kernel") -> None:
    """Check that the arguments of an initializer make sense, and that it can fill an array of this role.

    Parameters
    ----------
    choice : Choice
        A name of `INITIALIZERS` or a user's own, with its arguments, of the right kinds.
    where : str
        The dotted key, for the message.
    role : {"kernel", "bias"}
        What is to be filled.

    Raises
    ------
    StudyError
        If a number is out of its range, a word is unknown, or an initializer that fills no bias is asked for one.
    """
    record = INITIALIZERS.of(choice)
    if role == "bias" and record.is_learnt:
        raise StudyError(
            f"{where}: '{choice.name}' is a kernel_initializer, and brings the biases of its kernels with it. "
            "Choose another initializer, such as 'zeros' (the default)."
        )
    if role == "bias" and not record.fills_biases:
        raise StudyError(
            f"{where}: '{choice.name}' fills matrices only, and a bias is a vector. "
            "Choose another initializer, such as 'zeros' (the default)."
        )
    if record.check is not None:
        record.check(INITIALIZERS.arguments(choice), where)
    if choice.own is not None and choice.is_loaded:
        _check_own(choice, where, role)


def _check_own(choice: Choice, where: str, role: str) -> None:
    """A user's own initializer is tried on a small array."""
    entries = _filled(choice, Draw(0, 1, role, (6, 4) if role == "kernel" else (4,), depth=3))
    if not np.isfinite(entries).all():
        raise StudyError(
            f"{where}: '{choice}' gives entries that are not finite for 6 inputs and 4 units. Check the formula."
        )
