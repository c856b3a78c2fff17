"""The kinds of value that a study file holds, beyond numbers and words: choices, splits, seeds."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer, PlainValidator
from pydantic import WithJsonSchema as JsonSchema
from pydantic_core import PydanticCustomError, core_schema

from assay.choices import Choice, Table
from assay.data.splitting import Resample, Split
from assay.errors import StudyError, did_you_mean
from assay.learning.losses import LOSSES
from assay.learning.optimizers import OPTIMIZERS, check_numbers
from assay.learning.scores import METRICS
from assay.networks.activations import ACTIVATIONS
from assay.networks.initializers import INITIALIZERS, check_initializer
from assay.own_code import refer_to

PLACE = "\0"  # stands for the dotted key in a message made where the key is not known; see wording.py

CHOICE_TABLES: dict[str, Table[Any]] = {
    "activation": ACTIVATIONS,
    "output_activation": ACTIVATIONS,
    "kernel_initializer": INITIALIZERS,
    "bias_initializer": INITIALIZERS,
    "optimizer": OPTIMIZERS,
    "loss": LOSSES,
    "metric": LOSSES,
}
"""The table of names behind each field that takes a choice."""


@dataclass(frozen=True)
class Later:
    """Marks a field that older folders do not know: at its default it is no part of a condition's identity."""


LATER = Later()


OF_OWN_WORDS = ("columns", "class_weight")
"""Fields that hold tables whose keys are the user's own words."""


def at_default_later(part: BaseModel) -> set[str]:
    """The fields of a part that came `LATER` and are at their default."""
    fields = type(part).model_fields
    return {name for name, field in fields.items() if LATER in field.metadata and getattr(part, name) == field.default}


def fault(message: str) -> PydanticCustomError:
    """A mistake, as an error that pydantic collects with its place."""
    return PydanticCustomError("study", "{message}", {"message": message})


def plain(value: Any) -> Any:
    """`value` in the types of a TOML file: tables, lists, words, numbers; NumPy's scalars and arrays included.

    A table that holds nothing but a name becomes the name, so that a choice has one written form; save where the keys
    are words of the user's own, such as the columns of a table.
    """
    if isinstance(value, BaseModel):
        return plain(value.model_dump(exclude_unset=True))
    if isinstance(value, Choice):
        return plain(value.written())
    if inspect.isfunction(value) or inspect.isclass(value) or inspect.isbuiltin(value):
        return refer_to(value)
    if isinstance(value, Split):
        return _write_split(value)
    if isinstance(value, Mapping):
        table = plain_table(value)
        return table["name"] if list(table) == ["name"] else table
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.tolist() if hasattr(value, "tolist") else value


def plain_table(table: Mapping[Any, Any]) -> dict[str, Any]:
    """As `plain`, of a table that stays one."""
    return {
        str(key): plain_table(item) if key in OF_OWN_WORDS and isinstance(item, Mapping) else plain(item)
        for key, item in table.items()
    }


@dataclass(frozen=True, eq=False)  # hashed by identity: tables are not hashable
class Known:
    """Marks a `Choice` field: which table its name must stand in, and what else must hold of it."""

    table: Table[Any]
    check: Callable[[Choice, str], None] | None = None

    def parse(self, value: object) -> Choice:
        """The choice that `value` writes, or a fault that names the near miss."""
        try:
            choice = self.table.parse(value, where=PLACE)
            if self.check is not None:
                self.check(choice, PLACE)
        except StudyError as error:
            raise fault(str(error)) from None
        return choice

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Validation by `parse`, and back to what a file writes."""
        written = core_schema.plain_serializer_function_ser_schema(Choice.written)
        return core_schema.no_info_plain_validator_function(self.parse, serialization=written)

    def __get_pydantic_json_schema__(self, _: core_schema.CoreSchema, __: GetJsonSchemaHandler) -> dict[str, Any]:
        """Every name as a word, and every name with its own arguments as a table."""
        tables = [
            {
                "type": "object",
                "properties": {"name": {"const": name}} | {key: _json_type(item) for key, item in known.items()},
                "required": ["name"],
                "additionalProperties": False,
            }
            for name, known in ((name, record.defaults) for name, record in sorted(self.table.items()))
        ]
        return {"anyOf": [{"enum": sorted(self.table)}, *tables, *_own_schema(self.table)]}


def _own_schema(table: Table[Any]) -> list[dict[str, Any]]:
    """A user's own function: its reference, alone or with arguments; and a formula where one has a place."""
    reference = {"type": "string", "pattern": r"^(.+\.py|python):[A-Za-z_]\w*$"}
    numbers = {"type": ["number", "boolean", "string", "null"]}
    kinds: list[dict[str, Any]] = [
        reference,
        {"type": "object", "properties": {"name": reference}, "required": ["name"], "additionalProperties": numbers},
    ]
    if table.variables:
        text = {"type": "string", "description": f"A formula of {', '.join(table.variables)}."}
        named = {"expression": text, "name": {"type": "string"}}
        required = ["expression"]
        kinds.append({"type": "object", "properties": named, "required": required, "additionalProperties": numbers})
    return kinds


def _json_type(default: object) -> dict[str, Any]:
    """JSON Schema of an argument, from its default."""
    if isinstance(default, bool):
        return {"type": "boolean", "default": default}
    if isinstance(default, str):
        return {"type": "string", "default": default}
    return {"type": "number"} if default is None else {"type": "number", "default": default}


def _parse_split(value: Any) -> Split:
    """A fraction (0.2), a count (1000), or ``{first = 1000}``: the first rows, unshuffled."""
    if isinstance(value, Split):
        return value
    if isinstance(value, float) and 0 < value < 1:
        return Split(fraction=value)
    if _is_whole(value):
        return Split(count=value)
    if isinstance(value, Mapping) and list(value) == ["first"] and _is_whole(value["first"]):
        return Split(first=value["first"])
    raise fault(f"expected a fraction between 0 and 1, a whole number of rows, or {{first = 1000}}, got {value!r}.")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _write_split(split: Split) -> Any:
    """As a study file writes it."""
    if split.first is not None:
        return {"first": split.first}
    return split.fraction if split.fraction is not None else split.count


def _parse_seeds(value: object) -> int | tuple[int, ...]:
    """How many seeds (0, 1, 2, ...), or which."""
    seeds: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    if not seeds or any(isinstance(seed, bool) or not isinstance(seed, int) for seed in seeds):
        raise fault(f"expected how many seeds, such as 3, or a list of them, such as [0, 1, 2], got {value!r}.")
    if isinstance(value, int):
        if value < 1:
            raise fault(f"expected at least 1 seed, got {value}. Each seed is one trial of every condition.")
        return value
    if len(set(seeds)) < len(seeds) or not all(0 <= seed < 2**32 for seed in seeds):
        raise fault(f"expected seeds that differ, from 0 to 2**32 - 1, got {value!r}.")
    return tuple(seeds)


def _parse_splits(value: object) -> tuple[Resample, ...]:
    """How many splits (5), each with rows drawn anew, or ``{folds = 5}``: each row is in one part."""
    if isinstance(value, tuple):
        return value
    if _is_whole(value) and value != 0:
        assert isinstance(value, int)
        return tuple(Resample(number) for number in range(value))
    if isinstance(value, Mapping) and list(value) == ["folds"] and _is_whole(value["folds"]) and value["folds"] > 1:
        return tuple(Resample(number, value["folds"]) for number in range(value["folds"]))
    raise fault(f"expected how many splits, such as 5, or {{folds = 5}} with at least 2 folds, got {value!r}.")


def _write_splits(splits: tuple[Resample, ...]) -> Any:
    """As a study file writes them."""
    return len(splits) if splits[0].folds is None else {"folds": splits[0].folds}


def _parse_metrics(value: object) -> tuple[str, ...]:
    """Names of metrics, each once, in the order in which they came; one may stand without a list."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple):
        raise fault(f'{PLACE}: expected a list of metrics such as ["f1", "roc_auc"], got {value!r}.')
    try:
        return tuple(dict.fromkeys(METRICS.parse(name, where=PLACE).name for name in names))
    except StudyError as error:
        raise fault(str(error)) from None


def _parse_class_weight(value: object) -> str | dict[str, float]:
    """``none``, ``balanced``, or a table of weights by class."""
    if value in ("none", "balanced"):
        return str(value)
    if isinstance(value, str):
        raise fault(
            f"{PLACE}: unknown value {value!r}.{did_you_mean(value, ('none', 'balanced'))} Choose from: none, "
            "balanced, or a table of weights by class, such as {no = 1.0, yes = 5.0}."
        )
    if not isinstance(value, Mapping) or not value:
        raise fault(f"{PLACE}: expected none, balanced, or a table such as {{no = 1.0, yes = 5.0}}, got {value!r}.")
    for label, weight in value.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < math.inf:
            raise fault(f"{PLACE}.{label}: expected a number of at least 0, got {weight!r}.")
    return {str(label): float(weight) for label, weight in value.items()}


def _parse_selection(value: object) -> str:
    """``last``, or ``val_`` and the name of a metric; which there are is known with the rest of the study."""
    if isinstance(value, str) and (value == "last" or value.startswith("val_")):
        return value
    near = f" Did you mean 'val_{value}'?" if value == "loss" or (isinstance(value, str) and value in METRICS) else ""
    raise fault(f"{PLACE}: unknown value {value!r}.{near} Write last, or val_ and a metric, such as val_loss.")


_WHOLE = {"type": "integer", "minimum": 0}

ActivationChoice = Annotated[Choice, Known(ACTIVATIONS)]
KernelInitializer = Annotated[Choice, Known(INITIALIZERS, check_initializer)]
BiasInitializer = Annotated[Choice, Known(INITIALIZERS, partial(check_initializer, role="bias"))]
OptimizerChoice = Annotated[Choice, Known(OPTIMIZERS, check_numbers)]
LossChoice = Annotated[Choice, Known(LOSSES)]
Whole = Annotated[int, Field(ge=1)]
Units = Annotated[tuple[Whole, ...], Field(strict=False)]
Rate = Annotated[float, Field(ge=0, lt=1)]
SplitSize = Annotated[
    Split,
    PlainValidator(_parse_split),
    PlainSerializer(_write_split),
    JsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                _WHOLE,
                {"type": "object", "properties": {"first": _WHOLE}, "required": ["first"]},
            ]
        }
    ),
]
Seeds = Annotated[
    int | tuple[int, ...],
    PlainValidator(_parse_seeds),
    JsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "array", "items": _WHOLE, "minItems": 1}]}),
]
Splits = Annotated[
    tuple[Resample, ...],
    PlainValidator(_parse_splits),
    PlainSerializer(_write_splits),
    JsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {
                    "type": "object",
                    "properties": {"folds": {"type": "integer", "minimum": 2}},
                    "required": ["folds"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
ClassWeights = Annotated[
    str | dict[str, float],
    PlainValidator(_parse_class_weight),
    JsonSchema(
        {
            "anyOf": [
                {"enum": ["none", "balanced"]},
                {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}, "minProperties": 1},
            ]
        }
    ),
]
MetricNames = Annotated[
    tuple[str, ...],
    PlainValidator(_parse_metrics),
    JsonSchema({"type": "array", "items": {"enum": sorted(METRICS)}}),
]
Selection = Annotated[
    str,
    PlainValidator(_parse_selection),
    JsonSchema({"anyOf": [{"enum": ["val_loss", *(f"val_{name}" for name in METRICS), "last"]}, {"pattern": "^val_"}]}),
]
