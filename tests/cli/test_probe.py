"""`assay probe`."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def study_file(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text('name = "small"\ndata = "iris"\n[network]\nhidden = [4]\n', encoding="utf-8")
    return path


def test_the_table_has_layers_with_theory_below(assay, study_file, tmp_path):
    """One table for each condition; a line of theory below each line of measurements."""
    told = assay("probe", study_file, "--vary", "activation=relu,tanh", "--seeds", "2")
    assert told.code == 0
    assert "small: before training, means over 2 seeds" in told.out
    assert told.out.count("\ntheory") == 2 * 2
    assert [line.rstrip() for line in told.out.splitlines() if line.startswith("activation=")] == [
        "activation=relu",
        "activation=tanh",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["small.toml"]


def test_json_is_the_summary_and_figures_go_where_asked(assay, study_file, tmp_path):
    """The JSON alone is on stdout, so that it can be piped; the figures are named on stderr."""
    told = assay("probe", study_file, "--json", "--out", tmp_path / "figures")
    summary = json.loads(told.out)
    assert summary["study"] == "small"
    assert [layer["layer"] for layer in summary["conditions"][0]["layers"]] == [1, 2]
    written = {path.name for path in (tmp_path / "figures").iterdir()}
    assert written == {"wall.png", "wall.svg", "profiles.png", "profiles.svg"}
    assert all(name in told.err for name in written)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-study"], "no-such-study"),
        (["digits", "--vary", "activatoin=relu"], "activation"),
        (["digits", "--seeds", "0"], "seeds"),
    ],
)
def test_mistakes_end_with_one_message_and_code_2(assay, arguments, words):
    """As in every command."""
    told = assay("probe", *arguments)
    assert told.code == 2
    assert words in told.err
    assert told.out == ""
