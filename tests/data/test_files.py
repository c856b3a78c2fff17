"""Files of tables: how they were written is found out and told, and what cannot be read is refused in words."""

import csv
import io
import sys

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.data.files import Reading, read_frame
from assay.errors import DataError, MissingExtra

ROWS = [["Größe", "note", "price"], ["1.5", "a", "10"], ["-2.25", "b", "3.5"], ["1e3", "c", "7"]]


def write(path, rows=ROWS, delimiter=",", decimal=".", encoding="utf-8", end="\n"):
    """A text file of cells; numbers with another mark before the decimals, where it is asked for."""
    lines = [[cell.replace(".", decimal) if row else cell for cell in line] for row, line in enumerate(rows)]
    path.write_bytes(end.join(map(delimiter.join, lines)).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), (";", ","), (";", "."), ("\t", ","), ("|", ".")])
def test_however_a_table_was_written_its_cells_are_the_same(tmp_path, delimiter, decimal, encoding):
    """Separator, decimal mark and encoding are found, and told."""
    path = write(tmp_path / "own.csv", delimiter=delimiter, decimal=decimal, encoding=encoding, end="\r\n")
    frame, reading = read_frame(path)
    assert frame.columns == ROWS[0]
    assert frame.rows() == [tuple(line) for line in ROWS[1:]]
    assert reading == Reading("csv", delimiter, decimal, encoding)


def test_how_a_table_was_written_is_told_in_words(tmp_path):
    """For `assay data FILE`."""
    _, reading = read_frame(write(tmp_path / "own.tsv", delimiter="\t", decimal=","))
    assert str(reading) == "csv, tabs between cells, decimal comma, utf-8"
    assert str(Reading("parquet")) == "parquet"


def test_bytes_that_no_other_encoding_has_are_latin_1(tmp_path):
    """0x81 is no character of cp1252."""
    (tmp_path / "own.csv").write_bytes(b"a,b\n\x81,1\n\xe9,2\n")
    frame, reading = read_frame(tmp_path / "own.csv")
    assert (frame["a"].to_list(), reading.encoding) == (["\x81", "é"], "latin-1")


def test_quoted_cells_may_hold_separators_and_line_breaks(tmp_path):
    """A separator within quotes does not count, nor does a line break end a row."""
    (tmp_path / "own.csv").write_text('a;"b;c";d\n"x;\ny, z";1;"say ""yes"""\n;2;\n')
    frame, _ = read_frame(tmp_path / "own.csv")
    assert frame.columns == ["a", "b;c", "d"]
    assert frame.rows() == [("x;\ny, z", "1", 'say "yes"'), (None, "2", None)]


def test_a_comma_is_a_decimal_mark_only_where_nothing_speaks_against_it(tmp_path):
    """Thousands separators are not guessed: with points elsewhere, or commas between cells, a comma stays."""
    with_points = [["a", "b"], ["1,234", "0.5"], ["2,345", "1.5"]]
    frame, reading = read_frame(write(tmp_path / "own.csv", with_points, ";"))
    assert (frame["a"].to_list(), reading.decimal) == (["1,234", "2,345"], ".")
    (tmp_path / "own.csv").write_text('a,b\n"1,5",2\n"2,5",3\n')
    assert read_frame(tmp_path / "own.csv")[0]["a"].to_list() == ["1,5", "2,5"]


def test_a_column_without_a_name_gets_one(tmp_path):
    """As pandas writes an index."""
    frame, _ = read_frame(write(tmp_path / "own.csv", [["", "b"], ["0", "x"], ["1", "y"]]))
    assert frame.columns == ["column 1", "b"]


def test_rows_without_a_cell_at_the_end_are_no_rows(tmp_path):
    """As spreadsheets leave them; their number is told. In the middle a row stays a row."""
    (tmp_path / "own.csv").write_text("a,b\n1,2\n,\n3,4\n,\n\n")
    frame, reading = read_frame(tmp_path / "own.csv")
    assert (frame.rows(), reading.empty_rows) == ([("1", "2"), (None, None), ("3", "4")], 2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", r"own\.csv: expected a header line and rows, got an empty file"),
        (b"a,b\n", r"own\.csv: expected a header line and rows, got 2 columns and no rows"),
        (b"a,b,a\n1,2,3\n", r"own\.csv: two columns are called 'a'\. Give each column a name of its own"),
        (b"a,b\n1,2\n1,2,3\n", r"not a readable table of 2 columns with commas between them .* stands in quotes"),
        (b"\xff\xfea", r"own\.csv: not a readable \.csv \('utf-16.*' codec"),
    ],
)
def test_text_that_is_no_table_is_refused(tmp_path, content, words):
    """The message says what was expected."""
    (tmp_path / "own.csv").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_frame(tmp_path / "own.csv")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.csv", r"nowhere\.csv: no such file\. A path in a study file is taken from the folder"),
        (
            "own.txt",
            r"own\.txt: expected a file that ends in \.npz, .* or \.xlsx\. Save the table as \.csv\.$",
        ),
        ("own.xls", r"own\.xls: expected .* Save an \.xls as \.xlsx"),
        ("folder.csv", r"folder\.csv: expected a file that holds data, got a folder"),
        ("broken.parquet", r"broken\.parquet: not a readable \.parquet"),
    ],
)
def test_a_file_that_is_not_there_or_broken_is_told(tmp_path, name, words):
    """A missing file, a folder, a strange ending and damage each have their message."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match=words):
        read_frame(tmp_path / name)


def test_parquet_keeps_its_types(tmp_path):
    """Numbers are numbers and dates dates already."""
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "y"], "c": [True, False]})
    frame.write_parquet(tmp_path / "own.parquet")
    found, reading = read_frame(tmp_path / "own.parquet")
    assert found.equals(frame)
    assert reading == Reading("parquet")


def test_excel_is_read_with_its_extra(tmp_path):
    """The first sheet of an .xlsx, with the types of its cells."""
    pytest.importorskip("fastexcel", reason="the extra assay[excel] is not installed")
    pytest.importorskip("xlsxwriter", reason="xlsxwriter, which writes the file, is not installed")
    frame = pl.DataFrame({"a": [1.5, None, 2.5], "b": ["x", "y", "z"], "y": [0, 1, 0]})
    frame.write_excel(tmp_path / "own.xlsx")
    found, reading = read_frame(tmp_path / "own.xlsx")
    assert found.rows() == frame.rows()
    assert reading == Reading("xlsx")
    (tmp_path / "broken.xlsx").write_bytes(b"PK not really")
    with pytest.raises(DataError, match=r"broken\.xlsx: not a readable \.xlsx"):
        read_frame(tmp_path / "broken.xlsx")


def test_excel_without_its_extra_tells_the_line_that_installs_it(tmp_path, monkeypatch):
    """One sentence, and no traceback."""
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    (tmp_path / "own.xlsx").write_bytes(b"PK")
    with pytest.raises(
        MissingExtra, match=r"read with fastexcel, which is not installed\. .*pip install 'assay\[excel\]'"
    ):
        read_frame(tmp_path / "own.xlsx")


CELLS = st.one_of(
    st.floats(-1e6, 1e6).map(lambda value: f"{value:.4f}"),
    st.integers(-1000, 1000).map(str),
    st.text(st.sampled_from('ab ,;|\t\n"é'), min_size=1, max_size=6),
)


@given(
    st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=2)),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_csv_writer_wrote_is_read(tmp_path_factory, lines, delimiter, encoding):
    """Whatever the cells hold, as Python's own writer quotes them: the same cells, where the separator is found."""
    path = tmp_path_factory.mktemp("written") / "own.csv"
    text = io.StringIO()
    names = [f"n{number}" for number in range(len(lines[0]))]
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([names, *lines])
    path.write_bytes(text.getvalue().encode(encoding))
    frame, reading = read_frame(path)
    assert (reading.delimiter, reading.encoding) == (delimiter, encoding)
    assert frame.columns == names
    assert frame.rows() == [tuple(line) for line in lines]
