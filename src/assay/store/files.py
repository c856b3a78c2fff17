"""Write a file so that a kill at any moment leaves the old one or the new one, whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.errors import StoreError
from assay.store.schema import TEMPORARY_SUFFIX

if TYPE_CHECKING:
    import polars as pl


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside `path`, to the disk, then move into place: a reader sees the old file or the new one, whole."""
    temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror or error}). What was written before is kept: "
            "mend that and give the same command again."
        ) from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as JSON; see `replace_file`."""
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Write `frame` as Parquet; see `replace_file`."""
    replace_file(path, frame.write_parquet)


def make_folders(directory: Path, folders: tuple[str, ...]) -> None:
    """Make a folder with folders in it.

    Raises
    ------
    StoreError
        If that is not allowed here.
    """
    try:
        for folder in folders:
            (directory / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{directory}: cannot be made ({error.strerror}). Give another folder with --out.") from None


def remove_leftovers(directory: Path, folders: tuple[str, ...]) -> None:
    """Remove the half-written files that a kill has left."""
    for folder in ("", *folders):
        for leftover in (directory / folder).glob(f"*{TEMPORARY_SUFFIX}"):
            leftover.unlink()
