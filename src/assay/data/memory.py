"""Tables and arrays that are in memory already: NumPy, pandas, polars, pyarrow, whatever speaks Arrow's C stream.

A cell keeps its kind; what each column is for is decided as it is for a file.
"""

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


def is_frame(thing: object) -> bool:
    """Whether it is a table with named columns."""
    if _is_of("polars", ("DataFrame", "LazyFrame"), thing) or _is_of("pandas", ("DataFrame",), thing):
        return True
    return hasattr(thing, "__arrow_c_stream__") and not is_column(thing)


def is_column(thing: object) -> bool:
    """Whether it is a single column of such a table."""
    return (
        _is_of("polars", ("Series",), thing)
        or _is_of("pandas", ("Series", "Index"), thing)
        or _is_of("pyarrow", ("Array", "ChunkedArray"), thing)
    )


def _is_of(library: str, names: tuple[str, ...], thing: object) -> bool:
    """Whether it is of one of these classes of a library, which is not imported to find out."""
    return any(kind.__name__ in names and kind.__module__.partition(".")[0] == library for kind in type(thing).__mro__)


def read_memory(thing: Any, *, name: str = "data") -> pl.DataFrame | np.ndarray:
    """A table as a polars frame, or anything else as an array.

    Parameters
    ----------
    thing : array, frame, series, mapping of columns, list
        Of NumPy, pandas (its index is left out), polars (a lazy frame is collected) or pyarrow, or with
        ``__arrow_c_stream__``; a tensor on the CPU.
    name : str
        For messages, and of a series without a name.

    Raises
    ------
    DataError
        If it is none of these, is empty, two columns have one name, or a column holds cells of several kinds; if rows
        of an array differ in length, or it holds gaps, complex numbers or objects.
    """
    import polars as pl

    if not (is_frame(thing) or is_column(thing) or isinstance(thing, Mapping)):
        return _read_array(thing, name)
    frame: pl.DataFrame
    if isinstance(thing, pl.LazyFrame):
        frame = thing.collect()
    elif isinstance(thing, pl.DataFrame):
        frame = thing
    elif _is_of("pandas", ("DataFrame", "Series", "Index"), thing):
        frame = _read_pandas(thing, name)
    elif is_column(thing):
        frame = pl.DataFrame({getattr(thing, "name", None) or name: thing})
    else:
        frame = _read_columns(thing, name)
    if frame.width == 0 or frame.height == 0:
        raise DataError(f"{name}: expected rows and columns, got {frame.height} rows and {frame.width} columns.")
    return frame


def _read_array(thing: Any, name: str) -> np.ndarray:
    if isinstance(thing, np.ma.MaskedArray):
        if thing.mask.any():
            raise DataError(
                f"{name}: {int(thing.mask.sum())} values of the array are masked. Fill them (array.filled(…)), or give "
                "a table, whose gaps are filled."
            )
        thing = thing.data
    try:
        array = np.asarray(thing)
    except (ValueError, TypeError, RuntimeError) as error:  # rows that differ in length; a tensor that keeps gradients
        told = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"{name}: cannot be read as an array ({told}). Give numbers, in rows of equal length."
        ) from error
    if array.dtype == object and array.size and all(isinstance(item, str) for item in array.flat):
        array = array.astype(str)
    if array.ndim == 0:
        raise DataError(
            f"{name}: expected a table or an array (NumPy, pandas, polars, pyarrow, or with __arrow_c_stream__), got "
            f"{type(thing).__name__}."
        )
    if array.dtype.kind not in "biufUS":
        what = "Python objects" if array.dtype == object else f"{array.dtype} values"
        raise DataError(f"{name}: holds {what}. Give an array of numbers or words, or a table of columns.")
    if len(array) == 0:
        raise DataError(f"{name}: expected rows, got an array of shape {array.shape}.")
    return array


def _read_columns(thing: Any, name: str) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.DataFrame(thing)
    except pl.exceptions.DuplicateError as error:
        raise DataError(f"{name}: two columns have one name ({error}). Give each column a name of its own.") from error
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
        return pl.Series(own, values.copy(), nan_to_null=True)  # a frame that shares memory would change with pandas'
    cells = [None if gap else cell for cell, gap in zip(column.tolist(), column.isna().tolist(), strict=True)]
    kinds = {type(cell) for cell in cells if cell is not None}
    for together in _KINDS_TOGETHER:
        if all(issubclass(kind, together) for kind in kinds) and not (bool in kinds and bool not in together):
            is_number = together == _KINDS_TOGETHER[2]
            if is_number and not all(issubclass(kind, int | np.integer) for kind in kinds):
                cells = [None if cell is None else float(cell) for cell in cells]
            return pl.Series(own, cells)
    shown = ", ".join(sorted(kind.__name__ for kind in kinds))
    what = f"cells of several kinds ({shown})" if len(kinds) > 1 else f"{shown} cells"
    raise DataError(
        f"{name}: column '{own}' holds {what}. Make them numbers or words of one kind, as in "
        f'frame["{own}"].astype(str), or drop the column.'
    )
