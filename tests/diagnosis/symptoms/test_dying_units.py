from __future__ import annotations

import numpy as np
import pytest

FLAT = np.ones(11)


@pytest.mark.parametrize(
    ("first", "last", "is_found"), [(0.0, 0.49, False), (0.0, 0.5, True), (0.5, 0.74, False), (0.5, 0.75, True)]
)
def test_a_share_that_grew_by_a_quarter_to_half(facts, course, signals, found, first, last, is_found):
    """Of a hidden layer's units, from the first record to the last."""
    recorded = {at: signals(dead_units_fraction=[0.1, share, 0, 1]) for at, share in ((0, first), (10, last))}
    told = found("dying_units", facts(), course(FLAT, signals=recorded))
    assert [(one.layers, one.evidence.value) for one in told] == [((2,), last)] * is_found


def test_a_single_record_shows_no_growth(facts, course, signals, found):
    """Nor does none."""
    assert found("dying_units", facts(), course(FLAT, signals={10: signals(dead_units_fraction=0.9)})) == []
    assert found("dying_units", facts(), course(FLAT)) == []
