"""Cells of a table: what a column holds, and its cells as numbers, flags, dates or words.

A gap is null. Words that say that a number is missing (``NA``, ``?``) are gaps in a column that is otherwise numbers,
flags or dates; in a column of words they are words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

GAP_WORDS = ("na", "n/a", "#n/a", "nan", "null", "none", "?", "-", "--", ".")
"""Beside an empty cell, whatever their case."""

FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
"""A column of nothing but 1 and 0 is numbers; they are flags where words for flags, or the user, say so."""

DATE_FORMATS = tuple(
    day + time
    for day in ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y")
    for time in ("", " %H:%M", " %H:%M:%S%.f", "T%H:%M", "T%H:%M:%S%.f", "T%H:%M:%S%.f%#z", " %H:%M:%S%.f%#z")
)
"""The year first; or with points, the day first; or with strokes, the day or the month first."""

_LIKE_A_DATE = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"

_FIRST_LOOK = 64  # cells that are tried before a whole column is read


@dataclass(frozen=True)
class Cells:
    """A column as read.

    Attributes
    ----------
    kind : str
        One of `assay.data.preparation.KINDS`; ``empty``, where no cell says anything; ``other`` (lists, times of day,
        Python objects), which no network takes.
    values : polars.Series
        Null in gaps. Numbers of whatever type, Boolean, Datetime in microseconds, or String.
    gap_words : tuple of str
        Words that were taken for gaps.
    date_format : str, optional
        How dates were written as text.
    is_ambiguous_date : bool
        Text that may be dates with the day first or with the month first.
    """

    kind: str
    values: pl.Series
    gap_words: tuple[str, ...] = ()
    date_format: str | None = None
    is_ambiguous_date: bool = False


def look(column: pl.Series) -> Cells:
    """What a column holds, seen in its cells."""
    return look_at(column.to_frame())[column.name]


def look_at(frame: pl.DataFrame) -> dict[str, Cells]:
    """What each column holds. Columns of text are read as numbers all at once: a table may have thousands of them."""
    import polars as pl

    texts = [column.name for column in frame.iter_columns() if _is_text(column)]
    words = frame.select(pl.col(texts).cast(pl.String).str.strip_chars().replace("", None))
    is_gap = pl.all().str.to_lowercase().is_in(GAP_WORDS)
    plain = words.select(pl.when(is_gap).then(None).otherwise(pl.all()).name.keep())
    numbers = _numbers(plain)
    seen = {}
    for column in frame.iter_columns():
        name = column.name
        if column.null_count() == len(column):
            seen[name] = Cells("empty", column)
        elif name in numbers:
            seen[name] = Cells("numeric", _without_nan(numbers[name]), _gap_words(words[name], plain[name]))
        elif name in texts:
            seen[name] = _look_at_words(words[name], plain[name])
        else:
            seen[name] = _look_at_values(column)
    return seen


def _numbers(plain: pl.DataFrame) -> dict[str, pl.Series]:
    """The columns of text whose cells are all numbers, or gaps but for some: whole numbers where all are whole."""
    import polars as pl

    found = plain
    for part in (plain.head(_FIRST_LOOK), plain):
        gaps = part.select(found.columns).null_count().row(0)
        found = part.select(pl.col(found.columns).cast(pl.Float64, strict=False))
        counts = zip(found.columns, gaps, found.null_count().row(0), strict=True)
        found = found.select([name for name, before, after in counts if before == after])
    has_cells = [name for name, gaps in zip(found.columns, found.null_count().row(0), strict=True) if gaps < len(plain)]
    whole = plain.select(pl.col(has_cells).cast(pl.Int64, strict=False))
    return {
        name: (whole if whole[name].null_count() == found[name].null_count() else found)[name] for name in has_cells
    }


def _look_at_values(column: pl.Series) -> Cells:
    """What a column holds that is no text."""
    import polars as pl

    if column.dtype == pl.Boolean:
        return Cells("boolean", column)
    if column.dtype.is_numeric():
        numbers = _without_nan(column)
        return Cells("empty" if numbers.null_count() == len(numbers) else "numeric", numbers)
    if column.dtype in (pl.Date, pl.Datetime):
        return Cells("date", _moments(column))
    return Cells("other", column)


def read_as(column: pl.Series, kind: str, date_format: str | None = None) -> tuple[pl.Series, pl.Series]:
    """The cells of a column as a kind that it is known to be.

    Returns
    -------
    values : polars.Series
        As `Cells.values`; null in gaps, and where a cell is no such thing.
    bad : polars.Series of bool
        Where a cell is no such thing.
    """
    import polars as pl

    plain = column
    if kind == "categorical":
        values = _words(column)
    elif _is_text(column):
        plain = _without_gap_words(_tidy(column))
        formats = DATE_FORMATS if kind == "date" and date_format is None else (date_format,)
        values = max((_parse(plain, kind, one) for one in formats), key=lambda read: len(read) - read.null_count())
    elif kind == "numeric" and (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        plain = values = _without_nan(column.cast(pl.Int8) if column.dtype == pl.Boolean else column)
    elif kind == "boolean" and column.dtype == pl.Boolean:
        values = column
    elif kind == "boolean" and column.dtype.is_numeric():
        plain = _without_nan(column)
        values = plain.replace_strict([0, 1], [False, True], default=None, return_dtype=pl.Boolean)
    elif kind == "date" and column.dtype in (pl.Date, pl.Datetime):
        values = _moments(column)
    else:
        values = pl.Series(column.name, [None] * len(column), _empty_type(kind))
    return values, plain.is_not_null() & values.is_null()


def _look_at_words(words: pl.Series, plain: pl.Series) -> Cells:
    """What a column of text holds that are no numbers; `plain` has gaps where there are words for them."""
    if plain.null_count() == len(plain):
        return Cells("empty", plain, _gap_words(words, plain))
    sample = plain.drop_nulls().head(_FIRST_LOOK)

    def read(kind: str, date_format: str | None = None) -> pl.Series | None:
        """The whole column as a kind, if every cell is one."""
        for part in (sample, plain):
            values = _parse(part, kind, date_format)
            if values.null_count() > part.null_count():
                return None
        return values

    if (flags := read("boolean")) is not None:
        return Cells("boolean", flags, _gap_words(words, plain))
    if not sample.str.contains(_LIKE_A_DATE).all():
        return Cells("categorical", words)
    dates = [(one, values) for one in DATE_FORMATS if (values := read("date", one)) is not None]
    if any(not values.equals(dates[0][1]) for _, values in dates):
        return Cells("categorical", words, is_ambiguous_date=True)
    if dates:
        return Cells("date", dates[0][1], _gap_words(words, plain), dates[0][0])
    return Cells("categorical", words)


def _parse(words: pl.Series, kind: str, date_format: str | None = None) -> pl.Series:
    """Words without gap words as a kind; null where one is not."""
    import polars as pl

    if kind == "boolean":
        return words.str.to_lowercase().replace_strict(FLAGS, default=None, return_dtype=pl.Boolean)
    if kind == "numeric":
        return words.cast(pl.Float64, strict=False)
    return _moments(words.str.to_datetime(date_format, time_unit="us", strict=False))


def _words(column: pl.Series) -> pl.Series:
    """Levels of a category: text as it is, 2.0 as "2", true and false as such."""
    import polars as pl

    if _is_text(column):
        return _tidy(column)
    if column.dtype.is_float():
        column = _without_nan(column)
        whole = column.cast(pl.Int64, strict=False)
        is_whole = (whole.cast(pl.Float64) == column).fill_null(False)
        return whole.cast(pl.String).zip_with(is_whole, column.cast(pl.String))
    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary):
        return pl.Series(column.name, [None] * len(column), pl.String)
    return column.cast(pl.String)


def _is_text(column: pl.Series) -> bool:
    import polars as pl

    return column.dtype in (pl.String, pl.Categorical, pl.Enum)


def _tidy(column: pl.Series) -> pl.Series:
    """Text without blanks around it; an empty cell is a gap."""
    import polars as pl

    return column.cast(pl.String).str.strip_chars().replace("", None)


def _without_gap_words(words: pl.Series) -> pl.Series:
    return words.set(words.str.to_lowercase().is_in(GAP_WORDS).fill_null(False), None)


def _gap_words(words: pl.Series, plain: pl.Series) -> tuple[str, ...]:
    """The words that are gaps in the plain column."""
    if words.null_count() == plain.null_count():
        return ()
    return tuple(words.filter(words.is_not_null() & plain.is_null()).unique().sort().to_list())


def _without_nan(numbers: pl.Series) -> pl.Series:
    """NaN is how tables of floats write a gap."""
    return numbers.fill_nan(None) if numbers.dtype.is_float() else numbers


def _moments(dates: pl.Series) -> pl.Series:
    """Dates and times as microseconds, in UTC where they have a time zone."""
    import polars as pl

    if isinstance(dates.dtype, pl.Datetime) and dates.dtype.time_zone is not None:
        dates = dates.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return dates.cast(pl.Datetime("us"))


def _empty_type(kind: str) -> pl.DataType:
    import polars as pl

    return {"numeric": pl.Float64(), "boolean": pl.Boolean(), "date": pl.Datetime("us")}[kind]
