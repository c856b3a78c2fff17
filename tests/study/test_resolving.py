"""Layers and loss of a condition, once the shape of the data is known."""

from dataclasses import replace

import keras
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
MULTILABEL = replace(DIGITS, outputs=3, task="multilabel", classes=None)
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
        (MULTILABEL, "sigmoid", "binary_crossentropy"),
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


def test_metrics_that_mean_nothing_on_the_data_are_told_with_those_that_do():
    """By the task, and by the number of classes."""
    study, condition = only_condition(training={"metrics": ["top_5_accuracy", "f1"]}, design={"select": "val_f1"})
    resolve(study, condition, DIGITS)
    with pytest.raises(StudyError, match=r"training\.metrics: 'top_5_accuracy' means nothing on regression data\."):
        resolve(study, condition, REGRESSION)
    with pytest.raises(StudyError, match=r"'top_5_accuracy' means nothing on multiclass data of so few classes\."):
        resolve(study, condition, replace(DIGITS, outputs=3, classes=3))
    study, condition = only_condition(design={"select": "val_f1"})
    with pytest.raises(
        StudyError,
        match=r"design\.select: 'val_f1' is not measured on multiclass data\. Write training\.metrics = \[\"f1\"\], or "
        r"choose from: val_loss, val_accuracy, last\.",
    ):
        resolve(study, condition, DIGITS)


def test_any_metric_that_is_recorded_may_select():
    """A further loss among them; what is recorded twice is told."""
    study, condition = only_condition(
        training={"metric": "hinge", "metrics": ["roc_auc"]}, design={"select": "val_hinge"}
    )
    resolve(study, condition, BINARY)
    study, condition = only_condition(training={"metric": "mean_squared_error", "metrics": ["mean_squared_error"]})
    with pytest.raises(StudyError, match=r"training\.metric: 'mean_squared_error' is recorded anyway"):
        resolve(study, condition, REGRESSION)


def test_weights_of_classes_want_examples_of_one_class():
    """Neither quantities nor several labels have one."""
    study, condition = only_condition(training={"class_weight": "balanced"})
    resolve(study, condition, DIGITS)
    resolve(study, condition, BINARY)
    for shape in (REGRESSION, MULTILABEL):
        with pytest.raises(StudyError, match=rf"class_weight: an example of {shape.task} data has no single class\."):
            resolve(study, condition, shape)


def test_one_hot_losses_are_refused_for_several_labels():
    """An example may have any number of them."""
    study, condition = only_condition(training={"loss": "categorical_crossentropy"})
    with pytest.raises(StudyError, match=r"an example of the data may have any of 3 labels\. Choose 'binary_cross"):
        resolve(study, condition, MULTILABEL)


# ---- layers that are learnt before the training


def saved_model(path, *units):
    """A file as Keras saves it: dense layers of the given units behind 64 inputs."""
    keras.Sequential([keras.Input((64,)), *map(keras.layers.Dense, units)]).save(path)
    return {"name": "pretrained", "from": path.name}


def learnt(initializer, layers=None, hidden=(8, 6)):
    """A network of which every layer takes this initializer, but for the given `layers`."""
    network = {"hidden": list(hidden), "kernel_initializer": initializer, "layers": layers or {}}
    return NetworkSpec.model_validate(network)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own arrays
def test_a_saved_model_gives_kernels_and_biases(tmp_path):
    """By its path from the study's folder; a bias_initializer of the very layer goes before the file's bias."""
    initializer = saved_model(tmp_path / "model.keras", 8, 6, 10)
    own = {"2": {"bias_initializer": "ones"}, "output": {"kernel_initializer": "he_normal"}}
    first, second, output = layers_of(learnt(initializer, own), DIGITS, tmp_path)
    expected = Choice("pretrained", {"from": str(tmp_path / "model.keras")})
    assert (first.kernel_initializer, first.bias_initializer) == (expected, expected)
    assert (second.kernel_initializer, second.bias_initializer) == (expected, Choice("ones"))
    assert (output.kernel_initializer, output.bias_initializer) == (Choice("he_normal"), Choice("zeros"))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own arrays
def test_a_saved_model_that_does_not_fit_is_told_with_both_shapes(tmp_path):
    """The key, the layer, what it expects, what the file has, and what to do about it."""
    five_classes = saved_model(tmp_path / "five.keras", 8, 6, 5)
    with pytest.raises(
        StudyError,
        match=r"^network\.kernel_initializer: .*five\.keras: layer 3 of the network \(its output\) expects a kernel of "
        r"shape \(6, 10\), but dense layer 3 of the file, '.*', has \(6, 5\)\. Give this layer an initializer of its "
        r'own, network\.layers\.output\.kernel_initializer = "glorot_uniform", or change the network or the file\.$',
    ):
        layers_of(learnt(five_classes), DIGITS, tmp_path)
    layers_of(learnt(five_classes, {"output": {"kernel_initializer": "zeros"}}), DIGITS, tmp_path)

    with pytest.raises(
        StudyError, match=r"^network\.layers\.2\..*: layer 2 of the network expects .* \(9, 6\), but .*"
    ):
        layers_of(learnt("zeros", {"2": {"kernel_initializer": five_classes}}, (9, 6)), DIGITS, tmp_path)
    short = saved_model(tmp_path / "short.keras", 8)
    with pytest.raises(StudyError, match=r"shape \(8, 6\), but the file has 1 dense layer\. .*network\.layers\.2\."):
        layers_of(learnt(short), DIGITS, tmp_path)


def test_a_saved_model_that_is_not_there_is_told_with_its_key(tmp_path):
    """Before anything is trained, with the condition that asks for it."""
    missing = {"name": "pretrained", "from": str(tmp_path / "gone.keras")}
    study, condition = only_condition(network={"layers": {"first": {"kernel_initializer": missing}}})
    place = r"condition 'as written': network\.layers\.first\.kernel_initializer\.from: .*gone\.keras"
    with pytest.raises(StudyError, match=rf"^{place}: there is no such file"):
        resolve(study, condition, DIGITS)


def test_the_output_layer_has_no_autoencoder():
    """It takes the initializer that encoders start from; asked for by itself it is a mistake."""
    autoencoder = {"name": "autoencoder", "start": "he_normal"}
    first, second, output = layers_of(learnt(autoencoder), DIGITS)
    assert first.kernel_initializer == second.kernel_initializer == Choice("autoencoder", {"start": "he_normal"})
    assert first.bias_initializer == Choice("zeros")
    assert output.kernel_initializer == Choice("he_normal")
    with pytest.raises(StudyError, match=r"^network\.layers\.output\..*has no autoencoder.*such as 'he_normal'\."):
        layers_of(learnt("zeros", {"output": {"kernel_initializer": autoencoder}}), DIGITS)


def test_an_unknown_argument_of_what_is_learnt_is_told_with_the_near_miss():
    """As with every other choice."""
    with pytest.raises(
        StudyError, match=r"'pretrained' has no argument 'form'\. Did you mean 'from'\? It takes from\."
    ):
        Study(data="digits", network={"kernel_initializer": {"name": "pretrained", "form": "model.keras"}})
    with pytest.raises(StudyError, match=r"'autoencoder' has no argument 'epoch'\. Did you mean 'epochs'\?"):
        Study(data="digits", network={"kernel_initializer": {"name": "autoencoder", "epoch": 3}})
