"""Parameter counts, the summary table, and what the data ask of the output."""

import itertools

import keras
import pytest

from assay.choices import Choice
from assay.errors import StudyError
from assay.networks.architecture import Layer, count_parameters, model_summary, output_defaults, shape_key


def dense(sizes, activation="relu"):
    """The layers between the given sizes, with a softmax at the end."""
    last = len(sizes) - 2
    return [
        Layer(fan_in, units, Choice("softmax" if at == last else activation), Choice("glorot_uniform"), Choice("zeros"))
        for at, (fan_in, units) in enumerate(itertools.pairwise(sizes))
    ]


def test_parameters_of_the_mnist_network():
    """784 → 300 → 100 → 10 has 235,500 + 30,100 + 1,010 parameters."""
    layers = dense([784, 300, 100, 10])
    assert [layer.parameters for layer in layers] == [235_500, 30_100, 1_010]
    assert count_parameters(layers) == 266_610


def test_parameters_equal_those_of_a_keras_model():
    """The number of parameters is `keras.Model.count_params`."""
    sizes = [13, 7, 5, 3]
    model = keras.Sequential([keras.Input((sizes[0],)), *(keras.layers.Dense(units) for units in sizes[1:])])
    assert count_parameters(dense(sizes)) == model.count_params()


def test_a_summary_has_one_line_a_layer_and_a_total():
    """The summary shows number, shape, activation, initializer and parameters of each layer."""
    header, rule, first, second, third, _, total = model_summary(dense([784, 300, 100, 10])).splitlines()
    assert header.split() == ["layer", "shape", "activation", "kernel", "initializer", "parameters"]
    assert first.split() == ["1", "784", "→", "300", "relu", "glorot_uniform", "235,500"]
    assert second.split()[-1] == "30,100"
    assert third.split()[-3:] == ["softmax", "glorot_uniform", "1,010"]
    assert total.split() == ["total", "266,610"]
    assert {len(line) for line in (header, rule, first, second, third, total)} == {len(rule)}


def test_equal_shapes_have_equal_keys():
    """The shape key ignores everything but sizes, and sees that glu halves a layer."""
    relu, tanh = dense([8, 4, 2]), dense([8, 4, 2], "tanh")
    assert shape_key(relu) == shape_key(tanh) == ((8, 4, 4), (4, 2, 2))
    gated = Layer(8, 4, Choice("glu"), Choice("zeros"), Choice("zeros"))
    assert gated.outputs == 2
    assert shape_key([gated]) == ((8, 4, 2),)


def test_an_odd_layer_cannot_be_gated():
    """A glu layer with an odd number of units is refused when its outputs are asked for."""
    with pytest.raises(StudyError, match="even number of units, got 5"):
        _ = Layer(8, 5, Choice("glu"), Choice("zeros"), Choice("zeros")).outputs


@pytest.mark.parametrize(
    ("task", "outputs", "activation", "loss"),
    [
        ("binary", 1, "sigmoid", "binary_crossentropy"),
        ("multiclass", 10, "softmax", "categorical_crossentropy"),
        ("regression", 3, "linear", "mean_squared_error"),
    ],
)
def test_output_and_loss_follow_from_the_task(task, outputs, activation, loss):
    """Two classes take a sigmoid, more a softmax, numbers a linear output, each with its loss."""
    assert output_defaults(task, outputs) == (Choice(activation), Choice(loss))
