"""What the rows of a data set hold."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from assay.data import load
from assay.data.preparation import Column
from assay.errors import StoreError
from assay.figures.examples import (
    column_texts,
    data_of,
    described_columns,
    example_rows,
    is_image,
    sensitivities,
)
from assay.kept import Kept
from assay.lab import run
from assay.study import Study


def test_pictures_have_the_pixels_of_the_source(kept_results):
    """Of digits sixteen grey levels, between 0 and 1."""
    results = kept_results("digits")
    errors = results.errors()
    rows = example_rows(results, errors.answers, errors.worst)
    dataset = load(results.conditions[0].data.request())
    raw = dataset.x_validation[errors.worst[0].row].reshape(8, 8) * float(dataset.preparation.scaling.scale)
    np.testing.assert_allclose(rows.images[0], raw / 16, atol=1e-6)
    assert rows.columns == []


def test_a_row_of_a_table_has_the_numbers_of_the_source(kept_results):
    """Scaling is undone, and the row is found by its number in the source."""
    from sklearn.datasets import load_wine

    results = kept_results("wine")
    errors = results.errors()
    rows = example_rows(results, errors.answers, errors.worst)
    bunch = load_wine()
    place = bunch.feature_names.index(rows.columns[0])
    for example, cells in zip(errors.worst, rows.cells, strict=True):
        assert float(cells[0].replace(",", "")) == pytest.approx(bunch.data[example.source_row, place], rel=1e-2)
    assert len(rows.columns) == 6
    assert rows.note == "The 6 of 13 columns on which its answers for these rows depend most."


def test_data_that_are_others_now_are_told(kept_results, monkeypatch):
    """A sentence stands in the place of the rows."""
    results = kept_results("iris")
    monkeypatch.setitem(results.manifest["data"], "iris", "another")
    with pytest.raises(StoreError, match="The data 'iris' are no longer those that the study was trained on"):
        data_of(results, "activation=relu")
    errors = results.errors()
    rows = example_rows(results, errors.answers, errors.worst)
    assert rows.note == "The data 'iris' are no longer those that the study was trained on."
    assert (rows.images, rows.columns, len(rows.cells)) == (None, [], len(errors.worst))


def test_data_that_are_gone_are_told(kept_results, tmp_path):
    """With what went wrong."""
    lines = [f"{i % 7},{i % 5},{i % 2}" for i in range(60)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["a,b,label", *lines]))
    results = kept_results({"path": str(path)})
    assert data_of(results, "activation=relu").shape.features == 2
    path.unlink()
    with pytest.raises(StoreError, match="The data could not be read again: "):
        data_of(results, "activation=relu")


def test_many_features_without_names_are_not_shown(kept_results, tmp_path):
    """They would say nothing; it is told how many they are."""
    draws = np.random.default_rng(0).normal(size=(60, 80))
    np.savez(tmp_path / "wide.npz", x_train=draws, y_train=(draws[:, 0] > 0).astype(int))
    results = kept_results({"path": str(tmp_path / "wide.npz")})
    errors = results.errors()
    rows = example_rows(results, errors.answers, errors.worst)
    assert (rows.columns, rows.note) == ([], "Rows hold 80 numbers without names.")


def test_a_network_of_code_that_was_not_run_is_not_asked(tmp_path, monkeypatch):
    """Columns come in their order, and there is no boundary to draw."""
    (tmp_path / "mine.py").write_text("import jax.numpy as jnp\n\ndef bend(x):\n    return jnp.tanh(x)\n")
    monkeypatch.chdir(tmp_path)
    study = Study(
        name="own",
        data={"name": "moons", "arguments": {"rows": 300}},
        network={"hidden": [4], "activation": "mine.py:bend"},
        training={"epochs": 1},
        design={"seeds": 1},
    )
    run(study, tmp_path / "results")
    code = f"""
import assay
from assay.figures.saving import boundary_figure
from assay.figures.worst_examples import worst_examples_data
results = assay.open_results({str(tmp_path / "results")!r})
print(worst_examples_data(results, results.errors()).rows.columns)
print(boundary_figure(results, [one.name for one in results.conditions]))
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == ["['feature 1', 'feature 2']", "None"]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((28, 28), True), ((28, 28, 1), True), ((32, 32, 3), True), ((64,), False), ((5, 1), False), ((4, 4, 4), False)],
)
def test_pictures_are_told_by_their_shape(shape, expected):
    """Two sides, and perhaps one channel or three."""
    assert is_image(shape) is expected


@pytest.mark.parametrize(
    ("column", "features", "cells"),
    [
        (Column("n", "numeric"), [[1.5], [20], [-0.0001]], ["1.5", "20.0", "0.0"]),
        (Column("n", "numeric"), [[1.0], [2000.0]], ["1", "2,000"]),
        (Column("n", "numeric", (), 3.0, True), [[3.0, 1], [4.0, 0]], ["–", "4"]),
        (Column("b", "boolean"), [[1.0], [0.0]], ["true", "false"]),
        (Column("d", "date"), [[0.0], [31.0]], ["1970-01-01", "1970-02-01"]),
        (Column("c", "categorical", ("x", "y")), [[0, 1], [0, 0]], ["y", "another"]),
        (Column("c", "categorical", ("x",), "x", True), [[1, 1], [1, 0]], ["–", "x"]),
    ],
)
def test_cells_are_told_as_their_kind(column, features, cells):
    """Numbers of a column with as many decimals; a gap is a dash, an unknown level is another."""
    assert column_texts(column, np.asarray(features, float)) == cells


def test_features_without_names_are_numbered(kept_results):
    """From 1."""
    dataset = load(kept_results("moons").conditions[0].data.request())
    columns = described_columns(dataset.preparation, dataset.feature_names, 2)
    assert [column.name for column in columns] == ["feature 1", "feature 2"]


def test_sensitivity_is_the_change_of_a_linear_network(kept_results):
    """|kernel| · |x - mean| for each column, the mean over rows."""
    results = kept_results("diabetes", vary={"network.activation": ["linear"]})
    network: Kept = results.model()
    x = load(results.conditions[0].data.request()).x_validation[:5]
    mean = x.mean(axis=0)
    whole = network.layers[0].kernel @ network.layers[1].kernel  # (10, 1)
    expected = np.abs((x - mean) * whole[:, 0]).mean(axis=0)
    columns = [Column(str(number), "numeric") for number in range(10)]
    np.testing.assert_allclose(sensitivities(network, x, mean, columns), expected, rtol=1e-3)
