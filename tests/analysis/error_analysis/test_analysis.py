"""All that is said of what one network gets wrong."""

from __future__ import annotations

import json

import pytest

from assay.analysis.error_analysis import analyse


def test_printed_it_is_its_sentences(classed):
    """Under a line that says whose errors they are."""
    text = repr(analyse(classed({"a": {"a": 4}, "b": {"b": 4}})))
    assert text == "activation=relu, seed 3, after epoch 7:\nIt is right on all 8 validation rows."


@pytest.mark.parametrize(
    ("task", "targets", "outputs"),
    [
        ("multiclass", [[1, 0, 0], [0, 1, 0]], [[0.5, 0.5, 0.0], [1, 0, 0]]),
        ("binary", [[1], [0]], [[0.5], [float("nan")]]),
        ("multilabel", [[1, 0, 1], [0, 1, 1]], [[0.5, 0.5, 0.0], [1, 0, 0]]),
        ("regression", [[1, 0, 0], [0, 1, 0]], [[0.5, 0.5, 0.0], [1, 0, float("inf")]]),
    ],
)
def test_the_whole_can_be_written_as_json(make_answers, task, targets, outputs):
    """Without a number that JSON has not, whatever the network said."""
    found = analyse(make_answers(task, "abc" if task != "binary" else "ab", targets, outputs)).written()
    read = json.loads(json.dumps(found, allow_nan=False))
    assert read["rows"] == 2
    assert read["sentences"] == found["sentences"]
