"""The JSON Schema of study files."""

import tomllib

import jsonschema

from assay.data.registry import DATASETS
from assay.networks.activations import ACTIVATIONS
from assay.study.builtin import BUILTIN
from assay.study.parts import DataSpec, DesignSpec, LayerSpec, NetworkSpec, ProbeSpec, TrainingSpec
from assay.study.schema import study_schema


def test_schema_has_every_key():
    """Every field of every table is in the schema, and unknown keys are refused by it too."""
    schema = study_schema()
    tables = {**schema["$defs"], "Study": schema}
    short = {"seeds", "target"}
    assert {"name", "question", "data", "network", "training", "vary", "conditions", "design", "probe"} | short == set(
        schema["properties"]
    )
    for model in (NetworkSpec, LayerSpec, TrainingSpec, DesignSpec, ProbeSpec, DataSpec):
        assert set(model.model_fields) == set(tables[model.__name__]["properties"])
        assert tables[model.__name__]["additionalProperties"] is (model is DataSpec)
    assert schema["required"] == ["data"]
    assert schema["title"] == "A study of assay"


def test_schema_agrees_with_a_validator():
    """A validator of JSON Schema accepts the schema and every built-in study, and refuses what assay refuses."""
    schema = study_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for builtin in BUILTIN:
        assert list(validator.iter_errors(tomllib.loads(builtin.path.read_text(encoding="utf-8")))) == [], builtin.name
    for wrong in (
        {},
        {"data": "digit"},
        {"data": "digits", "epochs": 5},
        {"data": "digits", "network": {"activation": "rellu"}},
        {"data": "digits", "network": {"activation": {"name": "relu", "slope": 1}}},
        {"data": "digits", "training": {"batch_size": 0}},
        {"data": "digits", "vary": {"network.activation": []}},
        {"data": "digits", "seeds": []},
    ):
        assert not validator.is_valid(wrong), wrong


def test_schema_has_every_name():
    """Names of data sets and choices are enumerated, with the arguments of each."""
    schema = study_schema()
    assert {"enum": list(DATASETS)} in schema["properties"]["data"]["anyOf"]
    words, *tables = schema["$defs"]["NetworkSpec"]["properties"]["activation"]["anyOf"]
    assert words["enum"] == sorted(ACTIVATIONS)
    assert {
        "type": "object",
        "properties": {"name": {"const": "leaky_relu"}, "negative_slope": {"type": "number", "default": 0.2}},
        "required": ["name"],
        "additionalProperties": False,
    } in tables
    levels = schema["properties"]["vary"]["properties"]["network.activation"]
    assert levels["items"]["anyOf"][0]["enum"] == sorted(ACTIVATIONS)
