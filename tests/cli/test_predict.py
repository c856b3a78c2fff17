"""`assay predict`."""

from __future__ import annotations

import io
import json

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_iris

import assay as library


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    """Iris as a table with words and gaps, and a study of it that has run."""
    folder = tmp_path_factory.mktemp("flowers")
    x, y = load_iris(return_X_y=True)
    frame = pl.DataFrame(x, schema=["sepal length", "sepal width", "petal length", "petal width"]).with_columns(
        colour=pl.Series(np.asarray(["red", "blue", "white"])[np.arange(150) % 3]),
        kind=pl.Series(np.asarray(["setosa", "versicolor", "virginica"])[y]),
    )
    gaps = np.arange(150) % 11 == 0
    frame = frame.with_columns(pl.when(~pl.Series(gaps)).then(pl.col("petal width")).alias("petal width"))
    frame.write_csv(folder / "iris.csv")
    study = library.Study(
        name="flowers",
        data={"path": str(folder / "iris.csv"), "target": "kind"},
        network={"hidden": [8]},
        training={"epochs": 4, "batch_size": 16},
        vary={"network.activation": ["relu", "tanh"]},
        seeds=2,
    )
    return library.run(study, folder / "results"), folder, frame


def test_each_row_of_a_file_is_a_line_of_csv(assay, flowers):
    """In its order, the same as in Python; which network it is goes to standard error."""
    results, folder, frame = flowers
    told = assay("predict", results.directory, folder / "iris.csv")
    assert told.code == 0
    said = pl.read_csv(io.StringIO(told.out))
    expected = results.model().predict(frame)
    assert said["prediction"].equals(expected["prediction"])
    names = [name for name in expected.columns if name != "prediction"]
    np.testing.assert_allclose(said.select(names).to_numpy(), expected.select(names).to_numpy(), rtol=1e-6)
    model = results.model()
    assert f"Network: '{model.condition}', seed {model.seed}, the best of 2 conditions by val_loss." in told.err


def test_predictions_agree_with_those_that_the_study_kept(assay, flowers):
    """The test rows of the folder, found again in the file by their source rows."""
    results, folder, _ = flowers
    condition = results.conditions[1].name
    told = assay("predict", results.directory, folder / "iris.csv", "--condition", condition, "--json")
    said = json.loads(told.out)
    assert (said["condition"], said["epoch"]) == (condition, results.model(condition).epoch)
    kept = results.predictions.filter(condition=condition, split="test")
    found = [list(said["predictions"][row].values())[1:] for row in kept["source_row"]]
    np.testing.assert_allclose(found, np.stack(kept["outputs"].to_numpy()), atol=1e-5)


def test_a_file_may_be_written(assay, flowers, tmp_path):
    """The number of predictions and the file are told."""
    results, folder, _ = flowers
    told = assay("predict", results.directory, folder / "iris.csv", "--out", "said.csv")
    assert told.out == "150 predictions: said.csv\n"
    assert len(pl.read_csv(tmp_path / "said.csv")) == 150


def test_levels_that_are_new_are_told(assay, flowers, tmp_path):
    """To standard error; the rows are predicted all the same."""
    results, _, frame = flowers
    frame.drop("kind").with_columns(colour=pl.lit("green")).head(3).write_csv(tmp_path / "new.csv")
    told = assay("predict", results.directory, "new.csv")
    assert told.code == 0
    assert len(told.out.splitlines()) == 4
    assert "Column 'colour': 3 cells hold levels that the training rows did not have ('green')" in told.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("sepal length,sepal width\n1,2\n", "missing: 'petal length', 'petal width', 'colour'"),
        ("sepal length,sepal width,petal length,petal width,color\n1,2,3,4,red\n", "'colour' (is it 'color'?)"),
        ("sepal length,sepal width,petal length,petal width,colour\n1,2,long,4,red\n", "petal length"),
        ("", "expected a header line and rows"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_in_a_sentence(assay, flowers, tmp_path, content, words):
    """Columns that are missing or foreign, cells of another kind, an empty file."""
    (tmp_path / "new.csv").write_text(content)
    told = assay("predict", flowers[0].directory, "new.csv")
    assert told.code == 2
    assert told.out == ""
    assert words in told.err


def test_mistakes_on_the_line_are_told(assay, flowers, finished):
    """An unknown condition by its near miss, a seed that is not there, an ending, a file that is not there."""
    results, folder, _ = flowers
    file = folder / "iris.csv"
    for arguments, words in {
        ("--condition", "activation=thnh"): "Did you mean 'activation=tanh'?",
        ("--condition", "activation=tanh", "--seed", "9"): "no seed 9",
        ("--out", "said.txt"): "ends in .csv",
        ("--out", "said.csv", "--json"): "leave out --out or --json",
    }.items():
        told = assay("predict", results.directory, file, *arguments)
        assert told.code == 2
        assert words in told.err
    told = assay("predict", results.directory, "nowhere.csv")
    assert (told.code, "no such file" in told.err) == (2, True)
    told = assay("predict", finished.directory, file)  # a network of rows of four numbers
    assert (told.code, told.out) == (2, "")
