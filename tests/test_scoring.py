"""The metrics that a study asks for, in a run: what is recorded, and how it chooses and compares."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest
import sklearn.metrics as reference

import assay
from assay.analysis import sentences
from assay.data import load
from assay.engine.trainer import Trainer
from assay.errors import StudyError
from assay.planning import plan_study
from assay.scoring import check_metrics

ASKED = ["f1", "roc_auc", "matthews_corrcoef", "brier_score", "calibration_error"]


@pytest.fixture(scope="module")
def results(tiny_study, tmp_path_factory):
    study = tiny_study(data="breast_cancer", training={"metrics": ASKED}, design={"select": "val_f1"})
    return assay.run(study, tmp_path_factory.mktemp("scoring") / "asked")


def answers(study, part: str, epochs: int, together: bool):
    """What networks trained by hand say: targets and outputs (C, S, rows, 1)."""
    [population] = plan_study(study).populations
    data = load(population.request)
    trainer = Trainer(population.members, seeds=population.seeds, batch_size=16, task="binary")
    x, y = data.x_train, data.y_train
    if together:
        x, y = np.concatenate([x, data.x_validation]), np.concatenate([y, data.y_validation])
    rows = {"validation": (data.x_validation, data.y_validation), "test": (data.x_test, data.y_test)}[part]
    state, training = trainer.start(), trainer.place(x, y)
    for epoch in range(1, epochs + 1):
        state, _ = trainer.train_epoch(state, training, epoch)
    return rows[1], trainer.predict(state, trainer.place(*rows))


def test_metrics_of_validation_rows_are_those_of_a_network_trained_by_hand(results):
    """After every epoch, the untrained network's among them; by scikit-learn to 1e-6."""
    history = results.history.filter(phase="select", split="validation").sort("trial")
    for epoch in (0, 3):
        y, said = answers(results.study, "validation", epoch, together=False)
        said = said.reshape(-1, len(y))
        for name, function in (
            ("f1", lambda y, p: reference.f1_score(y, p > 0.5)),
            ("roc_auc", reference.roc_auc_score),
            ("brier_score", reference.brier_score_loss),
        ):
            found = history.filter(epoch=epoch, metric=name)["value"]
            assert found.to_list() == pytest.approx([function(y[:, 0], p) for p in said], abs=1e-6), (name, epoch)


def test_the_best_epoch_is_best_in_the_metric_that_selects(results):
    """The mean F1 over seeds is highest there, the earliest of equals."""
    history = results.history.filter(pl.col("epoch") > 0, phase="select", split="validation", metric="f1")
    for condition, chosen in results.trials.select("condition", "best_epoch").iter_rows():
        means = history.filter(condition=condition).group_by("epoch").agg(pl.col("value").mean()).sort("epoch")
        assert chosen == means["epoch"][means["value"].arg_max()]


def test_test_rows_are_measured_once_at_the_best_epoch(results):
    """And training rows not at all."""
    names = {"loss", "accuracy", *ASKED}
    for trial, best in results.trials.select("trial", "best_epoch").iter_rows():
        rows = results.history.filter(trial=trial, split="test")
        assert sorted(rows["metric"]) == sorted(names)
        assert rows["epoch"].unique().to_list() == [best]
    assert set(results.history.filter(split="train")["metric"]) == {"loss", "accuracy"}
    condition, best = results.trials.select("condition", "best_epoch").row(0)
    y, said = answers(results.study, "test", best, together=True)
    found = results.history.filter(split="test", metric="roc_auc", condition=condition).sort("seed")["value"]
    expected = [reference.roc_auc_score(y[:, 0], p[:, 0]) for p in said[0]]
    assert found.to_list() == pytest.approx(expected, abs=1e-6)


def test_conditions_are_compared_by_what_selects(results):
    """In the summary, in its sentences and in the report's figures."""
    summary = results.summary()
    assert (summary.compared_by.split, summary.compared_by.metric) == ("test", "f1")
    assert "test F1" in " ".join(sentences(summary))
    assert set(summary.conditions[0].validation) == {"loss", "accuracy", *ASKED}
    for interval in summary.conditions[0].test.values():
        assert interval.low is None or interval.low <= interval.mean <= interval.high


def test_without_metrics_nothing_more_is_computed(tiny_study, tmp_path, monkeypatch):
    """No network is asked for its outputs, and the other numbers are equal to the bit."""
    whole = assay.run(tiny_study(training={"metrics": ["f1"]}), tmp_path / "with")
    monkeypatch.delattr(Trainer, "predict_each")
    plain = assay.run(tiny_study(), tmp_path / "without")
    same = whole.history.filter(pl.col("metric") != "f1")
    assert plain.history.equals(same)
    assert plain.summary().compared_by.metric == "accuracy"
    assert whole.summary().compared_by.metric == "f1"  # the first that is asked for


def test_what_is_recorded_anyway_may_be_asked_for(tiny_study, tmp_path):
    """It is there once."""
    results = assay.run(tiny_study(training={"metrics": ["accuracy"]}), tmp_path)
    rows = results.history.filter(trial=0, epoch=1, split="validation")
    assert sorted(rows["metric"]) == ["accuracy", "loss"]


def test_quantities_are_measured_in_the_units_in_which_they_were_given(tmp_path):
    """Of scaled targets the loss and the mean absolute error are of what is learnt, the metrics of what was given."""
    study = assay.Study(
        data={"name": "diabetes", "target_scaling": "standard"},
        network={"hidden": [4]},
        training={"epochs": 2, "metrics": ["root_mean_squared_error", "r2", "mean_absolute_percentage_error"]},
        design={"seeds": 1, "select": "val_r2"},
    )
    results = assay.run(study, tmp_path)
    [population] = plan_study(study).populations
    data = load(population.request)
    scale = float(data.target_scaling.scale[0])
    rows = results.history.filter(split="validation", phase="select", epoch=2)
    value = dict(rows.select("metric", "value").iter_rows())
    assert value["root_mean_squared_error"] == pytest.approx(scale * np.sqrt(value["loss"]), rel=1e-5)
    spread = np.var(data.y_validation.astype(float))
    assert value["r2"] == pytest.approx(1 - value["loss"] / spread, rel=1e-5)
    assert 0.05 < value["mean_absolute_percentage_error"] < 2
    assert results.summary().compared_by.metric == "r2"


def test_a_metric_that_validation_rows_cannot_have_does_not_select(tiny_study):
    """Told before anything is trained, with the condition and the reason."""
    study = tiny_study(data="breast_cancer", training={"metrics": ["roc_auc"]}, design={"select": "val_roc_auc"})
    [population] = plan_study(study).populations
    data = load(population.request)
    check_metrics(population, data)
    ones = data.y_validation[:, 0] == 1
    with pytest.raises(StudyError, match=r"design\.select: 'val_roc_auc' cannot .* rows do not hold all classes\."):
        check_metrics(population, dataclasses.replace(data, y_validation=data.y_validation[ones]))
    study = tiny_study(
        data="breast_cancer",
        network={"output_activation": "linear"},
        training={"metrics": ["brier_score"], "loss": "hinge"},
        design={"select": "val_brier_score"},
    )
    [population] = plan_study(study).populations
    with pytest.raises(StudyError, match=r"it needs probabilities, and 'linear' under 'hinge' gives none"):
        check_metrics(population, load(population.request))


def test_a_diverged_trial_has_no_metric_and_stops_no_other(tiny_study, tmp_path):
    """NaN outputs are an outcome: the calm condition has its numbers, the lost one is compared as lost."""
    study = tiny_study(
        network={"activation": "linear", "output_activation": "linear"},
        training={
            "optimizer": {"name": "sgd", "learning_rate": 0.01},
            "loss": "mean_squared_error",
            "metrics": ["balanced_accuracy", "roc_auc"],
        },
        vary={"training.optimizer.learning_rate": [0.01, 1e12]},
        design={"select": "val_balanced_accuracy"},
    )
    results = assay.run(study, tmp_path)
    calm, lost = results.trials.partition_by("condition")
    assert calm["outcome"].to_list() == ["completed"] * 2
    assert lost["outcome"].to_list() == ["diverged"] * 2
    assert results.summary().compared_by.metric == "balanced_accuracy"
    assert calm["best_epoch"].min() >= 1
