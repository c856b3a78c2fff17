"""Write a file so that a kill at any moment leaves the old one or the new one, whole.

Whatever assay writes, a table, a figure or a page, is written by `replace_file`: so a full disk is told in the same
words everywhere.
"""

from __future__ import annotations

import errno
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.errors import StoreError, WriteError
from assay.store.schema import TEMPORARY_SUFFIX

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
WINDOWS_NO_SPACE = 112
"""ERROR_DISK_FULL, as libraries that are not Python's report it."""


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside `path`, to the disk, then move into place: a reader sees the old file or the new one, whole.

    Parameters
    ----------
    path : Path
    write : callable
        Is given the path to write to.

    Raises
    ------
    WriteError
        If the file cannot be written. The old one is then as it was.
    """
    temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
    try:
        write(temporary)
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        _move(temporary, path)
    except OSError as error:
        raise WriteError(_cannot_write(path, error)) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)  # what did not fit takes no room


def _move(temporary: Path, path: Path) -> None:
    """Move into place; on Windows a reader that has the old file open holds this up for a moment."""
    for pause_seconds in (0.01, 0.1, 1.0):
        try:
            os.replace(temporary, path)
            return
        except PermissionError:
            time.sleep(pause_seconds)
    os.replace(temporary, path)


def write_text(path: Path, text: str) -> None:
    """Write `text` in UTF-8; see `replace_file`."""
    replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON; see `replace_file`."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write an ``.npz`` of arrays, none of them of objects, and ``about``, what they are of, as JSON."""
    import numpy as np

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, about=np.array(json.dumps(about, allow_nan=False)), **arrays)

    replace_file(path, write)


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Write `frame` as Parquet; see `replace_file`."""
    from polars.exceptions import PolarsError

    def write(temporary: Path) -> None:
        try:
            frame.write_parquet(temporary)
        except PolarsError as error:
            # The writer tells what the system refused in a text that ends with "(os error 28)".
            number = re.search(r"\(os error (\d+)\)", str(error))
            if number is None:
                raise
            raise OSError(int(number[1]), os.strerror(int(number[1]))) from error

    replace_file(path, write)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises
    ------
    StoreError
        If the file is missing or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({first_line(error)}).") from error
    if not isinstance(content, dict):
        raise StoreError(f"{path}: expected a JSON object, found {type(content).__name__}.")
    return content


def first_line(error: Exception) -> str:
    """What an error says first."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def make_folders(directory: Path, folders: tuple[str, ...] = ("",)) -> None:
    """Make a folder with folders in it.

    Raises
    ------
    WriteError
        If that is not allowed here.
    """
    try:
        for folder in folders:
            (directory / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{directory}: cannot be made ({error.strerror}). Give another folder with --out.") from None


def remove_leftovers(directory: Path, folders: tuple[str, ...]) -> None:
    """Remove the half-written files that a kill has left."""
    for folder in ("", *folders):
        for leftover in (directory / folder).glob(f"*{TEMPORARY_SUFFIX}"):
            leftover.unlink()


def _cannot_write(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.errno in NO_SPACE or re.search(rf"os error ({errno.ENOSPC}|{WINDOWS_NO_SPACE})\)", str(error)):
        return (
            f"{path}: no space is left on the device that holds {path.parent}; what was written before is kept, so "
            "free some space there and give the same command again."
        )
    return (
        f"{path}: cannot be written ({reason}). What was written before is kept: mend that and give the same command "
        "again, or give another place with --out."
    )
