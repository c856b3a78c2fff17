"""How the command line writes counts, times and measured numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.planning import Plan


def counted(number: int, noun: str) -> str:
    """``1 trial``, ``36 trials``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def factors_text(plan: Plan) -> str:
    """``4 conditions × 3 seeds``, or ``4 conditions × 5 splits × 3 seeds``."""
    splits = [counted(plan.splits, "split")] if plan.splits > 1 else []
    return " × ".join([counted(len(plan.conditions), "condition"), *splits, counted(len(plan.seeds), "seed")])


def duration(seconds: float) -> str:
    """``12 s``, ``3 min``, ``1.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def measured(value: float | None) -> str:
    """Two or three digits: ``0.012``, ``1.2e-07``; ``NaN`` for what is not finite; a dash for what is not known."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "NaN"
    return f"{value:.3g}" if value == 0 or abs(value) >= 1e-3 else f"{value:.1e}"


def percent(fraction: float | None) -> str:
    """``12 %``; ``NaN`` for what is not finite; a dash for what is not known."""
    if fraction is None:
        return "–"
    return f"{100 * fraction:.0f} %" if math.isfinite(fraction) else "NaN"
