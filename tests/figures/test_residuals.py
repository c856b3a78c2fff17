"""Residuals over predictions."""

from __future__ import annotations

import numpy as np
import pytest

from assay.analysis.error_analysis import analyse
from assay.errors import StoreError
from assay.figures.residuals import MOST_PANELS, MOST_POINTS, draw_residuals, residual_data


def test_a_panel_for_each_target_column(make_answers):
    """With its error and R² beside its name."""
    answers = make_answers("regression", ["y", "z"], [[1.0, 2], [3, 4]], [[1.5, 2], [2.5, 4]])
    first, second = residual_data(analyse(answers)).panels
    assert first.residual.tolist() == [-0.5, 0.5]
    assert first.note == "mean absolute error 0.500, R² 0.750"
    assert second.name == "z"
    assert len(draw_residuals(residual_data(analyse(answers))).axes) == 2


def test_the_line_joins_means_of_equal_parts(make_answers):
    """Of 40 rows four, in the order of the predictions."""
    said = np.arange(40.0)[::-1]
    [panel] = residual_data(analyse(make_answers("regression", ["y"], (said + 2)[:, None], said[:, None]))).panels
    assert panel.places.tolist() == [4.5, 14.5, 24.5, 34.5]
    assert panel.means.tolist() == [2, 2, 2, 2]


def test_many_rows_and_columns_are_thinned(make_answers):
    """Every n-th row, and the first columns; the note says so."""
    rows = np.zeros((2 * MOST_POINTS + 1, MOST_PANELS + 1))
    data = residual_data(analyse(make_answers("regression", "abcdefg", rows, rows + np.arange(len(rows))[:, None])))
    assert len(data.panels) == MOST_PANELS
    assert len(data.panels[0].predicted) <= MOST_POINTS
    assert data.note == "4,001 validation rows; the first 6 of 7 target columns"


def test_classes_have_none(classed):
    """The message names the figures that they have."""
    with pytest.raises(StoreError, match=r"expected a regression, got a binary task.*confusion"):
        residual_data(analyse(classed({"a": {"a": 1}, "b": {"b": 1}})))
