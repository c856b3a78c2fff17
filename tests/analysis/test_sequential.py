"""Seeds in rounds, with the level spent over the looks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.analysis import PLAIN, Rules, Sample, compare_paired
from assay.analysis.sequential import concluded_at_a_look, rounds


@pytest.mark.parametrize(
    ("first", "most", "counts"),
    [(5, 30, [5, 8, 12, 18, 27, 30]), (2, 4, [2, 3, 4]), (1, 2, [1, 2]), (10, 10, [10]), (12, 10, [12])],
)
def test_each_round_has_half_as_many_seeds_again(first, most, counts):
    """Up to the most that are allowed, which the last round reaches."""
    assert rounds(first, most) == counts


def test_looking_often_finds_no_more_that_is_not_there():
    """20 equal conditions looked at in six rounds: one false alarm or more in at most one study of twenty.

    Looked at as if each look were the only one there would be more; the limits are three standard deviations wide.
    """
    generator = np.random.default_rng(0)
    rules, counts, studies = Rules(False, PLAIN, margin=1e-6), rounds(3, 20), 120
    alarms, careless = 0, 0
    for _ in range(studies):
        values = generator.normal(1.0, 0.1, (9, counts[-1]))
        found = [
            [
                compare_paired(*(Sample(dict(enumerate(row[:count]))) for row in (other, values[0])), rules)
                for count in counts
            ]
            for other in values[1:]
        ]
        by_look = list(zip(*found, strict=True))
        alarms += any(
            c.conclusion != "undecided" for look in by_look for c in concluded_at_a_look(look, rules, len(counts))
        )
        careless += any(c.conclusion != "undecided" for look in by_look for c in concluded_at_a_look(look, rules, 1))
    spread = 3 * math.sqrt(0.05 * 0.95 / studies)
    assert alarms / studies <= 0.05 + spread
    assert careless / studies > 0.05 + spread
