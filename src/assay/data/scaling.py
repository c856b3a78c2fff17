"""Scaling of features and targets, learnt from the training rows alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.errors import DataError, did_you_mean

SCALINGS = {
    "none": "as given",
    "unit": "divided by the largest absolute value of all features, one number: pixels end in [0, 1]",
    "standard": "each feature to mean 0 and standard deviation 1",
    "minmax": "each feature to [0, 1]",
}
"""Every scaling, and what it does."""

_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Scaling:
    """The map x → (x - offset) / scale.

    Attributes
    ----------
    name : str
        A key of `SCALINGS`.
    offset, scale : array of float64, shape (F,) or ()
        Learnt from the training rows; a constant feature keeps scale 1.
    """

    name: str
    offset: np.ndarray
    scale: np.ndarray

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {"name": self.name, "offset": self.offset.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Scaling:
        """From what `written` gave."""
        return cls(written["name"], np.asarray(written["offset"], float), np.asarray(written["scale"], float))

    def apply(self, x: np.ndarray) -> np.ndarray:
        """`x` scaled, as float32, in an array of its own; shape (rows, F)."""
        # 64-bit input is scaled before it is rounded: a large offset would eat the digits of a float32.
        working = np.dtype(np.float64 if x.dtype.itemsize > 4 else np.float32)
        scaled: np.ndarray = x.astype(working)
        if self.name != "none":
            np.subtract(scaled, self.offset.astype(working), out=scaled)
            np.divide(scaled, self.scale.astype(working), out=scaled)
        with np.errstate(over="ignore"):  # beyond float32 becomes infinite, which the caller checks
            return scaled.astype(np.float32, copy=False)

    def undo(self, x: np.ndarray) -> np.ndarray:
        """What was scaled in its own units again, as float64; shape (rows, F)."""
        return np.asarray(x * self.scale + self.offset)


def check_scaling(name: str, *, where: str) -> None:
    """Raise a `DataError` if `name` is no scaling; `where` is the dotted key."""
    if name not in SCALINGS:
        raise DataError(
            f"{where}: unknown scaling '{name}'.{did_you_mean(name, SCALINGS)} Known scalings: {', '.join(SCALINGS)}."
        )


def fit_scaling(name: str, x: np.ndarray) -> Scaling:
    """Learn a scaling from training rows.

    Parameters
    ----------
    name : str
        A key of `SCALINGS`.
    x : array, shape (rows, F)
        The training rows.

    Raises
    ------
    DataError
        If the scaling is unknown.
    """
    check_scaling(name, where="data.scaling")
    offset: np.ndarray = np.zeros(())
    scale: np.ndarray = np.ones(())
    if name == "unit":
        scale = np.asarray(max(abs(float(x.max())), abs(float(x.min()))))
    elif name == "standard":
        offset, scale = _mean_and_std(x)
    elif name == "minmax":
        offset = x.min(axis=0).astype(np.float64)
        scale = x.max(axis=0) - offset
    return Scaling(name, offset, np.where(scale > 0, scale, 1.0))


def _mean_and_std(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and population standard deviation of each column in float64, without a float64 copy of all rows."""
    mean = x.mean(axis=0, dtype=np.float64)
    variance = np.zeros_like(mean)
    for start in range(0, len(x), _ROWS_AT_ONCE):
        variance += np.square(x[start : start + _ROWS_AT_ONCE] - mean).sum(axis=0)
    std = np.sqrt(variance / len(x))
    # The mean of a constant column is off by rounding: what is left of its deviation is noise, not to be divided by.
    return mean, np.where(std <= 1e-12 * np.abs(mean), 0.0, std)
