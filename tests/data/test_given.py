"""Data given in Python, as a study file can hold them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from assay.data.datasets import read_own
from assay.data.digests import keep, kept
from assay.data.given import written_form
from assay.errors import DataError
from assay.study.parts import DataSpec

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
    "a target beside y": (
        {"x": FRAME.drop("price"), "y": FRAME["price"], "target": "b"},
        "data.target: what is learnt is given as y. Leave target out.",
    ),
    "a frame and arrays": ({"frame": FRAME, "x": X}, "data: a frame and arrays are given. Keep one of them."),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_what_cannot_be_data_is_told_in_a_sentence(mistake):
    """What came, and what to give."""
    data, words = WRONG[mistake]
    with pytest.raises(DataError) as caught:
        written_form(data)
    assert words in str(caught.value)


def raw_of(data, **settings):
    """What is read of data that are given to a study."""
    return read_own(DataSpec(**{**written_form(data), **settings}).request())


ROWS = np.arange(12.0).reshape(6, 2)
LABELS = np.array([0, 1, 0, 1, 1, 0])


@pytest.mark.parametrize(
    "y",
    [
        LABELS,
        LABELS.tolist(),
        LABELS[:, None],
        pd.Series(LABELS),
        pd.Series(LABELS, name="label"),
        pl.Series("label", LABELS),
        pd.DataFrame({"label": LABELS}),
        pa.table({"label": LABELS}),
    ],
)
@pytest.mark.parametrize(
    "x", [ROWS, ROWS.tolist(), ROWS.astype(np.float16), pd.DataFrame(ROWS), pl.DataFrame(ROWS)], ids=type
)
def test_features_and_targets_may_come_apart(x, y):
    """Arrays, lists, series and tables of one column, in every pair."""
    raw = raw_of((x, y))
    features = raw.x["train"]
    np.testing.assert_array_equal(features if isinstance(features, np.ndarray) else features.to_numpy(), ROWS)
    assert (raw.y["train"].tolist(), raw.target.task) == (LABELS.tolist(), "binary")


def test_several_targets_may_come_apart():
    """A matrix of 0 and 1 is labels beside an array and beside a table."""
    labels = np.array([[0, 1], [1, 1], [0, 0], [1, 0], [1, 1], [0, 1]])
    for x in (ROWS, pl.DataFrame(ROWS)):
        for y in (labels, pl.DataFrame(labels, schema=["u", "v"])):
            raw = raw_of((x, y))
            assert (raw.target.task, raw.y["train"].tolist()) == ("multilabel", labels.tolist())


def test_a_pair_of_arrays_keeps_the_shape_of_its_rows():
    """Images stay images."""
    assert raw_of((np.zeros((6, 4, 4, 1)), LABELS)).x["train"].shape == (6, 4, 4, 1)


@pytest.mark.parametrize(
    ("pair", "settings", "words"),
    [
        ((ROWS, LABELS[:4]), {}, r"arrays-\w+: x has 6 rows but y has shape \(4,\); expected one target for each row"),
        ((ROWS[:, 0], LABELS), {}, r"arrays-\w+: x: expected shape \(rows, features\), got \(6,\)"),
        ((ROWS.astype(complex), LABELS), {}, "x: holds complex128 values"),
        ((ROWS, LABELS.astype(complex)), {}, "y: holds complex128 values"),
        ((ROWS, np.zeros(6, int)), {}, r"y: every row has the same label, 0\. A classifier needs at least two classes"),
        (
            (np.where(ROWS == 5, np.nan, ROWS), LABELS),
            {},
            "x: 1 values are NaN or infinite, the first in row 3, column 2",
        ),
        ((ROWS, LABELS), {"target": "y"}, "data.target: names a column of a table; arrays-"),
    ],
)
def test_a_pair_that_does_not_fit_is_refused(pair, settings, words):
    """The message says which of the two, what was expected and what came."""
    with pytest.raises(DataError, match=words):
        raw_of(pair, **settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"target": "prise"},
            r"frame-\w+: data.target: no column 'prise'\. Did you mean 'price'\?",
        ),
        ({"target": "one"}, "every row has the same label"),
        ({"columns": {"c": "ignore"}}, "data.columns: no column 'c'"),
    ],
)
def test_what_is_asked_of_a_frame_is_checked_as_of_a_file(settings, words):
    """A wrong target, one with a single class, a column that is not there."""
    with pytest.raises(DataError, match=words):
        raw_of(FRAME.with_columns(one=pl.lit("same")), **settings)
