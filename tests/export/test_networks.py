"""Networks for other programs say what assay's own say, of raw rows; and files of others run nothing."""

from __future__ import annotations

import datetime
import runpy
import sys
import zipfile

import numpy as np
import polars as pl
import pytest

from assay.choices import Choice
from assay.data.preparation import Column, Preparation
from assay.data.scaling import Scaling
from assay.errors import MissingExtra, StoreError
from assay.export import SUFFIXES, write_network
from assay.kept import Kept, KeptLayer
from assay.networks.activations import ACTIVATIONS, output_units
from assay.networks.saved_models import dense_layers

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TOLERANCE = 1e-5
WITH_ARGUMENTS = [
    {"name": "relu", "max_value": 6.0},
    {"name": "relu", "negative_slope": 0.1, "max_value": 2.0, "threshold": 0.5},
    {"name": "gelu", "approximate": True},
    {"name": "threshold", "threshold": 0.1, "default_value": 0.3},
]
FORMULAS = [
    {"expression": "x * sigmoid(a * x)", "a": 1.702},
    {"expression": "where(x < 0, abs(sin(x)), max(abs(x) ** 2.5, min(1, floor(x) + sign(x) * cosh(x)))) + arctan(x)"},
    {"expression": "erf(x) + softplus(x) + sqrt(abs(x)) + log1p(abs(x)) + clip(x, -1, 1) + exp(-square(x)) + 0 * e"},
    {"expression": "where(0 < x < 1, expm1(x), arcsinh(x) - tanh(x) / 2) + max(x, -x) + relu(x - pi) + min(x, 2 * x)"},
]
NAMES = [record.name for record in ACTIVATIONS.records]


def network(hidden, *, output="softmax", outputs=3, task="multiclass", preparation=None, **changes):
    """A network of random numbers with one hidden layer of six units."""
    preparation = preparation or Preparation((5,), Scaling("standard", np.arange(5.0), np.full(5, 2.0)))
    features = len(preparation.feature_names) or int(np.prod(preparation.shape))
    draws = np.random.default_rng(0)
    layers, fan_in = [], features
    for written, units in ((hidden, 6), (output, outputs)):
        choice = written if isinstance(written, Choice) else ACTIVATIONS.parse(written, where="here")
        kernel = draws.normal(size=(fan_in, units)).astype(np.float32) / np.float32(np.sqrt(fan_in))
        layers.append(KeptLayer(kernel, draws.normal(size=units).astype(np.float32), choice))
        fan_in = output_units(choice, units)
    classes = {"multiclass": ("a b", "ç", 'd"'), "binary": ("no", "yes")}
    values = {"task": task, "threshold": 0.5, "class_names": classes.get(task), "target_names": None}
    values |= {"target_scaling": None, "loss": "x", "condition": 'activation="""\\n', "identity": "0", "seed": 0}
    return Kept(layers=tuple(layers), preparation=preparation, epoch=1, phase="final", **(values | changes))


def rows_of(kept):
    """Some raw rows, a row of zeros among them."""
    rows = np.random.default_rng(1).normal(size=(9, *kept.preparation.shape)) * 3
    rows[0] = 0.0
    return rows.astype(np.float32)


def expected(kept, rows):
    """What assay says: outputs; of a regression the quantities in their own units."""
    if kept.task == "regression":
        return kept.predict(rows).to_numpy()
    return kept.outputs(kept.preparation.apply(rows))


def assert_close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=TOLERANCE, atol=TOLERANCE)


def by_onnx(kept, folder, feed):
    """All outputs of the model in onnxruntime, by name."""
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    pytest.importorskip("onnx", reason="needs the extra: pip install 'assay[onnx]'")
    [path] = write_network(kept, "onnx", folder / "n.onnx")
    session = onnxruntime.InferenceSession(path)
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, feed), strict=True))


def by_torch(kept, folder, rows):
    """The outputs of the written class with the written parameters, and the module."""
    torch = pytest.importorskip("torch", reason="needs the extra: pip install 'assay[torch]'")
    path, module = write_network(kept, "torch", folder / "n.pt")
    names = runpy.run_path(str(module))
    given = names["features"](rows) if kept.preparation.columns else torch.tensor(rows)
    return names["load"](str(path))(given).detach().numpy()


def by_keras(kept, folder, rows):
    """The outputs of the model, loaded in safe mode."""
    import keras

    path, _ = write_network(kept, "keras", folder / "n.keras")
    return np.asarray(keras.models.load_model(path, safe_mode=True)(rows))


@pytest.mark.parametrize("hidden", [*NAMES, *WITH_ARGUMENTS, *FORMULAS], ids=str)
def test_every_activation_in_onnx_says_the_same(hidden, tmp_path):
    """Classes by their names, and outputs."""
    kept = network(hidden)
    rows = rows_of(kept)
    found = by_onnx(kept, tmp_path, {"x": rows})
    assert_close(found["outputs"], expected(kept, rows))
    assert found["prediction"].tolist() == kept.predict(rows)["prediction"].to_list()


def test_a_function_of_the_users_own_is_exported_to_onnx_once_it_was_run(tmp_path):
    """What JAX makes of it is what is written; elsewhere it is refused by name."""
    import jax.numpy as jnp

    def centred(z):
        return z - jnp.max(z, axis=-1, keepdims=True) + jnp.sum(z, axis=-1, keepdims=True) / 3

    kept = network(ACTIVATIONS.parse(centred, where="here"))
    rows = rows_of(kept)
    assert_close(by_onnx(kept, tmp_path, {"x": rows})["outputs"], expected(kept, rows))
    for to in ("torch", "keras"):
        with pytest.raises(StoreError, match=r"activation 'python:centred' has no counterpart in .*Export to npz"):
            write_network(kept, to, tmp_path / f"n{SUFFIXES[to]}")


def test_what_onnx_cannot_say_is_refused_by_name(tmp_path):
    """The activation, and what of it has no operator."""
    pytest.importorskip("onnx")
    import jax.numpy as jnp

    def flipped(z):
        return jnp.flip(z, axis=-1)

    kept = network(ACTIVATIONS.parse(flipped, where="here"))
    with pytest.raises(StoreError, match="'python:flipped' cannot be written as ONNX: it has no operator for 'rev'"):
        write_network(kept, "onnx", tmp_path / "n.onnx")


@pytest.mark.parametrize("hidden", [*NAMES, *WITH_ARGUMENTS, *FORMULAS], ids=str)
def test_every_activation_in_pytorch_says_the_same(hidden, tmp_path):
    """But sparsemax, which PyTorch does not have."""
    kept = network(hidden)
    rows = rows_of(kept)
    if hidden == "sparsemax":
        with pytest.raises(StoreError, match="'sparsemax' has no counterpart in PyTorch"):
            by_torch(kept, tmp_path, rows)
        return
    assert_close(by_torch(kept, tmp_path, rows), expected(kept, rows))


@pytest.mark.parametrize("hidden", ["relu", "glu", "sparsemax", "threshold", *WITH_ARGUMENTS, *FORMULAS], ids=str)
def test_activations_in_keras_say_the_same(hidden, tmp_path):
    """By name, with arguments, as a formula; every name is Keras' own, see tests/engine/test_parity.py."""
    kept = network(hidden)
    rows = rows_of(kept)
    assert_close(by_keras(kept, tmp_path, rows), expected(kept, rows))


def test_images_are_given_as_they_are(tmp_path):
    """Pixels from 0 to 255 in their shape; a binary network says one of two words."""
    preparation = Preparation((3, 4, 1), Scaling("unit", np.zeros(()), np.asarray(255.0)))
    kept = network("relu", output="sigmoid", outputs=1, task="binary", preparation=preparation)
    rows = np.random.default_rng(2).integers(0, 256, size=(6, 3, 4, 1)).astype(np.uint8)
    wanted = expected(kept, rows)
    found = by_onnx(kept, tmp_path, {"x": rows.astype(np.float32)})
    assert_close(found["outputs"], wanted)
    assert found["prediction"].tolist() == kept.predict(rows)["prediction"].to_list()
    assert_close(by_torch(kept, tmp_path, rows), wanted)
    assert_close(by_keras(kept, tmp_path, rows), wanted)


COLUMNS = (
    Column("age", "numeric", fill=30.0, has_indicator=True),
    Column("port 'of call'", "categorical", ("Cork", "Southampton "), "Cork", has_indicator=True),
    Column("when", "date", fill=19000.0),
    Column("prediction", "categorical", ("x", "y")),
    Column("paid", "boolean", fill=1.0),
)
OFFSET = np.array([30.0, 0, 0, 0, 0, 19000.0, 0, 0, 0.5])
SCALE = np.array([10.0, 1, 1, 1, 1, 300.0, 1, 1, 0.5])


def table():
    """Gaps, words that are no levels, dates and flags: a frame, and as each program takes it."""
    port = "port 'of call'"
    frame = pl.DataFrame(
        {
            "age": [1.5, None, 60.0],
            port: ["Cork", None, "Nowhere"],
            "when": [datetime.date(2020, 1, 1), None, datetime.date(1999, 1, 1)],
            "prediction": [None, "y", "x"],
            "paid": [True, None, False],
        }
    )
    days = frame["when"].cast(pl.Int32).cast(pl.Float64).fill_null(np.nan).to_numpy()
    numbers = {"age": [1.5, np.nan, 60.0], "when": days, "paid": [1.0, np.nan, 0.0]}
    numbers = {name: np.asarray(values, np.float64)[:, None] for name, values in numbers.items()}
    words = {port: [["Cork"], [""], ["Nowhere"]], "prediction": [[""], ["y"], ["x"]]}
    onnx = {**numbers, **{name: np.array(values, object) for name, values in words.items()}}
    keras = {**numbers, port: np.array([[2], [0], [1]]), "prediction": np.array([[0], [3], [2]])}
    torch = {**frame.to_dict(as_series=False), "when": [None if np.isnan(day) else day for day in days]}
    return frame, onnx, torch, keras


@pytest.mark.parametrize("task", ["multiclass", "multilabel", "regression"])
def test_a_table_is_prepared_inside(task, tmp_path):
    """Gaps filled and marked, words to levels, dates and flags scaled; targets back in their own units."""
    preparation = Preparation((5,), Scaling("standard", OFFSET, SCALE), COLUMNS)
    changes = {
        "multiclass": {},
        "multilabel": {"output": "sigmoid", "target_names": ("wet", "cold", "dark")},
        "regression": {"output": "linear", "target_scaling": Scaling("standard", np.arange(3.0), np.full(3, 50.0))},
    }
    kept = network("tanh", task=task, preparation=preparation, **changes[task])
    frame, for_onnx, for_torch, for_keras = table()
    wanted = expected(kept, frame)
    found = by_onnx(kept, tmp_path, for_onnx)
    if task == "regression":
        assert_close(found["prediction_"], wanted)
    else:
        assert_close(found["outputs"], wanted)
    if task == "multilabel":
        assert found["prediction_"].tolist() == kept.predict(frame).select("wet", "cold", "dark").to_numpy().tolist()
    assert_close(by_torch(kept, tmp_path, for_torch), wanted)
    assert_close(by_keras(kept, tmp_path, for_keras), wanted)


def test_the_json_beside_a_keras_file_tells_its_inputs(tmp_path):
    """Of each column the number of each level, of a gap and of other words; and the names of the outputs."""
    import json

    preparation = Preparation((5,), Scaling("standard", OFFSET, SCALE), COLUMNS)
    _, about = write_network(network("tanh", preparation=preparation), "keras", tmp_path / "n.keras")
    told = json.loads(about.read_text())
    levels = {"Cork": 2, "Southampton ": 3}
    assert told["columns"]["port 'of call'"] == {"kind": "categorical", "gap": 0, "other": 1, "levels": levels}
    assert told["columns"]["age"] == {"kind": "numeric", "gap": "NaN"}
    assert told["outputs"] == ["a b", "ç", 'd"']


def test_npz_is_the_kept_file(tmp_path):
    """Which `Kept.load` reads."""
    kept = network("relu")
    assert write_network(kept, "npz", tmp_path / "n.npz") == [tmp_path / "n.npz"]
    rows = rows_of(kept)
    assert Kept.load(tmp_path / "n.npz").predict(rows).equals(kept.predict(rows))


@pytest.mark.parametrize(("to", "package"), [("onnx", "onnx"), ("torch", "torch")])
def test_without_its_package_the_line_that_installs_it_is_told(to, package, tmp_path, monkeypatch):
    """Nothing is written."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=rf"pip install 'assay\[{to}\]'"):
        write_network(network("relu"), to, tmp_path / "n")
    assert list(tmp_path.iterdir()) == []


# ---- files of others


def test_a_keras_file_with_a_lambda_runs_nothing(tmp_path):
    """Where assay reads one, for its dense layers, and where it is handed one in the place of a kept network."""
    import keras

    mark, place = tmp_path / "mark", str(tmp_path / "mark")
    opens = keras.layers.Lambda(lambda x: (open(place, "w").close(), x)[1], output_shape=(3,))
    model = keras.Sequential([keras.Input((3,)), opens, keras.layers.Dense(2)])
    model.save(tmp_path / "hostile.keras")
    mark.unlink(missing_ok=True)
    assert [layer.kernel.shape for layer in dense_layers(tmp_path / "hostile.keras")] == [(3, 2)]
    with pytest.raises(StoreError, match="not a kept network"):
        Kept.load(tmp_path / "hostile.keras")
    assert not mark.exists()


def test_an_onnx_file_is_no_kept_network(tmp_path):
    """Neither a real one, nor one that names a library to load, nor one in an archive."""
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node("Run", ["x"], ["y"], domain="file:///tmp/evil.so")
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([node], "g", [value], [value])
    content = onnx.helper.make_model(graph).SerializeToString()
    (tmp_path / "n.onnx").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "n.npz", "w") as archive:
        archive.writestr("model.onnx", content)
    for name in ("n.onnx", "n.npz"):
        with pytest.raises(StoreError, match="not a kept network"):
            Kept.load(tmp_path / name)
