"""The identity of a condition: equal for equal content, different for each field that changes numbers."""

from __future__ import annotations

import polars as pl
import pytest

from assay.study import Study
from assay.study.identity import identities
from assay.study.parts import DataSpec, DesignSpec, LayerSpec, NetworkSpec, ProbeSpec, TrainingSpec


def identity(**parts) -> str:
    [found] = identities(Study(**{"data": "digits", **parts}))
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"training": {"optimizer": "adam"}}, {"training": {"optimizer": {"name": "adam", "learning_rate": 0.001}}}),
        ({"network": {"hidden": [64, 64]}}, {"network": {"depth": 3, "width": 64}}),
        ({"data": "moons"}, {"data": {"name": "moons", "noise": 0.1, "rows": 1000}}),
        (
            {"network": {"layers": {"first": {"dropout": 0.5}}}},
            {"network": {"layers": {"1": {"dropout": 0.5}, "first": {"dropout": 0.2}}}},
        ),
        ({"training": {"epochs": 3}}, {"training": {"epochs": 30}}),
        ({"name": "a", "seeds": 5}, {"name": "b", "design": {"select": "val_accuracy", "final": False}}),
        ({}, {"vary": {"network.activation": ["relu"]}}),
        ({"training": {"optimizer": {"name": "sgd", "learning_rate": 1}}},) * 2,
    ],
)
def test_equal_content_has_one_identity(one, other):
    """However it is written, and whatever the design says."""
    assert identity(**one) == identity(**other)


CHANGED = {
    DataSpec: {
        "name": "wine",
        "path": None,
        "words": 50,
        "validation": 0.3,
        "test": 0.4,
        "scaling": "standard",
        "target_scaling": "standard",
        "target": "column",
        "task": "multiclass",
        "rows": 100,
        "seed": 1,
        "arguments": None,
        "columns": {"a": "ignore"},
        "weight": "w",
        "group": "g",
        "time": "t",
        "kept": None,
    },
    NetworkSpec: {
        "hidden": [8],
        "depth": 4,
        "width": 8,
        "activation": "tanh",
        "kernel_initializer": "he_normal",
        "bias_initializer": "ones",
        "output_activation": "sigmoid",
        "dropout": 0.1,
        "l2": 0.1,
        "layers": {"first": {"dropout": 0.3}},
    },
    TrainingSpec: {
        "optimizer": {"name": "adam", "learning_rate": 0.002},
        "loss": "mean_squared_error",
        "metric": "mean_squared_error",
        "metrics": ["f1"],
        "class_weight": "balanced",
        "epochs": None,
        "batch_size": 16,
    },
    ProbeSpec: {"epochs": [0], "rows": 10},
    LayerSpec: {
        "activation": "tanh",
        "kernel_initializer": "he_normal",
        "bias_initializer": "ones",
        "dropout": 0.2,
        "l2": 0.2,
        "learning_rate": 0.2,
    },
}
"""Another value of each field; None where it decides no number, or has a test of its own."""


@pytest.mark.parametrize("part", CHANGED, ids=lambda part: part.__name__)
def test_every_field_that_decides_numbers_changes_the_identity(part):
    """A field that is added to a part fails here until it is looked at."""
    assert set(CHANGED[part]) == set(part.model_fields)
    place = {DataSpec: "data", NetworkSpec: "network", TrainingSpec: "training", ProbeSpec: "probe"}
    base = {"data": {"name": "digits"}, "probe": {}}
    seen = {identity(**base)}
    for field, value in CHANGED[part].items():
        if value is None:
            continue
        changed = {"layers": {"1": {field: value}}} if part is LayerSpec else {field: value}
        key = place.get(part, "network")
        seen.add(identity(**{**base, key: {**base.get(key, {}), **changed}}))
    assert len(seen) == 1 + sum(value is not None for value in CHANGED[part].values())


def test_what_the_design_says_is_not_part_of_it():
    """A field that is added to the design fails here until it is looked at. Splits have a test of their own."""
    known = {"kind", "seeds", "select", "final", "baseline", "confidence", "margin", "keep", "keep_state", "allow"}
    assert set(DesignSpec.model_fields) == known | {"splits"}


def test_rows_given_in_python_count_by_what_they_hold():
    """The same rows are the same data, whoever holds them; another cell makes other data."""
    cells = {"a": [1.0, 2.0, 3.0], "b": [0, 1, 0]}
    one = identity(data=pl.DataFrame(cells))
    assert one == identity(data=pl.DataFrame(cells).to_pandas())
    assert one != identity(data=pl.DataFrame({**cells, "b": [0, 1, 1]}))


def test_paths_and_arguments_of_synthetic_data_count():
    """Two files are two, and so are two noises."""
    assert identity(data="a/x.csv") != identity(data="b/x.csv")
    assert identity(data={"name": "moons", "noise": 0.3}) != identity(data="moons")


def test_epochs_as_a_factor_tell_conditions_apart():
    """The longest keeps the identity, so that a study of it alone grows into the factor."""
    factor = identities(Study(data="digits", vary={"training.epochs": [10, 25]}))
    assert len(set(factor)) == 2
    assert factor[1] == identity(training={"epochs": 25})


def test_each_split_has_an_identity_and_the_first_that_of_no_other():
    """A study of one split grows into five, and five into ten; a fold is of so many folds."""
    five, ten = (identities(Study(data="digits", design={"splits": count})) for count in (5, 10))
    assert five[0] == identity()
    assert ten[:5] == five
    folds, more = (identities(Study(data="digits", design={"splits": {"folds": count}})) for count in (3, 5))
    assert len({*ten, *folds, *more}) == 10 + 3 + 5


def test_conditions_come_with_their_splits_one_after_another():
    """All splits of the first condition, then those of the second."""
    both = identities(Study(data="digits", vary={"network.activation": ["relu", "tanh"]}, design={"splits": 2}))
    assert both[:2] == identities(Study(data="digits", network={"activation": "relu"}, design={"splits": 2}))
