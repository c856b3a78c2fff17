"""`assay plan`."""

from __future__ import annotations

import json

import numpy as np


def test_a_plan_tells_trials_programs_time_and_memory(assay, tmp_path):
    """The digits study: 12 conditions from 5 seeds are one population of 60 networks of 5 layers."""
    told = assay("plan", "digits")
    assert told.code == 0
    assert "12 conditions × 5 seeds = 60 trials, in 1 population with 1 compiled program." in told.out
    assert "of memory on" in told.out
    assert "activation=relu, kernel_initializer=random_normal" in told.out
    # 64 pixels, four hidden layers of 32 units, 10 classes.
    assert f"{65 * 32 + 3 * 33 * 32 + 33 * 10:,}" in told.out
    assert list(tmp_path.iterdir()) == []


def test_a_plan_as_json_has_the_same_figures(assay):
    """Settings of every condition, and the populations with their sizes."""
    told = assay("plan", "digits", "--seeds", "2", "--vary", "batch_size=32,64", "--json")
    plan = json.loads(told.out)
    assert plan["study"] == "digits"
    assert (len(plan["conditions"]), plan["seeds"], plan["trials"]) == (24, [0, 1], 48)
    assert plan["conditions"][0]["settings"]["network.activation"] == "relu"
    assert [population["trials"] for population in plan["populations"]] == [24, 24]
    assert plan["populations"][0]["steps"] > plan["populations"][1]["steps"]
    assert plan["programs"] == 2
    assert plan["expected_seconds"] > 0
    assert plan["expected_memory_bytes"] > 10**8


def test_options_change_the_study(assay):
    """`--set` and `--seeds` before `--vary`; a key may be given by its end."""
    options = ["--set", "epochs=2", "--set", "optimizer={name = 'sgd', momentum = 0.9}", "--vary", "width=8,16"]
    plan = json.loads(assay("plan", "digits", *options, "--json").out)
    assert [population["population"] for population in plan["populations"]] == ["p001", "p002"]
    assert plan["trials"] == 2 * 60
    rows = 1797 - 540  # 30 % of all for the test
    rows -= -(-rows // 5)  # a fifth of the rest for validation
    assert {population["steps"] for population in plan["populations"]} == {2 * -(-rows // 32)}


def test_the_schema_of_study_files_is_json_schema(assay):
    """For editors: `assay plan --schema > study.schema.json`."""
    told = assay("plan", "--schema")
    schema = json.loads(told.out)
    assert told.code == 0
    assert schema["type"] == "object"
    assert {"data", "network", "training", "vary", "design"} <= schema["properties"].keys()


def test_a_plan_tells_what_several_splits_draw_anew(assay, tmp_path):
    """Trials are counted with them; the networks of the first split stand for all; a test set of the source stays."""
    (tmp_path / "iris.toml").write_text('data = "iris"\n[design]\nsplits = 3\nseeds = 2\n')
    told = assay("plan", "iris.toml")
    assert "1 condition × 3 splits × 2 seeds = 6 trials, in 3 populations" in told.out
    assert "Each split draws test and validation rows anew." in told.out
    assert told.out.count("the network of") == 1
    folds = assay("plan", "iris.toml", "--set", "design.splits={folds = 3}")
    assert (
        "Each row is one of the test rows in one of 3 folds. The validation rows are drawn from the rest." in folds.out
    )
    rows, labels = np.eye(60), np.arange(60) % 2
    np.savez(tmp_path / "own.npz", x_train=rows, y_train=labels, x_test=rows, y_test=labels)
    own = assay("plan", "iris.toml", "--set", "data=own.npz")
    assert "Each split draws validation rows anew. The test rows are those of the source in every split." in own.out
    assert json.loads(assay("plan", "iris.toml", "--json").out)["splits"] == 3


def test_what_is_kept_is_told(assay, tmp_path):
    """How many networks, and how much they and their predictions take on disk, for each way to keep."""
    told = assay("plan", "digits")
    assert "Keeps 12 networks, " in told.out
    assert ", and predictions, at most " in told.out
    assert "Keeps 60 networks, " in assay("plan", "digits", "--set", "design.keep=all").out
    assert 'Keeps no network (design.keep = "none").' in assay("plan", "digits", "--set", "design.keep=none").out
    kept = json.loads(assay("plan", "digits", "--json").out)["kept"]
    assert kept["networks"] == 12
    assert 12 * 4 * 5578 < kept["network_bytes"] < 2 * 12 * 4 * 5578


ROWS = """number,size,gone,price
1,80.5,,1
2,60.25,,0
3,75.75,,1
4,101.5,,0
5,66,,1
6,70,,0
7,81,,1
8,92,,0
9,77,,1
10,64,,0
"""


def test_what_should_be_known_of_a_table_is_told(assay, tmp_path):
    """A column that is left out, one that counts the rows, and which column is learnt; a file of data is a study."""
    (tmp_path / "own.csv").write_text(ROWS)
    options = ["--set", "batch_size=2"]
    told = assay("plan", "own.csv", *options)
    assert told.code == 0
    assert told.out.startswith("own")
    assert "· The last column, 'price', is what is learnt; data.target names another." in told.out
    assert "· Column 'gone' is empty, so it is left out." in told.out
    assert "· Column 'number' counts the rows, as an identifier does." in told.out
    plan = json.loads(assay("plan", "own.csv", *options, "--json").out)
    assert {"topic": "empty", "text": "Column 'gone' is empty, so it is left out.", "column": "gone"} in plan["notices"]


def test_what_is_no_feature_is_told(assay, tmp_path):
    """Columns of weights, groups and times, and those that the user leaves out."""
    (tmp_path / "own.csv").write_text(ROWS)
    options = ["--set", "data.weight=size", "--set", "data.columns.number=ignore", "--set", "data.target=price"]
    (tmp_path / "own.csv").write_text(ROWS.replace(",,", ",3,"))
    told = assay("plan", "own.csv", *options, "--set", "batch_size=2")
    assert "· Column 'size' is the weight of a row (data.weight), so it is no feature." in told.out
    assert "· Column 'number' is left out, as data.columns.number says." in told.out
