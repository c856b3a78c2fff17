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


def factor_text(value: float) -> str:
    """``12 times as much``."""
    return f"{number_text(value)} times as much"


def layers_text(layers: Sequence[int]) -> str:
    """``layer 3``, ``layers 2 and 4``, ``layers 2 to 5``."""
    if len(layers) == 1:
        return f"layer {layers[0]}"
    if len(layers) > 2 and layers[-1] - layers[0] == len(layers) - 1:
        return f"layers {layers[0]} to {layers[-1]}"
    return f"layers {', '.join(map(str, layers[:-1]))} and {layers[-1]}"
