"""`assay probe`."""

from __future__ import annotations

import json

import pytest

from assay.cli.probe import exit_code
from assay.diagnosis import Verdict


@pytest.fixture
def study_file(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text('name = "small"\ndata = "iris"\n[network]\nhidden = [4]\n', encoding="utf-8")
    return path


def test_the_table_has_layers_with_theory_below(assay, study_file, tmp_path):
    """One table for each condition; a line of theory below each line of measurements."""
    told = assay("probe", study_file, "--vary", "activation=relu,tanh", "--seeds", "2")
    assert told.code == 0
    assert told.err == "Measuring 2 conditions; this may take some seconds.\n"
    assert "small: before training, means over 2 seeds; below them what theory predicts." in told.out
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
        (["digits", "--epochs", "3"], "--epochs: a study has its own: write --set training.epochs=…"),
        (["digits", "--optimizer", "sgd"], "--set training.optimizer=…"),
        (["net.py:build", "--epochs", "0"], "expected a whole number of at least 1"),
    ],
)
def test_mistakes_end_with_one_message_and_code_2(assay, arguments, words):
    """As in every command."""
    told = assay("probe", *arguments)
    assert told.code == 2
    assert words in told.err
    assert told.out == ""


def test_an_unhealthy_start_ends_with_code_1_and_says_why(assay, study_file):
    """Symptom, evidence, cause and remedy in words; in JSON as the contract has them."""
    told = assay("probe", study_file, "--set", "network.kernel_initializer=zeros", "--seeds", "1")
    assert told.code == 1
    for word in ("unhealthy", "Probably not: ", " % chance.", "symmetry", "seen:", "cause:", "remedy:"):
        assert word in told.out
    told = assay("probe", study_file, "--set", "network.kernel_initializer=zeros", "--seeds", "1", "--json")
    assert told.code == 1
    condition = json.loads(told.out)["conditions"][0]
    assert condition["verdict"]["status"] == "unhealthy"
    assert "symmetry" in condition["verdict"]["findings"]
    assert {"symptom", "layers", "evidence", "cause", "remedy"} <= condition["findings"][0].keys()


def test_a_model_of_ones_own_is_probed_by_its_function(assay, tmp_path):
    """Its layers go by their own names; options of a study do not apply to it."""
    path = tmp_path / "mine.py"
    path.write_text(
        "import keras\n"
        "def build():\n"
        "    model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(16, 'relu', name='mine'),\n"
        "                              keras.layers.Dense(1, 'relu')])\n"
        "    model.compile('adam', 'binary_crossentropy')\n"
        "    return model\n",
        encoding="utf-8",
    )
    told = assay("probe", f"{path}:build", "--json")
    condition = json.loads(told.out)["conditions"][0]
    assert told.code == 1
    assert condition["layers"][0]["name"] == "mine"
    assert "output_loss_mismatch" in condition["verdict"]["findings"]
    assert assay("probe", f"{path}:build", "--seeds", "2").code == 2
    assert assay("probe", f"{path}:missing").code == 2


NET = """
import keras
import numpy as np

print("a word of the user's own")


def build():
    x = np.random.default_rng(0).standard_normal((100, 8)).astype("float32")
    parts = [keras.layers.Dense(16, "relu", name="a_layer_with_a_name_that_is_longer_than_many_a_terminal_would_like")]
    return keras.Sequential([keras.Input((8,)), *parts, keras.layers.Dense(1, name="out")]), x, x[:, :1]


def heads():
    inputs = keras.Input((8,))
    outputs = {name: keras.layers.Dense(1, name=name)(inputs) for name in ("price", "age")}
    x = np.random.default_rng(0).standard_normal((100, 8)).astype("float32")
    return keras.Model(inputs, outputs), x, {"price": x[:, :1], "age": x[:, 1:2]}


def overflowing():
    model, x, y = build()
    model.layers[0].set_weights([np.full((8, 16), 3e38, "float32"), np.zeros(16, "float32")])
    return model, x, y
"""


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(NET, encoding="utf-8")
    return path


def test_a_models_budget_loss_and_optimizer_are_options(assay, net):
    """Epochs times batches are updates, which a rule on the learning rate knows of."""
    options = ["--epochs", "20", "--batch-size", "64", "--loss", "mse", "--optimizer", '{name = "adam", lr = 0.01}']
    told = assay("probe", f"{net}:build", *options)
    assert told.code == 0
    assert "Its budget: 20 epochs of batches of 64, 40 updates." in told.out
    assert "Assumed" not in told.out
    assert told.err == "a word of the user's own\n"
    told = assay("probe", f"{net}:build", "--json")
    assert [remark for remark in json.loads(told.out)["remarks"] if remark.startswith("Assumed")]


def test_names_are_whole_however_narrow_the_terminal(assay, net, monkeypatch):
    """What does not fit beside the names stands in a second table."""
    name = "a_layer_with_a_name_that_is_longer_than_many_a_terminal_would_like"
    monkeypatch.setenv("COLUMNS", "100")
    told = assay("probe", f"{net}:build")
    assert "".join(told.out.split()).count(name) == 2
    assert max(len(line.rstrip()) for line in told.out.splitlines()) <= 100
    assert told.out.count("dead") == 1
    monkeypatch.setenv("COLUMNS", "300")
    told = assay("probe", f"{net}:build")
    assert told.out.count(name) == 1


def test_nan_is_shown_as_nan(assay, net):
    """In the table of a network whose signal overflows; JSON has null for it."""
    told = assay("probe", f"{net}:overflowing")
    line = next(line for line in told.out.splitlines() if "2 out" in line)
    assert "NaN" in line
    layer = json.loads(assay("probe", f"{net}:overflowing", "--json").out)["conditions"][0]["layers"][1]
    assert layer["preactivations"]["std"] is None


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["healthy"], 0),
        (["healthy", "unhealthy"], 1),
        (["unknown", "unhealthy"], 1),
        (["healthy", "unknown"], 3),
    ],
)
def test_the_exit_code_is_the_verdicts(statuses, code):
    """One that is unhealthy counts more than one that could not be looked at."""
    assert exit_code(*(Verdict(status, ()) for status in statuses)) == code


def test_one_output_of_several_is_named(assay, net):
    """Without a name the message lists them."""
    assert "output = 'price' or 'age'" in assay("probe", f"{net}:heads").err
    layers = json.loads(assay("probe", f"{net}:heads", "--output", "age", "--json").out)["conditions"][0]["layers"]
    assert [layer["name"] for layer in layers] == ["age"]


def test_an_initialization_that_is_unlike_what_is_usual_is_told(assay, tmp_path):
    """Of a PyTorch module; kernels as PyTorch draws them are not worth a line."""
    path = tmp_path / "net.py"
    path.write_text(
        "import torch\nfrom torch import nn\n\n\ndef build(std=None):\n"
        "    torch.manual_seed(0)\n"
        "    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))\n"
        "    if std:\n        nn.init.normal_(model[0].weight, std=std)\n"
        "    return model, torch.randn(64, 64), torch.randint(10, (64,)), nn.CrossEntropyLoss()\n\n\n"
        "def odd():\n    return build(3.0)\n",
        encoding="utf-8",
    )
    assert "Initialization" not in assay("probe", f"{path}:build").out
    told = " ".join(assay("probe", f"{path}:odd").out.split())
    assert "Initialization, where it is unlike what is usual 0.weight: std 3" in told
    assert "He's rule for relu asks √(2/64) = 0.18" in told
