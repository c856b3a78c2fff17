"""Expansion: which conditions a study stands for, and what they are called."""

import itertools

import pytest

from assay.choices import Choice
from assay.errors import StudyError
from assay.study.conditions import level_label, short_labels
from assay.study.keys import full_key
from assay.study.spec import Study


def test_factorial_is_every_combination():
    """A factorial study has the product of all levels, the last factor changing fastest."""
    activations, rates = ["relu", "tanh", "sigmoid"], [0.1, 0.01]
    vary = {"network.activation": activations, "training.optimizer.learning_rate": rates}
    conditions = Study(data="digits", vary=vary).expand()
    expected = list(itertools.product(activations, rates))
    assert [tuple(condition.settings.values()) for condition in conditions] == expected
    assert [condition.index for condition in conditions] == list(range(6))
    assert conditions[1].name == "activation=relu, learning_rate=0.01"
    for condition, (activation, rate) in zip(conditions, expected, strict=True):
        assert condition.network.activation == Choice(activation)
        assert condition.training.optimizer == Choice("adam", {"learning_rate": rate})


def test_one_at_a_time_changes_one_thing():
    """The baseline comes first, called by all its levels; every other condition differs from it in one factor."""
    study = Study(
        data="digits",
        network={"depth": 3, "width": 64},
        vary={"network.width": [64, 32], "training.loss": ["mean_squared_error"]},
        design={"kind": "one_at_a_time"},
    )
    conditions = study.expand()
    base = "width=64, loss=default (baseline)"
    assert [condition.name for condition in conditions] == [base, "width=32", "loss=mean_squared_error"]
    assert study.baseline_name() == base
    assert [condition.settings for condition in conditions] == [
        {"network.width": 64, "training.loss": None},
        {"network.width": 32, "training.loss": None},
        {"network.width": 64, "training.loss": "mean_squared_error"},
    ]


def test_named_conditions_set_what_they_say():
    """Named conditions keep the base where they say nothing, and all have every factor in their settings."""
    study = Study(
        data="digits",
        network={"activation": "tanh"},
        conditions={
            "wide": {"network.hidden": [128]},
            "steep": {"training": {"optimizer": {"learning_rate": 0.1}}, "network": {"activation": "relu"}},
            "noisy": {"network": {"kernel_initializer": {"name": "random_normal", "stddev": 1.0}}},
        },
        design={"kind": "conditions", "baseline": "wide"},
    )
    wide, steep, noisy = study.expand()
    assert [condition.name for condition in study.expand()] == ["wide", "steep", "noisy"]
    assert wide.settings == {
        "network.hidden": [128],
        "training.optimizer.learning_rate": 0.001,  # Keras' default for Adam
        "network.activation": "tanh",
        "network.kernel_initializer": "glorot_uniform",
    }
    assert steep.settings["network.hidden"] == [64, 64]
    assert steep.training.optimizer == Choice("adam", {"learning_rate": 0.1})
    assert noisy.network.kernel_initializer == Choice("random_normal", {"stddev": 1.0})
    assert study.baseline_name() == "wide"


def test_any_field_can_vary():
    """Factors reach into data, layers and arguments of choices; an argument applies after the choice that it is of."""
    study = Study(
        data={"name": "moons", "noise": 0.1},
        vary={
            "network.layers.first.kernel_initializer.stddev": [0.5],
            "network.layers.first.kernel_initializer": ["random_normal"],
            "data.noise": [0.3],
            "data.rows": [80],
            "network.layers.2.dropout": [0.5],
            "data.validation": [{"first": 10}],
        },
    )
    [condition] = study.expand()
    assert condition.network.layers["first"].kernel_initializer == Choice("random_normal", {"stddev": 0.5})
    assert condition.network.layers["2"].dropout == 0.5
    assert condition.data.arguments == {"noise": 0.3, "rows": 80}
    assert condition.data.validation is not None
    assert condition.data.validation.first == 10


def test_a_layer_without_its_own_setting_has_that_of_the_network():
    """In settings a layer that is not overridden has the network's level; None is what follows from the data."""
    vary = {"network.layers.first.activation": ["tanh"], "network.layers.output.activation": ["relu"]}
    baseline, *_ = Study(data="digits", vary=vary, design={"kind": "one_at_a_time"}).expand()
    assert baseline.settings == {"network.layers.first.activation": "relu", "network.layers.output.activation": None}


def test_a_layer_without_its_own_learning_rate_has_the_optimizers():
    """The settings of a layer's learning rate fall back on the optimizer, whose default is Keras'."""
    vary = {"network.layers.first.learning_rate": [0.5]}
    baseline, steep = Study(data="digits", vary=vary, design={"kind": "one_at_a_time"}).expand()
    assert baseline.settings == {"network.layers.first.learning_rate": 0.001}  # Adam's
    assert steep.network.layers["first"].learning_rate == 0.5


def test_the_short_key_is_the_optimizers_learning_rate():
    """`learning_rate` alone never means that of a single layer."""
    assert full_key("learning_rate", "--set") == "training.optimizer.learning_rate"


def test_conditions_share_what_does_not_vary():
    """A part is validated once for all conditions that have it, and no condition changes the levels of another."""
    optimizers = [{"name": "sgd", "momentum": 0.9}, {"name": "adam", "beta_1": 0.8}]
    vary = {"training.optimizer": optimizers, "training.optimizer.learning_rate": [0.1, 0.2], "network.width": [4, 8]}
    study = Study(data="digits", vary=vary)
    conditions = study.expand()
    assert len({id(condition.data) for condition in conditions}) == 1
    assert len({id(condition.network) for condition in conditions}) == 2
    assert len({id(condition.training) for condition in conditions}) == 4
    assert (
        study.vary["training.optimizer"]
        == optimizers
        == [{"name": "sgd", "momentum": 0.9}, {"name": "adam", "beta_1": 0.8}]
    )
    assert [condition.training.optimizer.arguments["learning_rate"] for condition in conditions[:4]] == [
        0.1,
        0.1,
        0.2,
        0.2,
    ]


def test_a_choice_replaces_the_whole_choice():
    """A level that is a name forgets the arguments of the base's choice."""
    [condition] = Study(
        data="digits",
        training={"optimizer": {"name": "sgd", "momentum": 0.9}},
        vary={"training.optimizer": ["sgd"]},
    ).expand()
    assert condition.training.optimizer == Choice("sgd")


def test_base_is_untouched():
    """Expanding changes nothing in the study itself."""
    study = Study(data="digits", vary={"network.layers.first.activation": ["tanh"]})
    before = study.written()
    study.expand()[0].settings["network.layers.first.activation"] = "relu"
    assert study.written() == before


def test_short_labels_tell_keys_apart():
    """A factor is called by the last part of its key, or by as many as tell it from the others."""
    assert short_labels(["network.activation", "training.optimizer.learning_rate"]) == {
        "network.activation": "activation",
        "training.optimizer.learning_rate": "learning_rate",
    }
    assert short_labels(["network.kernel_initializer.stddev", "network.bias_initializer.stddev"]) == {
        "network.kernel_initializer.stddev": "kernel_initializer.stddev",
        "network.bias_initializer.stddev": "bias_initializer.stddev",
    }


@pytest.mark.parametrize(
    ("level", "label"),
    [
        ("relu", "relu"),
        ({"name": "random_normal", "stddev": 0.01}, "random_normal(stddev=0.01)"),
        ([300, 100], "300-100"),
        ([], "none"),
        (0.001, "0.001"),
        (True, "true"),
        ({"first": 50}, "first 50"),
        (None, "default"),
    ],
)
def test_level_labels(level, label):
    """A level is shown in a name as briefly as it can be read."""
    assert level_label(level) == label


def test_what_is_said_of_a_column_may_vary():
    """With and without a column are two conditions; a kind alone is written as a word."""
    data = {"path": "own.csv", "columns": {"port": "ignore", "age": {"fill": 3}}}
    study = Study(name="columns", data=data, vary={"data.columns.port": ["ignore", "categorical"]})
    conditions = study.expand()
    assert [condition.name for condition in conditions] == ["port=ignore", "port=categorical"]
    assert [condition.data.columns["port"].kind for condition in conditions] == ["ignore", "categorical"]
    assert 'columns = {port = "ignore", age = {fill = 3.0}}' in str(study)
    assert full_key("data.columns.port.fill", "--set") == "data.columns.port.fill"
    with pytest.raises(StudyError, match=r"unknown key 'data.columns.port.fil'"):
        full_key("data.columns.port.fil", "--set")
