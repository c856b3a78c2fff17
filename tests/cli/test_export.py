"""`assay export`."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from assay.kept import Kept


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_are_a_file_each(assay, finished, tmp_path, kind):
    """Each file that was written is told, and holds a row for each trial."""
    told = assay("export", finished.directory, "--to", kind, "--out", "tables/here")
    assert told.code == 0
    written = [Path(line.removeprefix("Table: ")) for line in told.out.splitlines()]
    assert Path(f"tables/here/trials.{kind}") in written
    read = pl.read_csv if kind == "csv" else pl.read_parquet
    assert all(len(read(tmp_path / path)) > 0 for path in written)
    assert len(read(tmp_path / f"tables/here/trials.{kind}")) == 4


def test_tensorboard_has_a_run_for_each_trial_and_split(assay, finished, tmp_path):
    """The command that shows them is told, and that a study without probes has no histograms."""
    pytest.importorskip("tensorboard", reason="needs the extra: pip install 'assay[tensorboard]'")
    told = assay("export", finished.directory, "--to", "tensorboard", "--out", "logs")
    assert told.code == 0
    assert "12 runs in logs" in told.out
    assert "tensorboard --logdir logs" in told.out
    assert "[probe]" in told.out
    assert len(list(tmp_path.glob("logs/*/seed_*/events.out.tfevents.*"))) == 12


def test_without_the_extra_the_line_that_installs_it_is_told(assay, finished, monkeypatch):
    """A mistake that the user can mend."""
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    told = assay("export", finished.directory, "--to", "tensorboard", "--out", "logs")
    assert told.code == 2
    assert "pip install 'assay[tensorboard]'" in told.err


def test_an_unknown_target_lists_the_known_ones(assay, finished):
    """Nothing is written."""
    told = assay("export", finished.directory, "--to", "excel", "--out", "here")
    assert told.code == 2
    for kind in ("tensorboard", "csv", "parquet", "keras", "torch", "onnx", "npz"):
        assert kind in told.err
    assert not Path("here").exists()


def test_a_network_is_a_file(assay, finished, tmp_path):
    """The best of the folder under its name, or the one that is asked for under the name that is given."""
    told = assay("export", finished.directory, "--to", "npz")
    assert told.out == "Network: tiny.npz\n"
    model = finished.model()
    assert f"Network: '{model.condition}', seed {model.seed}, the best of 2 conditions by val_loss." in told.err
    assert Kept.load(tmp_path / "tiny.npz").condition == model.condition
    for condition in ("activation=relu", "activation=tanh"):
        told = assay("export", finished.directory, "--to", "npz", "--condition", condition, "--out", "other.npz")
        assert told.code == 0
        assert Kept.load(tmp_path / "other.npz").condition == condition


def test_all_files_of_a_network_are_told(assay, finished, tmp_path):
    """Of PyTorch the parameters and the class."""
    pytest.importorskip("torch", reason="needs the extra: pip install 'assay[torch]'")
    told = assay("export", finished.directory, "--to", "torch", "--out", "net.pt")
    assert told.out.splitlines() == ["Network: net.pt", "Network: net.py"]
    assert (tmp_path / "net.py").read_text().startswith('"""The network ')


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "csv"), "the folder where to write"),
        (("--to", "csv", "--out", "here", "--seed", "1"), "is of a network"),
        (("--to", "onnx", "--out", "net.pt"), "ends in .onnx"),
        (("--to", "npz", "--condition", "activation=rleu"), "Did you mean 'activation=relu'?"),
    ],
)
def test_options_that_do_not_go_together_are_told(assay, finished, tmp_path, arguments, words):
    """Nothing is written."""
    told = assay("export", finished.directory, *arguments)
    assert told.code == 2
    assert words in told.err
    assert list(tmp_path.iterdir()) == []
