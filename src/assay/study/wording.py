"""Mistakes in a study, in words: where, what was expected, what came, what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from assay.errors import did_you_mean
from assay.learning.optimizers import OPTIMIZERS
from assay.study.fields import PLACE

SHOWN_MISTAKES = 8

_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "string": "a word",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "a table",
    "model": "a table",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "of at least"),
    "greater_than": ("gt", "above"),
    "less_than_equal": ("le", "of at most"),
    "less_than": ("lt", "below"),
}


@dataclass(frozen=True)
class Mistake:
    """One thing to mend: the dotted key, and a sentence."""

    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}" if self.key else self.message


def find_mistakes(error: ValidationError, model: type[BaseModel], prefix: Sequence[str] = ()) -> list[Mistake]:
    """Every mistake that pydantic found while it validated `model`, which stands at the key `prefix`."""
    return [_mistake(detail, model, prefix) for detail in error.errors(include_url=False)]


def tell(mistakes: Sequence[Mistake]) -> str:
    """One message: a single mistake as it is, several as a list."""
    if len(mistakes) == 1:
        return str(mistakes[0])
    lines = [f"  {mistake}" for mistake in mistakes[:SHOWN_MISTAKES]]
    if len(mistakes) > SHOWN_MISTAKES:
        lines.append(f"  and {len(mistakes) - SHOWN_MISTAKES} more")
    return "\n".join([f"{len(mistakes)} mistakes:", *lines])


def split_place(key: str, message: str) -> Mistake:
    """Put `key` in for `PLACE` where a message begins with it: ``PLACE.stddev: …`` becomes ``key.stddev``."""
    if not message.startswith(PLACE):
        return Mistake(key, message)
    rest, _, sentence = message.removeprefix(PLACE).partition(": ")
    return Mistake((key + rest).lstrip("."), sentence)


def _mistake(detail: Any, model: type[BaseModel], prefix: Sequence[str]) -> Mistake:
    """One of pydantic's error details as a mistake."""
    place = tuple(str(part) for part in detail["loc"])
    key = ".".join([*prefix, *place])
    if detail["type"] == "study":
        return split_place(key, detail["ctx"]["message"])
    if detail["type"] == "extra_forbidden":
        part = _part_with(place[-1], model) if len(place) <= 2 else None
        if part is not None:
            table = f"data = {{name = …, {place[-1]} = …}}" if part == "data" else f"[{part}]"
            return Mistake(key, f"unknown key here; it belongs in {table}.")
        return Mistake(key, _unknown_key(place[-1], _model_at(model, place[:-1]), key))
    if detail["type"] == "missing":
        return Mistake(key, f"is missing. {_description(model, place)}".rstrip())
    if detail["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
        near = did_you_mean(detail["input"], known)
        return Mistake(key, f"unknown value {detail['input']!r}.{near} Choose from: {', '.join(known)}.")
    expected = _expected(detail)
    sentence = f"expected {expected}, got {detail['input']!r}." if expected else f"{detail['msg']}."
    return Mistake(key, f"{sentence} {_description(model, place)}".rstrip())


def _expected(detail: Any) -> str:
    """What pydantic's error type says was expected; empty where it is not one that a study can meet."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        whole = "whole " if isinstance(context[name], int) and isinstance(detail["input"], int) else ""
        return f"a {whole}number {words} {context[name]:g}"
    if kind == "finite_number":
        return "a finite number"
    return _KINDS.get(kind.split("_")[0], "")


def _part_with(word: str, model: type[BaseModel]) -> str | None:
    """The part of a study that has a key of this name, if `model` is the study and one has."""
    parts = {name: _models_in(field.annotation) for name, field in model.model_fields.items()}
    return next((name for name, found in parts.items() if found and word in found[0].model_fields), None)


def _unknown_key(word: str, model: type[BaseModel], key: str) -> str:
    """The near miss, or the place where the word belongs."""
    known = list(model.model_fields)
    if key in (word, f"training.{word}") and any(word in record.defaults for record in OPTIMIZERS.records):
        return (
            f"unknown key; it is an argument of the optimizer. Write training.optimizer = "
            f'{{name = "adam", {word} = …}}, or vary "training.optimizer.{word}".'
        )
    return f"unknown key.{did_you_mean(word, known)} Known keys: {', '.join(known)}."


def _model_at(model: type[BaseModel], place: Sequence[str]) -> type[BaseModel]:
    """The model that describes the table at `place` within `model`."""
    rest = list(place)
    while rest:
        annotation = model.model_fields[rest.pop(0)].annotation
        found = _models_in(annotation)
        if not found:
            break
        model = found[0]
        if "dict" in str(annotation) and rest:
            rest.pop(0)
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Every model named in a type such as ``dict[str, LayerSpec]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _description(model: type[BaseModel], place: Sequence[str]) -> str:
    """What the field at `place` is for, as its description says."""
    names = [part for part in place if not part.isdecimal()]
    if not names:
        return ""
    field = _model_at(model, names[:-1]).model_fields.get(names[-1])
    return (field.description or "") if field else ""
