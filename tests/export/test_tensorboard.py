"""A study in TensorBoard, read back with TensorBoard's own code."""

from __future__ import annotations

import math
import sys

import numpy as np
import polars as pl
import pytest

from assay.errors import MissingExtra, StoreError
from assay.export import write_tensorboard

LOST = "tanh_random_normal_stddev=1.0/seed_2"
KEPT = "relu_he_normal/seed_1"
KEPT_CONDITION = "activation=relu, kernel_initializer=he_normal"


@pytest.fixture(scope="module")
def exported(with_signals, tmp_path_factory, read_back):
    """What TensorBoard finds in the export of the study with signals."""
    folder = tmp_path_factory.mktemp("logs")
    written = write_tensorboard(with_signals, folder)
    assert all(path.is_relative_to(folder) for path in written)
    return read_back(folder)


def test_there_is_a_run_for_every_trial_and_split(exported):
    """18 trials with training and validation; the test set was opened for all but the one that diverged."""
    runs = exported.scalars()
    for split, count in (("train", 18), ("validation", 18), ("test", 17)):
        assert sum(run.startswith(f"{split}_") for run in runs) == count
    assert {f"{split}_{KEPT}" for split in ("train", "validation", "test")} <= runs.keys()
    assert {f"train_{LOST}", f"validation_{LOST}"} <= runs.keys()


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_curves_are_those_of_the_history(with_signals, exported, split):
    """Epoch and value of every loss and accuracy, under the same tag in each split."""
    for metric in ("loss", "accuracy"):
        rows = with_signals.history.filter(condition=KEPT_CONDITION, seed=1, split=split, metric=metric)
        found = exported.scalars()[f"{split}_{KEPT}"][metric]
        assert [datum.step for datum in found] == rows["epoch"].to_list()
        np.testing.assert_allclose([datum.value for datum in found], rows["value"], rtol=1e-6)


def test_histograms_are_those_of_the_values_by_layer(with_signals, exported, recorded_values):
    """The counts and edges that NumPy finds in the values, at every epoch of every layer."""
    trial = with_signals.trials.filter(condition=KEPT_CONDITION, seed=1)["trial"].item()
    found = exported.histograms()[f"train_{KEPT}"]
    assert found.keys() == {"preactivations/layer_1", "preactivations/layer_2"}
    for layer in (1, 2):
        for epoch, datum in enumerate(found[f"preactivations/layer_{layer}"]):
            counts, edges = np.histogram(recorded_values(trial, epoch, layer), 32)
            assert datum.step == epoch
            np.testing.assert_allclose(datum.numpy, np.stack([edges[:-1], edges[1:], counts], axis=1), atol=1e-12)


def test_signals_are_scalars_by_layer_but_for_the_quantiles(exported, recorded_values, with_signals):
    """`quantity_statistic/layer_n`; what the distributions show is not shown twice."""
    runs = exported.scalars()
    tags = {tag for tag in runs[f"train_{KEPT}"] if "/layer_" in tag}
    assert tags == {f"{name}/layer_{layer}" for name in ("preactivations_std", "update_ratio") for layer in (1, 2)}
    trial = with_signals.trials.filter(condition=KEPT_CONDITION, seed=1)["trial"].item()
    found = [datum.value for datum in runs[f"train_{KEPT}"]["preactivations_std/layer_2"]]
    np.testing.assert_allclose(found, [recorded_values(trial, epoch, 2).std() for epoch in range(4)], rtol=1e-6)
    assert not any("/layer_" in tag for run, tags in runs.items() if not run.startswith("train_") for tag in tags)


def test_a_diverged_trial_is_there_with_what_is_not_finite(exported):
    """Its loss and its ratio are NaN, and a distribution without finite values is empty; TensorBoard reads all."""
    scalars, histograms = exported.scalars()[f"train_{LOST}"], exported.histograms()[f"train_{LOST}"]
    assert math.isnan(scalars["loss"][-1].value)
    assert all(math.isnan(datum.value) for datum in scalars["update_ratio/layer_1"])
    assert all(not datum.numpy.any() for datum in histograms["preactivations/layer_1"])


def test_the_hparams_tab_has_a_row_for_each_condition(with_signals, exported):
    """Levels, and the means of `summary` in its columns; seeds are the runs of a row."""
    columns, rows = exported.hyperparameters()
    tags = [info.name.tag for info in columns.metric_infos]
    assert tags[:3] == ["trial/validation_accuracy", "trial/test_accuracy", "trial/diverged"]
    assert tags[3:] == ["trial/validation_loss", "trial/test_loss"]
    summary = {condition.name: condition for condition in with_signals.summary().conditions}
    assert {row.name for row in rows} == summary.keys()
    for row in rows:
        condition = summary[row.name]
        assert row.hparams["network.activation"].string_value == condition.settings["network.activation"]
        assert len(row.sessions) == 3
        shown = {value.name.tag: value.value for value in row.metric_values}
        assert shown.pop("trial/diverged") == pytest.approx(condition.outcomes["diverged"] / 3)
        for tag, value in shown.items():
            split, metric = tag.removeprefix("trial/").split("_", 1)
            assert value == pytest.approx(condition.scores(split)[metric].mean, rel=1e-6)
        assert len(shown) == 4


def test_the_final_phase_has_its_own_tags(synthetic, read_back, tmp_path):
    """Training rows differ between the phases, so their curves do not share a chart."""
    results = synthetic.fill(tmp_path / "run", synthetic.factorial_study(design={"seeds": 1}), epochs=2)
    final = results.history.filter(phase="select", split="train").with_columns(phase=pl.lit("final"))
    results.__dict__["history"] = pl.concat([results.history, final])
    write_tensorboard(results, tmp_path / "logs")
    tags = read_back(tmp_path / "logs").scalars()["train_relu_he_normal/seed_0"]
    assert {"loss", "accuracy", "final/loss", "final/accuracy"} <= tags.keys()
    assert len(tags["loss"]) == len(tags["final/loss"]) == 2


def test_a_study_that_is_still_running_can_be_exported(synthetic, read_back, tmp_path):
    """Trials in flight are there without an end; exported again, the numbers are not doubled."""
    study = synthetic.factorial_study()
    results = synthetic.fill(tmp_path / "run", study, epochs=4, ended=1)
    for _ in range(2):
        write_tensorboard(results, tmp_path / "logs")
    exported = read_back(tmp_path / "logs")
    _, rows = exported.hyperparameters()
    assert [len(row.sessions) for row in rows] == [3, 3]
    assert {len(tags["loss"]) for run, tags in exported.scalars().items() if run.startswith("train_")} == {2, 4}


def test_a_study_without_factors_has_a_table_too(synthetic, read_back, tmp_path):
    """One condition, no columns of levels."""
    results = synthetic.fill(tmp_path / "run", synthetic.factorial_study(vary={}, design={"seeds": 2}), epochs=2)
    write_tensorboard(results, tmp_path / "logs")
    _, [row] = read_back(tmp_path / "logs").hyperparameters()
    assert (row.name, len(row.sessions)) == ("as written", 2)


def test_with_nothing_recorded_there_is_nothing_to_export(only_begun, read_back, tmp_path):
    """Said at once, and no folder is made."""
    with pytest.raises(StoreError, match="nothing has been recorded yet"):
        write_tensorboard(only_begun, tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


def test_without_the_extra_the_error_tells_how_to_install_it(with_signals, tmp_path, monkeypatch):
    """The line to type, and nothing written."""
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingExtra, match=r"pip install 'assay\[tensorboard\]'"):
        write_tensorboard(with_signals, tmp_path / "logs")
    assert not (tmp_path / "logs").exists()
