"""Whether a network is as often right as it is sure."""

from __future__ import annotations

import numpy as np
import pytest

from assay.analysis.error_analysis import calibration_of
from assay.choices import Choice
from assay.learning.scores import METRICS


def test_bins_hold_what_was_said_and_what_happened(make_answers):
    """Of two classes: the probability of the second, in fifteen equal bins that hold their upper ends."""
    said = np.array([0.0, 1 / 15, 0.07, 0.9, 0.92])
    found = calibration_of(make_answers("binary", "ab", [[0], [0], [1], [1], [0]], said[:, None]))
    assert found.of == "b"
    lows = [0.0, 1 / 15, 13 / 15]
    assert [b.low for b in found.bins] == pytest.approx(lows)
    assert [(b.count, b.happened.count) for b in found.bins] == [(2, 0), (1, 1), (2, 1)]
    assert found.bins[0].said == pytest.approx(1 / 30)


def test_its_error_is_the_metric(make_answers):
    """Of several labels there is none."""
    said = np.random.default_rng(0).random((50, 1))
    answers = make_answers("binary", "ab", np.ones((50, 1)), said)
    assert calibration_of(answers).error == METRICS["calibration_error"].of(answers)
    assert calibration_of(make_answers("multilabel", "xy", [[1, 0]], [[0.9, 0.3]])).error is None


def test_of_more_classes_it_is_that_of_the_answer(classed):
    """All answers have a probability of 0.8, and 3 of 5 are right."""
    found = calibration_of(classed({"a": {"a": 3}, "b": {"a": 1}, "c": {"a": 1}}))
    assert found.of == "the answer given"
    assert [(b.count, b.happened.count) for b in found.bins] == [(5, 3)]
    assert (found.sure, found.right, found.error) == pytest.approx((0.8, 0.6, 0.2))
    assert found.z == pytest.approx((3 - 4) / np.sqrt(5 * 0.8 * 0.2))


def test_of_two_classes_it_is_as_sure_as_of_either(make_answers):
    """A probability of 0.1 is one of 0.9 of the other class."""
    found = calibration_of(make_answers("binary", "ab", [[0], [1]], [[0.1], [0.7]]))
    assert (found.sure, found.right) == pytest.approx((0.8, 1.0))


def test_labels_are_counted_one_by_one(make_answers):
    """Two rows of two labels are four answers."""
    found = calibration_of(make_answers("multilabel", "xy", [[1, 0], [1, 1]], [[0.9, 0.3], [0.9, 0.3]]))
    assert found.count == 4
    assert [b.happened.count for b in found.bins] == [1, 2]


def test_margins_have_no_calibration(make_answers):
    """Nor have quantities."""
    assert calibration_of(make_answers("binary", "ab", [[1]], [[-0.5]], output_activation=Choice("tanh"))) is None
    assert calibration_of(make_answers("regression", ["y"], [[1]], [[0.5]])) is None


def test_a_calibrated_network_is_seldom_called_otherwise(make_answers):
    """Where each answer is right with its probability, z is standard normal."""
    draws = np.random.default_rng(0)
    found = []
    for _ in range(300):
        said = draws.random((200, 1))
        found.append(calibration_of(make_answers("binary", "ab", draws.random((200, 1)) < said, said)).z)
    assert abs(np.mean(found)) < 0.2
    assert abs(np.std(found) - 1) < 0.15
