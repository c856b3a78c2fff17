"""Numbers in sentences."""

from __future__ import annotations

import pytest

from assay.diagnosis.wording import layers_text, number_text, percent_text, times_text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.19, "19 %"), (1.0, "100 %"), (0.0, "0 %"), (0.0003, "0.03 %"), (25.0, "2,500 %"), (float("inf"), "infinite")],
)
def test_a_share_is_told_in_percent(value, text):
    """With a space, as the SI has it; below 1 % with its first digit."""
    assert percent_text(value) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0.001, "1,000 times smaller"), (4.5, "4.5 times larger"), (0.0, "infinitely many times smaller")],
)
def test_a_ratio_is_told_as_so_many_times(ratio, text):
    """Never as a fraction of one."""
    assert times_text(ratio) == text


def test_layers_and_numbers_are_told_shortly():
    """Neighbours as a range, and three digits."""
    assert [layers_text(layers) for layers in ((3,), (2, 4), (2, 3, 4, 5))] == [
        "layer 3",
        "layers 2 and 4",
        "layers 2 to 5",
    ]
    assert [number_text(value) for value in (0.012345, 1234.5, float("nan"))] == ["0.0123", "1,234", "not a number"]
