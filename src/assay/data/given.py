"""Frames and arrays that a study is given in Python, written as a study file can hold them.

::

    written_form((x, y))                                   # {"kept": "sha256:…"}
    written_form({"frame": frame, "target": "price"})      # {"kept": "sha256:…", "target": "price"}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.data.digests import keep
from assay.data.memory import is_column, is_frame, read_memory
from assay.errors import DataError

if TYPE_CHECKING:
    import polars as pl

ARRAY_NAMES = ("x", "y", *(f"{axis}_{part}" for part in ("train", "validation", "test") for axis in "xy"))


def written_form(data: Any) -> Any:
    """What a study file would hold of `data`: rows that were given are kept, and named by their digest.

    Parameters
    ----------
    data
        A frame; a pair (x, y) of arrays, or of a frame and a column; a pair of such pairs, for training and test; or
        a table of settings, with a frame as its ``frame``, or with arrays as ``x`` and ``y`` or ``x_train``,
        ``y_train``, ``x_test``, …. Anything else is handed back as it is.

    Raises
    ------
    DataError
        If rows are given that cannot be read.
    """
    if isinstance(data, Mapping):
        rows = {key: data[key] for key in ("frame", *ARRAY_NAMES) if key in data}
        if not rows:
            return data
        settings, found = {key: item for key, item in data.items() if key not in rows}, _rows(rows)
        if "target" in settings and "target" in found:
            raise DataError("data.target: what is learnt is given as y. Leave target out.")
        return {**settings, **found}
    if isinstance(data, tuple):
        return _rows(_named(data))
    if is_frame(data) or is_column(data) or isinstance(data, np.ndarray):
        return _rows({"frame": data})
    return data


def _named(data: tuple[Any, ...]) -> dict[str, Any]:
    """The parts of a pair, or of a pair of pairs as the data sets of Keras are, by name."""
    if len(data) != 2:
        raise DataError(f"data: expected a pair (x, y), got {len(data)} things. Give data=(x, y), or data=frame.")
    pairs = {"train": data[0], "test": data[1]}
    if all(isinstance(pair, tuple) and len(pair) == 2 for pair in data):
        return {f"{axis}_{part}": pair[place] for part, pair in pairs.items() for place, axis in enumerate("xy")}
    return {"x": data[0], "y": data[1]}


def _rows(given: Mapping[str, Any]) -> dict[str, Any]:
    """Keep rows; the settings that name them."""
    if "frame" in given:
        if len(given) > 1:
            raise DataError("data: a frame and arrays are given. Keep one of them.")
        return {"kept": keep(_frame(given["frame"]))}
    if is_frame(given.get("x")):
        return _joined(given["x"], given.get("y"))
    if any(is_frame(value) for key, value in given.items() if key.startswith("x_")):
        raise DataError(
            "data: a frame for each part is given; expected one frame, of which assay draws the test rows. Join them, "
            "or give arrays."
        )
    return {"kept": keep({name: _array(value, name) for name, value in given.items()})}


def _joined(x: Any, y: Any) -> dict[str, Any]:
    """A frame of features and what is to be learnt of its rows, as one frame that knows its target."""
    import polars as pl

    features = _frame(x, "x")
    if y is None:
        raise DataError("data: x is given without y. Give both, or data=frame and target, the name of its column.")
    targets = _targets(y)
    if targets.height != features.height:
        raise DataError(f"data: x has {features.height} rows but y has {targets.height}; expected one y for each row.")
    both = set(features.columns) & set(targets.columns)
    if both:
        raise DataError(f"data: {_words(sorted(both))} is a column of x and of y. Drop it from x, or rename it.")
    names = targets.columns
    return {
        "kept": keep(pl.concat([features, targets], how="horizontal")),
        "target": names[0] if len(names) == 1 else names,
    }


def _targets(y: Any) -> pl.DataFrame:
    """What is to be learnt as a frame of one column or of several; called ``target`` where it has no name."""
    import polars as pl

    if is_frame(y):
        return _frame(y, "y")
    values = read_memory(y, name="target" if is_column(y) else "y")
    if not isinstance(values, np.ndarray):
        return _plain(values, "y")
    if values.ndim < 2 or values.shape[1] == 1:
        return pl.DataFrame({"target": values.reshape(-1)})
    return pl.DataFrame({f"target {number}": column for number, column in enumerate(values.T, start=1)})


def _frame(value: Any, where: str = "data") -> pl.DataFrame:
    """A whole table; a single column or an array in its place is told."""
    if is_frame(value):
        found = read_memory(value, name=where)
        assert not isinstance(found, np.ndarray)
        return _plain(found, where)
    if is_column(value):
        number = f" of {len(value)} values" if hasattr(value, "__len__") else ""
        raise DataError(
            f"{where}: expected a frame, got one column, a {type(value).__name__}{number}. Give the whole frame and "
            'the name of the column to learn, as in data=frame, target="price"; or a pair, data=(x, y).'
        )
    if isinstance(value, np.ndarray):
        raise DataError(
            f"{where}: expected rows and what is to be learnt of them, data=(x, y), got one array of shape "
            f"{value.shape}."
        )
    raise DataError(f"{where}: expected a frame of pandas, polars or pyarrow, got {type(value).__name__}.")


def _array(value: Any, name: str) -> np.ndarray:
    """An array of its own, which does not change when `value` does; half precision as single."""
    found = read_memory(value, name=name)
    if isinstance(found, np.ndarray):
        return found.astype(np.float32) if found.dtype == np.float16 else found.copy()
    array = read_memory(_plain(found, name).to_numpy(), name=name)
    assert isinstance(array, np.ndarray)
    return array


def _plain(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    return frame.select(_plain_column(column, where) for column in frame.iter_columns())


def _plain_column(column: pl.Series, where: str) -> pl.Series:
    """A column of numbers, true or false, words, dates or gaps; words that are kept as numbers are words again."""
    import polars as pl

    kind = column.dtype
    if isinstance(kind, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if isinstance(kind, pl.Decimal | pl.Float16 | pl.Int128 | pl.UInt128):
        return column.cast(pl.Float64)
    if kind.is_numeric() or isinstance(kind, pl.Boolean | pl.String | pl.Date | pl.Datetime | pl.Null):
        return column
    what = "Python objects of several kinds" if isinstance(kind, pl.Object) else f"{kind} values"
    raise DataError(
        f"{where}: column '{column.name}' holds {what}; expected one number, word or date in each cell. Make "
        "columns of these out of it, or drop it."
    )


def _words(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
