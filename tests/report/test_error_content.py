"""The section of a report on what a network gets wrong."""

from __future__ import annotations

import re

import pytest

from assay.report import render_html
from assay.report.content import build_content
from assay.report.error_content import errors_content


def test_the_best_condition_is_told_in_full(kept_results):
    """Its sentences, its figures, a row for each class; the other condition in brief."""
    results = kept_results("digits")
    content = build_content(results)
    told = content.errors
    best = results.errors()
    assert told.sentences == best.sentences()
    assert told.note.startswith(
        f"The network of {best.answers.condition}, seed 1, after epoch 7, on 252 validation rows."
    )
    assert [figure.name for figure in told.small] == ["confusion", "calibration"]
    assert [figure.name for figure in told.large] == ["errors_by_class", "worst_examples"]
    assert [row[0].text for row in told.classes.rows] == list("0123456789")
    [other] = told.others
    assert other.heading != best.heading
    assert [figure.name for figure in other.figures] == ["confusion-1"]
    assert told.worst is None


def test_rows_of_a_table_are_a_table_of_the_page(kept_results):
    """With the numbers to sort by."""
    results = kept_results("diabetes")
    told = errors_content(results, results.summary())
    assert [figure.name for figure in told.large] == ["residuals"]
    assert told.worst.columns[:4] == ["row", "target", "predicted", "loss"]
    assert len(told.worst.rows) == 12
    assert [row[3].sort for row in told.worst.rows] == sorted((row[3].sort for row in told.worst.rows), reverse=True)
    assert told.classes is None


def test_two_features_have_a_boundary(kept_results):
    """Of all conditions."""
    results = kept_results({"name": "moons", "arguments": {"rows": 300}})
    told = errors_content(results, results.summary())
    assert told.large[-1].name == "decision_boundary"
    assert "for 2 conditions" in told.large[-1].alternative


def test_the_page_stays_small_and_its_ids_are_its_own(kept_results):
    """With pictures of digits, less than a third of a megabyte; no id stands twice."""
    page = render_html(build_content(kept_results("digits")))
    assert len(page) < 330_000
    assert page.count('<section id="errors"') == 1
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_without_predictions_there_is_no_section(tmp_path, synthetic):
    """As in a folder of an earlier version."""
    content = build_content(synthetic.fill(tmp_path, synthetic.factorial_study()))
    assert content.errors is None
    assert 'href="#errors"' not in render_html(content)


@pytest.mark.parametrize("name", ["confusion", "errors_by_class", "calibration", "worst_examples"])
def test_every_figure_has_words_for_who_cannot_see_it(kept_results, name):
    """A title, an alternative and a caption."""
    told = build_content(kept_results("digits")).errors
    [figure] = [figure for figure in [*told.small, *told.large] if figure.name == name]
    assert figure.title
    assert figure.alternative.endswith(".")
    assert figure.caption.endswith(".")
    assert f'aria-label="{figure.alternative}"' in figure.svg
