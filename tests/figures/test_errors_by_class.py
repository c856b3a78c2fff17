"""Recall and precision, class by class."""

from __future__ import annotations

import pytest

from assay.analysis.error_analysis import analyse
from assay.errors import StoreError
from assay.figures.errors_by_class import MOST_ROWS, draw_errors_by_class, errors_by_class_data


def test_the_class_that_is_found_least_is_first(classed):
    """One without rows is last."""
    counts = {"a": {"a": 9, "b": 1}, "b": {"b": 2, "a": 2}, "c": {}}
    data = errors_by_class_data(analyse(classed(counts)))
    assert [(row.name, row.rows) for row in data.rows] == [("b", 4), ("a", 10), ("c", 0)]
    assert data.rows[0].precision.total == 3
    assert data.written()["rows"][0]["recall"]["count"] == 2


def test_labels_are_shown_as_classes_are(make_answers):
    """Each with its own recall."""
    answers = make_answers("multilabel", ["x", "y"], [[1, 0], [1, 1]], [[0.9, 0.1], [0.1, 0.9]])
    assert [row.name for row in errors_by_class_data(analyse(answers)).rows] == ["x", "y"]


def test_each_row_has_two_marks_with_their_intervals(classed):
    """And the number of its rows at the right."""
    [axes] = draw_errors_by_class(errors_by_class_data(analyse(classed({"a": {"a": 3}, "b": {"b": 2, "a": 1}})))).axes
    assert len(axes.lines) == 8
    assert [text.get_text() for text in axes.texts] == ["3 rows", "3 rows"]


def test_of_many_classes_those_with_most_rows_missed_are_shown(classed):
    """And it says so."""
    counts = {f"c{number:02d}": {f"c{number:02d}": 2} for number in range(MOST_ROWS + 1)}
    counts["c00"] = {"c01": 1}
    counts["c24"] = {"c24": 7, "c01": 3}
    data = errors_by_class_data(analyse(classed(counts)))
    assert len(data.rows) == MOST_ROWS
    assert [row.name for row in data.rows[:3]] == ["c00", "c24", "c01"]
    assert "the 24 of 25 classes with most rows missed" in data.note


def test_a_regression_has_none(make_answers):
    """The message names the figure that it has."""
    with pytest.raises(StoreError, match=r"got a regression. `assay.figures.residuals`"):
        errors_by_class_data(analyse(make_answers("regression", ["y"], [[1.0]], [[2.0]])))
