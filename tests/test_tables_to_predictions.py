"""From a table as people have it to predictions for the same rows, with nothing but what must be said."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import assay
from assay.data import load

pytestmark = pytest.mark.validation  # a training of each of ten tables


def test_a_table_goes_from_its_file_to_predictions(real_table, tmp_path):
    """The default study learns it; a kept network, given the file, says of the test rows what was measured on them."""
    path = real_table.write(tmp_path)
    study = assay.default_study({"path": str(path), **real_table.data}, name=real_table.name, seeds=1)
    results = assay.run(study, tmp_path / "run")
    said = results.model().predict(path)
    measured = results.predictions.filter(split="test")
    rows = measured["source_row"].to_list()
    outputs, targets = (np.asarray(measured[column].to_list()) for column in ("outputs", "target"))
    answers = said[rows]
    if real_table.task == "regression":
        scaling = load(study.data.request()).target_scaling
        np.testing.assert_allclose(answers.to_numpy(), outputs * scaling.scale + scaling.offset, rtol=1e-5)
        assert np.corrcoef(outputs[:, 0], targets[:, 0])[0, 1] > 0.7
        return
    found = answers.select(pl.col("^probability of .*$")).to_numpy()
    expected = outputs if outputs.shape[1] > 1 else np.hstack([1 - outputs, outputs])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    labels = targets.argmax(axis=1) if targets.shape[1] > 1 else targets[:, 0].astype(int)
    recalls = [(expected[labels == label].argmax(axis=1) == label).mean() for label in np.unique(labels)]
    assert np.mean(recalls) > 1.2 / len(np.unique(labels))
