"""Tables and arrays that are in memory already: NumPy, pandas, polars, pyarrow, whatever speaks Arrow's C stream."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.data.files import check_different
from assay.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_KINDS_TOGETHER = (
    (str,),
    (bool, np.bool_),
    (int, float, decimal.Decimal, np.integer, np.floating),
    (datetime.date,),  # a datetime is one too
)
"""Types of Python that one column may hold beside each other."""


def read_memory(thing: Any, *, name: str = "data") -> pl.DataFrame | np.ndarray:
    """A table as a polars frame, or an array as it is.

    Parameters
    ----------
    thing : array, frame, series, mapping of columns, list
        Of NumPy, pandas, polars or pyarrow, or with ``__arrow_c_stream__``.
    name : str
        For messages, and of a series without a name.

    Raises
    ------
    DataError
        If it is none of these, is empty, two columns have one name, or a column holds cells of several kinds.
    """
    import polars as pl

    if isinstance(thing, list | tuple):
        try:
            thing = np.array(thing)
        except ValueError as error:
            raise DataError(
                f"{name}: expected rows of equal length, got nested lists that differ ({error})."
            ) from error
    if isinstance(thing, np.ndarray):
        return _read_array(thing, name)
    frame: pl.DataFrame
    if isinstance(thing, pl.LazyFrame):
        frame = thing.collect()
    elif isinstance(thing, pl.DataFrame):
        frame = thing
    elif isinstance(thing, pl.Series):
        frame = thing.to_frame() if thing.name else thing.alias(name).to_frame()
    elif type(thing).__module__.split(".")[0] == "pandas":
        frame = _read_pandas(thing, name)
    elif isinstance(thing, Mapping) or hasattr(thing, "__arrow_c_stream__"):
        frame = _read_columns(thing, name)
    else:
        raise DataError(
            f"{name}: expected a table or an array (NumPy, pandas, polars, pyarrow, or with __arrow_c_stream__), got "
            f"{type(thing).__name__}."
        )
    if frame.width == 0 or frame.height == 0:
        raise DataError(f"{name}: expected rows and columns, got {frame.height} rows and {frame.width} columns.")
    return frame


def _read_array(array: np.ndarray, name: str) -> np.ndarray:
    if isinstance(array, np.ma.MaskedArray):
        raise DataError(f"{name}: is a masked array. Fill it (array.filled(…)), or give a table whose gaps are empty.")
    if array.dtype.kind == "O":
        raise DataError(f"{name}: holds Python objects. Give an array of numbers or words, or a table of columns.")
    if array.ndim == 0 or len(array) == 0:
        raise DataError(f"{name}: expected rows, got an array of shape {array.shape}.")
    return array


def _read_columns(thing: Any, name: str) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.DataFrame(thing)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise DataError(f"{name}: not a table that polars can read ({str(error).splitlines()[0]}).") from error


def _read_pandas(thing: Any, name: str) -> pl.DataFrame:
    """Column by column, so that pyarrow is not needed; the index is no column."""
    import polars as pl

    if not hasattr(thing, "columns"):
        thing = thing.to_frame(name if getattr(thing, "name", None) is None else thing.name)
    names = [str(one) for one in thing.columns]
    check_different(names, where=name)
    return pl.DataFrame([_pandas_column(thing.iloc[:, number], one, name) for number, one in enumerate(names)])


def _pandas_column(column: Any, own: str, name: str) -> pl.Series:
    import polars as pl

    values = column.to_numpy()
    if values.dtype.kind in "biufM":
        return pl.Series(own, values)
    cells = [None if gap else cell for cell, gap in zip(column.tolist(), column.isna().tolist(), strict=True)]
    kinds = {type(cell) for cell in cells if cell is not None}
    for together in _KINDS_TOGETHER:
        if all(issubclass(kind, together) for kind in kinds) and not (bool in kinds and bool not in together):
            is_number = together == _KINDS_TOGETHER[2]
            if is_number and not all(issubclass(kind, int | np.integer) for kind in kinds):
                cells = [None if cell is None else float(cell) for cell in cells]
            return pl.Series(own, cells)
    shown = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise DataError(f"{name}: column '{own}' holds cells of several kinds ({shown}). Make them all one kind.")
