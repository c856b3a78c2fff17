"""How many digits of a number are shown."""

from __future__ import annotations

import pytest

from assay.analysis import Interval
from assay.analysis.numbers import interval_text, number_text, plus_minus_text


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


def test_intervals_are_written_in_brackets_or_with_a_half_width():
    """Both forms say the same; a mean without an interval stands alone."""
    interval = Interval(0.01, 0.005, 0.015, 3)
    assert interval_text(interval, signed=True) == "+0.010 [+0.005, +0.015]"
    assert plus_minus_text(interval, signed=True) == "+0.010 ±0.005"
    assert plus_minus_text(Interval(0.5, None, None, 1)) == "0.500"
    assert interval_text(None) == "–"


def test_a_mean_within_its_interval_has_no_more_digits_than_the_interval():
    """A difference of nearly nothing is not written with digits that its interval denies."""
    assert plus_minus_text(Interval(-0.000185, -0.003185, 0.002815, 3), signed=True) == "-0.000 ±0.003"
    assert plus_minus_text(Interval(0.0001, 0.00008, 0.00012, 3)) == "0.0001 ±2e-05"
