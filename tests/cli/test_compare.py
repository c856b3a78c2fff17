"""`assay compare`, and `assay show` of several folders."""

from __future__ import annotations

import json


def test_two_folders_are_told_side_by_side(assay, synthetic, tmp_path):
    """The settings that differ, a row for each condition of both, and what it comes to."""
    vary = {"network.activation": ["relu", "tanh"]}
    for name, width in (("narrow", 8), ("wide", 64)):
        study = synthetic.factorial_study(vary=vary, network={"hidden": [width]}, design={"seeds": 3})
        synthetic.fill(tmp_path / name, study)
    told = assay("compare", "narrow", "wide")
    assert (told.code, told.err) == (0, "")
    lines = told.out.splitlines()
    assert lines[0].split() == ["setting", "narrow", "wide"]
    assert lines[1].split() == ["network.hidden", "[8]", "[64]"]
    assert "· 1 setting differs: network.hidden." in lines
    assert [line.split()[0] for line in lines[3:6]] == ["activation", "relu", "tanh"]
    found = json.loads(assay("compare", "narrow", "wide", "--json").out)
    assert (found["first"], found["second"], found["equal"]) == ("narrow", "wide", True)
    assert [one["condition"] for one in found["conditions"]] == ["activation=relu", "activation=tanh"]


def test_a_folder_that_is_none_is_told(assay, finished):
    """As elsewhere, with exit code 2."""
    told = assay("compare", finished.directory, "nothing")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("assay: nothing: no such results folder.")


def test_several_folders_are_shown_one_after_the_other(assay, synthetic, tmp_path):
    """Each under its name; as JSON by name."""
    for name in ("one", "two"):
        synthetic.fill(tmp_path / name, synthetic.factorial_study())
    told = assay("show", "one", "two")
    assert told.code == 0
    assert [line for line in told.out.splitlines() if line in ("one: curves", "two: curves")] == [
        "one: curves",
        "two: curves",
    ]
    found = json.loads(assay("show", "one", "two", "--json").out)
    assert found["one"] == json.loads(assay("show", "one", "--json").out)
    assert list(found) == ["one", "two"]
