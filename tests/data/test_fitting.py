"""What is learnt of columns, against scikit-learn's own transformers on rows that were held out."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from assay.data import DataRequest, load
from assay.data.columns import ColumnChoice
from assay.data.files import Reading
from assay.data.fitting import count_features, fit_preparation
from assay.data.preparation import Preparation
from assay.data.tables import Question, survey


def plans_of(frame, **choices):
    """Features of a table whose last column is the target, in the types of their kinds."""
    raw = survey(frame, Question(columns=choices), where="here", reading=Reading("frame"))
    return [plan for plan in raw.plans if plan.is_feature], raw.x["train"]


def table(rows=60, seed=0):
    """Numbers, a flag, a date and words, each with gaps."""
    rng = np.random.default_rng(seed)

    def gappy(values):
        return [None if rng.random() < 0.2 else value for value in values]

    dates = (np.datetime64("2020-01-01") + rng.integers(0, 900, rows)).tolist()
    return pl.DataFrame(
        {
            "age": pl.Series(gappy(rng.normal(40, 9, rows).tolist()), dtype=pl.Float64),
            "rooms": pl.Series(gappy(rng.integers(1, 9, rows).tolist()), dtype=pl.Int64),
            "old": pl.Series(gappy((rng.random(rows) < 0.4).tolist()), dtype=pl.Boolean),
            "since": pl.Series(gappy(dates), dtype=pl.Date),
            "port": pl.Series(gappy(rng.choice(["Cork", "Lund", "Brest"], rows).tolist()), dtype=pl.String),
            "y": rng.normal(size=rows),
        }
    )


@pytest.mark.parametrize(("scaling", "scaler"), [("standard", StandardScaler), ("minmax", MinMaxScaler)])
def test_a_preparation_is_what_scikit_learn_does(scaling, scaler):
    """Median or most frequent, indicator, one-hot, scaling: learnt on 40 rows, equal on the 20 others."""
    plans, rows = plans_of(table())
    train, held_out = rows[:40], rows[40:]
    found = fit_preparation(plans, train, scaling).apply(held_out)

    def plain(frame):
        days = frame["since"].dt.timestamp("us").cast(pl.Float64) / 86_400e6
        numbers = [frame[name].cast(pl.Float64) for name in ("age", "rooms", "old")]
        words = np.array(frame["port"].to_list(), dtype=object)
        return np.column_stack([*(one.fill_null(np.nan).to_numpy() for one in (*numbers, days)), words]).astype(object)

    def number(strategy):
        values = make_pipeline(SimpleImputer(strategy=strategy), scaler())
        return values, SimpleImputer(strategy="constant", fill_value=0, add_indicator=True)

    expected = []
    for column, strategy in enumerate(["median", "median", "most_frequent", "median"]):
        values, gaps = number(strategy)
        each = ColumnTransformer([("values", values, [0]), ("gaps", gaps, [0])])
        fitted = each.fit(plain(train)[:, [column]].astype(float))
        expected.append(fitted.transform(plain(held_out)[:, [column]].astype(float))[:, [0, 2]])
    words = make_pipeline(
        SimpleImputer(strategy="most_frequent", missing_values=None),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    expected.append(words.fit(plain(train)[:, [4]]).transform(plain(held_out)[:, [4]]))
    expected.append(held_out["port"].is_null().to_numpy()[:, None])
    np.testing.assert_allclose(found, np.hstack(expected).astype(float), rtol=1e-6, atol=1e-6)


def test_a_preparation_is_the_same_after_it_was_kept():
    """JSON and back: equal, and the same features to the bit."""
    plans, rows = plans_of(table())
    preparation = fit_preparation(plans, rows, "standard", aside=["y"])
    again = Preparation.of(preparation.written())
    assert again == preparation
    np.testing.assert_array_equal(again.apply(rows), preparation.apply(rows))
    assert again.aside == ("y",)


def test_levels_and_indicators_are_not_scaled():
    """Features that are 0 or 1 by their making keep offset 0 and scale 1; the others have mean 0 and deviation 1."""
    plans, rows = plans_of(table())
    preparation = fit_preparation(plans, rows, "standard")
    x = preparation.apply(rows)
    for number, name in enumerate(preparation.feature_names):
        if "=" in name or name.endswith("is missing"):
            assert (preparation.scaling.offset[number], preparation.scaling.scale[number]) == (0, 1)
            assert set(np.unique(x[:, number])) <= {0, 1}
        else:
            np.testing.assert_allclose([x[:, number].mean(), x[:, number].std()], [0, 1], atol=1e-5)


def test_gaps_outside_the_training_rows_are_filled_without_an_indicator():
    """A column that is whole among the training rows has one feature, and its median stands for gaps elsewhere."""
    plans, rows = plans_of(pl.DataFrame({"a": [1.0, 2.0, 4.0, None], "y": [0.1, 0.2, 0.3, 0.4]}))
    preparation = fit_preparation(plans, rows[:3], "none")
    assert preparation.feature_names == ("a",)
    assert preparation.apply(rows[3:]).tolist() == [[2.0]]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ColumnChoice(fill=7), [[7, 1], [3, 0]]),
        (ColumnChoice(fill="most_frequent"), [[1, 1], [3, 0]]),
        (ColumnChoice(fill=7, indicator=False), [[7], [3]]),
        (ColumnChoice("categorical"), [[1, 0, 0, 1], [0, 0, 1, 0]]),
        (ColumnChoice("categorical", fill="none"), [[0, 0, 0, 1], [0, 0, 1, 0]]),
        (ColumnChoice("categorical", fill="unknown", indicator=False), [[0, 0, 0, 1], [0, 0, 1, 0]]),
    ],
)
def test_what_is_said_of_a_column_is_done(choice, expected):
    """How gaps are filled and told, and numbers as levels: of the cells 1, 1, 2, 3 and a gap, the gap and the 3."""
    plans, rows = plans_of(pl.DataFrame({"a": [1, 1, 2, 3, None], "y": [0.1, 0.2, 0.3, 0.4, 0.5]}), a=choice)
    preparation = fit_preparation(plans, rows, "none")
    assert preparation.apply(rows[[4, 3]]).tolist() == expected
    assert count_features(plans, rows) == len(expected[0])


def test_a_level_that_training_rows_lack_is_all_zeros():
    """As OneHotEncoder(handle_unknown="ignore") has it."""
    plans, rows = plans_of(pl.DataFrame({"a": ["x", "z", "q"], "y": [0.1, 0.2, 0.3]}))
    preparation = fit_preparation(plans, rows[:2], "standard")
    assert preparation.apply(rows).tolist() == [[1, 0], [0, 1], [0, 0]]


def test_a_column_without_any_value_in_the_training_rows_keeps_its_place():
    """A number is 0 then, and words have no level; both are told as missing."""
    frame = pl.DataFrame({"a": [None, None, 5.0], "b": [None, None, "x"], "y": [0.1, 0.2, 0.3]})
    plans, rows = plans_of(frame)
    preparation = fit_preparation(plans, rows[:2], "standard")
    assert preparation.feature_names == ("a", "a is missing", "b is missing")
    assert preparation.apply(rows).tolist() == [[0, 1, 1], [0, 1, 1], [5, 0, 0]]


@given(st.lists(st.sampled_from(["x", "y", "z", None]), min_size=4, max_size=30), st.integers(0, 5))
def test_any_words_become_what_scikit_learn_makes_of_them(words, seed):
    """Levels in alphabetical order, the most frequent word in gaps, ties to the first of the alphabet."""
    if not any(words[:-1]):
        return
    plans, rows = plans_of(pl.DataFrame({"a": pl.Series([*words, "x"]), "y": [0.5 * i for i in range(len(words) + 1)]}))
    preparation = fit_preparation(plans, rows[:-2], "none") if any(words[:-1]) else None
    if preparation is None:
        return
    column = np.array(rows["a"].to_list(), dtype=object)[:, None]
    twin = make_pipeline(
        SimpleImputer(strategy="most_frequent", missing_values=None),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    ).fit(column[:-2])
    expected = twin.transform(column)
    np.testing.assert_array_equal(preparation.apply(rows)[:, : expected.shape[1]], expected)


def test_nothing_is_learnt_from_rows_that_are_held_out(tmp_path):
    """Other numbers, words and gaps in validation and test rows change nothing in what is learnt."""
    frame = table(100)
    path = tmp_path / "own.csv"
    frame.write_csv(path)
    request = DataRequest(path=str(path))
    before = load(request)
    held_out = np.concatenate([before.rows["validation"], before.rows["test"]])
    shifted = frame.with_row_index("row").with_columns(
        pl.when(pl.col("row").is_in(held_out)).then(1e6).otherwise("age").alias("age"),
        pl.when(pl.col("row").is_in(held_out)).then(None).otherwise("rooms").alias("rooms"),
        pl.when(pl.col("row").is_in(held_out)).then(pl.lit("Oslo")).otherwise("port").alias("port"),
        pl.when(pl.col("row").is_in(held_out)).then(pl.date(1950, 1, 1)).otherwise("since").alias("since"),
        pl.when(pl.col("row").is_in(held_out)).then(True).otherwise("old").alias("old"),
    )
    shifted.drop("row").write_csv(tmp_path / "other.csv")
    after = load(DataRequest(path=str(tmp_path / "other.csv")))
    np.testing.assert_array_equal(after.rows["train"], before.rows["train"])
    assert after.preparation == before.preparation
    np.testing.assert_array_equal(after.x_train, before.x_train)
    assert not np.array_equal(after.x_test, before.x_test)
