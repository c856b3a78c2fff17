"""Errors, exit codes and speed of the command as a whole."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from assay.store.schema import FORMAT_VERSION

IRIS = 'data = "iris"\n'


def rows(count=40):
    """Features (count, 3) and alternating labels."""
    return np.random.default_rng(0).normal(size=(count, 3)), np.arange(count) % 2


def test_help_lists_the_commands_and_where_to_begin(assay):
    """`assay --help` exits with 0 and names every command; each command's help ends with an example."""
    told = assay("--help")
    assert told.code == 0
    for command in ("run", "plan", "map", "show", "report", "studies", "data"):
        assert f"  {command} " in told.out
    assert "Begin with: assay run digits" in told.out
    for command in ("run", "plan", "map", "show", "report", "data"):
        assert f"Example: assay {command} " in assay(command, "--help").out


def test_without_a_command_the_help_is_shown(assay):
    """`assay` alone is a question."""
    told = assay()
    assert told.code == 0
    assert "Usage: assay [OPTIONS] COMMAND [ARGS]..." in told.out


def test_the_version_is_that_of_the_package(assay, monkeypatch):
    """`assay --version` prints the installed version and exits with 0."""
    monkeypatch.setattr("importlib.metadata.version", lambda package: f"1.2.3 of {package}")
    told = assay("--version")
    assert (told.code, told.out) == (0, "assay 1.2.3 of assay\n")


HEAVY = ("jax", "keras", "torch", "sklearn", "scipy", "matplotlib", "polars")


def heavy_modules_of(arguments, folder):
    """What of `HEAVY` a command has executed when it ends; a lazy module counts once it is executed."""
    program = (
        "import sys, types\nfrom assay.cli.main import main\n"
        f"sys.argv = ['assay', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    code = ended.code or 0\n"
        f"loaded = [name for name in {HEAVY} if type(sys.modules.get(name)) is types.ModuleType]\n"
        "print(*loaded, file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=folder)
    return done.returncode, done.stderr.splitlines()[-1].split()


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["map", "--help"], ["plan", "digits"], ["plan", "reuters-units", "--json"]],
)
def test_help_and_plan_import_nothing_heavy(arguments, tmp_path):
    """Nothing is imported before it is needed, so that they answer at once."""
    assert heavy_modules_of(arguments, tmp_path) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "wrong.toml"], "[network]\nactivaton = 'relu'"),
        (["run", "wrong.toml"], "[network]\nactivation = 'relo'"),
        (["run", "wrong.toml"], "[training]\nbatch_size = 97"),  # of 96 training rows
        (["run", "wrong.toml", "--set", "data=diabetes"], "[training]\nloss = 'categorical_crossentropy'"),
        (["probe", "wrong.toml"], "[network]\nactivation = 'relo'"),
        (["probe", "wrong.toml"], "[training]\nbatch_size = 97"),
        (["map", "wrong.toml", "--x", "l2=0:1:2", "--y", "dropout=0:0.5:2"], "[training]\nepochs = 0"),
        (["run", "wrong.toml", "--sedes", "3"], ""),
    ],
)
def test_a_mistake_in_a_study_is_told_before_anything_heavy_is_imported(arguments, text, tmp_path):
    """So that it is told in a moment: what a file or an option says wrong, and what does not fit the data."""
    (tmp_path / "wrong.toml").write_text(f"{IRIS}{text}\n")
    assert heavy_modules_of(arguments, tmp_path) == (2, [])


# ---- studies that cannot be run as written


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[network]\nactivaton = 'relu'", "network.activaton: unknown key. Did you mean 'activation'?"),
        ("[netwrk]\nhidden = [4]", "netwrk: unknown key. Did you mean 'network'?"),
        ("[network]\nactivation = 'relo'", "network.activation: unknown activation 'relo'. Did you mean 'relu'?"),
        (
            "[vary]\n'network.activation' = ['relu', 'tanhh']",
            "vary.\"network.activation\", level \"tanhh\": unknown activation 'tanhh'. Did you mean 'tanh'?",
        ),
        ("[vary]\n'network.activaton' = ['relu']", "unknown key. Did you mean 'network.activation'?"),
        ("[training]\nepochs = 'three'", "training.epochs: expected a whole number, got 'three'."),
        ("[training]\nepochs = '10'", "training.epochs: expected a whole number, got '10'. Remove the quotes."),
        ("[network]\ndropout = '0.5'", "network.dropout: expected a number, got '0.5'. Remove the quotes."),
        ("[training]\nepochs = 2.5", "training.epochs: expected a whole number, got 2.5."),
        ("[vary]\n'network.activation' = []", 'vary."network.activation": the list of levels is empty.'),
        ("[training]\nbatch_size = 0", "training.batch_size: expected a whole number of at least 1, got 0."),
        (
            "[training]\nbatch_size = 97",
            "training.batch_size: expected at most 96, the number of training rows, got 97.",
        ),
        ("[network]\ndepth = 0\nwidth = 4", "network.depth: expected a whole number of at least 1, got 0."),
        (
            "[training]\noptimizer = {name = 'sgd', learning_rate = -0.1}",
            "training.optimizer.learning_rate: expected a number of at least 0, got -0.1.",
        ),
        ("[design]\nselect = 'val_mean_absolute_error'", "is not measured on multiclass data. Choose from: val_loss"),
        ("[design]\nbaseline = 'reluu'", "design.baseline: no condition is called 'reluu'."),
        ("[training", "this is not TOML"),
    ],
)
def test_a_wrong_study_file_is_told_in_words(assay, tmp_path, text, words):
    """Where, what was expected, what came; exit code 2, and no results folder is made."""
    (tmp_path / "wrong.toml").write_text(f"{IRIS}{text}\n")
    for command in (["run", "wrong.toml", "--out", "results"], ["plan", "wrong.toml"]):
        told = assay(*command)
        assert told.code == 2
        assert told.err.startswith("assay: ")
        assert words in told.err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("data", "loss", "words"),
    [
        ("diabetes", "categorical_crossentropy", "expects class labels, but the data are for regression"),
        ("diabetes", "binary_crossentropy", "expects class labels, but the data are for regression"),
        ("moons", "categorical_crossentropy", "training.loss: 'categorical_crossentropy'"),
    ],
)
def test_labels_that_do_not_fit_the_loss_are_told(assay, data, loss, words):
    """Said by the plan and by the run, before anything is trained."""
    for command in ("run", "plan"):
        told = assay(command, "digits", "--set", f"data.name={data}", "--set", f"training.loss={loss}")
        assert told.code == 2
        assert words in told.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--set", "activation"], "--set activation: expected KEY=VALUE, such as --set network.activation=tanh."),
        (["--set", "activaton=relu"], "--set: unknown key 'activaton'. Did you mean 'activation'?"),
        (["--set", "epochs=0"], "training.epochs: expected a whole number of at least 1, got 0."),
        (["--set", "optimizer.lerning_rate=1"], "has no argument 'lerning_rate'. Did you mean 'learning_rate'?"),
        (["--set", "activation=tanh"], "the study varies network.activation. Write --vary network.activation="),
        (["--vary", "=relu"], "--vary =relu: expected KEY=VALUE"),
        (["--vary", "epoch=1,2"], "--vary: unknown key 'epoch'. Did you mean 'epochs'?"),
        (["--vary", "activation=relu,relo"], "unknown activation 'relo'. Did you mean 'relu'?"),
        (["--vary", "activation=,"], 'vary."network.activation": the list of levels is empty.'),
        (["--vary", "epochs=3,3"], 'vary."training.epochs": level 3 is there twice.'),
        (["--set", "design.seeds=0"], "design.seeds: expected at least 1 seed, got 0."),
    ],
)
def test_a_wrong_option_is_told_in_words(assay, options, words):
    """Options are read as the study file is, with the same near misses."""
    told = assay("plan", "digits", *options)
    assert told.code == 2
    assert words in told.err


def test_an_unknown_study_is_told_with_the_near_miss(assay):
    """A word is taken for a built-in study, a path for a file."""
    told = assay("run", "digitz")
    assert told.code == 2
    assert "no built-in study of this name. Did you mean 'digits'?" in told.err
    told = assay("plan", "nowhere/study.toml")
    assert told.code == 2
    assert "nowhere/study.toml: there is no such file." in told.err


# ---- data that cannot be used


def write_npz(path, **changes):
    """An own file with x and y."""
    x, y = rows()
    np.savez(path, **{"x": x, "y": y, **changes})


def write_csv(path, cell):
    """An own file with three features; `cell` stands in the second column of the fourth row."""
    x, y = rows()
    lines = ["a,b,c,label", *(f"{a},{b},{c},{label}" for (a, b, c), label in zip(x, y, strict=True))]
    lines[4] = f"1.0,{cell},2.0,1"
    path.write_text("\n".join(lines))


@pytest.mark.parametrize(
    ("file", "make", "words"),
    [
        ("own.npz", lambda path: write_npz(path, x=np.where(rows()[0] > 1, np.nan, rows()[0])), "NaN"),
        ("own.csv", lambda path: write_csv(path, "inf"), "column 'b' has 1 cell that is infinite, the first in row 4"),
        ("own.csv", lambda path: write_csv(path, "red"), "column 'b' holds numbers, and 1 cells that are none"),
        ("own.npz", lambda path: write_npz(path, y=rows()[1] * 0), "every row has the same label, 0."),
        ("own.npz", lambda path: None, "own.npz: no such file."),
        ("own.csv", lambda path: None, "own.csv: no such file."),
    ],
)
def test_data_that_cannot_be_used_are_told_in_words(assay, tmp_path, file, make, words):
    """Which file, which column or row; nothing is trained and no folder made."""
    make(tmp_path / file)
    (tmp_path / "own.toml").write_text(f'data = "{file}"\n[training]\nbatch_size = 8\n')
    told = assay("run", "own.toml", "--out", "results")
    assert told.code == 2
    assert words in told.err
    assert not (tmp_path / "results").exists()


def test_a_truncated_file_is_told_in_words(assay, tmp_path):
    """Half a .npz is no .npz; the plan says so too."""
    write_npz(tmp_path / "own.npz")
    content = (tmp_path / "own.npz").read_bytes()
    (tmp_path / "own.npz").write_bytes(content[: len(content) // 2])
    (tmp_path / "own.toml").write_text('data = "own.npz"\n')
    for command in ("run", "plan"):
        told = assay(command, "own.toml")
        assert told.code == 2
        assert "own.npz: not a readable .npz" in told.err


def test_a_study_that_cannot_fit_in_memory_is_told_before_it_starts(assay, tmp_path):
    """Forty billion parameters are refused in a moment, with what a condition's seeds need and what there is."""
    options = ["digits", "--set", "network.hidden=[200000, 200000]"]
    parameters = 65 * 200_000 + 200_001 * 200_000 + 200_001 * 10
    told = assay("run", *options, "--out", "results")
    assert told.code == 2
    assert f"of memory that are free, but 5 trials of {parameters:,} parameters at once need about" in told.err
    assert not (tmp_path / "results").exists()
    told = assay("plan", *options)
    assert told.code == 2
    assert "60 trials" in told.out  # the plan itself is shown all the same


# ---- folders that cannot be used


def test_a_folder_of_another_study_is_left_alone(assay, finished):
    """The message says what differs."""
    told = assay("run", "digits", "--out", finished.directory)
    assert told.code == 2
    assert "this folder holds the results of the study 'tiny', not of this 'digits', and " in told.err
    assert 'data: there "iris", here "digits"' in told.err


def test_a_folder_of_a_newer_format_is_told(assay, finished, tmp_path):
    """Neither shown nor continued: a newer assay is needed."""
    shutil.copytree(finished.directory, tmp_path / "newer")
    manifest = json.loads((tmp_path / "newer" / "manifest.json").read_text())
    (tmp_path / "newer" / "manifest.json").write_text(json.dumps(manifest | {"format": FORMAT_VERSION + 1}))
    (tmp_path / "tiny.toml").write_text(finished.study.to_toml())
    for command in (["show", "newer"], ["report", "newer"], ["run", "tiny.toml", "--out", "newer"]):
        told = assay(*command)
        assert told.code == 2
        assert f"newer: written in format {FORMAT_VERSION + 1} by assay" in told.err
        assert "Install a newer assay" in told.err


def test_a_folder_of_the_user_s_own_is_left_alone(assay, tmp_path):
    """Results are not written among other files."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    told = assay("run", "digits", "--out", "mine")
    assert told.code == 2
    assert "expected an empty folder or a results folder (with manifest.json), found letter.txt" in told.err
    assert os.listdir(tmp_path / "mine") == ["letter.txt"]
    told = assay("run", "digits", "--out", "mine/letter.txt")
    assert told.code == 2
    assert "expected a folder for results, found a file" in told.err


@pytest.mark.parametrize("command", ["show", "report"])
def test_a_folder_without_results_is_told(assay, tmp_path, command):
    """Missing, or without a manifest."""
    told = assay(command, "missing")
    assert told.code == 2
    assert told.err == "assay: missing: no such results folder. `assay run` makes one.\n"
    told = assay(command, tmp_path)
    assert told.code == 2
    assert "expected a results folder of `assay run`, but it has no manifest.json." in told.err


def test_what_the_system_refuses_is_told_in_words(assay, finished, tmp_path, monkeypatch):
    """A place that cannot be written and a full disk are no bugs: one line, exit code 2."""
    (tmp_path / "file").write_text("")
    told = assay("report", finished.directory, "--out", "file")
    assert (told.code, told.err) == (2, "assay: file: cannot be made (File exists). Give another folder with --out.\n")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("assay.cli.show.print_summary", full)
    told = assay("show", finished.directory)
    assert (told.code, told.err) == (2, "assay: standard output: No space left on device.\n")
