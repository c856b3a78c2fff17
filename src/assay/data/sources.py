"""What a user's own data are, wherever they come from: a file, or rows that were given in Python."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from assay.data.digests import kept, label
from assay.data.files import Reading, check_kind
from assay.data.npz_files import read_arrays, read_npz
from assay.data.raw import RawData
from assay.data.tables import TABLES_KEPT, Question, read_table, survey
from assay.errors import DataError

ARRAYS_ONLY = "{}: arrays have their targets in y_train or y, and no columns with names"


def read_file(path: Path, question: Question) -> RawData:
    """Rows and labels as they lie in a file, and what will become of its columns.

    Parameters
    ----------
    path : Path
        Of one of `assay.data.files.FILE_KINDS`.
    question : Question
        Of arrays only the task.

    Raises
    ------
    DataError
        As the readers of files and `survey`.
    """
    if check_kind(path) != ".npz":
        return read_table(path, question)
    refuse_columns(question, ARRAYS_ONLY.format(path))
    return read_npz(path, task=question.task)


@lru_cache(TABLES_KEPT)
def read_kept(digest: str, question: Question) -> RawData:
    """As `read_file`, of rows that were given in Python; see `assay.data.digests`."""
    rows, where = kept(digest), label(digest)
    if not isinstance(rows, dict):
        return survey(rows, question, where=where, reading=Reading("frame"))
    refuse_columns(question, ARRAYS_ONLY.format(where))
    return read_arrays(rows, task=question.task, where=where)


def refuse_columns(question: Any, why: str) -> None:
    """Raise a `DataError` if columns are named, of data that have none."""
    for field in ("target", "columns", "weight", "group", "time"):
        if getattr(question, field):
            raise DataError(f"data.{field}: names a column of a table; {why}.")
