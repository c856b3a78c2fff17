"""Splitting, against scikit-learn and by counting."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from assay.data import Split
from assay.data.splitting import split_rows
from assay.errors import DataError


def test_a_random_split_is_that_of_scikit_learn():
    """A fraction gives the rows that `train_test_split` gives for the same seed and classes."""
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    rest, part = split_rows(Split(fraction=0.3), 100, labels=labels, seed=7)
    expected = train_test_split(np.arange(100), test_size=0.3, random_state=7, stratify=labels)
    np.testing.assert_array_equal(rest, expected[0])
    np.testing.assert_array_equal(part, expected[1])


def test_a_random_split_keeps_the_share_of_each_class():
    """Of 50, 30 and 20 rows, a part of 10 holds 5, 3 and 2."""
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    _, part = split_rows(Split(count=10), 100, labels=labels, seed=0)
    np.testing.assert_array_equal(np.bincount(labels[part]), [5, 3, 2])


def test_a_class_of_one_row_does_not_stop_a_split():
    """Where a class has a single row the split is random without regard to classes."""
    rest, part = split_rows(Split(count=4), 10, labels=np.array([0] * 9 + [1]), seed=0)
    assert sorted([*rest, *part]) == list(range(10))
    assert len(part) == 4


def test_first_takes_the_top_rows_in_order():
    """`first = 3` puts rows 0, 1, 2 into the part and leaves the others as they lie."""
    rest, part = split_rows(Split(first=3), 8, labels=None, seed=0)
    assert (list(part), list(rest)) == ([0, 1, 2], [3, 4, 5, 6, 7])


def test_nothing_may_be_held_out():
    """A count of 0 leaves every row in its place."""
    rest, part = split_rows(Split(count=0), 4, labels=None, seed=0)
    assert (list(part), list(rest)) == ([], [0, 1, 2, 3])


@pytest.mark.parametrize(("fraction", "rows", "size"), [(0.3, 1797, 540), (0.55, 100, 55), (0.2, 3, 1), (0.0, 5, 0)])
def test_a_fraction_is_rounded_up(fraction, rows, size):
    """A fraction of the rows is rounded up, rounding of binary fractions aside."""
    assert Split(fraction=fraction).size(rows) == size


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "exactly one of fraction, count and first, got none of them"),
        ({"fraction": 0.2, "first": 3}, "exactly one of fraction, count and first, got fraction = 0.2, first = 3"),
        ({"fraction": 1.0}, "fraction: expected a number from 0 to below 1, got 1.0"),
        ({"fraction": float("nan")}, "fraction: expected a number from 0 to below 1, got nan"),
        ({"count": -1}, "count: expected a whole number of at least 0, got -1"),
        ({"first": 2.5}, "first: expected a whole number of at least 0, got 2.5"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(arguments, words):
    """The message says what was expected and what came."""
    with pytest.raises(DataError, match=words):
        Split(**arguments)


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (Split(fraction=0.125), "12.5 % of the rows, drawn at random"),
        (Split(count=10000), "10,000 rows, drawn at random"),
        (Split(first=1000), "the first 1,000 rows"),
    ],
)
def test_a_split_is_told_in_words(split, words):
    """How many rows, and how they are chosen."""
    assert split.in_words() == words
