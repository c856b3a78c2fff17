"""Counts, times and measured numbers as the command line writes them."""

from __future__ import annotations

import pytest

from assay.cli.words import counted, duration, measured, percent


@pytest.mark.parametrize(("seconds", "words"), [(3.4, "3 s"), (600, "10 min"), (7200, "2.0 h")])
def test_time_is_told_in_the_unit_that_fits(seconds, words):
    """Seconds below a minute and a half, minutes below an hour and a half."""
    assert duration(seconds) == words


def test_one_is_told_without_an_s():
    """``1 trial``, and ``0 trials`` as ``2 trials``."""
    assert [counted(number, "trial") for number in (0, 1, 2)] == ["0 trials", "1 trial", "2 trials"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.0123, "0.0123"),
        (0.00012, "1.2e-04"),
        (1234.0, "1.23e+03"),
        (float("nan"), "NaN"),
        (float("inf"), "NaN"),
    ],
)
def test_a_measured_number_has_two_or_three_digits(value, words):
    """Small numbers are written with a power of ten; what is not known is a dash, what is not finite NaN."""
    assert measured(value) == words


def test_a_share_is_told_in_percent():
    """With a base of 1."""
    assert (percent(0.125), percent(None), percent(float("nan"))) == ("12 %", "–", "NaN")
