"""`assay ls`."""

from __future__ import annotations

import json
import shutil


def test_folders_are_listed_with_how_far_they_have_come(assay, synthetic, tmp_path):
    """The last written first; one in flight says how many of its trials have ended, and one that is damaged why."""
    synthetic.fill(tmp_path / "assay-runs" / "half", synthetic.factorial_study(), ended=2)
    synthetic.fill(tmp_path / "assay-runs" / "more" / "whole", synthetic.factorial_study())
    shutil.copytree(tmp_path / "assay-runs" / "half", tmp_path / "assay-runs" / "damaged")
    (tmp_path / "assay-runs" / "damaged" / "study.json").write_text("{")
    told = assay("ls")
    assert (told.code, told.err) == (0, "")
    assert "6 of 18" in next(line for line in told.out.splitlines() if "half" in line)
    assert " 18 " in next(line for line in told.out.splitlines() if "whole" in line)
    assert "cannot be read" in next(line for line in told.out.splitlines() if "damaged" in line)
    entries = json.loads(assay("ls", "--json").out)
    assert {entry["directory"] for entry in entries} == {
        f"assay-runs/{name}" for name in ("half", "damaged", "more/whole")
    }
    assert [entry["changed"] for entry in entries] == sorted((entry["changed"] for entry in entries), reverse=True)
    assert [entry["directory"] for entry in json.loads(assay("ls", "assay-runs/more", "--json").out)] == [
        "assay-runs/more/whole"
    ]


def test_where_there_is_nothing_it_is_said(assay, tmp_path):
    """A folder without results, and no folder at all."""
    (tmp_path / "empty").mkdir()
    told = assay("ls", "empty")
    assert (told.code, told.out) == (0, "No results folder lies in empty.\n")
    told = assay("ls")
    assert told.code == 2
    assert told.err.startswith("assay: assay-runs: no such folder. `assay run` keeps results in assay-runs")
