"""Slots by segment."""

from __future__ import annotations

import numpy as np
import pytest

from assay.choices import Choice
from assay.engine.layout import Segment
from assay.engine.segments import by_segment, divided, joined

# Eight slots as two stretches of four: tanh, tanh, tanh, relu, and again.
GRID = (Segment(Choice("tanh"), 0, 3, rows=2), Segment(Choice("relu"), 3, 4, rows=2))
RUNS = (Segment(Choice("tanh"), 0, 6), Segment(Choice("relu"), 6, 8))
ONE = (Segment(Choice("tanh"), 0, 8),)


@pytest.mark.parametrize("segments", [GRID, RUNS, ONE])
def test_parts_are_the_slots_of_each_segment_and_join_again(segments):
    """As `Segment.of` finds them on the host."""
    array = np.arange(16.0, dtype=np.float32).reshape(8, 2)
    parts = divided(segments, array)
    for segment, part in zip(segments, parts, strict=True):
        slots = segment.of(np.arange(8)[None])[0]
        np.testing.assert_array_equal(part, array[slots])
    np.testing.assert_array_equal(joined(segments, parts), array)


def test_each_slot_has_the_activation_of_its_segment():
    """Slots 3 and 7 of the grid are relu, the others tanh."""
    z = np.linspace(-2, 2, 48, dtype=np.float32).reshape(8, 2, 3)
    expected = np.tanh(z)
    expected[[3, 7]] = np.maximum(z[[3, 7]], 0)
    np.testing.assert_allclose(by_segment(GRID, z), expected, rtol=1e-6)
