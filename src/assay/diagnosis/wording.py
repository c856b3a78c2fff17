"""Numbers and lists in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def number_text(value: float) -> str:
    """Three significant digits; ``infinite`` or ``not a number`` in words."""
    if np.isnan(value):
        return "not a number"
    if np.isinf(value):
        return "infinite"
    return format(value, ",.0f") if 1000 <= abs(value) < 1e6 else format(value, ".3g")


def percent_text(share: float) -> str:
    """``19 %``; below 1 % with as many digits as it needs, ``0.03 %``."""
    percent = 100 * share
    if 0 < abs(percent) < 1:
        return f"{percent:.1g} %"
    return f"{percent:,.0f} %" if np.isfinite(percent) else number_text(percent)


def times_text(ratio: float, *, smaller: str = "smaller", larger: str = "larger") -> str:
    """How two sizes compare, of their ratio: ``23 times smaller``, ``4.1 times larger``."""
    if ratio < 1:
        return f"{number_text(1 / ratio) if ratio > 0 else 'infinitely many'} times {smaller}"
    return f"{number_text(ratio)} times {larger}"


def layers_text(layers: Sequence[int]) -> str:
    """``layer 3``, ``layers 2 and 4``, ``layers 2 to 5``."""
    if len(layers) == 1:
        return f"layer {layers[0]}"
    if len(layers) > 2 and layers[-1] - layers[0] == len(layers) - 1:
        return f"layers {layers[0]} to {layers[-1]}"
    return f"layers {', '.join(map(str, layers[:-1]))} and {layers[-1]}"
