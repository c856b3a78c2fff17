"""Files that hold a network or weights, known by their content."""

from __future__ import annotations

import json
import pickle

import keras
import numpy as np
import pytest
from keras import layers

from assay.errors import ModelError
from assay.models.saved_files import is_saved_network, load_network

torch = pytest.importorskip("torch")
nn = torch.nn
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own arrays


class Mine(nn.Module):
    """A class that only this test has."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 2)


class Harmful:
    """What a pickle may do to its reader."""

    def __reduce__(self):
        return pytest.fail, ("the pickle was run",)


@pytest.fixture
def model():
    """A Keras model of one layer."""
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, "softmax")])


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.bin"])
def test_a_whole_keras_model_is_loaded_whatever_its_name(tmp_path, model, name):
    """`.keras` and HDF5 files are known by their first bytes."""
    model.save(tmp_path / "model.keras")
    path = tmp_path / name
    if name == "model.h5":
        model.save(path)
    elif name == "model.bin":
        (tmp_path / "model.keras").rename(path)
    assert is_saved_network(str(path))
    loaded = load_network(str(path))
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


def test_weights_of_keras_alone_are_told(tmp_path, model):
    """A weights file has no layers."""
    model.save_weights(tmp_path / "mine.weights.h5")
    with pytest.raises(ModelError, match=r"it holds the weights of a Keras model, and not its layers.*load_weights"):
        load_network(str(tmp_path / "mine.weights.h5"))


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        (
            lambda: nn.Linear(3, 2).state_dict(),
            r"an archive of torch\.save with 2 tensors\. Weights alone",
        ),
        (Mine, r"a pickled PyTorch module \(.*test_saved_files\.Mine\) with 2 tensors, and reading it would run code"),
        (lambda: nn.Linear(3, 2), r"a pickled PyTorch module \(torch\.nn\.modules\.linear\.Linear\)"),
        (Harmful, "reading it would run code"),
    ],
)
def test_what_torch_saved_is_told_without_unpickling_it(tmp_path, saved, words):
    """The operations of the pickle are read, and none is carried out."""
    torch.save(saved(), tmp_path / "mine.pt")
    with pytest.raises(ModelError, match=words):
        load_network(str(tmp_path / "mine.pt"))


def test_the_header_of_safetensors_is_read(tmp_path):
    """Eight bytes of length, a JSON table of tensors, then the numbers."""
    header = json.dumps({"up.weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "__metadata__": {}})
    path = tmp_path / "mine.bin"
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode() + b"\0" * 4)
    assert is_saved_network(str(path))
    with pytest.raises(ModelError, match=r"a safetensors file with 1 tensors, up\.weight first\. Weights alone"):
        load_network(str(path))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("plain.pt", pickle.dumps({"a": 1}), "a pickle, which runs code when it is read"),
        ("cut.keras", b"PK\x03\x04 and no more", "a damaged archive"),
        ("text.keras", b"name = 1", "neither a zip archive nor HDF5"),
        ("net.onnx", b"\x08\x07", "an ONNX file is a program without gradients"),
    ],
)
def test_other_files_are_told_apart(tmp_path, name, content, words):
    """What it is, and what to do."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=words):
        load_network(str(tmp_path / name))


def test_a_study_is_no_saved_network(tmp_path):
    """A text file is told from it by its first bytes, and a name by its ending."""
    (tmp_path / "study.toml").write_text("data = 'iris'")
    assert not is_saved_network(str(tmp_path / "study.toml"))
    assert not is_saved_network("digits")
