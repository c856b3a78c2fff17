"""What a command line may name besides a study."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers
from torch import nn

from assay.choices import Choice
from assay.errors import ModelError, StudyError
from assay.models.target import for_torch, is_model_target, observe_target

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own arrays

NETS = """
import keras
import numpy as np
import torch
from keras import layers


def build():
    parts = [layers.Flatten(), layers.Dense(5, "relu"), layers.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input((8, 8, 1)), *parts])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def module():
    x = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
    return torch.nn.Linear(4, 2), x, x[:, :2], torch.nn.MSELoss()


def broken():
    raise ValueError("no weights here")


def leaving():
    raise SystemExit(0)


def failing():
    class Failing(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Linear(4, 2)

        def forward(self, x):
            return self.first(x).no_such_method()

    return Failing(), *module()[1:]


def batches():
    x = torch.randn(96, 4, generator=torch.Generator().manual_seed(0))
    pairs = torch.utils.data.TensorDataset(x, x[:, :2])
    return torch.nn.Linear(4, 2), torch.utils.data.DataLoader(pairs, batch_size=8, shuffle=True)


def number():
    return 3
"""


@pytest.fixture(autouse=True)
def _in_a_folder_with_networks(tmp_path, monkeypatch):
    (tmp_path / "networks_of_mine.py").write_text(NETS)
    (tmp_path / "mistaken.py").write_text("import no_such_package\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "networks_of_mine", raising=False)


@pytest.mark.parametrize(
    ("text", "is_model"),
    [
        ("model.keras", True),
        ("package.module:build", True),
        ("folder/file.py:build", True),
        ("digits", False),
        ("study.toml", False),
        ("C:\\\\studies\\\\mine.toml", False),
        ("module:", False),
        ("weights.h5", True),
        ("weights.pt", True),
        ("model.safetensors", True),
    ],
)
def test_a_model_is_told_from_a_study_by_its_form(text, is_model):
    """A function of a module or file, and a file by its ending, are models; everything else is a study."""
    assert is_model_target(text) is is_model


def test_telling_them_apart_imports_nothing_heavy():
    """The command line asks before it knows whether it needs Keras."""
    program = (
        "import sys; from assay.models.target import is_model_target; is_model_target('a:b'); "
        "print([name for name in ('jax', 'keras', 'torch', 'polars', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("target", ["networks_of_mine:build", "networks_of_mine.py:build"])
def test_a_data_set_takes_the_shape_of_the_model(target):
    """The rows of a data set are reshaped to the model's input, with labels as its loss takes them; this is told."""
    observation = observe_target(target, data="digits", rows=16)
    assert observation.facts.task == "multiclass"
    assert observation.facts.data.features == 64
    assert "training rows of digits; features divided by the largest" in observation.remarks[0]


def test_a_function_may_bring_examples_and_a_loss():
    """A tuple is the model, x, y and the loss."""
    observation = observe_target("networks_of_mine:module")
    assert observation.facts.task == "regression"
    assert observation.facts.loss.name == "mean_squared_error"
    with pytest.raises(ModelError, match="it brings its own examples"):
        observe_target("networks_of_mine:module", data="digits")


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 10)), (5, 1, 8, 8)),
        (nn.Sequential(nn.Conv2d(4, 2, 3)), (5, 4, 4, 4)),
        (nn.Sequential(nn.Conv2d(3, 2, 3)), (5, 64)),
        (nn.Sequential(nn.Linear(64, 10)), (5, 64)),
    ],
)
def test_pictures_have_their_channels_first_for_a_module(module, shape):
    """A module that begins with a convolution over a plane is given square pictures, if the sizes agree."""
    assert for_torch(np.zeros((5, 64), np.float32), module).shape == shape


def test_a_saved_model_is_loaded(tmp_path):
    """A `.keras` file is read with its compiled loss and optimizer."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, "softmax")])
    model.compile("adam", "categorical_crossentropy")
    model.save(tmp_path / "mine.keras")
    observation = observe_target("mine.keras", data="iris", rows=16)
    assert str(observation.facts.optimizer) == "adam(learning_rate=0.001)"
    assert observation.facts.data.rows == 96


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("absent.keras", "absent.keras: there is no such file"),
        ("fake.keras", "fake.keras: Keras cannot load a model from it"),
        ("absent_module:build", "absent_module: there is no such module, seen from"),
        ("absent.py:build", "absent.py: there is no such file"),
        ("networks_of_mine:biuld", "it has no function 'biuld'. Did you mean 'build'"),
        (
            "networks_of_mine:broken",
            r"the function failed\. ValueError: no weights here \(networks_of_mine.py, line 21: raise ValueError",
        ),
        ("networks_of_mine:leaving", r"the function failed\. SystemExit: 0 \(networks_of_mine.py, line"),
        ("networks_of_mine:failing", "no_such_method"),
        ("networks_of_mine:number", "expected the function to return a Keras model or a PyTorch module.*got int"),
        (
            "mistaken:build",
            r"mistaken: it cannot be imported\. ModuleNotFoundError: No module named 'no_such_package' \(mistaken\.py",
        ),
    ],
)
def test_what_is_no_model_is_one_clear_error(target, words, tmp_path):
    """A missing or damaged file, module or function is told in one line."""
    np.savez(tmp_path / "fake.npz", x=np.zeros(3))
    (tmp_path / "fake.npz").rename(tmp_path / "fake.keras")
    with pytest.raises(ModelError, match=words):
        observe_target(target)


def test_an_unknown_data_set_has_its_near_miss():
    """A misspelt data set is told as in a study file."""
    with pytest.raises(StudyError, match=r"unknown data set 'digit'\. Did you mean 'digits'"):
        observe_target("networks_of_mine:build", data="digit")


def test_the_budget_is_epochs_times_batches():
    """20 rows in batches of 8 are 3 batches; what is not said of it is assumed, and called so."""
    observation = observe_target("networks_of_mine:module", epochs=5, batch_size=8)
    assert observation.facts.steps == 5 * 3
    assert "Its budget: 5 epochs of batches of 8, 15 updates." in observation.remarks
    observation = observe_target("networks_of_mine:module", epochs=5)
    assert observation.facts.steps == 5
    assert observation.remarks[0] == "Assumed: batches of 32. Its budget: 5 epochs of batches of 32, 5 updates."
    with pytest.raises(ModelError, match="--epochs: how many updates that is depends on the number of examples"):
        observe_target("networks_of_mine:build", epochs=5)


def test_a_loader_tells_its_own_batches():
    """A DataLoader gives the rows that are looked at, and its length is the number of updates in an epoch."""
    observation = observe_target("networks_of_mine:batches", epochs=5, rows=16)
    assert observation.facts.steps == 5 * 12
    assert observation.remarks[:2] == (
        "Examples: the first 16 of its 96 that DataLoader gives.",
        "Its budget: 5 epochs of the 12 batches that it has, 60 updates.",
    )


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [("sgd", 0.001), ("SGD", 0.001), ('{name = "sgd", learning_rate = 0.5}', 0.5), ('{name = "SGD", lr = 0.5}', 0.5)],
)
def test_an_optimizer_is_the_frameworks_own(optimizer, rate):
    """With the framework's own defaults, which are called assumed; PyTorch's SGD has a rate of 0.001, Keras' 0.01."""
    observation = observe_target("networks_of_mine:module", optimizer=optimizer)
    assert observation.facts.optimizer == Choice("sgd", {"learning_rate": rate})
    assumed = "Assumed: a learning rate of 0.001, the default of PyTorch's SGD."
    assert (assumed in observation.remarks) is (rate == 0.001)
    assert observe_target("networks_of_mine:build", optimizer="SGD").facts.optimizer.arguments["learning_rate"] == 0.01


@pytest.mark.parametrize(
    ("function", "loss", "choice"),
    [
        ("module", "l1_loss", Choice("mean_absolute_error")),
        ("module", "L1Loss", Choice("mean_absolute_error")),
        ("module", "mae", Choice("mean_absolute_error")),
        ("module", '{name = "HuberLoss", delta = 2.0}', Choice("huber", {"delta": 2.0})),
        ("build", "SparseCategoricalCrossentropy", Choice("sparse_categorical_crossentropy")),
        ("build", "sparse_categorical_crossentropy", Choice("sparse_categorical_crossentropy")),
    ],
)
def test_a_loss_is_named_as_the_framework_or_a_study_names_it(function, loss, choice):
    """And takes the place of the model's own."""
    assert observe_target(f"networks_of_mine:{function}", loss=loss).facts.loss == choice


def test_a_loss_of_the_users_own_is_a_function_of_a_file(tmp_path):
    """It is differentiated as it is."""
    (tmp_path / "losses_of_mine.py").write_text(
        "def cubed(outputs, targets):\n    return (outputs - targets).abs() ** 3\n"
    )
    observation = observe_target("networks_of_mine:module", loss="losses_of_mine.py:cubed")
    assert observation.facts.loss is None
    before = observation.signals.filter(quantity="loss", statistic="before")["value"].item()
    assert before > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": "L2Loss"}, "--loss: unknown loss 'L2Loss'. Did you mean 'L1Loss'"),
        ({"optimizer": "adamm"}, "--optimizer: unknown optimizer 'adamm'. Did you mean 'adam'"),
        ({"optimizer": '{name = "sgd", momentun = 0.9}'}, "SGD: TypeError.*Did you mean 'momentum'"),
        ({"optimizer": "{name = adam}"}, "--optimizer: .*this is not TOML"),
        ({"loss": "3"}, "--loss: expected a name, or a table"),
    ],
)
def test_an_option_that_names_nothing_is_told_with_the_near_miss(options, words):
    """As a mistake in a study file is."""
    with pytest.raises(ModelError, match=words):
        observe_target("networks_of_mine:module", **options)
