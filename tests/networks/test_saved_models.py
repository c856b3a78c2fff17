"""Dense layers read from files that Keras wrote, against Keras' own arrays; and files that are something else."""

from __future__ import annotations

import zipfile

import keras
import numpy as np
import pytest

from assay.choices import Choice
from assay.errors import StudyError
from assay.networks.initializers import draw_bias, draw_kernel
from assay.networks.saved_models import dense_layers, fingerprint

# What Keras' own arrays say to this NumPy, when a model is saved.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Dense = keras.layers.Dense


def saved(model, path):
    """The path of a file with a model whose parameters are all different."""
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(size=array.shape) for array in model.get_weights()])
    model.save(path)
    return path


def graph():
    """A functional model: layers made in another order than they are applied in, a model within, one without bias."""
    late, early = Dense(3, name="late"), Dense(7, name="early")
    within = keras.Sequential([keras.Input((3,)), Dense(5, use_bias=False), keras.layers.Dropout(0.5), Dense(6)])
    inputs = keras.Input((4,))
    return keras.Model(inputs, Dense(2, name="last")(within(late(keras.layers.Dropout(0.1)(early(inputs))))))


def test_layers_come_in_the_order_in_which_the_model_applies_them(tmp_path):
    """Names, kernels and biases are Keras' own, those of a model within the model included; no bias means zeros."""
    model = graph()
    found = dense_layers(saved(model, tmp_path / "graph.keras"))
    within = next(layer for layer in model.layers if isinstance(layer, keras.Sequential))
    expected = [model.get_layer("early"), model.get_layer("late"), within.layers[0], within.layers[2]]
    expected.append(model.get_layer("last"))
    assert [layer.name for layer in found] == [layer.name for layer in expected]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.kernel, theirs.kernel)
        np.testing.assert_array_equal(ours.bias, theirs.bias if theirs.use_bias else np.zeros(theirs.units))
        assert ours.kernel.dtype == ours.bias.dtype == np.float32


def test_layers_without_a_kernel_of_their_own_do_not_count(tmp_path):
    """Flatten, normalization and dropout lie between the dense layers of a Sequential model."""
    kinds = [keras.layers.Flatten(), Dense(3), keras.layers.BatchNormalization(), keras.layers.Dropout(0.1), Dense(2)]
    found = dense_layers(saved(keras.Sequential([keras.Input((2, 2)), *kinds]), tmp_path / "model.keras"))
    assert [layer.kernel.shape for layer in found] == [(4, 3), (3, 2)]


def test_an_initializer_takes_the_layer_of_its_number_for_every_seed(tmp_path):
    """Kernel and bias of layer 2 are those of the second dense layer; there is no luck in them."""
    model = keras.Sequential([keras.Input((4,)), Dense(3), Dense(2)])
    choice = Choice("pretrained", {"from": str(saved(model, tmp_path / "model.keras"))})
    for seed in (0, 1):
        np.testing.assert_array_equal(
            draw_kernel(choice, seed=seed, layer=2, fan_in=3, units=2), model.layers[1].kernel
        )
        np.testing.assert_array_equal(draw_bias(choice, seed=seed, layer=2, units=2), model.layers[1].bias)


def test_a_file_that_has_changed_is_read_again(tmp_path):
    """And has another fingerprint; the same parameters in another file have the same."""
    path, copy = tmp_path / "model.keras", tmp_path / "copy.keras"
    model = keras.Sequential([keras.Input((4,)), Dense(3)])
    saved(model, path)
    model.save(copy)
    before = fingerprint(path)
    assert fingerprint(copy) == before
    model.set_weights([2 * array for array in model.get_weights()])
    model.save(path)
    np.testing.assert_array_equal(dense_layers(path)[0].kernel, model.layers[0].kernel)
    assert fingerprint(path) != before


class Unordered(keras.Model):
    """A model whose file does not tell which layer comes first."""

    def __init__(self):
        super().__init__()
        self.only = Dense(2)

    def build(self, shape):
        self.only.build(shape)

    def call(self, x):
        return self.only(x)


def test_files_that_do_not_fit_are_refused_in_words(tmp_path):
    """No file, no zip, a zip of something else, a model without an order, without dense layers, in whole numbers."""
    with pytest.raises(StudyError, match=r"gone\.keras: there is no such file\. A relative path starts at the study"):
        dense_layers(tmp_path / "gone.keras")
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(StudyError, match=r"folder\.keras: cannot be read: Is a directory"):
        dense_layers(tmp_path / "folder.keras")
    (tmp_path / "text.keras").write_text("a network")
    with pytest.raises(StudyError, match=r"text\.keras: this is not a model that Keras has saved\. model\.save"):
        dense_layers(tmp_path / "text.keras")
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("config.json", "[]")
    with pytest.raises(StudyError, match="this is not a model that Keras has saved"):
        dense_layers(tmp_path / "other.keras")

    own = Unordered()
    own.build((None, 4))
    own.save(tmp_path / "own.keras")
    with pytest.raises(StudyError, match=r"the class 'Unordered' does not tell the order of its layers\. Save a Seq"):
        dense_layers(tmp_path / "own.keras")
    none = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()])
    none.save(tmp_path / "none.keras")
    with pytest.raises(StudyError, match=r"with dense layers, got one with none \(its layers: Conv2D, Flatten\)"):
        dense_layers(tmp_path / "none.keras")
    small = keras.Sequential([keras.Input((4,)), Dense(3, name="small")])
    small.layers[0].quantize("int8")
    small.save(tmp_path / "small.keras")
    with pytest.raises(StudyError, match=r"layer 'small' holds int8\. Save the model in float32"):
        dense_layers(tmp_path / "small.keras")
