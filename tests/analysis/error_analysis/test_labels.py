"""Several labels a row."""

from __future__ import annotations

from assay.analysis.error_analysis import label_errors


def test_each_label_has_a_table_of_two_by_two(make_answers):
    """Rows that have it or not, by what is said of them."""
    targets = [[1, 0], [1, 0], [0, 0], [0, 1]]
    outputs = [[0.9, 0.1], [0.2, 0.1], [0.7, 0.1], [0.1, 0.2]]
    x, y = label_errors(make_answers("multilabel", "xy", targets, outputs))
    assert (x.true_negatives, x.false_positives, x.false_negatives, x.true_positives) == (1, 1, 1, 1)
    assert x.wrong == 2
    assert (x.recall.count, x.recall.total, x.precision.count, x.precision.total) == (1, 2, 1, 2)
    assert (y.false_negatives, y.recall.count) == (1, 0)
    assert y.precision is None
