"""Which seeds of a condition learnt."""

from __future__ import annotations

import polars as pl
import pytest

import assay
from assay.analysis import Measure, Measured
from assay.analysis.seeds import Chance, _at_chance, step_of


@pytest.fixture(scope="module")
def dying(tmp_path_factory):
    """Narrow, deep ReLU networks, of which some are dead before they begin, beside the same with tanh."""
    study = assay.Study(
        name="dying",
        data={"name": "moons", "rows": 400, "noise": 0.1},
        network={"depth": 8, "width": 4},
        training={"epochs": 25, "optimizer": {"name": "adam", "learning_rate": 0.01}},
        vary={"network.activation": ["relu", "tanh"]},
        design={"seeds": 8, "baseline": "activation=tanh"},
    )
    return assay.run(study, tmp_path_factory.mktemp("dying"))


def test_seeds_that_never_left_chance_are_told_apart(dying):
    """They are those whose best training accuracy is that of the commonest class, read off the history by hand."""
    rows = dying.history.filter(phase="select", split="train", metric="accuracy", condition="activation=relu")
    best = dict(rows.filter(pl.col("epoch") > 0).group_by("seed").agg(pl.col("value").max()).iter_rows())
    dead = {seed for seed, accuracy in best.items() if accuracy < 0.6}
    assert 0 < len(dead) < 8
    assert Chance.of(dying).at_chance == {"activation=relu": dead}
    relu, tanh = dying.summary().conditions
    assert (relu.learnt.count, relu.learnt.total, relu.at_chance) == (8 - len(dead), 8, len(dead))
    assert tanh.learnt is None
    assert relu.test["accuracy"].count == 8 - len(dead)


def test_a_mean_is_of_the_seeds_that_learnt(dying):
    """And the difference of those that learnt in both."""
    measured = Measured(dying)
    sample = measured.sample("activation=relu", Measure("test", "accuracy"))
    learnt = [value for seed, value in sample.values.items() if seed not in sample.at_chance]
    relu = dying.summary().conditions[0]
    assert relu.test["accuracy"].mean == pytest.approx(sum(learnt) / len(learnt))
    assert relu.comparison.pairs == len(learnt)


def test_an_accuracy_comes_in_steps_of_one_example(dying):
    """1 / rows of its split; a loss has no steps."""
    rows = dying.manifest["judged_by"][0]["shape"]
    assert step_of(dying, Measure("test", "accuracy")) == 1 / rows["test_rows"]
    assert step_of(dying, Measure("validation", "accuracy")) == 1 / rows["validation_rows"]
    assert step_of(dying, Measure("test", "loss")) == 0


@pytest.mark.parametrize(
    ("shares", "at_chance"),
    [
        ([0.9, 0.95, 0.8], set()),
        ([0.0, 0.95, 0.8], {0}),
        ([0.05, 0.01, 0.02], {0, 1, 2}),
        ([0.05, 0.12, 0.3], set()),  # a slow start, in which no group stands apart
        ([0.05, 0.36, 0.3], {0}),
        ([float("nan"), 0.9], {0}),
    ],
)
def test_two_groups_lie_apart_or_are_one(shares, at_chance):
    """A seed below a tenth is at chance where a quarter of the way lies between it and the others."""
    assert _at_chance(dict(enumerate(shares))) == at_chance
