"""The confusion matrix, drawn."""

from __future__ import annotations

import numpy as np
import pytest

from assay.analysis.error_analysis import analyse
from assay.errors import StoreError
from assay.figures.confusion import MOST_CLASSES, confusion_data, draw_confusion
from assay.figures.style import shortened

COUNTS = {"cat": {"cat": 7, "dog": 3}, "dog": {"dog": 5}, "fish": {}}


def test_it_shows_counts_and_what_is_found(classed):
    """A row for each true class; a class without rows has no share."""
    data = confusion_data(analyse(classed(COUNTS)))
    assert data.counts.tolist() == [[7, 3, 0], [0, 5, 0], [0, 0, 0]]
    assert data.recall == [0.7, 1.0, None]
    assert (data.heading, data.note) == ("activation=relu, seed 3, after epoch 7", "15 validation rows")
    assert data.written()["counts"] == [[7, 3, 0], [0, 5, 0], [0, 0, 0]]


def test_every_count_that_is_not_zero_is_written_into_its_cell(classed):
    """With the share that is found beside each row."""
    [axes] = draw_confusion(confusion_data(analyse(classed(COUNTS)))).axes
    texts = [text.get_text() for text in axes.texts]
    assert sorted(texts) == sorted(["7", "3", "5", "70 %", "100 %", "–", "found"])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["cat", "dog", "fish"]


def test_an_error_is_the_stronger_the_larger_its_share(classed):
    """A zero has no colour."""
    counts = {"a": {"a": 2, "b": 6, "c": 2}, "b": {"b": 5}, "c": {"c": 5}}
    [image] = draw_confusion(confusion_data(analyse(classed(counts)))).axes[0].images
    strength = np.asarray(image.get_array())[..., 3]
    assert strength[0, 1] > strength[0, 2] > strength[1, 2] == 0


def test_of_many_classes_those_with_most_errors_are_shown(classed):
    """In their order, and it says so."""
    names = [f"c{number:02d}" for number in range(MOST_CLASSES + 3)]
    counts = {name: {name: 5} for name in names}
    counts["c22"]["c00"] = 2
    data = confusion_data(analyse(classed(counts)))
    assert len(data.names) == MOST_CLASSES
    assert {"c00", "c22"} <= set(data.names)
    assert data.names == sorted(data.names)
    assert "the 20 of 23 classes with most errors" in data.note


def test_a_regression_has_none(make_answers):
    """The message names the figures that it has."""
    with pytest.raises(StoreError, match=r"expected rows of one class each, got a regression.*residuals"):
        confusion_data(analyse(make_answers("regression", ["y"], [[1.0]], [[2.0]])))


def test_long_names_are_shortened():
    """To 26 letters."""
    assert shortened("a" * 40) == "a" * 25 + "…"
