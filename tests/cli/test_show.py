"""`assay show`."""

from __future__ import annotations

import json
import os
import shutil
import time

INTERVAL = {"mean", "low", "high"}


def test_the_table_has_a_row_for_each_condition(assay, finished):
    """Best epoch, validation and test, compared with the baseline, and sentences below."""
    told = assay("show", finished.directory)
    assert told.code == 0
    for word in ("relu", "tanh", "baseline", "validation", "test", "epoch", "·"):
        assert word in told.out
    assert told.err == ""


def test_the_folder_that_was_meant_is_named(assay, finished, tmp_path):
    """A name without `assay-runs/`, or a near miss, as the user remembers it."""
    shutil.copytree(finished.directory, tmp_path / "assay-runs" / "tiny")
    for command in (["show"], ["report"], ["export", "--to", "csv", "--out", "tables"]):
        for meant in ("tiny", "tinny", "assay-runs/tin"):
            told = assay(command[0], meant, *command[1:])
            assert (told.code, told.out) == (2, "")
            assert told.err == f"assay: {meant}: no such results folder. Did you mean 'assay-runs/tiny'?\n"
    assert "Did you mean" not in assay("show", "something-else").err


def test_many_conditions_are_shown_by_the_best(assay, synthetic, tmp_path):
    """Of 3,000 conditions the table has the best 100, or as many as asked for; JSON has all, in the study's order."""
    directory = synthetic.fill_large(tmp_path / "large", synthetic.large_study(3000)).directory
    began = time.process_time()
    told = assay("show", directory)
    assert time.process_time() - began < 20  # about 2; many times that if each condition looked at all rows
    assert sum(line.startswith(("0.", "1.")) for line in told.out.splitlines()) == 101
    assert "The best 100 of 3,000 conditions by test accuracy, and the baseline;" in told.out
    assert "The best 2 of 3,000 conditions" in assay("show", directory, "--top", "2").out
    conditions = json.loads(assay("show", directory, "--json").out)["conditions"]
    assert len(conditions) == 3000
    assert conditions[0]["condition"] == "learning_rate=0.001, activation=relu"


def test_json_has_the_documented_keys(assay, finished):
    """What a program may rely on, and the same content as `Results.summary`."""
    told = json.loads(assay("show", finished.directory, "--json").out)
    assert told == finished.summary().written()
    assert {"study", "baseline", "elapsed_seconds", "conditions"} <= told.keys()
    assert (told["study"], told["baseline"]) == ("tiny", "activation=relu")
    baseline, other = told["conditions"]
    keys = {"condition", "settings", "trials", "outcomes", "parameters", "best_epoch", "validation", "test"}
    for condition in (baseline, other):
        assert keys | {"comparison", "verdict"} <= condition.keys()
        assert condition["outcomes"] == {"completed": 2, "diverged": 0}
        assert condition["parameters"] == (4 + 1) * 4 + (4 + 1) * 3
        for split in ("validation", "test"):
            assert condition[split].keys() == {"loss", "accuracy"}
            assert condition[split]["accuracy"].keys() >= INTERVAL
    assert other["settings"] == {"network.activation": "tanh"}
    assert baseline["comparison"] is None
    assert other["comparison"].keys() >= {"against", "metric", "difference", "low", "high", "conclusion"}
    assert other["comparison"]["conclusion"] in ("better", "worse", "same", "undecided")
    assert other["verdict"].keys() == {"status", "findings"}


def test_the_numbers_are_those_of_the_history(assay, finished):
    """Test accuracy of a condition is the mean over its seeds of what the history holds."""
    told = json.loads(assay("show", finished.directory, "--json").out)
    for condition in told["conditions"]:
        rows = finished.history.filter(split="test", metric="accuracy", condition=condition["condition"])
        assert abs(condition["test"]["accuracy"]["mean"] - rows["value"].mean()) < 1e-12


def test_a_study_that_has_only_begun_can_be_shown(assay, finished, tmp_path):
    """Without a trials table, or with half a history, nothing is missing but the numbers."""
    shutil.copytree(finished.directory, tmp_path / "begun")
    shutil.rmtree(tmp_path / "begun" / "trials")
    for folder in ("final", "select"):
        for part in (tmp_path / "begun" / "history").glob(f"*-{folder}-*"):
            os.unlink(part)
        told = assay("show", "begun")
        assert told.code == 0
        assert "relu" in told.out
        [baseline, _] = json.loads(assay("show", "begun", "--json").out)["conditions"]
        assert baseline["outcomes"] == {"completed": 0, "diverged": 0}
        assert baseline["test"] is None


def test_what_a_network_gets_wrong_is_told(assay, kept_results):
    """In sentences and tables, of the best condition; as JSON what `Results.errors` has."""
    results = kept_results("iris")
    told = assay("show", results.directory, "--errors")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith(f"{results.errors().heading}\n· It is wrong on ")
    asked = ("--errors", "--condition", "activation=relu", "--split", "test", "--json")
    assert (
        json.loads(assay("show", results.directory, *asked).out)
        == results.errors("activation=relu", split="test").written()
    )


def test_errors_of_several_folders_are_told_one_after_the_other(assay, kept_results):
    """Each under its name; as JSON by folder."""
    folders = [kept_results(data).directory for data in ("iris", "wine")]
    out = assay("show", *folders, "--errors").out
    assert [out.index(f"{folder}: kept") for folder in folders] == sorted(out.index(str(folder)) for folder in folders)
    assert list(json.loads(assay("show", *folders, "--errors", "--json").out)) == [str(folder) for folder in folders]


def test_what_goes_with_errors_alone_is_refused_without(assay, kept_results):
    """In one sentence, as is a network that is not kept."""
    folder = kept_results("iris").directory
    told = assay("show", folder, "--condition", "activation=relu")
    assert (told.code, told.out) == (2, "")
    assert "--condition: goes with --errors; without it every condition is shown." in told.err
    told = assay("show", folder, "--errors", "--condition", "activation=rely")
    assert (told.code, told.out) == (2, "")
    assert "Did you mean 'activation=relu'?" in told.err
