"""Data given in Python, known by a digest of what they hold.

A study stays what a file can hold: it names the digest. The rows lie in this process, and in the folder of results that
was made from them, so that another process can go on::

    keep(frame)                            # "sha256:…"
    look_in(Path("assay-runs/x/data"))     # a folder that may hold some
    kept("sha256:…")                       # the rows, wherever they are
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay.errors import DataError

if TYPE_CHECKING:
    import polars as pl

Arrays = dict[str, np.ndarray]
"""Arrays by the names that they would have in an ``.npz``."""

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
SHOWN = 8
"""Digits of a digest that tell data apart in a name."""

_known: dict[str, pl.DataFrame | Arrays] = {}
_folders: dict[Path, None] = {}  # in their order


def keep(rows: pl.DataFrame | Arrays) -> str:
    """Keep rows in this process; their digest, which is that of equal rows of any library."""
    digest = f"sha256:{_of_arrays(rows) if isinstance(rows, dict) else _of_frame(rows)}"
    _known.setdefault(digest, rows if isinstance(rows, dict) else rows.clone())
    return digest


def look_in(folder: Path) -> None:
    """Rows may also lie in this folder, as ``HEX.parquet`` or ``HEX.npz``; see `file_name`."""
    _folders[folder.resolve()] = None


def kept(digest: str) -> pl.DataFrame | Arrays:
    """The rows of a digest.

    Raises
    ------
    DataError
        If they are neither in this process nor in a folder that was named, or the file holds something else.
    """
    if digest not in _known:
        _read(digest)
    return _known[digest]


def file_name(digest: str) -> str:
    """Where a folder of results keeps the rows: a table as Parquet, arrays as ``.npz``."""
    return f"{digest.removeprefix('sha256:')}.{'npz' if isinstance(kept(digest), dict) else 'parquet'}"


def label(digest: str) -> str:
    """What data given in Python are called: ``frame-1a2b3c4d`` or ``arrays-1a2b3c4d``; ``data-…`` if not here."""
    rows = _known.get(digest)
    kind = "data" if rows is None else "arrays" if isinstance(rows, dict) else "frame"
    return f"{kind}-{digest.removeprefix('sha256:')[:SHOWN]}"


def _read(digest: str) -> None:
    import polars as pl

    stem = digest.removeprefix("sha256:")
    for path in (folder / f"{stem}.{ending}" for folder in reversed(_folders) for ending in ("parquet", "npz")):
        if not path.is_file():
            continue
        try:
            if path.suffix == ".parquet":
                rows: pl.DataFrame | Arrays = pl.read_parquet(path.read_bytes())
            else:
                with np.load(path, allow_pickle=False) as file:
                    rows = {name: file[name] for name in file.files}
            is_whole = keep(rows) == digest
        except Exception as error:  # zipfile, zlib, numpy and polars each have their own for a damaged file
            raise DataError(f"{path}: the rows of this study cannot be read ({error}).") from error
        if not is_whole:
            raise DataError(f"{path}: holds other rows than those that the study was made with. Bring the file back.")
        return
    raise DataError(
        f"data.kept: the rows {stem[:SHOWN]} were given in Python and are not here. They lie in the folder of the "
        "results that were made from them, which every command takes as a study: assay run DIR. Or give them in Python "
        "again."
    )


def _of_frame(frame: pl.DataFrame) -> str:
    """Over the name, kind, gaps and cells of each column."""
    import polars as pl

    digest = hashlib.sha256(f"frame of {frame.height} rows\n".encode())
    for column in frame.iter_columns():
        digest.update(f"{column.name!r} {column.dtype}\n".encode())
        digest.update(np.packbits(column.is_null().to_numpy()).data)
        if column.dtype == pl.String:
            words = column.fill_null("")
            digest.update(np.ascontiguousarray(words.str.len_bytes().cast(pl.Int64).to_numpy()).data)
            digest.update("".join(words).encode())
        elif column.dtype != pl.Null:
            numbers = column.to_physical()
            numbers = numbers.cast(pl.UInt8) if numbers.dtype == pl.Boolean else numbers
            digest.update(np.ascontiguousarray(numbers.fill_null(0).to_numpy()).data)
    return digest.hexdigest()


def _of_arrays(arrays: Arrays) -> str:
    """Over the name, type, shape and numbers of each array."""
    digest = hashlib.sha256(b"arrays\n")
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
