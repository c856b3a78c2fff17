"""Files that hold a table, as a frame: ``.csv``, ``.tsv``, ``.parquet`` and ``.xlsx``; and how they were written.

Separator, decimal comma and encoding of a text file are found out and told. Thousands separators are not guessed.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import DataError, MissingExtra

if TYPE_CHECKING:
    import polars as pl

FILE_KINDS = (".npz", ".csv", ".tsv", ".parquet", ".xlsx")
"""Endings of files that data are read from: arrays, and tables."""

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LINES_LOOKED_AT = 100
_NUMBER_WITH = r"^[+-]?\d*{}\d+([eE][+-]?\d+)?$"


@dataclass(frozen=True)
class Reading:
    """How a table was written.

    Attributes
    ----------
    format : str
        ``csv``, ``parquet`` or ``xlsx``; ``frame`` for a table in memory.
    delimiter, decimal : str, optional
        Of text: what stands between cells, and before the decimals.
    encoding : str, optional
        Of text: ``utf-8``, ``utf-8-sig`` (with a byte order mark), ``utf-16``, ``cp1252`` or ``latin-1``.
    empty_rows : int
        Rows without any cell at the end, which were left out.
    """

    format: str
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    empty_rows: int = 0

    def __str__(self) -> str:
        if self.delimiter is None:
            return self.format
        point = "comma" if self.decimal == "," else "point"
        return f"{self.format}, {DELIMITERS[self.delimiter]} between cells, decimal {point}, {self.encoding}"


def check_kind(path: Path) -> str:
    """The file's ending, checked; and that the file is there.

    Raises
    ------
    DataError
        If the ending is none of `FILE_KINDS`, or there is no such file.
    """
    suffix = path.suffix.lower()
    if path.is_dir():
        raise DataError(f"{path}: expected a file that holds data, got a folder.")
    if suffix not in FILE_KINDS:
        advice = "Save an .xls as .xlsx." if suffix == ".xls" else "Save the table as .csv."
        raise DataError(f"{path}: expected a file that ends in {kinds_in_words()}. {advice}")
    if not path.is_file():
        raise DataError(f"{path}: no such file. A path in a study file is taken from the folder of the study file.")
    return suffix


def kinds_in_words() -> str:
    """``.npz, .csv, … or .xlsx``."""
    return f"{', '.join(FILE_KINDS[:-1])} or {FILE_KINDS[-1]}"


def read_frame(path: Path) -> tuple[pl.DataFrame, Reading]:
    """A table as it lies in a file; cells of text files are text.

    Raises
    ------
    DataError
        If the file cannot be read as what its ending says, has no rows, or two columns have one name.
    MissingExtra
        If an ``.xlsx`` is read without its extra.
    """
    import polars as pl

    suffix = check_kind(path)
    try:
        if suffix == ".parquet":
            frame, reading = pl.read_parquet(path), Reading("parquet")
        elif suffix == ".xlsx":
            frame, reading = _read_excel(path), Reading("xlsx")
        else:
            frame, reading = _read_text(path)
    except (pl.exceptions.PolarsError, OSError, UnicodeError, csv.Error) as error:
        raise DataError(f"{path}: not a readable {suffix} ({str(error).splitlines()[0]}).") from error
    return _without_empty_end(path, frame, reading)


def _without_empty_end(path: Path, frame: pl.DataFrame, reading: Reading) -> tuple[pl.DataFrame, Reading]:
    """Spreadsheets often end in rows without a cell: they are no rows."""
    import polars as pl

    has_cells = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series() if frame.width else None
    height = 0 if has_cells is None else len(has_cells) - (has_cells.reverse().arg_max() or 0) if has_cells.any() else 0
    if height == 0:
        raise DataError(f"{path}: expected a header line and rows, got {frame.width} columns and no rows.")
    reading = Reading(reading.format, reading.delimiter, reading.decimal, reading.encoding, frame.height - height)
    return frame.head(height), reading


def check_different(names: Sequence[str], *, where: str) -> None:
    """Raise a `DataError` if two columns have one name."""
    twice = next((name for name, number in Counter(names).items() if number > 1), None)
    if twice is not None:
        raise DataError(f"{where}: two columns are called '{twice}'. Give each column a name of its own.")


def _read_excel(path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        import fastexcel
    except ModuleNotFoundError:
        raise MissingExtra(
            f"{path}: an .xlsx is read with fastexcel, which is not installed. Install it with: "
            "pip install 'assay[excel]'"
        ) from None
    try:
        return pl.read_excel(path, engine="calamine", infer_schema_length=None)
    except fastexcel.FastExcelError as error:
        raise DataError(f"{path}: not a readable .xlsx ({str(error).splitlines()[0]}).") from error


# ---- text


def _read_text(path: Path) -> tuple[pl.DataFrame, Reading]:
    import polars as pl

    text, encoding = _decode(path.read_bytes())
    delimiter = _find_delimiter(text)
    names = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
    names = [name.strip() or f"column {number}" for number, name in enumerate(names, start=1)]
    check_different(names, where=str(path))
    if not names:
        raise DataError(f"{path}: expected a header line and rows, got an empty file.")
    try:
        frame = pl.read_csv(
            io.BytesIO(text.encode()), separator=delimiter, infer_schema=False, has_header=False, new_columns=names
        ).slice(1)
    except pl.exceptions.ComputeError as error:
        raise DataError(
            f"{path}: not a readable table of {len(names)} columns with {DELIMITERS[delimiter]} between them "
            f"({str(error).splitlines()[0]}). A cell that holds a separator or a line break stands in quotes."
        ) from error
    decimal = "." if delimiter == "," else _find_decimal(frame)
    if decimal == ",":
        frame = frame.with_columns(_with_points(column) for column in frame.iter_columns())
    return frame, Reading("csv", delimiter, decimal, encoding)


def _decode(content: bytes) -> tuple[str, str]:
    """Text, and the encoding that it was in."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding), encoding
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "latin-1"


def _find_delimiter(text: str) -> str:
    """The separator that cuts the first lines into most cells, as many in each line as in the header."""

    def cells(delimiter: str) -> tuple[bool, int]:
        rows = csv.reader(io.StringIO(text[: 1 << 20]), delimiter=delimiter)
        widths = [len(row) for row, _ in zip(rows, range(_LINES_LOOKED_AT), strict=False) if row]
        return bool(widths) and widths[0] > 1 and len(set(widths)) == 1, widths[0] if widths else 0

    return max(DELIMITERS, key=cells)


def _find_decimal(frame: pl.DataFrame) -> str:
    """A comma, where columns hold numbers with commas and none holds numbers with points."""
    has = {mark: any(_share(column, mark) > 0.5 for column in frame.iter_columns()) for mark in (",", r"\.")}
    return "," if has[","] and not has[r"\."] else "."


def _share(column: pl.Series, mark: str) -> float:
    """The share of cells with something in them that are numbers with a mark before the decimals, or whole."""
    cells = column.drop_nulls().str.strip_chars()
    with_mark = cells.str.contains(_NUMBER_WITH.format(mark))
    whole = cells.str.contains(r"^[+-]?\d+$")
    return float((with_mark | whole).mean() or 0) if with_mark.any() else 0.0  # type: ignore[arg-type]


def _with_points(column: pl.Series) -> pl.Series:
    if _share(column, ",") <= 0.5:
        return column
    return column.str.replace(r"^\s*([+-]?\d*),(\d+(?:[eE][+-]?\d+)?)\s*$", "$1.$2")
