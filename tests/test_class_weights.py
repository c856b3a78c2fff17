"""Rows that count more than others, through a whole study."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import assay
from assay.data import load
from assay.engine.trainer import Trainer
from assay.errors import StudyError
from assay.learning.weights import class_weights
from assay.planning import plan_study


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A 90:10 imbalance whose classes overlap, with a column of weights."""
    generator = np.random.default_rng(0)
    rare = np.arange(400) % 10 == 0
    x = generator.normal(size=(400, 2)) + 1.2 * rare[:, None]
    path = tmp_path_factory.mktemp("weights") / "rare.csv"
    pl.DataFrame(
        {
            "a": x[:, 0],
            "b": x[:, 1],
            "share": generator.integers(0, 4, size=400),
            "ill": np.where(rare, "yes", "no"),
        }
    ).write_csv(path)
    return path


def study(table, **changes) -> assay.Study:
    data = {"path": str(table), "columns": {"share": "ignore"}} | changes.pop("data", {})
    training = {"epochs": 6, "optimizer": {"name": "adam", "learning_rate": 0.02}} | changes.pop("training", {})
    return assay.Study(data=data, network={"hidden": [6]}, training=training, **{"seeds": 2, **changes})


@pytest.fixture(scope="module")
def both(table, tmp_path_factory):
    """Weighted and unweighted conditions in one study."""
    varied = study(
        table,
        training={"epochs": 15, "metrics": ["recall", "balanced_accuracy"]},
        vary={"training.class_weight": ["none", "balanced"]},
        design={"select": "val_balanced_accuracy"},
    )
    return assay.run(varied, tmp_path_factory.mktemp("weights") / "both")


def test_a_condition_without_weights_is_as_if_there_were_no_others(both, table, tmp_path):
    """To the bit: weights are another program, not another number in the same."""
    alone = assay.run(study(table, training={"epochs": 15}), tmp_path)
    mine = both.history.filter(pl.col("metric").is_in(["loss", "accuracy"]), condition="class_weight=none")
    selected = pl.col("phase") == "select"
    columns = ["seed", "epoch", "split", "metric", "value"]
    order = columns[:-1]
    assert (
        mine.filter(selected)
        .select(columns)
        .sort(order)
        .equals(alone.history.filter(selected).select(columns).sort(order))
    )


def test_balanced_weights_find_the_rare_class(both):
    """More of its rows are found; the loss of validation rows has no weights and is worse."""
    means = both.history.filter(split="validation", phase="select", epoch=15)
    means = means.group_by("condition", "metric").agg(pl.col("value").mean())
    value = {(condition, metric): number for condition, metric, number in means.iter_rows()}
    none, balanced = "class_weight=none", "class_weight=balanced"
    assert value[balanced, "recall"] > value[none, "recall"] + 0.2
    assert value[balanced, "balanced_accuracy"] > value[none, "balanced_accuracy"]
    assert value[balanced, "loss"] > value[none, "loss"]


def test_a_network_that_minds_the_rare_class_is_judged_by_its_loss(both):
    """Its accuracy may lie below that of always saying the common one, and yet it has learnt."""
    weighted = both.summary().conditions[1]
    accuracy = weighted.validation["accuracy"].mean
    assert accuracy < 0.9  # the share of the common class
    assert weighted.at_chance == 0
    assert both.summary().compared_by.metric == "balanced_accuracy"


def test_training_and_validation_losses_are_those_of_rows_with_their_weights(table, tmp_path):
    """A table of weights and a column together, in both phases: class weights in training, the column everywhere."""
    given = study(
        table,
        data={"columns": {}, "weight": "share"},
        training={"class_weight": {"yes": 5.0}, "epochs": 2},
        design={"select": "last"},
    )
    results = assay.run(given, tmp_path)
    [population] = plan_study(given).populations
    data = load(population.request)
    of_class = class_weights({"yes": 5.0}, data.y_train, data.class_names)
    assert of_class.tolist() == [1.0, 5.0]
    parts = ("train", "validation", "test")
    x, y, column = ([getattr(data, f"{kind}_{part}") for part in parts] for kind in ("x", "y", "weights"))
    heavy = [of_class[labels[:, 0].astype(int)] * weights for labels, weights in zip(y, column, strict=True)]

    def score(phase: str, rows: int, scored: int):
        trainer = Trainer(population.members, seeds=population.seeds, batch_size=32, task="binary", weighted=True)
        mine = [np.concatenate(each[:rows]) for each in (x, y, heavy)]
        training = trainer.place(mine[0], mine[1], weights=mine[2])
        state = trainer.start()
        for epoch in (1, 2):
            state, trained = trainer.train_epoch(state, training, epoch)
        _, found = trainer.evaluate(state, trainer.place(x[scored], y[scored], weights=column[scored]))
        split = parts[scored]
        for name, expected in (("train", trained), (split, found)):
            rows_found = results.history.filter(phase=phase, epoch=2, split=name, metric="loss").sort("seed")
            np.testing.assert_allclose(rows_found["value"], expected["loss"][0], rtol=1e-5)

    score("select", 1, 1)
    score("final", 2, 2)


def test_a_class_that_the_data_do_not_have_is_told_before_anything_is_trained(table, tmp_path):
    """With those that they have; no folder is left behind."""
    wrong = study(table, training={"class_weight": {"ye": 5.0}})
    with pytest.raises(StudyError, match=r"unknown class 'ye'\. Did you mean 'yes'\? Classes: no, yes"):
        assay.run(wrong, tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_several_labels_an_example_train_as_a_task_of_their_own(tmp_path):
    """From a table of 0 and 1 to the macro F1 over labels."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, 3))
    labels = (x @ generator.normal(size=(3, 2)) > 0).astype(int)
    path = tmp_path / "labels.csv"
    columns = {**dict(zip("abc", x.T, strict=True)), "sweet": labels[:, 0], "red": labels[:, 1]}
    pl.DataFrame(columns).write_csv(path)
    given = assay.Study(
        data={"path": str(path), "target": ["sweet", "red"]},
        network={"hidden": [8]},
        training={
            "epochs": 20,
            "optimizer": {"name": "adam", "learning_rate": 0.02},
            "metrics": ["f1", "subset_accuracy", "roc_auc"],
        },
        design={"seeds": 2, "select": "val_f1"},
    )
    results = assay.run(given, tmp_path / "run")
    summary = results.summary()
    assert summary.compared_by.metric == "f1"
    test = summary.conditions[0].test
    assert test["f1"].mean > 0.8
    assert test["subset_accuracy"].mean <= test["accuracy"].mean
    assert summary.conditions[0].verdict is not None
