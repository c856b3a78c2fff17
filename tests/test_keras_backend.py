"""What Keras computes with, where the command line imports it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from assay.keras_backend import VARIABLE, choose_backend

BUILDER = """
import keras


def build():
    layers = [keras.layers.Dense(8, "tanh"), keras.layers.Dense(3, "softmax")]
    return keras.Sequential([keras.Input((4,)), *layers])
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home folder, and no choice in the environment; both are put back."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv(VARIABLE, "to be put back")
    monkeypatch.delenv(VARIABLE)
    return tmp_path


def write(home, text):
    """Keras' own file of settings."""
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text(text)


@pytest.mark.parametrize(
    "text", [None, "", "[]", json.dumps({"backend": "no_such_backend"}), json.dumps({"backend": 3})]
)
def test_where_nothing_that_works_is_chosen_it_is_jax(home, text):
    """No file of Keras', a damaged one, or one that names what is not installed, as Keras' own default may be."""
    if text is not None:
        write(home, text)
    choose_backend()
    assert os.environ[VARIABLE] == "jax"


def test_a_choice_in_the_environment_that_works_is_kept(home, monkeypatch):
    """It goes before Keras' file, as in Keras; one that is not installed is replaced."""
    write(home, json.dumps({"backend": "no_such_backend"}))
    monkeypatch.setenv(VARIABLE, "torch")
    choose_backend()
    assert os.environ[VARIABLE] == "torch"
    monkeypatch.setenv(VARIABLE, "no_such_backend")
    choose_backend()
    assert os.environ[VARIABLE] == "jax"


def test_a_choice_in_keras_file_that_works_is_kept(home):
    """The environment stays as it is, so Keras reads its file."""
    write(home, json.dumps({"backend": "torch"}))
    choose_backend()
    assert VARIABLE not in os.environ


@pytest.mark.slow
def test_a_keras_model_is_probed_in_an_empty_home(home):
    """On a machine that has never seen Keras, `assay probe FILE.py:build` needs no setting and no TensorFlow."""
    (home / "my_model.py").write_text(BUILDER)
    command = [sys.executable, "-m", "assay.cli.main", "probe", "my_model.py:build", "--data", "iris", "--json"]
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr  # 1: it found something
    assert len(json.loads(done.stdout)["conditions"][0]["layers"]) == 2
