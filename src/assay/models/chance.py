"""The loss of the best constant output, of any loss that can be differentiated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize

ValueAndSlope = Callable[[np.ndarray], tuple[float, np.ndarray]]
MOST_STEPS = 200


def best_constant_loss(
    value_and_slope: ValueAndSlope, starts: Sequence[np.ndarray], *, bounds: tuple[float, float] | None = None
) -> float | None:
    """The smallest loss that one constant output reaches: what a network knows that has learnt the targets' mean alone.

    Parameters
    ----------
    value_and_slope : callable
        From K outputs, the same for every example, to the mean loss and its gradient (K,).
    starts : sequence of array, (K,)
        Where the search begins; each is a candidate itself.
    bounds : (low, high), optional
        Of every output: a loss of probabilities takes nothing beyond 0 and 1.

    Returns
    -------
    float or None
        None where no value is finite.
    """
    found = []

    def guarded(constant: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = value_and_slope(constant)
        if np.isfinite(value):
            found.append(value)
        usable = np.isfinite(value) and np.isfinite(slope).all()
        return (value, np.asarray(slope, float)) if usable else (np.inf, np.zeros(len(constant)))

    for start in starts:
        limits = None if bounds is None else [bounds] * len(start)
        with np.errstate(all="ignore"):
            minimize(guarded, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": MOST_STEPS})
    return min(found) if found else None
