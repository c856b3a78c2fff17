"""Whatever a study file holds: it is read as it was written, or refused in words."""

from __future__ import annotations

import json
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import StudyError
from assay.study import Study, load_study

FINITE = {"allow_nan": False, "allow_infinity": False}
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=12)
RATES = st.floats(0, 0.99, **FINITE)
ACTIVATIONS = st.sampled_from(
    ["relu", "tanh", "sigmoid", {"name": "leaky_relu", "negative_slope": 0.2}, {"name": "elu", "alpha": 0.5}]
)
INITIALIZERS = st.one_of(
    st.sampled_from(["he_normal", "glorot_uniform", "zeros", "orthogonal"]),
    st.builds(lambda std: {"name": "random_normal", "stddev": std}, st.floats(0, 10, **FINITE)),
)
OPTIMIZERS = st.builds(
    lambda name, rate: {"name": name, "learning_rate": rate},
    st.sampled_from(["sgd", "adam", "rmsprop"]),
    st.floats(1e-6, 10, **FINITE),
)
DATA = st.one_of(
    st.sampled_from(["digits", "iris", "diabetes", "tables/own.csv"]),
    st.fixed_dictionaries(
        {"name": st.just("moons"), "rows": st.integers(50, 500), "noise": RATES},
        optional={"validation": st.sampled_from([0.25, 20, {"first": 10}]), "seed": st.integers(0, 2**31)},
    ),
)
NETWORKS = st.fixed_dictionaries(
    {},
    optional={
        "hidden": st.lists(st.integers(1, 300), max_size=4),
        "activation": ACTIVATIONS,
        "kernel_initializer": INITIALIZERS,
        "dropout": RATES,
        "l2": st.floats(0, 1, **FINITE),
        "layers": st.fixed_dictionaries({"output": st.fixed_dictionaries({}, optional={"l2": RATES})}),
    },
)
TRAININGS = st.fixed_dictionaries(
    {},
    optional={"optimizer": OPTIMIZERS, "epochs": st.integers(1, 500), "batch_size": st.integers(1, 4096)},
)
DESIGNS = st.fixed_dictionaries(
    {},
    optional={
        "seeds": st.one_of(st.integers(1, 50), st.lists(st.integers(0, 10**6), min_size=1, max_size=4, unique=True)),
        "select": st.sampled_from(["val_loss", "last"]),
        "final": st.booleans(),
        "confidence": st.floats(0.5, 0.99),
    },
)
FACTORS = st.fixed_dictionaries(
    {},
    optional={
        "network.activation": st.lists(ACTIVATIONS, min_size=1, max_size=3, unique_by=json.dumps),
        "network.l2": st.lists(st.floats(0, 1, **FINITE), min_size=1, max_size=3, unique=True),
        "training.optimizer": st.lists(OPTIMIZERS, min_size=1, max_size=3, unique_by=json.dumps),
    },
)
STUDIES = st.fixed_dictionaries(
    {"name": NAMES, "data": DATA},
    optional={
        "question": WORDS,
        "network": NETWORKS,
        "training": TRAININGS,
        "vary": FACTORS,
        "design": DESIGNS,
        "probe": st.fixed_dictionaries({}, optional={"epochs": st.lists(st.integers(0, 50)), "rows": st.just(64)}),
    },
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where study files are written, one over the other."""
    return tmp_path_factory.mktemp("studies")


@given(STUDIES)
def test_any_study_is_read_back_from_its_file(folder: Path, values: dict[str, Any]) -> None:
    """Written as TOML and read again it is the same study, with the same conditions and the same fingerprint."""
    study = Study(**values)
    path = folder / "study.toml"
    path.write_text(study.to_toml(), encoding="utf-8")
    again = load_study(path)
    assert again == study
    assert again.fingerprint() == study.fingerprint()
    assert [condition.name for condition in again.expand()] == [condition.name for condition in study.expand()]


@given(STUDIES)
def test_toml_and_json_say_the_same_of_any_study(values: dict[str, Any]) -> None:
    """Both texts hold the values of `written`, of which the study is made again."""
    written = Study(**values).written()
    assert tomllib.loads(Study(**values).to_toml()) == json.loads(json.dumps(written))
    assert Study(**written).written() == written


@given(STUDIES)
def test_a_factorial_study_has_a_condition_for_every_combination(values: dict[str, Any]) -> None:
    """Their number is the product of the numbers of levels, and no two have the same name."""
    names = [condition.name for condition in Study(**values).expand()]
    product = 1
    for levels in values.get("vary", {}).values():
        product *= len(levels)
    assert len(set(names)) == len(names) == product


@given(STUDIES, st.data())
def test_a_wrong_value_is_refused_in_words(values: dict[str, Any], data: st.DataObject) -> None:
    """Anything at all in the place of a value makes another study or a StudyError, and nothing else is raised."""
    table = values
    while True:
        key = data.draw(st.sampled_from([*table, "unknown"]))
        if isinstance(table.get(key), dict) and table[key] and data.draw(st.booleans()):
            table = table[key] = dict(table[key])
            continue
        table[key] = data.draw(ANYTHING)
        break
    try:
        Study(**values)
    except StudyError as error:
        assert str(error).strip()


@given(st.dictionaries(st.sampled_from([*Study.model_fields, "seeds", "unknown"]), ANYTHING))
def test_a_study_of_anything_is_refused_in_words(values: dict[str, Any]) -> None:
    """Whatever the tables hold."""
    try:
        Study(**values)
    except StudyError as error:
        assert str(error).strip()


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_a_file_of_any_bytes_is_refused_with_its_path(folder: Path, content: bytes) -> None:
    """No file of random bytes names its data, so that none is a study."""
    path = folder / "noise.toml"
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert str(caught.value).startswith(f"{path}: ")
