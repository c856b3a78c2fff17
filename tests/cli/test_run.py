"""`assay run`."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import numpy as np
import pytest

import assay as library
from assay.engine.trainer import Trainer


@pytest.fixture
def study_file(tiny_study, tmp_path):
    """The tiny study, with a baseline, as a file."""
    path = tmp_path / "tiny.toml"
    path.write_text(tiny_study(design={"baseline": "activation=relu"}).to_toml())
    return path


def test_a_run_ends_with_the_table_and_where_the_results_are(assay, study_file, finished):
    """Results on standard output, progress on standard error; the tables are those of the same study in Python."""
    told = assay("run", study_file)
    assert told.code == 0
    assert "baseline" in told.out
    assert told.out.endswith("Results in assay-runs/tiny. A page with curves: assay report assay-runs/tiny\n")
    assert told.err.startswith("tiny: 2 conditions × 2 seeds = 4 trials, 1 population\n")
    assert "4 of 4 trials done, 0 left; best validation accuracy " in told.err
    results = library.open_results("assay-runs/tiny")
    assert results.history.equals(finished.history)
    assert results.trials.drop("elapsed_seconds").equals(finished.trials.drop("elapsed_seconds"))


def test_json_is_all_that_is_on_standard_output(assay, study_file, finished):
    """The same object as `assay show --json`, but for the time that was spent."""
    told = assay("run", study_file, "--out", "here", "--json")
    summary = json.loads(told.out)
    assert summary == finished.summary().written() | {"elapsed_seconds": summary["elapsed_seconds"]}


def test_the_same_command_again_trains_nothing(assay, study_file):
    """What is finished is shown again, at once."""
    first = assay("run", study_file, "--out", "here")
    again = assay("run", study_file, "--out", "here", "--verbose")
    assert again.out == first.out
    assert again.err == "tiny: 2 conditions × 2 seeds = 4 trials (4 already done), 1 population\n"


def test_verbose_prints_one_line_an_epoch_for_each_condition(assay, study_file):
    """Epoch, loss, accuracy and validation, as means over the seeds; the test at the end of the final phase."""
    lines = assay("run", study_file, "--out", "here", "--verbose").err.splitlines()
    history = library.open_results("here").history
    for epoch in range(4):
        values = {
            (split, metric): history.filter(
                condition="activation=tanh", phase="select", epoch=epoch, split=split, metric=metric
            )["value"].mean()
            for split in ("train", "validation")
            for metric in ("loss", "accuracy")
        }
        assert (
            f"activation=tanh  select epoch {epoch}/3  loss {values['train', 'loss']:.4f}  "
            f"accuracy {values['train', 'accuracy']:.4f}  val_loss {values['validation', 'loss']:.4f}  "
            f"val_accuracy {values['validation', 'accuracy']:.4f}"
        ) in lines
    tested = [line for line in lines if "  test_loss " in line]
    assert len(tested) == 2
    assert all("  final epoch " in line and "  test_accuracy " in line for line in tested)


def test_options_make_another_study(assay, study_file):
    """`--set`, `--vary` and `--seeds` are read as the study file is."""
    options = ["--set", "epochs=1", "--vary", "activation=sigmoid", "--seeds", "1"]
    told = assay("run", study_file, *options, "--set", "design.final=false", "--out", "here", "--json")
    [condition] = json.loads(told.out)["conditions"]
    assert (condition["condition"], condition["trials"], condition["best_epoch"]) == ("activation=sigmoid", 1, 1)
    assert condition["test"] is None
    assert library.open_results("here").study.training.epochs == 1


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="there is a GPU here")
def test_a_device_that_is_not_there_is_told(assay, study_file):
    """One message, nothing trained, exit code 2; what is no device at all is told too."""
    told = assay("run", study_file, "--device", "gpu")
    assert told.code == 2
    assert "expected a GPU, but JAX finds only: cpu." in told.err
    assert not Path("assay-runs").exists()
    assert assay("run", study_file, "--device", "tpu").code == 2


def test_the_device_is_kept_with_the_results(assay, study_file, finished):
    """`--device cpu` trains on the cores, with the same numbers."""
    assert assay("run", study_file, "--device", "cpu", "--out", "here").code == 0
    results = library.open_results("here")
    assert all(device.startswith("cpu:") for device in results.manifest["devices"])
    assert results.manifest["tf32"] is False
    assert results.history.equals(finished.history)


def test_failed_trials_exit_with_1_and_are_tried_again(assay, study_file, finished, monkeypatch):
    """The error is told in one line, the table is shown all the same, and the same command mends it."""

    def failing(*_, **__):
        raise RuntimeError("the machine is on fire")

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "start", failing)
        told = assay("run", study_file, "--out", "here")
    assert told.code == 1
    assert "p001 failed: RuntimeError: the machine is on fire\n" in told.err
    assert "4 of 4 trials done, 4 failed, 0 left" in told.err
    assert "2 failed" in told.out
    assert assay("run", study_file, "--out", "here").code == 0
    assert library.open_results("here").history.equals(finished.history)


def test_ctrl_c_exits_with_130_and_says_how_to_go_on(assay, study_file, finished, monkeypatch):
    """Also before the first epoch; nothing is lost."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "train_and_evaluate", interrupted)
        told = assay("run", study_file, "--out", "here")
    assert told.code == 130
    assert told.err.endswith("assay: stopped; the same command goes on from here.\n")
    assert assay("show", "here").code == 0
    assert assay("run", study_file, "--out", "here").code == 0
    assert library.open_results("here").history.equals(finished.history)


def test_seeds_are_added_until_each_comparison_is_decided(assay, tmp_path):
    """Rounds are told as they end; `--max-seeds` bounds them, and means nothing alone."""
    options = ["--set", "data=iris", "--set", "epochs=2", "--set", "hidden=[4]", "--seeds", "2", "--out", "rounds"]
    vary = ["--vary", "kernel_initializer=glorot_uniform,lecun_uniform", "--vary", "activation=relu"]
    baseline = ["--set", "baseline=activation=relu, kernel_initializer=glorot_uniform"]
    told = assay("run", "digits", *options, *vary, *baseline, "--until-decided", "--max-seeds", "3")
    assert told.code == 0
    assert "round 1 of at most 2, 2 seeds: " in told.err
    assert "Seeds were added in rounds" in " ".join(told.out.split())
    told = assay("run", "digits", "--max-seeds", "3")
    assert (told.code, told.out) == (2, "")
    assert "--max-seeds: goes with --until-decided" in told.err


def test_notices_of_a_table_are_told_before_it_is_trained(assay, tmp_path):
    """On standard error, the first six; where the others stand is told."""
    columns = [f"gone{number}" for number in range(7)]
    rows = [f"{number % 3},{',' * 6},{number % 2}" for number in range(40)]
    (tmp_path / "own.csv").write_text("\n".join([",".join(["a", *columns, "b"]), *rows]) + "\n")
    told = assay("run", "own.csv", "--seeds", "1", "--set", "epochs=1", "--set", "target=b", "--set", "batch_size=8")
    assert told.code == 0
    lines = told.err.splitlines()
    assert lines[0] == "assay: Column 'gone0' is empty, so it is left out."
    assert lines[6] == "assay: 2 more notices: assay plan own.csv"
    assert "empty" not in told.out


def test_a_study_of_rows_given_in_python_goes_on_from_its_folder(assay, tmp_path):
    """The folder holds the rows, so that another process takes it as a study, and grows it where it lies."""
    from assay.data import digests

    generator = np.random.default_rng(0)
    x = generator.normal(size=(60, 3))
    study = library.Study(data=(x, (x[:, 0] > 0).astype(int)), training={"epochs": 1}, seeds=1)
    folder = tmp_path / "deep" / "mine"
    before = library.run(study, folder).history
    digests._known.clear()
    digests._folders.clear()
    planned = assay("plan", folder)
    assert planned.code == 0, planned.err
    assert "1 trials stand, 0 are to be trained" in planned.out
    told = assay("run", folder, "--seeds", "2")
    assert told.code == 0, told.err
    after = library.open_results(folder)
    assert len(after.trials) == 2
    assert after.history.filter(seed=0, phase="select").equals(before.filter(phase="select"))
    assert not (tmp_path / "assay-runs").exists()


def test_rows_that_are_nowhere_are_told(assay, tmp_path):
    """A study file with a digest, and no folder that holds the rows."""
    digest = "sha256:" + 64 * "0"
    (tmp_path / "lost.toml").write_text(f'data = {{kept = "{digest}"}}\n')
    told = assay("run", "lost.toml")
    assert told.code == 2
    assert "the rows 00000000 were given in Python and are not here." in told.err


def test_a_watched_training_is_no_study(assay, tmp_path):
    """It has no file that says how it was trained."""
    (tmp_path / "watched").mkdir()
    manifest = {"format": 2, "fingerprint": "", "data": {}, "origin": "watch", "study": "mine", "clock": "step"}
    (tmp_path / "watched" / "manifest.json").write_text(json.dumps(manifest))
    told = assay("run", "watched")
    assert told.code == 2
    assert "holds a training of your own that was watched, not a study that assay can train." in told.err
