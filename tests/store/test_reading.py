"""Reading a results folder, finished or not."""

from __future__ import annotations

import polars as pl
import pytest

from assay.errors import StoreError
from assay.store import Store, Tables


def test_results_are_tidy_tables(tmp_path, synthetic):
    """Trials are sorted by number, history by trial with the selection before the final phase; signals are empty."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    assert results.trials["trial"].to_list() == list(range(18))
    first = results.history.filter(trial=0)
    assert first["phase"].unique(maintain_order=True).to_list() == ["select", "final"]
    assert first.filter(phase="select", split="train", metric="loss")["epoch"].to_list() == list(range(1, 13))
    assert results.signals.is_empty()
    assert results.study == synthetic.factorial_study()
    assert repr(Tables(tmp_path)) == f"Tables('{tmp_path}')"


def test_rows_are_read_by_filters_and_by_population(tmp_path, synthetic):
    """What passes all filters is there, whatever letters the folder's name has; another population's rows are not."""
    results = synthetic.fill(tmp_path / "what [is] *best*?", synthetic.factorial_study())
    is_loss, is_late = pl.col("metric") == "loss", pl.col("epoch") > 10
    keys = ["trial", "phase", "epoch", "split", "metric"]
    found = results.rows("history", is_loss, is_late).sort(keys)
    assert found.equals(results.history.filter(is_loss, is_late).sort(keys))
    assert results.rows("history", population=2)["trial"].unique().sort().to_list() == [3, 4, 5]
    assert results.rows("signals", pl.col("layer") == 1).is_empty()


def test_a_study_that_has_just_begun_has_empty_tables(tmp_path, synthetic):
    """Before anything is written, tables have their columns and no rows."""
    with Store.open(tmp_path, synthetic.factorial_study(), {}):
        results = Tables(tmp_path)
        assert results.trials.is_empty()
        assert "network.activation" in results.trials.columns
        assert results.history.is_empty()
        assert len(results.conditions) == 6


def test_a_missing_folder_is_told(tmp_path):
    """A folder that is not there says so."""
    with pytest.raises(StoreError, match="no such results folder"):
        Tables(tmp_path / "nowhere")


def test_a_folder_of_something_else_is_told(tmp_path):
    """A folder without a manifest, or with somebody else's, is not a results folder."""
    with pytest.raises(StoreError, match=r"has no manifest\.json"):
        Tables(tmp_path)
    for content, words in [("{}", "found something else"), ("{", "cannot be read"), ("[]", "expected a JSON object")]:
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(StoreError, match=words):
            Tables(tmp_path)


def test_a_damaged_part_is_named(tmp_path, synthetic):
    """A part that cannot be read says which file it is."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    (tmp_path / "history" / "p001-select-00001.parquet").write_bytes(b"not parquet")
    with pytest.raises(StoreError, match=r"p001-select-00001\.parquet: this part of the history table cannot be read"):
        results.history  # noqa: B018
