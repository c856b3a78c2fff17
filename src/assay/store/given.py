"""Rows that a study was given in Python, kept in its folder, so that another process can go on with them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay.data.digests import file_name, kept
from assay.store.files import make_folders, replace_file, write_parquet
from assay.store.schema import DATA_FOLDER

if TYPE_CHECKING:
    from assay.study.spec import Study


def keep_rows(directory: Path, study: Study) -> None:
    """Write the rows of every condition that are not there yet, each once; pickle is never used."""
    for digest in {condition.data.kept for condition in study.expand()} - {None}:
        assert digest is not None
        path = directory / DATA_FOLDER / file_name(digest)
        if path.exists():
            continue
        make_folders(directory, (DATA_FOLDER,))
        rows = kept(digest)
        if isinstance(rows, dict):
            replace_file(path, partial(_write_arrays, arrays=rows))
        else:
            write_parquet(path, rows)


def _write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
