"""New rows: the same columns in the same kinds, or one clear error."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from assay.data import DataRequest, load
from assay.data.columns import ColumnChoice
from assay.data.conforming import conform
from assay.errors import DataError
from assay.study.parts import DataSpec

ROWS = 60


@pytest.fixture
def trained(tmp_path):
    """The preparation of a table with every kind of column, and the table."""
    rng = np.random.default_rng(0)
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(days=int(day)) for day in rng.integers(0, 900, ROWS)]
    frame = pl.DataFrame(
        {
            "row_id": range(1, ROWS + 1),
            "age": [None, *rng.normal(40, 9, ROWS - 1).round(1)],
            "port": rng.choice(["Cork", "Lund"], ROWS),
            "old": rng.choice(["yes", "no"], ROWS),
            "since": [f"{day:%d.%m.%Y}" for day in days],
            "code": [f"A{i}" for i in range(ROWS)],
            "nothing": pl.Series([None] * ROWS, dtype=pl.String),
            "price": rng.normal(size=ROWS),
        }
    )
    frame.write_csv(tmp_path / "own.csv")
    columns = {"code": ColumnChoice("ignore")}
    return load(DataRequest(path=str(tmp_path / "own.csv"), columns=columns, test=None)), frame


def test_the_rows_that_were_learnt_from_conform_to_the_bit(trained, tmp_path):
    """A file with all columns, target and those left out among them, gives the features that were trained on."""
    data, _ = trained
    found = conform(tmp_path / "own.csv", data.preparation)
    x = data.preparation.apply(found.rows)
    np.testing.assert_array_equal(x[data.rows["train"]], data.x_train)
    np.testing.assert_array_equal(x[data.rows["test"]], data.x_test)
    assert found.rows.columns == ["row_id", "age", "port", "old", "since"]
    assert found.notices == ()


@pytest.mark.parametrize(
    "make",
    [
        lambda frame: frame,
        lambda frame: frame.lazy(),
        lambda frame: frame.to_arrow(),
        lambda frame: frame.to_dict(as_series=False),
        lambda frame: pd.DataFrame(frame.to_dict(as_series=False)),
        lambda frame: pa.RecordBatchReader.from_batches(frame.to_arrow().schema, frame.to_arrow().to_batches()),
    ],
    ids=["polars", "lazy", "pyarrow", "dict", "pandas", "stream"],
)
def test_any_table_in_memory_conforms(trained, tmp_path, make):
    """Whatever holds the table, the features are the same; other columns may be in another order."""
    data, frame = trained
    rows = frame.select(reversed(["row_id", "age", "port", "old", "since"]))
    expected = data.preparation.apply(conform(tmp_path / "own.csv", data.preparation).rows)
    np.testing.assert_array_equal(data.preparation.apply(conform(make(rows), data.preparation).rows), expected)


def test_other_types_of_the_same_cells_conform(trained, tmp_path):
    """Flags as flags or 0 and 1, dates as dates, a whole column of gaps."""
    data, frame = trained
    expected = data.preparation.apply(conform(tmp_path / "own.csv", data.preparation).rows)
    rows = frame.with_columns(
        pl.col("old") == "yes", pl.col("since").str.to_date("%d.%m.%Y"), pl.col("port").cast(pl.Categorical)
    )
    np.testing.assert_array_equal(data.preparation.apply(conform(rows, data.preparation).rows), expected)
    numbers = rows.with_columns(pl.col("old").cast(pl.Int8))
    np.testing.assert_array_equal(data.preparation.apply(conform(numbers, data.preparation).rows), expected)
    empty = conform(frame.head(1).with_columns(age=None, port=None, old=None, since=None), data.preparation)
    assert np.isfinite(data.preparation.apply(empty.rows)).all()


def test_a_date_of_one_row_is_read_as_it_was_written_in_training(trained):
    """03.04.2020 has the day first, since all dates had."""
    data, frame = trained
    rows = frame.head(1).with_columns(since=pl.lit("03.04.2020"))
    assert conform(rows, data.preparation).rows["since"].to_list() == [datetime.datetime(2020, 4, 3)]


def test_levels_that_training_rows_lacked_are_counted(trained):
    """Their features are 0, which is told."""
    data, frame = trained
    found = conform(frame.head(3).with_columns(port=pl.Series(["Oslo", "Cork", "Oslo"])), data.preparation)
    assert [str(notice) for notice in found.notices] == [
        "Column 'port': 2 cells hold levels that the training rows did not have ('Oslo'); its features are 0 there."
    ]
    number = data.feature_names.index("port=Cork")
    assert data.preparation.apply(found.rows)[:, number : number + 2].tolist() == [[0, 0], [1, 0], [0, 0]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda frame: frame.rename({"age": "Age"}).drop("port").with_columns(more=1),
            r"rows: the columns are not those of the table that was learnt from; missing: 'age' \(is it 'Age'\?\), "
            r"'port'; foreign: 'Age', 'more'\. Expected: row_id, age, port, old, since\.",
        ),
        (
            lambda frame: frame.with_columns(age=pl.lit("old")),
            r"'age' has 60 cells that are not a number, .* row 1: 'old'",
        ),
        (lambda frame: frame.with_columns(old=pl.lit("perhaps")), r"'old' has 60 cells that are not true or false"),
        (lambda frame: frame.with_columns(since=pl.lit("04/03/2020")), r"'since' has 60 cells that are not a date"),
        (lambda frame: frame.with_columns(since=7), r"'since' has 60 cells that are not a date, the first in row 1: 7"),
        (lambda frame: frame.with_columns(age=pl.lit(float("inf"))), r"'age' has 60 cells that are infinite"),
        (lambda frame: frame.head(0), r"rows: expected rows and columns, got 0 rows"),
        (
            lambda frame: np.zeros((3, 5)),
            r"expected a table with the columns row_id, age, .* got an array of shape \(3, 5\)",
        ),
        (lambda frame: 7, r"rows: expected a table or an array .*, got int"),
    ],
)
def test_rows_that_do_not_fit_are_refused(trained, change, words):
    """The message names every column that is missing or foreign, or the cell."""
    data, frame = trained
    with pytest.raises(DataError, match=words):
        conform(change(frame), data.preparation)


def test_a_gap_is_refused_where_gaps_are_not_filled(tmp_path):
    """`fill = "none"` holds for new rows too."""
    pl.DataFrame({"a": [1.0, 2.0, 3.0, 4.0] * 3, "y": [0.5, 1.5, 2.5, 4.0] * 3}).write_csv(tmp_path / "own.csv")
    data = load(DataRequest(path=str(tmp_path / "own.csv"), columns={"a": ColumnChoice(fill="none")}))
    with pytest.raises(DataError, match=r"'a' has 1 cell that is empty, and gaps of this column are not filled"):
        conform({"a": [1.0, None]}, data.preparation)


def test_images_conform_by_their_size(tmp_path):
    """An array of a row's shape, or of its numbers side by side; from memory, an .npz or a table of numbers."""
    images = np.random.default_rng(0).normal(size=(20, 3, 4))
    np.savez(tmp_path / "own.npz", x=images, y=np.arange(20) % 2)
    data = load(DataRequest(path=str(tmp_path / "own.npz")))
    assert data.preparation.shape == (3, 4)
    expected = images.reshape(20, 12).astype(np.float32)
    for rows in (images, images.reshape(20, 12), pl.DataFrame(images.reshape(20, 12)), tmp_path / "own.npz"):
        np.testing.assert_array_equal(data.preparation.apply(conform(rows, data.preparation).rows), expected)
    with pytest.raises(
        DataError, match=r"expected rows of shape \(3, 4\), 12 numbers each, got an array of shape \(2, 5\)"
    ):
        conform(np.zeros((2, 5)), data.preparation)
    with pytest.raises(DataError, match=r"rows: 1 values are NaN or infinite, the first in row 1, column 2"):
        conform(np.array([[0, np.nan, *range(10)]]), data.preparation)


def test_every_real_table_conforms(real_table, tmp_path):
    """The file that was learnt from gives the features that were trained on."""
    path = real_table.write(tmp_path)
    data = load(DataSpec(**{"path": str(path), **real_table.data}).request())
    x = data.preparation.apply(conform(path, data.preparation).rows)
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(x[data.rows[part]], getattr(data, f"x_{part}"))
