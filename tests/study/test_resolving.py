"""Layers and loss of a condition, once the shape of the data is known."""

from dataclasses import replace

import pytest

from assay.choices import Choice
from assay.data.request import DataShape
from assay.errors import StudyError
from assay.networks.architecture import Layer
from assay.study.resolving import layers_of, resolve
from assay.study.spec import NetworkSpec, Study

DIGITS = DataShape(
    features=64, outputs=10, task="multiclass", train_rows=1000, validation_rows=50, test_rows=9, classes=10, bytes=1
)
BINARY = replace(DIGITS, outputs=1, task="binary", classes=2)
REGRESSION = replace(DIGITS, outputs=3, task="regression", classes=None)


def only_condition(**values):
    """The study on digits with these values, and its one condition."""
    study = Study(data="digits", **values)
    [condition] = study.expand()
    return study, condition


def test_layers_and_overrides():
    """A layer takes a setting by its number, else by its role, else from the network; the output drops nothing."""
    network = NetworkSpec.model_validate(
        {
            "hidden": [30, 20, 10],
            "activation": "tanh",
            "dropout": 0.5,
            "l2": 0.01,
            "layers": {
                "first": {"kernel_initializer": "he_normal", "l2": 0.0},
                "hidden": {"activation": "elu", "dropout": 0.25},
                "3": {"activation": "selu"},
                "output": {"bias_initializer": "ones"},
            },
        }
    )
    glorot, zeros = Choice("glorot_uniform"), Choice("zeros")
    assert layers_of(network, DIGITS) == (
        Layer(64, 30, Choice("tanh"), Choice("he_normal"), zeros, 0.5, 0.0),
        Layer(30, 20, Choice("elu"), glorot, zeros, 0.25, 0.01),
        Layer(20, 10, Choice("selu"), glorot, zeros, 0.25, 0.01),
        Layer(10, 10, Choice("softmax"), glorot, Choice("ones"), 0.0, 0.01),
    )


def test_a_linear_model_has_one_layer():
    """Without hidden layers the output layer sees the data."""
    [layer] = layers_of(NetworkSpec.model_validate({"hidden": []}), REGRESSION)
    assert (layer.fan_in, layer.units, layer.activation) == (64, 3, Choice("linear"))


def test_parameter_counts_of_mnist():
    """784 – 300 – 100 – 10 has 235,500 + 30,100 + 1,010 parameters."""
    layers = layers_of(NetworkSpec.model_validate({"hidden": [300, 100]}), replace(DIGITS, features=784))
    assert [layer.parameters for layer in layers] == [235_500, 30_100, 1_010]


def test_glu_halves_what_the_next_layer_sees():
    """After glu the next layer has half the inputs; at the output it is refused."""
    first, second = layers_of(NetworkSpec.model_validate({"hidden": [32], "activation": "glu"}), DIGITS)
    assert (first.units, second.fan_in) == (32, 16)
    with pytest.raises(StudyError, match=r"network.output_activation: 'glu' leaves 5 of 10 outputs"):
        layers_of(NetworkSpec.model_validate({"output_activation": "glu"}), DIGITS)


@pytest.mark.parametrize(
    ("shape", "output", "loss"),
    [
        (DIGITS, "softmax", "categorical_crossentropy"),
        (BINARY, "sigmoid", "binary_crossentropy"),
        (REGRESSION, "linear", "mean_squared_error"),
    ],
)
def test_output_and_loss_follow_from_the_data(shape, output, loss):
    """Unless they are given, the output activation and the loss are those that go with the task."""
    layers, found = resolve(*only_condition(), shape)
    assert (layers[-1].activation, found) == (Choice(output), Choice(loss))
    own = only_condition(training={"loss": "mean_absolute_error"}, network={"output_activation": "relu"})
    layers, found = resolve(*own, shape)
    assert (layers[-1].activation, found) == (Choice("relu"), Choice("mean_absolute_error"))


def test_what_does_not_fit_the_data():
    """A loss, a batch size or a metric that the data do not allow is told with the condition."""
    study, condition = only_condition(training={"loss": "categorical_crossentropy"})
    resolve(study, condition, DIGITS)
    with pytest.raises(StudyError, match=r"^condition 'as written': training.loss: 'categorical_crossentropy' expects"):
        resolve(study, condition, BINARY)
    study, condition = only_condition(training={"batch_size": 1001})
    with pytest.raises(
        StudyError, match=r"training.batch_size: expected at most 1000, the number of training rows, got"
    ):
        resolve(study, condition, DIGITS)
    study, condition = only_condition(design={"select": "val_accuracy"})
    resolve(study, condition, DIGITS)
    with pytest.raises(StudyError, match=r"design.select: 'val_accuracy' is not measured on regression data."):
        resolve(study, condition, REGRESSION)
