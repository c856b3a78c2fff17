"""Which classes are taken for which."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from assay.analysis.error_analysis import Confusion

COUNTS = {"a": {"a": 40, "b": 10}, "b": {"b": 50}, "c": {"c": 30, "a": 1, "b": 1}}


def test_a_row_is_a_true_class_and_a_column_what_was_predicted(classed):
    """Counts of every class, those that never occur included."""
    confusion = Confusion.of(classed(COUNTS))
    assert confusion.names == ("a", "b", "c")
    assert confusion.counts.tolist() == [[40, 10, 0], [0, 50, 0], [1, 1, 30]]
    assert (confusion.rows, confusion.wrong) == (132, 12)
    assert Confusion.of(classed({"a": {"a": 1}, "b": {}, "c": {}})).counts.tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_recall_and_precision_of_a_class(classed):
    """Of its rows those found, and of what it was said to be those that are."""
    a, b, c = Confusion.of(classed(COUNTS)).by_class()
    assert (a.recall.count, a.recall.total) == (40, 50)
    assert (b.precision.count, b.precision.total) == (50, 61)
    assert a.recall.low < 0.8 < a.recall.high
    assert (c.wrong, c.precision.count, c.precision.total) == (2, 30, 30)


def test_a_class_without_rows_has_no_recall(classed):
    """And one that is never predicted no precision."""
    a, b, c = Confusion.of(classed({"a": {"a": 3}, "b": {"a": 2}, "c": {}})).by_class()
    assert c.recall is None
    assert c.p is None
    assert b.precision is None
    assert a.precision.total == 5


def test_the_recall_of_a_class_is_compared_with_the_others(classed):
    """By Fisher's exact test, the sum of all tables that are no more probable; times 3 for the first of three."""
    found = Confusion.of(classed(COUNTS)).by_class()[0]
    right = np.arange(51)
    tables = hypergeom(132, 120, 50).pmf(right)  # so many of 50 rows right, of 120 right among 132
    expected = tables[tables <= tables[40] * (1 + 1e-7)].sum()
    assert found.p == pytest.approx(3 * expected, rel=1e-6)


def test_pairs_are_sorted_by_their_count(classed):
    """The binomial tail says how far a pair stands out from errors dealt evenly; six pairs are compared."""
    first, *others = Confusion.of(classed(COUNTS)).pairs()
    assert (first.truth, first.taken_for, first.count, first.rows, first.back) == ("a", "b", 10, 50, 0)
    assert first.p == pytest.approx(6 * binom(10, 0.5).pmf(10))
    assert [(pair.count, pair.p) for pair in others] == [(1, 1), (1, 1)]


def test_of_two_classes_no_pair_stands_out(classed):
    """An error can only be the other class."""
    assert [pair.p for pair in Confusion.of(classed({"a": {"b": 9}, "b": {"b": 9}})).pairs()] == [1]
