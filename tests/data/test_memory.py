"""Tables and arrays in memory, as people hold them."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from assay.data.memory import is_frame, read_memory
from assay.errors import DataError

CELLS = {
    "age": [1.5, None, 3.0],
    "town": ["Cork", None, "Ulm"],
    "sold": [True, False, True],
    "when": [datetime.datetime(2020, 1, 1), None, datetime.datetime(2020, 1, 3)],
}


class Stream:
    """What a library hands over that has nothing but the Arrow C stream."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


SOURCES = {
    "polars": lambda: pl.DataFrame(CELLS),
    "lazy": lambda: pl.LazyFrame(CELLS),
    "pandas": lambda: pd.DataFrame(CELLS),
    "pyarrow": lambda: pa.table(CELLS),
    "stream": lambda: Stream(pa.table(CELLS)),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_library_gives_the_same_frame(source):
    """Cells, kinds and gaps are equal, whoever holds them."""
    given = SOURCES[source]()
    assert is_frame(given)
    found = read_memory(given)
    assert found.schema == pl.DataFrame(CELLS).schema
    assert found.equals(pl.DataFrame(CELLS))


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
    "a single number": (lambda: 3, "data: expected rows, got an array of shape ()."),
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
