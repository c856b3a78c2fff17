"""Frames and arrays as people hold them in Python."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from assay.data.frames import array_of, frame_of, is_frame
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
    found = frame_of(given)
    assert found.schema == pl.DataFrame(CELLS).schema
    assert found.equals(pl.DataFrame(CELLS))


def test_words_that_are_kept_as_numbers_are_words():
    """A category of pandas and an Enum of polars are text; NaN in pandas is a gap; small numbers are numbers."""
    found = frame_of(pd.DataFrame({"c": pd.Categorical(["u", None]), "f": np.array([1, np.nan], dtype=np.float16)}))
    assert found.to_dict(as_series=False) == {"c": ["u", None], "f": [1.0, None]}
    assert frame_of(pl.DataFrame({"e": ["a", "b"]}, schema={"e": pl.Enum(["a", "b"])})).schema == {"e": pl.String}


def test_columns_without_names_are_called_by_their_numbers():
    """As pandas calls them."""
    assert frame_of(pd.DataFrame(np.eye(2))).columns == ["0", "1"]


WRONG_FRAMES = {
    "two columns of pandas with one name": (
        lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "data: two columns are called 'a'. Rename one of them.",
    ),
    "two columns of Arrow with one name": (
        lambda: pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]),
        "data: two columns have one name",
    ),
    "mixed types": (
        lambda: pd.DataFrame({"size": [1, "two", 3.0]}),
        "data: column 'size' holds values of several kinds (float, int, str). Make them numbers or words of one kind",
    ),
    "complex numbers in pandas": (
        lambda: pd.DataFrame({"z": [1 + 2j]}),
        "data: column 'z' holds complex128 values.",
    ),
    "lists": (
        lambda: pl.DataFrame({"tags": [["a"], ["b", "c"]]}),
        "data: column 'tags' holds List(String) values; expected one number, word or date in each cell.",
    ),
    "objects": (
        lambda: pl.DataFrame({"o": pl.Series([object(), 1], dtype=pl.Object)}),
        "data: column 'o' holds Python objects of several kinds;",
    ),
    "no rows": (lambda: pl.DataFrame({"a": []}), "data: the frame is empty: it has 0 rows and 1 columns."),
    "no columns": (lambda: pd.DataFrame(), "data: the frame is empty: it has 0 rows and 0 columns."),
    "a Series of pandas": (
        lambda: pd.Series([1, 2]),
        "data: expected a frame, got one column, a Series of 2 values. Give the whole frame and the name of the "
        'column to learn, as in data=frame, target="price"; or a pair, data=(x, y).',
    ),
    "a Series of polars": (lambda: pl.Series([1, 2]), "data: expected a frame, got one column, a Series of 2 values."),
    "a column of Arrow": (lambda: pa.chunked_array([[1, 2]]), "data: expected a frame, got one column, a ChunkedArray"),
    "one array": (
        lambda: np.eye(3),
        "data: expected rows and what is to be learnt of them, data=(x, y), got one array of shape (3, 3).",
    ),
    "something else": (lambda: 3, "data: expected a frame of pandas, polars or pyarrow, got int."),
}


@pytest.mark.parametrize("mistake", WRONG_FRAMES)
def test_what_is_no_table_is_told_in_a_sentence(mistake):
    """It names the column, what it holds, and what to do."""
    make, words = WRONG_FRAMES[mistake]
    with pytest.raises(DataError) as caught:
        frame_of(make())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


WRONG_ARRAYS = {
    "masked": (
        np.ma.masked_less(np.arange(3.0), 1),
        "x: 1 values of the array are masked. Fill them, as in x.filled(0)",
    ),
    "complex": (np.array([1j]), "x: expected an array of numbers, got complex128 values."),
    "objects": (np.array([object()]), "x: expected an array of numbers, got Python objects."),
    "ragged": ([[1, 2], [3]], "x: cannot be read as an array"),
}


@pytest.mark.parametrize("mistake", WRONG_ARRAYS)
def test_what_is_no_array_is_told_in_a_sentence(mistake):
    """Masked, complex, ragged, or of objects."""
    value, words = WRONG_ARRAYS[mistake]
    with pytest.raises(DataError) as caught:
        array_of(value, where="x")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_can_be_read_as_an_array():
    """Lists, half precision, words as objects, a masked array without a mask, frames, columns, tensors."""
    import torch

    assert array_of([[1, 2], [3, 4]], where="x").shape == (2, 2)
    assert array_of(np.ones(2, np.float16), where="x").dtype == np.float32
    assert array_of(np.array(["a", "bb"], dtype=object), where="y").tolist() == ["a", "bb"]
    assert array_of(np.ma.masked_array([1.0, 2.0]), where="x").tolist() == [1.0, 2.0]
    assert array_of(pd.Series(["a", "b"]), where="y").tolist() == ["a", "b"]
    assert array_of(pl.DataFrame({"a": [1], "b": [2]}), where="y").tolist() == [[1, 2]]
    assert array_of(torch.ones(2), where="x").tolist() == [1.0, 1.0]


def test_a_tensor_that_keeps_gradients_is_told():
    """PyTorch says what to call."""
    import torch

    with pytest.raises(DataError, match=r"x: cannot be read as an array .*detach"):
        array_of(torch.ones(2, requires_grad=True), where="x")
