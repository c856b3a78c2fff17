"""A user's own data: ``.npz`` (never unpickled) and ``.csv`` (read with polars)."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay.data.raw import RawData
from assay.data.targets import Target, read_targets
from assay.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import polars

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


def outline_table(path: Path, *, target: str | None, task: str | None) -> Outline:
    """The shape of a file: of an ``.npz`` from headers and labels alone.

    Raises
    ------
    DataError
        As `read_table`, as far as it can be told without the features.
    """
    if _kind(path, target) == ".npz":
        with _open_npz(path) as archive:
            names = _npz_names(path, archive.files)
            shapes = {part: _npz_shape(path, archive, x_name) for part, (x_name, _) in names.items()}
            arrays = {part: _npz_array(path, archive, y_name) for part, (_, y_name) in names.items()}
        _check_shapes(path, names, shapes, arrays)
        found, _, _ = read_targets(arrays, task=task, where=f"{path}: {names['train'][1]}")
        return Outline(int(np.prod(shapes["train"][1:])), found, {part: shape[0] for part, shape in shapes.items()})
    raw = _read_csv(path, target, task)
    return Outline(raw.x["train"].shape[1], raw.target, {"train": raw.x["train"].shape[0]})


def read_table(path: Path, *, target: str | None, task: str | None) -> RawData:
    """Read a user's own file.

    Parameters
    ----------
    path : Path
        An ``.npz`` with ``x_train`` and ``y_train``, maybe the same for ``validation`` and ``test``, or with ``x`` and
        ``y``; or a ``.csv`` with a header line.
    target : str, optional
        CSV: the column to learn; the last one unless given.
    task : str, optional
        Asked for by the user; otherwise read off the targets.

    Raises
    ------
    DataError
        If the file is missing or damaged; if arrays or columns are missing, do not fit together, or hold anything but
        finite numbers; and as `assay.data.targets.read_targets`.
    """
    return _read_npz(path, task) if _kind(path, target) == ".npz" else _read_csv(path, target, task)


def _kind(path: Path, target: str | None) -> str:
    """The file's suffix, checked; and that the file is there."""
    suffix = path.suffix.lower()
    if suffix not in (".npz", ".csv"):
        raise DataError(f"{path}: expected a file that ends in .npz or .csv.")
    if not path.is_file():
        raise DataError(f"{path}: no such file. A path in a study file is taken from the folder of the study file.")
    if suffix == ".npz" and target is not None:
        raise DataError(f"{path}: data.target names a column of a .csv; an .npz has its targets in y_train or y.")
    return suffix


# ---- .npz


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


def _npz_names(path: Path, files: list[str]) -> dict[str, tuple[str, str]]:
    """By part, the names of its two arrays."""
    if "x" in files and "y" in files:
        return {"train": ("x", "y")}
    names = {}
    for part, spellings in _NPZ_PARTS.items():
        for spelling in spellings:
            pair = (f"x_{spelling}", f"y_{spelling}")
            present = [name for name in pair if name in files]
            if len(present) == 1:
                raise DataError(f"{path}: holds {present[0]} but not {pair[1 - pair.index(present[0])]}.")
            if present:
                names[part] = pair
    if "train" not in names:
        raise DataError(
            f"{path}: expected arrays x_train and y_train (and maybe x_test and y_test), or x and y, "
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
    path: Path,
    names: Mapping[str, tuple[str, str]],
    shapes: Mapping[str, tuple[int, ...]],
    targets: Mapping[str, np.ndarray],
) -> None:
    """Rows of x and y agree, and features are the same in all parts."""
    for part, (x_name, y_name) in names.items():
        shape = shapes[part]
        if len(shape) < 2 or 0 in shape[1:]:
            raise DataError(f"{path}: {x_name}: expected shape (rows, features), got {shape}.")
        if targets[part].ndim == 0 or len(targets[part]) != shape[0]:
            raise DataError(
                f"{path}: {x_name} has {shape[0]} rows but {y_name} has shape {targets[part].shape}; "
                "expected one target for each row."
            )
        if shape[0] == 0:
            raise DataError(f"{path}: {x_name} has no rows.")
        if shape[1:] != shapes["train"][1:]:
            raise DataError(
                f"{path}: {names['train'][0]} has shape {shapes['train']} but {x_name} {shape}; "
                "expected the same features in every part."
            )


def _read_npz(path: Path, task: str | None) -> RawData:
    with _open_npz(path) as archive:
        names = _npz_names(path, archive.files)
        x = {part: _npz_array(path, archive, x_name) for part, (x_name, _) in names.items()}
        y = {part: _npz_array(path, archive, y_name) for part, (_, y_name) in names.items()}
    _check_shapes(path, names, {part: array.shape for part, array in x.items()}, y)
    for part, (x_name, _) in names.items():
        x[part] = _finite_features(x[part], where=f"{path}: {x_name}")
    target, labels, class_names = read_targets(y, task=task, where=f"{path}: {names['train'][1]}")
    return RawData({**x}, labels, target, str(path), class_names)


def _finite_features(x: np.ndarray, *, where: str) -> np.ndarray:
    """`x` as a matrix, checked to hold finite numbers; the message tells where the first other value stands."""
    if x.dtype.kind not in "biuf":
        raise DataError(f"{where}: expected numbers, got {x.dtype}.")
    x = x.reshape(len(x), -1)
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        bad = ~np.isfinite(x)
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{where}: {bad.sum()} values are NaN or infinite, the first in row {row + 1}, column {column + 1}. "
            "Remove or fill these rows."
        )
    return x


# ---- .csv


def _read_csv(path: Path, target: str | None, task: str | None) -> RawData:
    import polars

    _check_commas(path)
    try:
        frame = polars.read_csv(path, infer_schema_length=None)
    except (polars.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable .csv ({error}).") from error
    if frame.width < 2 or frame.height == 0:
        raise DataError(
            f"{path}: expected a header line, rows, and two columns or more, separated by commas, "
            f"got {frame.height} rows and {frame.width} columns."
        )
    target = target or frame.columns[-1]
    if target not in frame.columns:
        raise DataError(
            f"{path}: no column '{target}' to learn.{did_you_mean(target, frame.columns)} "
            f"Columns: {', '.join(frame.columns)}."
        )
    features = frame.drop(target)
    for column in features.iter_columns():
        _check_column(path, column)
    labels = frame[target]
    if labels.null_count():
        _refuse_cells(path, labels, labels.is_null(), "empty")
    found, parts, class_names = read_targets(
        {"train": labels.to_numpy() if labels.dtype != polars.String else np.array(labels.to_list())},
        task=task,
        where=f"{path}: column '{target}'",
    )
    x = features.cast(polars.Float64).to_numpy()
    return RawData({"train": x}, parts, found, str(path), class_names, tuple(features.columns))


SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def _check_commas(path: Path) -> None:
    """The header line of a table that another program wrote may have other separators."""
    with path.open(encoding="utf-8", errors="replace") as file:
        header = file.readline()
    for separator, noun in SEPARATORS.items():
        if separator in header and "," not in header:
            raise DataError(
                f"{path}: expected columns separated by commas, got {noun}. Save the table with commas between the "
                "columns and points in the numbers (1.5)."
            )


MISSING = ("nan", "na", "null", "none", "inf", "-inf", "?")


def _check_column(path: Path, column: polars.Series) -> None:
    """A feature column holds finite numbers, or true and false."""
    import polars

    if column.null_count():
        _refuse_cells(path, column, column.is_null(), "empty")
    if not (column.dtype.is_numeric() or column.dtype == polars.Boolean):
        # A cell such as nan, which polars reads as text, makes the whole column text: name that cell, not a number.
        numbers = column.cast(polars.Float64, strict=False)
        missing = column.str.to_lowercase().is_in(MISSING) if column.dtype == polars.String else numbers.is_null()
        if (numbers.is_not_null() | missing).all():
            _refuse_cells(path, column, missing, "NaN or infinite")
        raise DataError(
            f"{path}: column '{column.name}' holds text, such as {column.filter(numbers.is_null())[0]!r}; a network "
            "needs numbers. Remove the column, or write its values as numbers."
        )
    if column.dtype.is_float() and not column.is_finite().all():
        _refuse_cells(path, column, ~column.is_finite(), "NaN or infinite")


def _refuse_cells(path: Path, column: polars.Series, bad: polars.Series, what: str) -> None:
    number = bad.sum()
    cells = "1 cell that is" if number == 1 else f"{number} cells that are"
    raise DataError(
        f"{path}: column '{column.name}' has {cells} {what}, the first in row "
        f"{(bad.arg_max() or 0) + 1} below the header. Remove or fill these rows."
    )
