"""How many digits of a number are shown."""

from __future__ import annotations

import pytest

from assay.analysis import Interval
from assay.analysis.numbers import interval_text, number_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.97049, "0.970"),
        (0.0, "0.000"),
        (0.000123, "0.000123"),
        (9.5, "9.500"),
        (12.3456, "12.3"),
        (2300.4, "2,300"),
        (1.5e9, "1.5e+09"),
        (None, "–"),
    ],
)
def test_numbers_keep_the_digits_that_matter(value, text):
    """Three decimals for what is near one; never a row of zeros or of noise."""
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((0.01, 0.005, 0.015), "+0.010 [+0.005, +0.015]"),
        ((0.009, 0.00028, 0.015), "+0.009 [+0.000, +0.015]"),
        ((-0.000185, -0.003185, 0.002815), "-0.000 [-0.003, +0.003]"),
        ((0.0001, 0.00008, 0.00012), "+0.0001 [+8e-05, +0.00012]"),
        ((1234.0, 1200.0, 1300.0), "+1,234 [+1,200, +1,300]"),
        ((0.5, None, None), "+0.500"),
        ((None, None, None), "–"),
    ],
)
def test_an_interval_is_written_as_its_mean_is(ends, text):
    """Mean and ends have the same digits; a mean without an interval stands alone."""
    assert interval_text(Interval(*ends, 3), signed=True) == text
    assert interval_text(None) == "–"
