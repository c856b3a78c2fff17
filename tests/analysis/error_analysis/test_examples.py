"""The rows with the largest loss."""

from __future__ import annotations

import numpy as np
import pytest

from assay.analysis.error_analysis import worst_examples


def test_the_row_with_the_largest_loss_is_first(make_answers):
    """With its number in its part and in the source; a row that is right is none, however large its loss."""
    outputs = [[0.2, 0.8, 0], [0.9, 0.1, 0], [0.34, 0.33, 0.33]]
    first, second = worst_examples(make_answers("multiclass", "abc", np.eye(3)[[0, 1, 0]], outputs))
    assert (first.row, first.source_row, first.target, first.predicted) == (1, 99, "b", "a")
    assert first.loss == pytest.approx(np.log(10), rel=1e-5)
    assert (first.probability, first.probability_of_target) == pytest.approx((0.9, 0.1))
    assert second.row == 0


def test_no_more_than_are_asked_for(make_answers):
    """The others are not so bad."""
    answers = make_answers("regression", ["y"], [[0], [0], [0]], [[1], [3], [2]])
    assert [example.row for example in worst_examples(answers, 2)] == [1, 2]


def test_a_regression_tells_numbers(make_answers):
    """Target and prediction; it is not wrong, only off."""
    [example] = worst_examples(make_answers("regression", ["y", "z"], [[1.5, 2]], [[3, 2000]]))
    assert (example.target, example.predicted, example.is_wrong) == ("1.500, 2.000", "3.000, 2,000", None)


def test_several_labels_are_listed(make_answers):
    """``none`` where a row has none."""
    [example] = worst_examples(make_answers("multilabel", ["red", "round"], [[1, 1]], [[0.1, 0.2]]))
    assert (example.target, example.predicted) == ("red, round", "none")
