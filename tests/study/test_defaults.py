"""The default study of data: what a study leaves open follows from the rows."""

from __future__ import annotations

import numpy as np
import pytest

from assay.cli.target import chosen_study
from assay.data import describe
from assay.errors import DataError
from assay.study import load_study
from assay.study.defaults import default_study, filled, names_data
from assay.study.spec import Study


def rows(number: int, task: str) -> tuple[np.ndarray, np.ndarray]:
    """Noise, with quantities or classes."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(number, 3))
    return x, (x[:, 0] + 1.5 if task == "regression" else (x[:, 0] > 0).astype(int))


@pytest.mark.parametrize(("number", "epochs"), [(100, 100), (4_000, 13), (100_000, 10)])
def test_a_network_makes_a_thousand_updates_within_bounds(number, epochs):
    """Of 4,000 rows 2,560 are for training: 80 batches of 32 a pass, and 13 passes are the first to hold 1,000."""
    study = default_study(rows(number, "binary"))
    assert study.training.epochs == epochs


def test_only_the_targets_of_a_regression_are_scaled():
    """Classes have no scale."""
    assert default_study(rows(100, "regression")).data.target_scaling == "standard"
    assert default_study(rows(100, "binary")).data.target_scaling == "none"


def test_what_is_given_stays():
    """A default never takes the place of a setting."""
    study = filled(
        Study(data={"name": "diabetes", "target_scaling": "none"}, training={"epochs": 7}, design={"seeds": 2})
    )
    assert (study.training.epochs, study.data.target_scaling, study.seed_list()) == (7, "none", [0, 1])


def test_a_name_or_a_file_of_data_stands_for_its_default_study(tmp_path):
    """A built-in study of the same name goes first."""
    table = tmp_path / "some.csv"
    table.write_text("a,b,price\n" + "\n".join(f"{n},{n % 7},{n * 1.5}" for n in range(60)))
    assert load_study("wine") == default_study("wine")
    assert load_study(table) == default_study(str(table))
    assert names_data("wine")
    assert not names_data("digits")
    assert len(load_study("digits").expand()) > 1


def test_options_of_the_command_line_come_before_the_defaults(tmp_path):
    """Another target may be another task, and then other defaults."""
    table = tmp_path / "some.csv"
    table.write_text("a,b,kind\n" + "\n".join(f"{n * 1.5},{n % 7},{'xy'[n % 2]}" for n in range(60)))
    assert chosen_study(str(table), None, None, None).data.target_scaling == "none"
    other = chosen_study(str(table), None, ["data.target=a", "epochs=3"], 4)
    assert (other.data.target_scaling, other.training.epochs, len(other.seed_list())) == ("standard", 3, 4)
    assert describe(other.data.request()).task == "regression"


def test_a_file_that_is_not_there_is_told(tmp_path):
    """In one sentence."""
    with pytest.raises(DataError, match="no such file"):
        load_study(tmp_path / "none.csv")
