"""The rows with the largest loss, drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.analysis.error_analysis import analyse
from assay.errors import StoreError
from assay.figures import worst_examples
from assay.figures.worst_examples import draw_worst_examples, which_examples, worst_examples_data


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts] + [text.get_text() for text in figure.texts]


def test_pictures_are_captioned_by_what_they_are_and_what_was_said(kept_results):
    """At most twelve, the worst first."""
    results = kept_results("digits")
    errors = results.errors()
    figure = draw_worst_examples(worst_examples_data(results, errors))
    assert len(figure.axes) == 12
    worst = errors.worst[0]
    assert figure.axes[0].texts[0].get_text() == f"{worst.target} taken for {worst.predicted}"
    assert figure.axes[0].texts[1].get_text().startswith(f"row {worst.source_row:,}, {100 * worst.probability:.0f} %")


def test_rows_of_a_table_are_lines(kept_results):
    """What was asked and said, then the columns that matter."""
    results = kept_results("wine")
    data = worst_examples_data(results, results.errors())
    assert data.columns[:5] == ["row", "target", "predicted", "probability", "loss"]
    assert len(data.cells(0)) == len(data.columns) == 11
    shown = texts(draw_worst_examples(data))
    assert data.examples[0].target in shown
    assert data.rows.note in shown
    assert data.written()["rows"]["cells"] == data.rows.cells


def test_a_regression_has_no_probability(kept_results):
    """Target and prediction are numbers."""
    results = kept_results("diabetes")
    data = worst_examples_data(results, results.errors())
    assert data.columns[:4] == ["row", "target", "predicted", "loss"]
    assert data.note == "the 12 with the largest loss of 71 validation rows"


def test_the_note_counts_what_is_wrong(classed):
    """And says so where all of it is shown."""
    few = analyse(classed({"a": {"a": 4, "b": 1}, "b": {"b": 5}}))
    assert which_examples(few) == "all wrong rows among 10 validation rows, the largest loss first"
    many = analyse(classed({"a": {"b": 20}, "b": {"b": 5}}))
    assert which_examples(many) == "the 12 with the largest loss of 20 wrong rows among 25 validation rows"


def test_a_network_that_is_right_on_every_row_has_none(kept_results, monkeypatch, classed):
    """It is told."""
    results = kept_results("iris")
    monkeypatch.setattr(type(results), "errors", lambda *args, **more: analyse(classed({"a": {"a": 1}, "b": {"b": 1}})))
    with pytest.raises(StoreError, match="it is right on every row"):
        worst_examples(results)


def test_long_names_have_a_line_each(kept_results):
    """Below a picture there is room for so many letters."""
    results = kept_results("digits")
    data = worst_examples_data(results, results.errors())
    renamed = [replace(example, target="a" * 30, predicted="ankle boot") for example in data.examples]
    figure = draw_worst_examples(replace(data, examples=renamed))
    assert figure.axes[0].texts[0].get_text() == f"{'a' * 17}…\n→ ankle boot"
