"""The tables as files."""

from __future__ import annotations

import csv

import polars as pl
import pytest

from assay.errors import StoreError
from assay.export import write_tables
from assay.export.tables import TABLES


def test_parquet_files_hold_the_tables_as_they_are(with_signals, tmp_path):
    """Each table is one file, equal to what the results say, types and lists included."""
    written = write_tables(with_signals, tmp_path / "out", "parquet")
    assert [path.name for path in written] == [f"{name}.parquet" for name in TABLES]
    for name, path in zip(TABLES, written, strict=True):
        assert pl.read_parquet(path).equals(getattr(with_signals, name))


def test_csv_files_can_be_read_without_polars(with_signals, tmp_path):
    """Python's own reader finds the columns, every row, and the counts of a histogram in one cell."""
    for path in write_tables(with_signals, tmp_path, "csv"):
        table = getattr(with_signals, path.stem)
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == table.columns
        assert len(rows) == len(table)
        if path.stem == "histograms":
            assert [[int(count) for count in row["counts"].split(" ")] for row in rows] == table["counts"].to_list()
        if path.stem == "signals":
            assert {row["value"] for row in rows if row["quantity"] == "update"} == {"0.001", "NaN"}


def test_a_table_without_rows_is_not_written(synthetic, only_begun, tmp_path):
    """A study without probes has two tables; one that has only begun has nothing to export, and says so."""
    study = synthetic.factorial_study()
    results = synthetic.fill(tmp_path / "run", study, epochs=2)
    assert [path.name for path in write_tables(results, tmp_path / "out", "csv")] == ["trials.csv", "history.csv"]
    with pytest.raises(StoreError, match="nothing has been recorded yet"):
        write_tables(only_begun, tmp_path / "none", "csv")
    assert not (tmp_path / "none").exists()
