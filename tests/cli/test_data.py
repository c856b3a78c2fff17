"""`assay data`."""

from __future__ import annotations

import json

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
