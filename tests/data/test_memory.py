"""Tables and arrays in memory, whatever holds them."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from assay.data.memory import is_frame, read_memory
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
    """The same names, cells and gaps; the index of pandas is no column."""
    held = make(COLUMNS)
    assert is_frame(held) or isinstance(held, dict)
    assert read_memory(held).to_dict(as_series=False) == COLUMNS


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


def test_columns_without_names_are_called_by_their_numbers():
    """As pandas calls them."""
    assert read_memory(pd.DataFrame(np.eye(2))).columns == ["0", "1"]


WRONG = {
    "two columns of pandas with one name": (
        lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "data: two columns are called 'a'. Give each column a name of its own.",
    ),
    "two columns of Arrow with one name": (
        lambda: pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]),
        "data: two columns have one name",
    ),
    "mixed types": (
        lambda: pd.DataFrame({"size": [1, "two", 3.0]}),
        "data: column 'size' holds cells of several kinds (float, int, str). Make them numbers or words of one kind, "
        'as in frame["size"].astype(str), or drop the column.',
    ),
    "complex numbers in pandas": (
        lambda: pd.DataFrame({"z": [1 + 2j]}),
        "data: column 'z' holds complex cells.",
    ),
    "lists in pandas": (
        lambda: pd.DataFrame({"tags": [["a"], ["b", "c"]]}),
        "data: column 'tags' holds list cells.",
    ),
    "no columns of equal length": (lambda: {"a": [1, 2], "b": [1]}, "data: not a table that polars can read"),
    "no rows": (lambda: pl.DataFrame({"a": []}), "data: expected rows and columns, got 0 rows and 1 columns."),
    "no columns": (lambda: pd.DataFrame(), "data: expected rows and columns, got 0 rows and 0 columns."),
    "masked": (
        lambda: np.ma.masked_less(np.arange(3.0), 1),
        "data: 1 values of the array are masked. Fill them (array.filled(…)), or give a table, whose gaps are filled.",
    ),
    "complex": (lambda: np.array([1j]), "data: holds complex128 values. Give an array of numbers or words, or a table"),
    "objects": (lambda: np.array([object()]), "data: holds Python objects."),
    "ragged": (lambda: [[1, 2], [3]], "data: cannot be read as an array"),
    "something else": (
        lambda: object(),
        "data: expected a table or an array (NumPy, pandas, polars, pyarrow, or with __arrow_c_stream__), got object.",
    ),
    "a single number": (lambda: 3, "data: expected a table or an array"),
    "an array without rows": (lambda: np.zeros((0, 3)), "data: expected rows, got an array of shape (0, 3)."),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_what_holds_no_rows_is_told_in_a_sentence(mistake):
    """It names the column, what it holds, and what to do."""
    make, words = WRONG[mistake]
    with pytest.raises(DataError) as caught:
        read_memory(make())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_can_be_read_as_an_array():
    """Lists, words as objects, a masked array without a mask, tensors."""
    import torch

    assert read_memory([[1, 2], [3, 4]], name="x").shape == (2, 2)
    assert read_memory(np.array(["a", "bb"], dtype=object), name="y").tolist() == ["a", "bb"]
    assert read_memory(np.ma.masked_array([1.0, 2.0]), name="x").tolist() == [1.0, 2.0]
    assert read_memory(torch.ones(2), name="x").tolist() == [1.0, 1.0]


def test_a_tensor_that_keeps_gradients_is_told():
    """PyTorch says what to call."""
    import torch

    with pytest.raises(DataError, match=r"x: cannot be read as an array .*detach"):
        read_memory(torch.ones(2, requires_grad=True), name="x")


def test_a_column_is_a_frame_of_one():
    """Under its own name, or the one that is given."""
    for column in (pd.Series([1, 2]), pl.Series([1, 2]), pa.chunked_array([[1, 2]])):
        assert read_memory(column, name="price").to_dict(as_series=False) == {"price": [1, 2]}
    assert read_memory(pd.Series([1, 2], name="size"), name="price").columns == ["size"]
