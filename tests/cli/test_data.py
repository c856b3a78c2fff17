"""`assay data`."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from assay.data import DATASETS


def test_every_data_set_is_listed_with_its_size_and_whether_it_is_here(assay):
    """What comes with scikit-learn or is made by a formula is always here."""
    told = assay("data")
    assert told.code == 0
    lines = told.out.splitlines()
    for name, info in DATASETS.items():
        [line] = [line for line in lines if line.split()[:1] == [name]]
        assert f" {info.rows:,} " in line
        if info.origin != "keras.datasets":
            assert " yes " in line


def test_one_data_set_is_told_in_full(assay):
    """Where it comes from, whom to cite, and whether it is here."""
    told = assay("data", "digits")
    assert told.code == 0
    assert "origin: scikit-learn" in told.out
    assert f"citation: {DATASETS['digits'].citation[:30]}" in told.out
    assert "available: yes" in told.out
    assert "test: 30 % of the rows, drawn at random" in told.out
    assert "validation: 20 % of the training rows, drawn at random" in told.out


def test_a_set_with_test_rows_of_its_own_is_told_with_them_alone(assay):
    """MNIST comes with 10,000 rows for the test, so no share of the others is named beside them."""
    told = assay("data", "mnist").out
    assert "rows: 60,000 for training, 10,000 for the test" in told
    assert "test: its own 10,000 rows" in told
    assert "{" not in told
    assert "fraction" not in told


def test_a_data_set_that_is_not_here_says_so(assay, tmp_path, monkeypatch):
    """Keras' sets are downloaded when a study first needs them, never to list them."""
    for variable in ("ASSAY_DATA", "KERAS_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert "available: no; downloaded at first use" in assay("data", "imdb").out


def test_the_list_as_json(assay):
    """An array with everything that is known of each, or of the one that is named."""
    told = json.loads(assay("data", "--json").out)
    assert [entry["name"] for entry in told] == list(DATASETS)
    [iris] = json.loads(assay("data", "iris", "--json").out)
    assert iris["available"] is True
    assert (iris["train_rows"], iris["features"], iris["classes"]) == (150, 4, 3)


def test_an_unknown_data_set_is_told_with_the_near_miss(assay):
    """Exit code 2 and the names that there are."""
    told = assay("data", "mnits")
    assert told.code == 2
    assert "unknown data set 'mnits'. Did you mean 'mnist'? Known data sets: digits, " in told.err


HOUSES = """number;name;size;built;town;heated;gone;price
1;Ann;80,5;2001-05-03;Köln;yes;;120,5
2;Bob;;1990-01-02;Bad Ems;no;;100,25
3;Cy;60,25;;Köln;yes;;90,75
4;Di;75,75;1985-11-30;Trier;no;;110,5
5;Eve;101,5;1970-07-07;;yes;;150,25
"""


@pytest.fixture
def houses(tmp_path):
    """A table with semicolons, decimal commas, words, dates, gaps, and an empty column, written eight times over."""
    header, *rows = HOUSES.splitlines()
    numbered = [f"{number};{row.split(';', 1)[1]}" for number, row in enumerate(rows * 8, start=1)]
    path = tmp_path / "houses.csv"
    path.write_text("\n".join([header, *numbered]) + "\n", encoding="utf-8")
    return path


def test_a_table_is_told_column_by_column(assay, houses, monkeypatch):
    """How it is written, what each column holds, its gaps and values, and what will become of it."""
    told = assay("data", "houses.csv")
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[1:3] == [
        "csv, semicolons between cells, decimal comma, utf-8",
        "40 rows, 8 columns; 6 of them become 15 features.",
    ]
    rows = {line.split()[0]: " ".join(line.split()) for line in lines if line.split()}
    assert rows["number"] == "number numbers 1 to 40 1 feature"
    assert rows["size"] == "size numbers 8 (20 %) 60.25 to 101.5 2 features; a gap is 78.12, and"
    assert rows["town"].startswith("town words 8 (20 %) 3: Köln 16, Bad Ems 8, Trier 8 4 features; a gap is Köln, and")
    assert rows["built"].startswith("built dates 8 (20 %) 1970-07-07 to 2001-05-03 2 features; a gap is 19")
    assert rows["heated"] == "heated true or false 2: true 24, false 16 1 feature"
    assert rows["gone"] == "gone nothing 40 (100 %) left out"
    assert rows["price"] == "price numbers is learnt"
    assert "Learnt: price, regression\n  90.75 to 150.2, mean 114" in told.out
    assert "· Column 'gone' is empty, so it is left out." in told.out
    assert "To train on it: assay run houses.csv" in told.out


def test_a_table_fits_a_terminal_of_80_columns(assay, houses, monkeypatch):
    """Every column of it keeps its place, and no line is longer."""
    monkeypatch.setattr("assay.cli.printing.PIPED_WIDTH", 80)
    told = assay("data", "houses.csv")
    assert max(map(len, told.out.splitlines())) <= 80
    for word in ("column", "holds", "gaps", "values", "becomes"):
        assert word in told.out


def test_another_target_and_columns_that_are_overruled(assay, houses):
    """As a study says it; the command that trains on it says the same."""
    told = assay("data", "houses.csv", "--target", "town", "--set", "data.columns.name=ignore")
    assert told.code == 2
    assert "column 'town' is to be learnt, but 8 of 40 rows have no value there" in told.err
    told = assay("data", "houses.csv", "--target", "heated", "--set", "data.columns.name=ignore")
    assert "Learnt: heated, binary with 2 classes" in told.out
    assert re.search(r"no +16 +40\.0% +█+\n +yes +24 +60\.0% +█+", told.out)
    assert "left out, as you say" in told.out
    assert "To train on it: assay run houses.csv --set data.columns.name=ignore --set target=heated" in told.out


def test_several_targets(assay, houses):
    """Each with its range."""
    told = assay("data", "houses.csv", "--target", "price", "--target", "number")
    assert "Learnt: price, number, regression\n  price: 90.75 to 150.2, mean 1" in told.out
    assert "\n  number: 1 to 40, mean 20.5\n" in told.out


def test_a_column_that_must_be_named_first(assay, tmp_path):
    """It is told with both cures, and nothing to run is offered."""
    lines = "\n".join(f"person {number},{number % 7},{number % 2}" for number in range(60))
    (tmp_path / "people.csv").write_text(f"who,size,tall\n{lines}\n")
    told = assay("data", "people.csv")
    assert told.code == 0
    assert "60 rows, 3 columns." in told.out
    assert "To be settled first\n· Column 'who' holds text with 60 levels in 60 rows, as an identifier" in told.out
    assert "see below" in told.out
    assert "To train on it" not in told.out
    assert "To train on it" in assay("data", "people.csv", "--set", "data.columns.who=ignore").out


def test_a_file_as_json(assay, houses):
    """All of it, for programs."""
    told = json.loads(assay("data", "houses.csv", "--json").out)
    assert told["rows"] == {"train": 40}
    assert told["features"] == 15
    assert told["reading"] == {
        "format": "csv",
        "delimiter": ";",
        "decimal": ",",
        "encoding": "utf-8",
        "empty_rows": 0,
    }
    columns = {column["column"]: column for column in told["columns"]}
    assert columns["size"]["gaps"] == 8
    assert (columns["size"]["low"], columns["size"]["high"], columns["size"]["has_indicator"]) == (60.25, 101.5, True)
    assert columns["town"]["features"] == ["town=Bad Ems", "town=Köln", "town=Trier", "town is missing"]
    assert columns["town"]["levels"][0] == {"level": "Köln", "rows": 16}
    assert columns["price"]["role"] == "target"
    assert told["target"]["task"] == "regression"
    assert told["faults"] == []
    assert {notice["topic"] for notice in told["notices"]} >= {"empty", "identifier", "target"}


def test_a_file_of_arrays(assay, tmp_path):
    """Its rows by part, the shape of one, and the classes."""
    np.savez(
        tmp_path / "images.npz",
        x_train=np.zeros((6, 4, 4, 1)),
        y_train=np.array([[0], [1], [2]] * 2),
        x_test=np.zeros((3, 4, 4, 1)),
        y_test=np.array([[0], [1], [2]]),
    )
    told = assay("data", "images.npz")
    assert "9 rows (6 for train, 3 for test), each of 4 × 4 × 1 numbers = 16." in told.out
    assert "Learnt: multiclass with 3 classes\n  0  3   33.3%  ████████" in told.out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.csv", "nowhere.csv: no such file."),
        (
            "old.xls",
            "old.xls: expected a file that ends in .npz, .csv, .tsv, .parquet or .xlsx. Save an .xls as .xlsx.",
        ),
        (
            "rows.json",
            "rows.json: expected a file that ends in .npz, .csv, .tsv, .parquet or .xlsx. Save the table as .csv.",
        ),
        ("notes.txt", "Save the table as .csv."),
        (".", ".: expected a file that holds data, got a folder."),
    ],
)
def test_what_is_no_file_of_data_is_told(assay, name, words):
    """One sentence, and exit code 2."""
    told = assay("data", name)
    assert told.code == 2
    assert words in told.err


def test_a_target_goes_with_a_file(assay):
    """A named set has its own."""
    told = assay("data", "iris", "--target", "a")
    assert told.code == 2
    assert "goes with a file" in told.err


def test_a_wrong_target_or_column_is_told_with_the_near_miss(assay, houses):
    """And the columns that there are."""
    told = assay("data", "houses.csv", "--target", "prise")
    assert "no column 'prise'. Did you mean 'price'?" in told.err
    told = assay("data", "houses.csv", "--set", "data.columns.twon=ignore")
    assert "no column 'twon'. Did you mean 'town'?" in told.err
