"""A kept network: its file, its outputs, its words; and files that are something else."""

from __future__ import annotations

import io
import json
import pickle
import zipfile

import numpy as np
import polars as pl
import pytest

from assay.choices import Choice
from assay.data.preparation import Column, Preparation
from assay.data.scaling import Scaling
from assay.errors import DataError, StoreError, StudyError
from assay.kept import Kept, KeptLayer
from assay.networks.activations import ACTIVATIONS


def network(*activations, sizes=(3, 4, 2), task="multiclass", seed=0, **changes):
    """A network of random numbers on rows of three standardized numbers."""
    draws = np.random.default_rng(seed)
    layers = tuple(
        KeptLayer(
            draws.normal(size=(fan_in, units)).astype(np.float32),
            draws.normal(size=units).astype(np.float32),
            activation if isinstance(activation, Choice) else ACTIVATIONS.parse(activation, where="here"),
        )
        for fan_in, units, activation in zip(sizes, sizes[1:], activations, strict=False)
    )
    scaling = Scaling("standard", np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.0, 2.0]))
    values = {
        "layers": layers,
        "preparation": Preparation((3,), scaling),
        "task": task,
        "threshold": 0.5,
        "class_names": ("no", "yes") if task in ("binary", "multiclass") else None,
        "target_names": None,
        "target_scaling": None,
        "loss": "mean_squared_error",
        "condition": "activation=relu",
        "identity": "0123456789abcdef",
        "seed": 3,
        "epoch": 7,
        "phase": "final",
        "versions": {"assay": "0.1.0"},
    }
    return Kept(**(values | changes))


ROWS = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [5.0, -1.0, 4.0]])


def by_hand(kept, rows):
    """The outputs of a network of relu and softmax in plain NumPy, double precision."""
    x = (rows - [1.0, 2.0, 3.0]) / [0.5, 1.0, 2.0]
    hidden, output = kept.layers
    z = np.maximum(x @ hidden.kernel + hidden.bias, 0.0) @ output.kernel + output.bias
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def test_outputs_are_those_of_the_formula():
    """Scaled rows, a hidden layer of relu, softmax: to float32 rounding."""
    kept = network("relu", "softmax")
    found = kept.outputs(kept.preparation.apply(ROWS))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_hand(kept, ROWS), rtol=1e-5)


def test_many_rows_are_answered_as_few(monkeypatch):
    """In pieces of bounded size, in order; no rows have no outputs."""
    kept = network("relu", "softmax")
    x = np.random.default_rng(1).normal(size=(50, 3))
    whole = kept.outputs(x)
    monkeypatch.setattr("assay.kept.NUMBERS_AT_ONCE", 21)
    np.testing.assert_allclose(kept.outputs(x), whole, rtol=1e-6)
    assert kept.outputs(np.zeros((0, 3))).shape == (0, 2)


def test_features_of_another_length_are_refused():
    """Both shapes are told."""
    with pytest.raises(DataError, match=r"\(rows, 3\), got \(4, 2\)"):
        network("relu", "softmax").outputs(np.zeros((4, 2)))


def test_classes_are_told_by_name_with_their_probabilities():
    """The largest output decides."""
    kept = network("relu", "softmax")
    said, outputs = kept.predict(ROWS), by_hand(kept, ROWS)
    assert said.columns == ["prediction", "probability of no", "probability of yes"]
    assert said["prediction"].to_list() == [("no", "yes")[k] for k in outputs.argmax(axis=1)]
    np.testing.assert_allclose(said.select(pl.exclude("prediction")).to_numpy(), outputs, rtol=1e-5)


def test_a_binary_network_says_the_second_class_above_its_threshold():
    """Both probabilities, or its one output where that is none."""
    kept = network("relu", "sigmoid", sizes=(3, 4, 1), task="binary")
    said = kept.predict(ROWS)
    assert said.columns == ["prediction", "probability of no", "probability of yes"]
    np.testing.assert_allclose(said["probability of no"] + said["probability of yes"], 1.0)
    assert said["prediction"].to_list() == ["yes" if p > 0.5 else "no" for p in said["probability of yes"]]
    logits = network("relu", "linear", sizes=(3, 4, 1), task="binary", threshold=0.0).predict(ROWS)
    assert logits.columns == ["prediction", "output of yes"]
    assert logits["prediction"].to_list() == ["yes" if z > 0 else "no" for z in logits["output of yes"]]


def test_several_labels_are_columns_of_0_and_1():
    """With a probability for each."""
    kept = network("relu", "sigmoid", task="multilabel", target_names=("wet", "cold"))
    said = kept.predict(ROWS)
    assert said.columns == ["wet", "cold", "probability of wet", "probability of cold"]
    for name in ("wet", "cold"):
        assert said[name].to_list() == [int(p > 0.5) for p in said[f"probability of {name}"]]


def test_a_regression_is_told_in_its_own_units():
    """What was done to the targets is undone; without names columns are numbered."""
    plain = network("relu", "linear", task="regression", target_names=("price", "area"))
    scaling = Scaling("standard", np.array([100.0, 5.0]), np.array([50.0, 2.0]))
    scaled = network("relu", "linear", task="regression", target_names=("price", "area"), target_scaling=scaling)
    expected = plain.predict(ROWS).to_numpy() * [50.0, 2.0] + [100.0, 5.0]
    assert scaled.predict(ROWS).columns == ["price", "area"]
    np.testing.assert_allclose(scaled.predict(ROWS).to_numpy(), expected, rtol=1e-6)
    assert network("linear", sizes=(3, 1), task="regression").predict(ROWS).columns == ["prediction"]
    assert network("linear", sizes=(3, 2), task="regression").predict(ROWS).columns == ["prediction 1", "prediction 2"]


def test_a_table_is_read_by_its_columns(tmp_path):
    """From a frame in another order, with its target beside, and from a file; gaps and words become features."""
    columns = (Column("age", "numeric", fill=30.0, has_indicator=True), Column("port", "categorical", ("Cork", "Lima")))
    scaling = Scaling("standard", np.array([30.0, 0, 0, 0]), np.array([10.0, 1, 1, 1]))
    preparation = Preparation((2,), scaling, columns, aside=("survived",))
    kept = network("tanh", "softmax", sizes=(4, 5, 2), preparation=preparation)
    frame = pl.DataFrame({"port": ["Lima", None, "Oslo"], "survived": [1, 0, 1], "age": [40.0, None, 20.0]})
    features = np.array([[1.0, 0, 0, 1], [0, 1, 0, 0], [-1, 0, 0, 0]])
    np.testing.assert_allclose(kept.outputs(features), kept.outputs(preparation.apply(frame)))
    said = kept.predict(frame)
    np.testing.assert_allclose(said["probability of yes"], kept.outputs(features)[:, 1])
    frame.write_csv(tmp_path / "new.csv")
    assert kept.predict(tmp_path / "new.csv").equals(said)
    with pytest.raises(DataError, match=r"missing: 'age' \(is it 'Age'\?\); foreign: 'Age'"):
        kept.predict(frame.rename({"age": "Age"}))


# ---- the file


def test_a_file_is_the_network_to_the_bit(tmp_path):
    """Saved and loaded: arrays, formulas with their settings, and all that is told of it."""
    choices = [{"expression": "x * sigmoid(a * x)", "a": 1.7}, {"name": "gelu", "approximate": True}, "softmax"]
    scaling = Scaling("standard", np.array([1.0]), np.array([2.0]))
    kept = network(*choices, sizes=(3, 4, 5, 2), target_scaling=scaling)
    kept.save(tmp_path / "n.npz")
    found = Kept.load(tmp_path / "n.npz")
    assert found.written()[1] == kept.written()[1]
    assert found.preparation == kept.preparation
    for one, other in zip(found.layers, kept.layers, strict=True):
        np.testing.assert_array_equal(one.kernel, other.kernel)
        np.testing.assert_array_equal(one.bias, other.bias)
        assert one.activation == other.activation
    assert repr(found) == "Kept('activation=relu', seed=3, epoch=7, 3 → 4 → 5 → 2)"
    found.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "n.npz").read_bytes()


def test_the_file_can_be_read_with_numpy_alone(tmp_path):
    """Kernels (in, out), biases (out,), and JSON."""
    network("relu", "softmax").save(tmp_path / "n.npz")
    with np.load(tmp_path / "n.npz", allow_pickle=False) as file:
        assert sorted(file.files) == ["about", "bias_1", "bias_2", "kernel_1", "kernel_2"]
        assert (file["kernel_1"].shape, file["bias_1"].shape) == ((3, 4), (4,))
        about = json.loads(str(file["about"]))
    assert about["layers"] == [{"activation": "relu"}, {"activation": "softmax"}]
    assert about["preparation"]["scaling"]["offset"] == [1.0, 2.0, 3.0]


def changed(arrays=None, **about):
    """The arrays of a good network with something else in them."""
    good, written = network("relu", "softmax").written()
    return {**good, **(arrays or {}), "about": np.array(json.dumps({**written, **about}))}


MALFORMED = {
    "no archive": b"not an archive at all",
    "empty": b"",
    "text": {"about": np.array("no JSON")},
    "a list": {"about": np.array("[]")},
    "no about": {"kernel_1": np.zeros((2, 2), np.float32)},
    "an array missing": {name: array for name, array in changed().items() if name != "bias_2"},
    "an array too many": changed({"kernel_3": np.zeros((2, 2), np.float32)}),
    "double precision": changed({"kernel_1": np.zeros((3, 4))}),
    "shapes that do not meet": changed({"kernel_2": np.zeros((9, 2), np.float32)}),
    "a bias of another length": changed({"bias_1": np.zeros(5, np.float32)}),
    "no layers": changed(layers=[]),
    "layers that are words": changed(layers=["relu", "softmax"]),
    "an unknown activation": changed(layers=[{"activation": "rlu"}, {"activation": "softmax"}]),
    "a formula that is code": changed(layers=[{"activation": {"expression": "x.__class__"}}, {"activation": "relu"}]),
    "an unknown task": changed(task="clustering"),
    "features that do not fit": changed(preparation=Preparation((9,), Scaling("none", *np.zeros((2, 1)))).written()),
    "a preparation of nothing": changed(preparation={}),
    "a column of another kind": changed(
        preparation={"shape": [3], "scaling": {"name": "none", "offset": 0, "scale": 1}, "columns": [{"x": 1}]}
    ),
    "names for other classes": changed(class_names=["a", "b", "c"]),
    "a seed that is a word": changed(seed="first"),
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_kept_network_is_told_in_a_sentence(tmp_path, content):
    """Whatever it holds: the file, that it is none, and why, on one line."""
    path = tmp_path / "n.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    with pytest.raises(StoreError, match=r"n\.npz: this is not a kept network of assay \(.+\)\.$") as told:
        Kept.load(path)
    assert "\n" not in str(told.value)


def test_a_missing_file_is_told(tmp_path):
    """By its path."""
    with pytest.raises(StoreError, match="there is no such file"):
        Kept.load(tmp_path / "nowhere.npz")


class Trap:
    """A pickle that leaves a mark when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


@pytest.mark.parametrize("kind", ["an array of objects", "a bare pickle", "a member that is no array"])
def test_a_hostile_file_runs_nothing(tmp_path, kind):
    """A pickle in it is not opened."""
    path, mark = tmp_path / "n.npz", tmp_path / "mark"
    if kind == "an array of objects":
        np.savez(path, **(changed() | {"kernel_1": np.array([Trap(mark)], object)}))
    elif kind == "a bare pickle":
        path.write_bytes(pickle.dumps(Trap(mark)))
    else:
        good = io.BytesIO()
        np.savez(good, **changed())
        with zipfile.ZipFile(good) as archive, zipfile.ZipFile(path, "w") as hostile:
            for name in archive.namelist():
                hostile.writestr(name, pickle.dumps(Trap(mark)) if name == "bias_1.npy" else archive.read(name))
    with pytest.raises(StoreError, match="not a kept network"):
        Kept.load(path)
    assert not mark.exists()


def test_code_of_the_users_own_is_not_run_by_loading(tmp_path):
    """The network is there, and asking it says what to do; once this process has run the very code, it answers."""
    source = tmp_path / "mine.py"
    mark = tmp_path / "mark"
    source.write_text(f"open({str(mark)!r}, 'w').close()\n\n\ndef double(z):\n    return 2.0 * z\n")
    reference = f"{source}:double"
    kept = network(reference, "softmax")
    mark.unlink()
    arrays, about = kept.written()
    strange = {**about, "own_code": {reference: {"digest": "0" * 64}}}
    unknown = Kept.of(arrays, strange)
    with pytest.raises(StudyError, match=r"code of your own.*assay\.load_study"):
        unknown.outputs(ROWS)
    assert not mark.exists()
    np.testing.assert_allclose(Kept.of(arrays, about).outputs(ROWS), kept.outputs(ROWS))
    assert not mark.exists()
