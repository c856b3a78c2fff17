"""What a user opens: the tables of a folder, and their summary."""

from __future__ import annotations

import pytest

import assay
from assay.errors import StoreError
from assay.store import Store


def test_results_are_the_tables_and_their_summary(tmp_path, synthetic):
    """Trials, history, study and conditions are those of the folder; each condition has its place in the summary."""
    study = synthetic.factorial_study()
    synthetic.fill(tmp_path, study)
    results = assay.open_results(str(tmp_path))
    assert repr(results) == f"Results('{tmp_path}')"
    assert results.study == study
    assert (len(results.trials), results.history["seed"].n_unique()) == (18, 3)
    assert [condition.name for condition in results.summary().conditions] == [c.name for c in results.conditions]
    assert results.summary().elapsed_seconds == results.manifest["elapsed_seconds"]


def test_a_study_that_has_just_begun_has_a_summary(tmp_path, synthetic):
    """Before anything is written every condition is there, without a number."""
    with Store.open(tmp_path, synthetic.factorial_study(), {}):
        conditions = assay.open_results(tmp_path).summary().conditions
    assert [(condition.best_epoch, condition.validation) for condition in conditions] == [(None, {})] * 6


def test_a_missing_folder_is_told(tmp_path):
    """A folder that is not there says so at once, before a table is asked for."""
    with pytest.raises(StoreError, match="no such results folder"):
        assay.open_results(tmp_path / "nowhere")
