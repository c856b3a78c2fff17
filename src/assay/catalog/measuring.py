"""What theory says of an activation, worked out on the function: of a built-in one for `numbers.json`, of a user's own
when it is asked for.
"""

from __future__ import annotations

import math

import numpy as np

from assay.choices import Choice
from assay.networks.traits import in_double, traits_of

DIGITS = 5  # significant ones that are kept: what theory says is the same on every machine to more than these
LARGEST_GAIN = 1e6  # beyond it the edge of chaos has gone to infinity: the slope at 0 is 0


def activation_numbers(choice: Choice) -> dict[str, float | bool | None]:
    """Mean, gains and traits of an elementwise activation; None where there is no such number.

    Parameters
    ----------
    choice : Choice

    Returns
    -------
    dict
        ``mean``, E φ(Z) with Z standard normal; ``critical_gain``, σ_w on the edge of chaos without biases;
        ``forward_gain`` and ``backward_gain``, which keep variance 1, and the gradient at variance 1;
        ``saturates``, ``can_die`` and ``dead_value``, see `assay.networks.traits.Traits`.
    """
    from assay.theory import activation_moments, critical_gain, critical_weight_variance

    function, traits = in_double(choice), traits_of(choice)
    assert traits is not None, "a function of a whole layer has none"
    with np.errstate(all="ignore"):
        mean, square = activation_moments(1.0, activation=function)
        try:
            critical = math.sqrt(critical_weight_variance(0.0, activation=function).weight_variance)
        except ValueError:
            critical = math.inf
        return {
            "mean": _rounded(float(mean)) if abs(mean) > 1e-9 else 0.0,
            "critical_gain": _rounded(critical),
            "forward_gain": _rounded(1 / math.sqrt(square)),
            "backward_gain": _rounded(float(critical_gain(1.0, activation=function))),
            "saturates": traits.saturates,
            "can_die": traits.can_die,
            "dead_value": traits.dead_value,
        }


def _rounded(value: float) -> float | None:
    """To `DIGITS`; None where there is no such number."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) and value < LARGEST_GAIN else None
