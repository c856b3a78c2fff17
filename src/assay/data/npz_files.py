"""A user's own arrays: ``.npz``, never unpickled."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.data.raw import RawData
from assay.data.targets import Target, read_targets
from assay.errors import DataError

# Array names of each part; several spellings are in use.
_NPZ_PARTS = {"train": ("train",), "validation": ("validation", "val", "valid"), "test": ("test",)}


@dataclass(frozen=True)
class Outline:
    """What a file holds, told without its features.

    Attributes
    ----------
    features : int
    target : Target
    rows : dict of str to int
        By part: ``train``, and ``validation`` and ``test`` where the file has them.
    """

    features: int
    target: Target
    rows: dict[str, int]


def outline_npz(path: Path, *, task: str | None) -> Outline:
    """The shape of a file, from headers and labels alone.

    Raises
    ------
    DataError
        As `read_npz`, as far as it can be told without the features.
    """
    with _open_npz(path) as archive:
        names = _npz_names(path, archive.files)
        shapes = {part: _npz_shape(path, archive, x_name) for part, (x_name, _) in names.items()}
        arrays = {part: _npz_array(path, archive, y_name) for part, (_, y_name) in names.items()}
    _check_shapes(path, names, shapes, arrays)
    found, _, _ = read_targets(arrays, task=task, where=f"{path}: {names['train'][1]}")
    return Outline(int(np.prod(shapes["train"][1:])), found, {part: shape[0] for part, shape in shapes.items()})


def read_npz(path: Path, *, task: str | None) -> RawData:
    """Read ``x_train`` and ``y_train``, maybe the same for ``validation`` and ``test``; or ``x`` and ``y``.

    Parameters
    ----------
    path : Path
    task : str, optional
        Asked for by the user; otherwise read off the targets.

    Raises
    ------
    DataError
        If the file is damaged; if arrays are missing, do not fit together, or hold anything but finite numbers; and as
        `assay.data.targets.read_targets`.
    """
    with _open_npz(path) as archive:
        named = {name for pair in _npz_names(path, archive.files).values() for name in pair}
        return read_arrays({name: _npz_array(path, archive, name) for name in named}, task=task, where=str(path))


def read_arrays(arrays: Mapping[str, np.ndarray], *, task: str | None, where: str) -> RawData:
    """As `read_npz`, of arrays in memory that are named as in such a file; `where` is for messages."""
    names = _npz_names(where, list(arrays))
    x = {part: arrays[x_name] for part, (x_name, _) in names.items()}
    y = {part: arrays[y_name] for part, (_, y_name) in names.items()}
    _check_shapes(where, names, {part: array.shape for part, array in x.items()}, y)
    for part, (x_name, _) in names.items():
        check_numbers(x[part], where=f"{where}: {x_name}")
    target, labels, class_names = read_targets(y, task=task, where=f"{where}: {names['train'][1]}")
    return RawData({**x}, labels, target, where, class_names)


def read_rows(path: Path) -> np.ndarray:
    """Rows to predict: the array ``x``, or ``x_test``, or the only one of a file.

    Raises
    ------
    DataError
        If the file is damaged or has none of these.
    """
    with _open_npz(path) as archive:
        files = archive.files
        name = next((one for one in ("x", "x_test") if one in files), files[0] if len(files) == 1 else None)
        if name is None:
            raise DataError(f"{path}: expected an array x with the rows, got {', '.join(files) or 'none'}.")
        rows = _npz_array(path, archive, name)
    if rows.ndim == 0 or len(rows) == 0:
        raise DataError(f"{path}: {name}: expected rows, got an array of shape {rows.shape}.")
    return rows


def check_numbers(x: np.ndarray, *, where: str) -> None:
    """Raise a `DataError` unless rows hold finite numbers; the message tells where the first other value stands."""
    if x.dtype.kind not in "biuf":
        raise DataError(f"{where}: expected numbers, got {x.dtype}.")
    flat = x.reshape(len(x), -1)
    if x.dtype.kind == "f" and not np.isfinite(flat).all():
        bad = ~np.isfinite(flat)
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{where}: {bad.sum()} values are NaN or infinite, the first in row {row + 1}, column {column + 1}. "
            "Remove or fill these rows."
        )


@contextmanager
def _open_npz(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    """Open an archive of arrays; pickles stay closed."""
    with path.open("rb") as file:
        try:
            archive = np.load(file, allow_pickle=False)
        except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(
                f"{path}: not a readable .npz ({error}). It is truncated, damaged or another format."
            ) from error
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DataError(
                f"{path}: holds a single array; expected an .npz made by numpy.savez(x_train=…, y_train=…)."
            )
        with archive:
            yield archive


def _npz_names(where: str | Path, files: list[str]) -> dict[str, tuple[str, str]]:
    """By part, the names of its two arrays."""
    if "x" in files and "y" in files:
        return {"train": ("x", "y")}
    names = {}
    for part, spellings in _NPZ_PARTS.items():
        for spelling in spellings:
            pair = (f"x_{spelling}", f"y_{spelling}")
            present = [name for name in pair if name in files]
            if len(present) == 1:
                raise DataError(f"{where}: holds {present[0]} but not {pair[1 - pair.index(present[0])]}.")
            if present:
                names[part] = pair
    if "train" not in names:
        raise DataError(
            f"{where}: expected arrays x_train and y_train (and maybe x_test and y_test), or x and y, "
            f"got {', '.join(files) or 'none'}."
        )
    return names


def _npz_array(path: Path, archive: np.lib.npyio.NpzFile, name: str) -> np.ndarray:
    """One array, never through pickle."""
    try:
        return archive[name]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DataError(f"{path}: array {name} cannot be read ({error}). The file is truncated or damaged.") from error
    except ValueError as error:
        raise _closed_or_damaged(path, name, error) from error


def _closed_or_damaged(path: Path, name: str, error: ValueError) -> DataError:
    """The error for an array that numpy refuses: a pickle, which stays closed, or a damaged header."""
    if "allow_pickle" not in str(error):
        return DataError(f"{path}: array {name} cannot be read ({error}). The file is damaged.")
    return DataError(
        f"{path}: array {name} holds Python objects, which could run code when opened, so they stay closed. "
        "Save it as an array of numbers. If the file is Keras' own imdb.npz or reuters.npz, write its name too: "
        f'data = {{name = "reuters", path = "{path.name}"}}.'
    )


def _npz_shape(path: Path, archive: np.lib.npyio.NpzFile, name: str) -> tuple[int, ...]:
    """The shape of an array, from its header alone."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        assert archive.zip is not None  # it is open
        with archive.zip.open(f"{name}.npy") as file:
            read_header = readers.get(np.lib.format.read_magic(file))
            if read_header is not None:
                shape, _, _ = read_header(file)
                return shape
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise DataError(f"{path}: array {name} cannot be read ({error}). The file is truncated or damaged.") from error
    return _npz_array(path, archive, name).shape


def _check_shapes(
    where: str | Path,
    names: Mapping[str, tuple[str, str]],
    shapes: Mapping[str, tuple[int, ...]],
    targets: Mapping[str, np.ndarray],
) -> None:
    """Rows of x and y agree, and features are the same in all parts."""
    for part, (x_name, y_name) in names.items():
        shape = shapes[part]
        if len(shape) < 2 or 0 in shape[1:]:
            raise DataError(f"{where}: {x_name}: expected shape (rows, features), got {shape}.")
        if targets[part].ndim == 0 or len(targets[part]) != shape[0]:
            raise DataError(
                f"{where}: {x_name} has {shape[0]} rows but {y_name} has shape {targets[part].shape}; "
                "expected one target for each row."
            )
        if shape[0] == 0:
            raise DataError(f"{where}: {x_name} has no rows.")
        if shape[1:] != shapes["train"][1:]:
            raise DataError(
                f"{where}: {names['train'][0]} has shape {shapes['train']} but {x_name} {shape}; "
                "expected the same features in every part."
            )
