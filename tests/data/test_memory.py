"""Tables and arrays in memory, whatever holds them."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from assay.data.memory import read_memory
from assay.data.sources import raw_of
from assay.errors import DataError

COLUMNS = {"a": [1.5, 2.5, None], "b": ["x", None, "z"], "c": [True, False, True], "y": [0, 1, 1]}


class Stream:
    """Nothing but Arrow's C stream."""

    def __init__(self, frame):
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        return self.frame.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "make",
    [
        dict,
        pl.DataFrame,
        pl.LazyFrame,
        pd.DataFrame,
        lambda columns: pd.DataFrame(columns, index=[7, 7, 9]),
        lambda columns: pd.DataFrame(columns).convert_dtypes(),
        lambda columns: pd.DataFrame(columns).astype({"b": "category"}),
        pa.table,
        lambda columns: Stream(pl.DataFrame(columns)),
    ],
    ids=["dict", "polars", "lazy", "pandas", "index", "nullable", "category", "pyarrow", "stream"],
)
def test_whatever_holds_a_table_its_cells_are_the_same(make):
    """The same rows, the same features, the same targets; the index of pandas is no column."""
    frame = read_memory(make(COLUMNS))
    assert frame.columns == list(COLUMNS)
    raw, expected = raw_of(make(COLUMNS)), raw_of(pl.DataFrame(COLUMNS))
    assert raw.x["train"].rows() == expected.x["train"].rows()
    assert raw.y["train"].tolist() == expected.y["train"].tolist() == [0, 1, 1]


def test_columns_of_python_objects_are_read_by_their_cells():
    """Dates, decimals and numbers of several kinds."""
    frame = pd.DataFrame(
        {
            "when": pd.Series([datetime.date(2020, 1, 2), None], dtype=object),
            "what": pd.Series([decimal.Decimal("1.5"), 2], dtype=object),
            "flag": pd.Series([True, None], dtype=object),
            "stamp": pd.to_datetime(["2020-01-01", "2020-01-02"]),
        }
    )
    found = read_memory(frame)
    assert found["when"].to_list() == [datetime.date(2020, 1, 2), None]
    assert found["what"].to_list() == [1.5, 2.0]
    assert found["flag"].to_list() == [True, None]
    assert found["stamp"].dtype == pl.Datetime


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (7, r"data: expected a table or an array \(NumPy, pandas, .*, got int"),
        ([[1, 2], [3]], r"data: expected rows of equal length, got nested lists that differ"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), r"data: is a masked array\. Fill it"),
        (np.array([{}, []], dtype=object), r"data: holds Python objects"),
        (np.zeros((0, 3)), r"data: expected rows, got an array of shape \(0, 3\)"),
        (pd.DataFrame({"a": []}), r"data: expected rows and columns, got 0 rows and 1 columns"),
        (pl.DataFrame(), r"data: expected rows and columns, got 0 rows and 0 columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), r"data: two columns are called 'a'"),
        (
            pd.DataFrame({"a": [1, "x"]}),
            r"data: column 'a' holds cells of several kinds \(int, str\)\. Make them all one",
        ),
        ({"a": [1, 2], "b": [1]}, r"data: not a table that polars can read"),
        (np.zeros((3, 2)), r"data: an array has no column to learn\. Give features and targets as a pair"),
    ],
)
def test_what_is_no_table_is_refused(thing, words):
    """One sentence for each."""
    with pytest.raises(DataError, match=words):
        raw_of(thing)


X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 1, 0])


@pytest.mark.parametrize(
    "y",
    [
        Y,
        Y.tolist(),
        Y[:, None],
        pd.Series(Y),
        pd.Series(Y, name="label"),
        pl.Series("label", Y),
        pd.DataFrame({"label": Y}),
        pa.table({"label": Y}),
    ],
)
@pytest.mark.parametrize("x", [X, X.tolist(), X.astype(np.float16), pd.DataFrame(X), pl.DataFrame(X)], ids=type)
def test_features_and_targets_may_come_apart(x, y):
    """Arrays, lists, series and tables of one column, in every pair."""
    raw = raw_of((x, y))
    features = raw.x["train"]
    np.testing.assert_array_equal(features if isinstance(features, np.ndarray) else features.to_numpy(), X)
    assert (raw.y["train"].tolist(), raw.target.task) == (Y.tolist(), "binary")


def test_several_targets_may_come_apart():
    """A matrix of 0 and 1 is labels beside an array and beside a table."""
    labels = np.array([[0, 1], [1, 1], [0, 0], [1, 0], [1, 1], [0, 1]])
    for x in (X, pl.DataFrame(X)):
        for y in (labels, pl.DataFrame(labels, schema=["u", "v"])):
            raw = raw_of((x, y))
            assert (raw.target.task, raw.y["train"].tolist()) == ("multilabel", labels.tolist())


def test_a_pair_of_arrays_keeps_the_shape_of_its_rows():
    """Images stay images."""
    assert raw_of((np.zeros((6, 4, 4, 1)), Y)).x["train"].shape == (6, 4, 4, 1)


@pytest.mark.parametrize(
    ("pair", "question", "words"),
    [
        ((X, Y[:4]), {}, r"data: x has 6 rows but y has 4; expected one target for each row"),
        ((X[:, 0], Y), {}, r"data: x: expected shape \(rows, features\), got \(6,\)"),
        ((X.astype(complex), Y), {}, r"data: x: expected numbers, got complex128"),
        ((X, Y.astype(complex)), {}, r"data: y: expected targets that are numbers or words, got complex128"),
        ((np.where(X == 5, np.nan, X), Y), {}, r"data: x: 1 values are NaN or infinite, the first in row 3, column 2"),
        ((X, Y), {"target": "y"}, r"data\.target: names a column of a table; data: x is an array"),
        ((pl.DataFrame({"y": Y}), pl.DataFrame({"y": Y})), {}, r"data: x and y both have a column 'y'"),
        (
            (pl.DataFrame(X), Y),
            {"target": "y"},
            r"data: data\.target: the targets are given as y; leave data\.target out",
        ),
    ],
)
def test_a_pair_that_does_not_fit_is_refused(pair, question, words):
    """The message says which of the two, what was expected and what came."""
    with pytest.raises(DataError, match=words):
        raw_of(pair, **question)
