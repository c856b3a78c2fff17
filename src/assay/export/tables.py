"""The tables of a study as one file each, for a spreadsheet, R or pandas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assay.errors import StoreError
from assay.store.files import make_folders, replace_file, write_parquet

if TYPE_CHECKING:
    import polars as pl

    from assay.results import Results

TABLES = ("trials", "history", "signals", "histograms")


def write_tables(results: Results, folder: str | Path, kind: Literal["csv", "parquet"]) -> list[Path]:
    """Write ``trials``, ``history``, ``signals`` and ``histograms``, those that have rows, as one file each.

    Parameters
    ----------
    results : Results
        Finished or still being written.
    folder : path
        Where to; made if it is not there. A file of the same name is replaced.
    kind : {"csv", "parquet"}
        In a CSV file, nothing stands for a missing value, ``NaN`` and ``inf`` for numbers that are not finite, and the
        counts of a histogram are one text, with a space between them.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    StoreError
        If nothing has been recorded yet, or if a file cannot be written.
    """
    folder = Path(folder)
    tables = {name: table for name in TABLES if not (table := getattr(results, name)).is_empty()}
    if not tables:
        raise StoreError(f"{results.directory}: nothing has been recorded yet, so there is nothing to export.")
    make_folders(folder)
    written = []
    for name, table in tables.items():
        path = folder / f"{name}.{kind}"
        if kind == "csv":
            replace_file(path, _flat(table).write_csv)
        else:
            write_parquet(path, table)
        written.append(path)
    return written


def _flat(table: pl.DataFrame) -> pl.DataFrame:
    """`table` with each list as one text."""
    import polars as pl

    return table.with_columns(pl.col(pl.List(pl.Int32)).cast(pl.List(pl.String)).list.join(" "))
