"""A user's own functions from study file to results: found, checked, bound to their code, told as theirs."""

from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest

import assay
from assay.choices import Choice
from assay.networks.activations import ACTIVATIONS
from assay.networks.traits import traits_of
from assay.own_code import refer_to
from assay.study import Study, load_study

FUNCTIONS = '''\
import math
import jax.numpy as jnp

def squash(x, steepness=1.0):
    """2 / π · arctan(x)"""
    return 2 / math.pi * jnp.arctan(steepness * x)

def rectify(x):
    return jnp.where(x > 0, x, 0.0)

def scaled(draw, gain=1.0):
    return gain * draw.normal() / math.sqrt(draw.fan_in)

def needs_a_number(x, slope):
    return jnp.where(x > 0, x, slope * x)

def broken(x):
    return x.no_such_thing

def branching(x):
    return x if x > 0 else 0

def shapeless(draw):
    return draw.normal()[:1]

def absolute(y_true, y_pred):
    return jnp.abs(y_true - y_pred)

class Descent:
    def __init__(self, learning_rate=0.1):
        self.learning_rate = learning_rate
    def init(self, parameter):
        return {}
    def update(self, parameter, gradient, state, step):
        return parameter - self.learning_rate * gradient, state

class Half:
    def init(self, parameter):
        return {}
    def update(self, parameter, gradient, state, step):
        return parameter[:1], state
'''
STUDY = """\
data = "iris"
seeds = 1
[network]
hidden = [6]
activation = "functions.py:squash"
kernel_initializer = {name = "functions.py:scaled", gain = 1.2}
[training]
epochs = 2
optimizer = "functions.py:Descent"
[vary]
"network.activation.steepness" = [1.0, 2.0]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "functions.py").write_text(FUNCTIONS)
    (tmp_path / "studies" / "own.toml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def with_activation(activation, **network):
    return Study(data="iris", network={"hidden": [6], "activation": activation, **network}, seeds=1)


def test_a_relative_path_starts_at_the_study_file(folder):
    """Wherever the command is run; an argument of the function is a factor like any other."""
    study = load_study("studies/own.toml")
    assert [str(c.network.activation) for c in study.expand()] == [
        "functions.py:squash(steepness=1.0)",
        "functions.py:squash(steepness=2.0)",
    ]


def test_results_are_bound_to_the_code_and_read_without_it(folder):
    """The same study goes on; with changed code it is refused; the folder opens where the file is gone."""
    first = assay.run("studies/own.toml", "results")
    assert len(first.trials) == 2
    again = assay.run("studies/own.toml", "results")
    assert again.trials.equals(first.trials)
    path = folder / "studies" / "functions.py"
    path.write_text(FUNCTIONS + "# a remark\n")
    with pytest.raises(assay.StoreError, match=r"the code of 'functions.py:\w+' is not what it was when this study"):
        assay.run("studies/own.toml", "results")
    path.unlink()
    code = "import assay; r = assay.open_results('results'); print(r.summary().written()['conditions'][0]['condition'])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "steepness=1.0\n"


def test_reading_results_runs_nothing(folder):
    """A folder that somebody sent may name any file: opening it does not run that file."""
    assay.run("studies/own.toml", "results")
    (folder / "functions.py").write_text("open('owned', 'w').write('yes')\n" + FUNCTIONS)
    code = "import assay; print(assay.open_results('results').summary())"
    subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    subprocess.run([sys.executable, "-m", "assay.cli.main", "show", "results"], capture_output=True, check=True)
    assert not (folder / "owned").exists()


def test_a_folder_keeps_what_rules_need_to_know_of_own_activations(folder):
    """Traits are measured while the code runs and kept in the manifest: a squashing function saturates."""
    results = assay.run("studies/own.toml", "results")
    notes = results.manifest["own_activations"]
    assert [note["activation"]["name"] for note in notes] == ["functions.py:squash"] * 2
    assert all(note["traits"]["saturates"] and not note["traits"]["can_die"] for note in notes)


@pytest.mark.parametrize(
    ("activation", "words"),
    [
        ("nowhere.py:f", r"network.activation: .*nowhere.py: there is no such file"),
        ("studies/functions.py:sqash", r"has no function 'sqash'. Did you mean 'squash'"),
        ("studies/functions.py:broken", r"your code failed at functions.py, line 18 \(return x.no_such_thing\)"),
        (
            "studies/functions.py:branching",
            r"your code failed at functions.py, line 21 .*jax.numpy.where instead of if",
        ),
        ("studies/functions.py:needs_a_number", r"needs a value for slope. Write \{name = "),
        (
            {"name": "studies/functions.py:squash", "steepnes": 2.0},
            r"has no argument 'steepnes'. Did you mean 'steepness'",
        ),
        (
            {"name": "studies/functions.py:squash", "steepness": "2"},
            r"expected a number, got '2'. Remove the quotes: 2",
        ),
        ({"expression": "a * x"}, r"'a' in 'a \* x' is none of x, and no value is given for it"),
        ({"expression": "a * x", "a": 1.0, "b": 2.0}, r"has no argument 'b'"),
        ({"expression": "tanh(y)"}, r"does not depend on x"),
        ({"expression": "log(0 * x)"}, r"finite number nowhere"),
        ({"expression": "x", "name": "relu"}, r"expected a new name for the formula, got 'relu', which is taken"),
        ({"expression": 3}, r"expected a formula in quotes"),
        ("x * tanh(softplus(x))", r"To write a formula of your own, write \{expression = "),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(folder, activation, words):
    """Where, what was expected, what came, what to do; an error of the user's code with its line."""
    with pytest.raises(assay.StudyError, match=words) as told:
        with_activation(activation)
    assert "\n  File" not in str(told.value)


def test_a_file_that_fails_is_told_with_its_line(folder):
    """As the user's own."""
    (folder / "bad.py").write_text("import math\n\nvalue = 1 / 0\n")
    with pytest.raises(assay.StudyError, match=r"bad.py failed at line 3. ZeroDivisionError: division by zero"):
        with_activation("bad.py:f")
    (folder / "worse.py").write_text("def f(x)\n    return x\n")
    with pytest.raises(assay.StudyError, match=r"worse.py failed at line 1. SyntaxError"):
        with_activation("worse.py:f")


def test_initializers_and_optimizers_are_tried_on_a_small_array(folder):
    """Their shapes must be kept."""
    with pytest.raises(
        assay.StudyError, match=r"expected entries of shape \(6, 4\), the shape of the draw, got \(1, 4\)"
    ):
        with_activation("relu", kernel_initializer="studies/functions.py:shapeless")
    with pytest.raises(
        assay.StudyError, match=r"a parameter of the shape that it was given, here \(3, 4\), got \(1, 4\)"
    ):
        Study(data="iris", training={"optimizer": "studies/functions.py:Half"})
    with pytest.raises(assay.StudyError, match="expected a class with the methods init"):
        Study(data="iris", training={"optimizer": "studies/functions.py:rectify"})
    with pytest.raises(assay.StudyError, match="an optimizer cannot be written as a formula"):
        Study(data="iris", training={"optimizer": {"expression": "w - g"}})


def test_python_functions_stand_as_levels(tmp_path):
    """A lambda, a function and a formula beside a name; the study can be written and read in the same process."""
    import jax.numpy as jnp

    def bent(x, slope=0.3):
        return jnp.where(x > 0, x, slope * x)

    study = Study(
        data="iris",
        network={"hidden": [5]},
        training={"epochs": 1},
        vary={"network.activation": ["relu", bent, lambda x: jnp.sin(x), {"expression": "x * sigmoid(x)"}]},
        seeds=1,
    )
    names = [condition.name for condition in study.expand()]
    assert names[0] == "activation=relu"
    assert names[1] == "activation=python:bent"
    assert names[2].startswith("activation=python:lambda")
    assert names[3] == "activation=x * sigmoid(x)"
    assert Study(**study.written()) == study
    results = assay.run(study, tmp_path / "results")
    assert results.trials["outcome"].to_list() == ["completed"] * 4
    finite = results.history.filter(pl.col("metric") == "loss")["value"].is_finite()
    assert finite.all()


def test_functions_of_one_name_are_told_apart():
    """Two lambdas are two levels; a closure's values are part of what it is."""

    def made(slope):
        return lambda x: slope * x

    first, second = refer_to(made(1.0)), refer_to(made(2.0))
    assert first != second
    choices = [ACTIVATIONS.parse(reference, where="k") for reference in (first, second)]
    assert choices[0].own.digest != choices[1].own.digest
    assert choices[0] != choices[1]


def test_the_digest_follows_what_a_function_refers_to():
    """A global number that a function uses is part of its code."""
    from assay.own_code import _digest

    space = {}
    exec("scale = 2.0\ndef f(x):\n    return scale * x\n", space)
    before = _digest(space["f"])
    assert _digest(space["f"]) == before
    space["scale"] = 3.0
    assert _digest(space["f"]) != before


def test_traits_of_code_that_was_not_run_are_not_known():
    """Rules stay silent then."""
    from assay.own_code import running_nothing

    with running_nothing():
        choice = ACTIVATIONS.parse("never_seen.py:f", where="k")
    assert not choice.is_loaded
    assert traits_of(choice) is None
    assert isinstance(choice, Choice)


def test_another_metric_is_recorded_beside_the_loss(tmp_path):
    """A formula for the right side of 1/2 is the accuracy of two classes; the loss's own name is the loss."""
    study = Study(
        data={"name": "moons", "rows": 120},
        network={"hidden": [4]},
        training={"epochs": 2, "metric": {"name": "right", "expression": "(y_pred > 0.5) == (y_true > 0.5)"}},
        seeds=2,
    )
    history = assay.run(study, tmp_path / "right").history
    keys = ["trial", "phase", "epoch", "split"]
    wide = history.pivot("metric", index=keys, values="value").sort(keys)
    assert set(wide.columns) == {*keys, "loss", "accuracy", "right"}
    assert wide["right"].to_list() == pytest.approx(wide["accuracy"].to_list())
    changed = {"epochs": 2, "loss": "mean_squared_error", "metric": lambda y_true, y_pred: (y_true - y_pred) ** 2}
    history = assay.run(Study(data={"name": "moons", "rows": 120}, training=changed, seeds=1), tmp_path / "own").history
    wide = history.pivot("metric", index=keys, values="value")
    (own,) = set(wide.columns) - {*keys, "loss", "accuracy"}
    assert wide[own].to_list() == pytest.approx(wide["loss"].to_list(), rel=1e-5)


def test_a_metric_that_is_recorded_anyway_is_refused(tmp_path):
    """Two columns of one name would be one too many."""
    study = Study(data="iris", training={"metric": "mean_squared_error"})
    assert assay.plan_study(study).num_trials == 3
    with pytest.raises(assay.StudyError, match="'mean_absolute_error' is recorded anyway"):
        assay.plan_study(Study(data="diabetes", training={"metric": "mean_absolute_error"}))


def test_a_map_varies_a_setting_of_a_users_function(folder):
    """Of a study file in another folder; the map is bound to the code, and opened without running it."""
    axes = ("network.activation.steepness=0.5:2:3", "learning_rate=0.01:1:2:log")
    made = assay.trainability_map("studies/own.toml", *axes, "map")
    assert len(made.cells) == 6
    formula = Study(
        data="iris", network={"hidden": [4], "activation": {"expression": "tanh(a * x)", "a": 1.0}}, seeds=1
    )
    cells = assay.trainability_map(formula, "network.activation.a=0.5:2:3", axes[1], "formula").cells
    assert cells["loss"].n_unique() == 6
    path = folder / "studies" / "functions.py"
    path.write_text(FUNCTIONS + "# a remark\n")
    with pytest.raises(assay.StoreError, match="is not what it was when this study began"):
        assay.trainability_map("studies/own.toml", *axes, "map")
    (folder / "functions.py").write_text("open('owned', 'w').write('yes')\n" + FUNCTIONS)
    code = "import assay; print(len(assay.open_map('map').cells))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "6\n"
    assert not (folder / "owned").exists()


def test_a_folder_is_read_as_it_was_written_without_its_code(folder):
    """One factor at a time from defaults of the user's function: the same conditions, levels and numbers of trials."""
    (folder / "studies" / "one.toml").write_text(
        STUDY.replace("[1.0, 2.0]", "[1.0, 2.0, 3.0]") + '[design]\nkind = "one_at_a_time"\n'
    )
    results = assay.run("studies/one.toml", "one")
    (folder / "studies" / "functions.py").unlink()
    code = (
        "import assay; r = assay.open_results('one'); "
        "print([(c.name, c.settings) for c in r.conditions], r.trials['network.activation.steepness'].to_list())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str([(c.name, c.settings) for c in results.conditions]) + " [1.0, 2.0, 3.0]"


def test_code_that_changed_is_not_run_to_read_a_folder(folder):
    """Not even in the process that ran it before: a file that was changed since would be other code."""
    results = assay.run("studies/own.toml", "results")
    assert results.study.network.activation.is_loaded
    path = folder / "studies" / "functions.py"
    path.write_text("open('owned', 'w').write('yes')\n" + FUNCTIONS)
    assert assay.open_results("results").study.network.activation.is_loaded  # what ran is still at hand
    assert not (folder / "owned").exists()
