"""The calibration curve."""

from __future__ import annotations

import numpy as np
import pytest

from assay.analysis.error_analysis import analyse
from assay.choices import Choice
from assay.errors import StoreError
from assay.figures.calibration import calibration_data, draw_calibration


def test_axes_say_of_what_the_probability_is(make_answers, classed):
    """The second of two classes, the answer of more, or any label."""
    two = analyse(make_answers("binary", ["no", "yes"], [[1], [0]], [[0.9], [0.2]]))
    assert calibration_data(two).labels == ("probability of yes", "share of rows that are yes")
    more = analyse(classed({"a": {"a": 1}, "b": {"a": 1}, "c": {}}))
    assert calibration_data(more).labels == ("probability of the answer given", "share of answers that are right")
    labels = analyse(make_answers("multilabel", "xy", [[1, 0]], [[0.9, 0.2]]))
    assert calibration_data(labels).written()["x"] == {"label": "probability of a label"}


def test_a_mark_stands_at_what_was_said_and_what_happened(make_answers):
    """Hollow where fewer than five answers made it; a bar below counts them."""
    said = np.array([0.95] * 6 + [0.15])
    data = calibration_data(analyse(make_answers("binary", "ab", [[1]] * 3 + [[0]] * 4, said[:, None])))
    curve, counts = draw_calibration(data).axes
    marks = [line for line in curve.lines if line.get_marker() == "o"]
    assert [mark.get_xydata()[0].tolist() for mark in marks] == [pytest.approx([0.15, 0]), pytest.approx([0.95, 0.5])]
    assert marks[0].get_markerfacecolor() == "white"
    assert [bar.get_height() for bar in counts.patches] == [1, 6]


def test_outputs_that_are_no_probabilities_have_none(make_answers):
    """The message says what makes some."""
    with pytest.raises(StoreError, match=r"no probabilities, so there is no calibration.*sigmoid or a softmax"):
        calibration_data(analyse(make_answers("binary", "ab", [[1]], [[-0.5]], output_activation=Choice("tanh"))))
