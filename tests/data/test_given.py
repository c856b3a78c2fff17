"""Data given in Python, as a study file can hold them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from assay.data.digests import keep, kept
from assay.data.given import written_form
from assay.errors import DataError

FRAME = pl.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["u", "v", "u"], "price": [1.5, 2.5, 3.5]})
X, Y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 0])


@pytest.mark.parametrize(
    "given",
    [
        (FRAME.drop("price"), FRAME["price"]),
        (FRAME.drop("price").to_pandas(), FRAME["price"].to_pandas()),
        (FRAME.drop("price"), FRAME.select("price")),
        {"x": FRAME.drop("price"), "y": FRAME["price"]},
    ],
)
def test_a_frame_and_a_column_are_one_frame_that_knows_its_target(given):
    """The same as the whole frame and the name of its column."""
    assert written_form(given) == {"kept": keep(FRAME), "target": "price"}


def test_what_has_no_name_is_called_target():
    """An array beside a frame; of several columns each is numbered."""
    form = written_form((FRAME, Y))
    assert form["target"] == "target"
    assert kept(form["kept"])["target"].to_list() == [0, 1, 0]
    assert written_form((FRAME, X))["target"] == ["target 1", "target 2"]
    assert written_form((FRAME, Y[:, None]))["target"] == "target"


def test_pairs_of_arrays():
    """(x, y); as the data sets of Keras ((x, y), (x, y)); or by the names of an .npz, beside other settings."""
    assert written_form((X, Y)) == {"kept": keep({"x": X, "y": Y})}
    parts = {"x_train": X, "y_train": Y, "x_test": X[:1], "y_test": Y[:1]}
    assert written_form(((X, Y), (X[:1], Y[:1]))) == {"kept": keep(parts)}
    assert written_form({**parts, "scaling": "standard"}) == {"kept": keep(parts), "scaling": "standard"}
    assert written_form((X.tolist(), Y.tolist())) == {"kept": keep({"x": X, "y": Y})}


def test_settings_stand_beside_a_frame():
    """Every field of the data."""
    form = written_form({"frame": FRAME, "target": "price", "validation": 0.3})
    assert form == {"target": "price", "validation": 0.3, "kept": keep(FRAME)}


def test_words_that_are_kept_as_numbers_are_words():
    """A category of pandas and an Enum of polars are text; NaN in pandas is a gap; small numbers are numbers."""
    cells = {"c": pd.Categorical(["u", None]), "f": np.array([1, np.nan], dtype=np.float16)}
    found = kept(written_form(pd.DataFrame(cells))["kept"])
    assert found.to_dict(as_series=False) == {"c": ["u", None], "f": [1.0, None]}
    found = kept(written_form(pl.DataFrame({"e": ["a", "b"]}, schema={"e": pl.Enum(["a", "b"])}))["kept"])
    assert found.schema == {"e": pl.String}
    assert kept(written_form((X.astype(np.float16), Y))["kept"])["x"].dtype == np.float32


def test_what_a_file_holds_is_left_as_it_is():
    """Words and tables."""
    for data in ("digits", {"path": "x.csv", "target": "a"}, {"name": "moons", "noise": 0.1}, {"kept": "sha256:…"}):
        assert written_form(data) == data


def test_rows_do_not_change_with_what_they_came_from():
    """A study keeps the numbers that it was given."""
    x, y = X.copy(), Y.copy()
    digest = written_form((x, y))["kept"]
    x[:] = 0
    assert kept(digest)["x"].tolist() == X.tolist()
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [0, 1]})
    digest = written_form(frame)["kept"]
    frame.loc[0, "a"] = 9.0
    assert kept(digest)["a"].to_list() == [1.0, 2.0]


WRONG = {
    "three things": ((X, Y, Y), "data: expected a pair (x, y), got 3 things. Give data=(x, y), or data=frame."),
    "no y": ({"x": FRAME}, "data: x is given without y. Give both, or data=frame and target, the name of its column."),
    "x and y of different length": (
        (FRAME.drop("price"), FRAME["price"][:2]),
        "data: x has 3 rows but y has 2; expected one y for each row.",
    ),
    "y is still in x": (
        (FRAME, FRAME["price"]),
        "data: 'price' is a column of x and of y. Drop it from x, or rename it.",
    ),
    "lists": (
        pl.DataFrame({"tags": [["a"], ["b", "c"]]}),
        "data: column 'tags' holds List(String) values; expected one number, word or date in each cell. Make columns",
    ),
    "objects": (
        pl.DataFrame({"o": pl.Series([object(), 1], dtype=pl.Object)}),
        "data: column 'o' holds Python objects of several kinds;",
    ),
    "a Series of pandas": (
        pd.Series([1, 2]),
        "data: expected a frame, got one column, a Series of 2 values. Give the whole frame and the name of the column "
        'to learn, as in data=frame, target="price"; or a pair, data=(x, y).',
    ),
    "a Series of polars": (pl.Series([1, 2]), "data: expected a frame, got one column, a Series of 2 values."),
    "one array": (
        np.eye(3),
        "data: expected rows and what is to be learnt of them, data=(x, y), got one array of shape (3, 3).",
    ),
    "something else as a frame": ({"frame": 3}, "data: expected a frame of pandas, polars or pyarrow, got int."),
    "masked values": ((np.ma.masked_less(X, 1), Y), "x: 1 values of the array are masked."),
    "frames for each part": (((FRAME, Y), (FRAME, Y)), "data: a frame for each part is given; expected one frame"),
    "a frame and arrays": ({"frame": FRAME, "x": X}, "data: a frame and arrays are given. Keep one of them."),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_what_cannot_be_data_is_told_in_a_sentence(mistake):
    """What came, and what to give."""
    data, words = WRONG[mistake]
    with pytest.raises(DataError) as caught:
        written_form(data)
    assert words in str(caught.value)
