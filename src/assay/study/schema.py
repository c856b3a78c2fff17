"""The JSON Schema of a study file, for editors that check and complete TOML."""

from __future__ import annotations

from typing import Any

from assay.data.registry import DATASETS
from assay.study.keys import PARTS
from assay.study.parts import FILE_KINDS
from assay.study.spec import Study


def study_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a study file: every key, every known name, and what each is for."""
    schema = Study.model_json_schema()
    fields = schema["properties"]
    endings = "|".join(kind.removeprefix(".") for kind in FILE_KINDS)
    fields["data"]["anyOf"] = [
        {"enum": list(DATASETS)},
        {"type": "string", "pattern": rf"\.({endings})$"},
        {"$ref": fields["data"].pop("$ref")},
    ]
    column = schema["$defs"]["ColumnSpec"]  # a column's kind alone is short for a table that holds it
    schema["$defs"]["ColumnSpec"] = {"anyOf": [*column["properties"]["kind"]["anyOf"][:1], column]}
    schema["$defs"]["DataSpec"]["additionalProperties"] = True  # the arguments of synthetic data stand beside the name
    fields["seeds"] = {**schema["$defs"]["DesignSpec"]["properties"]["seeds"], "description": "Short for design.seeds."}
    of_target = schema["$defs"]["DataSpec"]["properties"]["target"]
    fields["target"] = {**of_target, "description": "Short for data.target."}
    fields["vary"]["properties"] = {
        f"{part}.{name}": {"type": "array", "minItems": 1, "items": field}
        for part, model in PARTS.items()
        for name, field in schema["$defs"][model.__name__]["properties"].items()
        if name not in ("layers", "arguments")
    }
    fields["vary"]["additionalProperties"] = True
    schema["required"] = ["data"]  # a name, if absent, is the file's
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A study of assay"}
