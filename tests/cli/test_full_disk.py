"""A disk that fills up: one sentence, exit code 2, and the same command goes on."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import assay as library


@pytest.fixture
def study_file(tiny_study, tmp_path):
    """The tiny study, with a baseline, as a file."""
    path = tmp_path / "tiny.toml"
    path.write_text(tiny_study(design={"baseline": "activation=relu"}).to_toml())
    return path


def refuse(monkeypatch, folder=None):
    """Let every file, or those of one folder, meet a full disk when it is moved into place."""
    replace = os.replace

    def full(source, target):
        if folder in (None, Path(target).parent.name):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)


@pytest.mark.parametrize("folder", ["here", "history", "checkpoints", "trials"])
def test_a_run_goes_on_when_there_is_space_again(assay, study_file, finished, monkeypatch, folder):
    """Wherever it stopped, the numbers are in the end those of a run that had space all the time."""
    with monkeypatch.context() as patched:
        refuse(patched, folder)
        told = assay("run", study_file, "--out", "here")
    assert told.code == 2
    (line,) = [line for line in told.err.splitlines() if line.startswith("assay: ")]
    assert told.err.endswith(line + "\n")
    assert "no space is left on the device that holds here" in line
    assert line.endswith("what was written before is kept, so free some space there and give the same command again.")
    assert "Traceback" not in told.err
    assert assay("run", study_file, "--out", "here").code == 0
    results = library.open_results("here")
    assert results.history.equals(finished.history)
    assert results.trials.drop("elapsed_seconds").equals(finished.trials.drop("elapsed_seconds"))


@pytest.mark.parametrize(
    "command",
    [
        "report finished --out place",
        "export finished --to csv --out place",
        "export finished --to parquet --out place",
        "export finished --to tensorboard --out place",
        "catalog activations tanh --out place",
        "probe tiny.toml --out place",
        "map tiny.toml --x learning_rate=1e-3:1:2 --y l2=1e-6:1:2 --out place",
    ],
)
def test_every_command_that_writes_says_the_same(assay, study_file, finished, tmp_path, monkeypatch, command):
    """One sentence on standard error, and what was there stays."""
    shutil.copytree(finished.directory, tmp_path / "finished")
    refuse(monkeypatch)
    told = assay(*command.split())
    assert told.code == 2
    assert told.err.count("no space is left on the device that holds place") == 1
    assert told.err.splitlines()[-1].startswith("assay: place")
    assert "Traceback" not in told.err
    assert list(Path("place").rglob("*.tmp")) == []


FILL_AND_GO_ON = """
mount -t tmpfs -o size={kilobytes}k tmpfs "$1" || exit 77
"$2" -m assay.cli.main run "$3" --out "$1/out"
test $? = 2 || exit 1
test -z "$(find "$1" -name '*.tmp')" || exit 1
mount -o remount,size=10m "$1"
"$2" -m assay.cli.main run "$3" --out "$1/out" || exit 1
cp -r "$1/out" "$4"
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("unshare") is None, reason="a small file system needs unshare")
@pytest.mark.parametrize("kilobytes", [12, 32])
def test_a_small_disk_that_fills_up_and_grows(study_file, finished, tmp_path, kilobytes):
    """A real file system of a few pages is full before the study, or in its midst; enlarged, it holds it all."""
    (tmp_path / "disk").mkdir()
    script = FILL_AND_GO_ON.format(kilobytes=kilobytes)
    places = [tmp_path / "disk", sys.executable, study_file, tmp_path / "out"]
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", *places], capture_output=True, text=True
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("mounting is not allowed here")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("no space is left on the device") == 1
    assert "Traceback" not in done.stderr
    assert library.open_results(tmp_path / "out").history.equals(finished.history)
