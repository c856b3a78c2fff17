"""Rows as people hold them in Python, as a polars frame or a NumPy array.

A frame is of pandas, polars or pyarrow, or of any library with the Arrow C stream; an array is whatever NumPy takes.
Nothing is guessed here: a cell keeps its kind, and what each column is for is decided as it is for a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import DataError, MissingExtra

if TYPE_CHECKING:
    import polars as pl


def is_frame(value: object) -> bool:
    """Whether `value` is a table with named columns."""
    if _is_of("polars", ("DataFrame", "LazyFrame"), value) or _is_of("pandas", ("DataFrame",), value):
        return True
    return hasattr(value, "__arrow_c_stream__") and not is_column(value)


def is_column(value: object) -> bool:
    """Whether `value` is a single column of such a table."""
    return (
        _is_of("polars", ("Series",), value)
        or _is_of("pandas", ("Series", "Index"), value)
        or _is_of("pyarrow", ("Array", "ChunkedArray"), value)
    )


def _is_of(library: str, names: tuple[str, ...], value: object) -> bool:
    """Whether `value` is of one of these classes of a library, which is not imported to find out."""
    return any(kind.__name__ in names and kind.__module__.partition(".")[0] == library for kind in type(value).__mro__)


def column_as_frame(value: Any, name: str, *, where: str) -> pl.DataFrame:
    """A single column as a frame, under its own name or, if it has none, `name`; errors as `frame_of`."""
    import polars as pl

    name = str(getattr(value, "name", None) or name)
    return frame_of(value.to_frame(name) if hasattr(value, "to_frame") else pl.DataFrame({name: value}), where=where)


def frame_of(value: object, *, where: str = "data") -> pl.DataFrame:
    """A table as a polars frame whose cells are numbers, true or false, words, dates, or gaps.

    Parameters
    ----------
    value : frame
        Of pandas (its index is left out; NaN is a gap), polars (a lazy one is collected), pyarrow, or with an Arrow C
        stream.
    where : str
        For messages.

    Raises
    ------
    DataError
        If it is no frame or an empty one, if two columns have one name, or if a column holds lists or objects.
    MissingExtra
        If it is of pandas and pyarrow is not there.
    """
    import polars as pl

    if not is_frame(value):
        raise DataError(f"{where}: {_no_frame(value)}")
    if isinstance(value, pl.LazyFrame):
        value = value.collect()
    if _is_of("pandas", ("DataFrame",), value):
        frame = _from_pandas(value, where)
    else:
        try:
            frame = pl.DataFrame(value)
        except pl.exceptions.DuplicateError as error:
            raise DataError(f"{where}: two columns have one name ({error}). Rename one of them.") from None
    if not frame.width or not frame.height:
        raise DataError(f"{where}: the frame is empty: it has {frame.height} rows and {frame.width} columns.")
    return frame.select(_plain_column(column, where) for column in frame.iter_columns())


def array_of(value: object, *, where: str) -> np.ndarray:
    """Numbers or words as an array of their own, which does not change when `value` does.

    Raises
    ------
    DataError
        If rows differ in length, values are masked, or it holds complex numbers or objects.
    """
    if is_frame(value):
        value = frame_of(value, where=where).to_numpy()
    if isinstance(value, np.ma.MaskedArray):
        if value.mask.any():
            raise DataError(
                f"{where}: {int(value.mask.sum())} values of the array are masked. Fill them, as in "
                f"{where}.filled(0), or give a frame, whose gaps are filled from the training rows."
            )
        value = value.data
    try:
        array = np.asarray(value).copy()
    except (ValueError, TypeError, RuntimeError) as error:  # rows of several lengths; a tensor that keeps gradients
        told = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"{where}: cannot be read as an array ({told}). Give numbers, in rows of one length.") from None
    if array.dtype == object and array.size and all(isinstance(item, str) for item in array.flat):
        array = array.astype(str)
    if array.dtype.kind not in "biufUS":
        what = "Python objects" if array.dtype == object else f"{array.dtype} values"
        raise DataError(f"{where}: expected an array of numbers, got {what}. Convert them, or give a frame.")
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _no_frame(value: object) -> str:
    """What was given in the place of a frame, and what to do."""
    if is_column(value):
        number = f" of {len(value)} values" if hasattr(value, "__len__") else ""
        return (
            f"expected a frame, got one column, a {type(value).__name__}{number}. Give the whole frame and the name of "
            'the column to learn, as in data=frame, target="price"; or a pair, data=(x, y).'
        )
    if isinstance(value, np.ndarray):
        return f"expected rows and what is to be learnt of them, data=(x, y), got one array of shape {value.shape}."
    return f"expected a frame of pandas, polars or pyarrow, got {type(value).__name__}."


def _from_pandas(frame: Any, where: str) -> pl.DataFrame:
    """Column by column, so that a message can name the one that cannot be read."""
    import polars as pl

    columns: dict[str, pl.Series] = {}
    for place, label in enumerate(frame.columns):
        name = str(label)
        if name in columns:
            raise DataError(f"{where}: two columns are called '{name}'. Rename one of them.")
        cells = frame.iloc[:, place].copy()  # polars may share the memory, and pandas write into it
        try:
            columns[name] = pl.from_pandas(cells, nan_to_null=True).alias(name)
        except ImportError as error:
            raise MissingExtra(
                f"{where}: pandas hands its columns over by pyarrow, which is not installed: pip install pyarrow"
            ) from error
        except (ValueError, TypeError, NotImplementedError) as error:  # pyarrow's kinds of error are these
            kinds = sorted({type(cell).__name__ for cell in cells.dropna()})
            what = f"values of several kinds ({', '.join(kinds)})" if len(kinds) > 1 else f"{cells.dtype} values"
            raise DataError(
                f"{where}: column '{name}' holds {what}. Make them numbers or words of one kind, as in "
                f'frame["{name}"].astype(str), or drop the column.'
            ) from error
    return pl.DataFrame(columns)


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
