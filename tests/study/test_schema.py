"""The JSON Schema of study files."""

from assay.data.registry import DATASETS
from assay.networks.activations import ACTIVATIONS
from assay.study.parts import DataSpec, DesignSpec, LayerSpec, NetworkSpec, TrainingSpec
from assay.study.schema import study_schema


def test_schema_has_every_key():
    """Every field of every table is in the schema, and unknown keys are refused by it too."""
    schema = study_schema()
    tables = {**schema["$defs"], "Study": schema}
    assert {"name", "question", "data", "network", "training", "vary", "conditions", "design", "seeds"} == set(
        schema["properties"]
    )
    for model in (NetworkSpec, LayerSpec, TrainingSpec, DesignSpec, DataSpec):
        assert set(model.model_fields) == set(tables[model.__name__]["properties"])
        assert tables[model.__name__]["additionalProperties"] is (model is DataSpec)
    assert schema["required"] == ["data"]


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
