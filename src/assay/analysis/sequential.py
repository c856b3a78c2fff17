"""More seeds until every comparison is decided: how many, and at which level, so that looking often costs nothing.

Whoever adds seeds until a difference shows will find one where there is none: each look is another chance. The level is
therefore spent over the looks: each of K looks tests at (1 - confidence) / K, and by the union bound the chance of one
false alarm or more over all of them stays at most 1 - confidence, however the looks depend on each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from assay.analysis.comparison import Comparison, Evidence, Rules, concluded

GROWTH = 1.5
"""Each round has half as many seeds again: few looks, and none much later than needed."""


def rounds(first: int, most: int) -> list[int]:
    """How many seeds there are at each look: ``[5, 8, 12, 18, 27, 30]`` from 5 to 30.

    Parameters
    ----------
    first, most : int
        Seeds at the first look, and at the last; with more at the first than at most there is one look.
    """
    counts = [first]
    while counts[-1] < most:
        counts.append(min(most, math.ceil(counts[-1] * GROWTH)))
    return counts


def concluded_at_a_look(found: Sequence[Evidence], rules: Rules, looks: int) -> list[Comparison]:
    """The conclusions of one of so many looks; see `assay.analysis.comparison.concluded`.

    Adjusted p-values are multiplied by the looks, so that they too are compared with 1 - confidence.
    """
    comparisons = concluded(found, replace(rules, confidence=1 - (1 - rules.confidence) / looks))
    return [
        replace(one, p_adjusted=None if one.p_adjusted is None else min(1.0, looks * one.p_adjusted))
        for one in comparisons
    ]
