"""What decides a condition's numbers, as a digest: a trial is known by it and its seed, in whatever study it stands.

Two ways of writing the same settings have one identity. Names, seeds, the number of epochs and what the design says of
choosing and judging are not part of it: the numbers of an epoch do not depend on how many follow.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from assay.choices import Choice, defaults_of
from assay.data.synthetic import SYNTHETIC
from assay.study.fields import CHOICE_TABLES, at_default_later, plain, plain_table
from assay.study.parts import DataSpec, NetworkSpec, TrainingSpec
from assay.study.spec import Study

LENGTH = 16
"""Hexadecimal digits of an identity: 64 bits, so that a million conditions collide with probability 3e-8."""

SHAPE = ("hidden", "depth", "width")
"""Fields of a network that are written in one way, the units of its hidden layers."""


def identities(study: Study) -> list[str]:
    """The identity of each condition of a study, in their order; of several splits one after another.

    The first of splits that are drawn anew has the identity of a study without others. Where epochs are a factor,
    conditions that differ in them alone are told apart: the longest keeps the identity.
    """
    known: dict[int, Any] = {}  # conditions share the parts that do not vary
    probe = _fields(study.probe) if study.probe else None

    def of_part(part: BaseModel) -> Any:
        if id(part) not in known:
            known[id(part)] = digest(canonical(part))
        return known[id(part)]

    splits = [[split.written()] if split.written() else [] for split in study.design.splits]
    conditions = [condition for condition in study.expand() for _ in splits]
    found = [
        digest([*map(of_part, (each.data, each.network, each.training)), probe, *split])
        for each, split in zip(conditions, itertools.cycle(splits), strict=False)
    ]
    most: dict[str, int] = {}
    for each, condition in zip(found, conditions, strict=True):
        most[each] = max(condition.training.epochs, most.get(each, 0))
    return [
        each if condition.training.epochs == most[each] else digest([each, condition.training.epochs])
        for each, condition in zip(found, conditions, strict=True)
    ]


def digest(content: Any) -> str:
    """The first digits of the SHA-256 of JSON content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:LENGTH]


def canonical(part: BaseModel) -> dict[str, Any]:
    """The one written form of a part of a condition, defaults filled in; without what decides no number."""
    if isinstance(part, DataSpec):
        made = defaults_of(SYNTHETIC[part.name]) if part.name in SYNTHETIC else {}
        return {**_fields(part), "arguments": _numbers({**made, **part.arguments})}
    if isinstance(part, NetworkSpec):
        rest = _fields(part, leave_out=(*SHAPE, "layers"))
        return {**rest, "units": list(part.hidden_units), "layers": _layers(part)}
    assert isinstance(part, TrainingSpec)
    return _fields(part, leave_out=("epochs",))


def _layers(network: NetworkSpec) -> dict[str, dict[str, Any]]:
    """What each layer has of its own, by its number: what is said by its number goes before its role."""
    depth = len(network.hidden_units) + 1
    found = {}
    for number in range(1, depth + 1):
        role = "output" if number == depth else "first" if number == 1 else "hidden"
        own: dict[str, Any] = {}
        for name in (role, str(number)):
            if name in network.layers:
                own |= {field: value for field, value in _fields(network.layers[name]).items() if value is not None}
        if own:
            found[str(number)] = own
    return found


def _fields(part: BaseModel, leave_out: Sequence[str] = ()) -> dict[str, Any]:
    """Every field, given or not, in written form; choices with all their arguments.

    A field that came `LATER` is left out at its default, so that what was trained before keeps its identity.
    """
    fields, later = type(part).model_fields, at_default_later(part)
    return {name: _written(name, getattr(part, name)) for name in fields if name not in {*leave_out, *later}}


def _written(name: str, value: Any) -> Any:
    if isinstance(value, Choice):
        return _choice(name, value)
    return None if value is None else plain_table({name: value})[name]


def _choice(field: str, choice: Choice) -> dict[str, Any]:
    """A choice with its defaults; of a user's own code only what is written, for it is read without being run."""
    if choice.own is None:
        table = CHOICE_TABLES[field]
        return {"name": table.of(choice).name, **_numbers(table.arguments(choice))}
    written = choice.written()
    return _numbers({"name": written} if isinstance(written, str) else written)


def _numbers(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Whole numbers as fractions: 1 and 1.0 are one."""
    written = {key: plain(item) for key, item in arguments.items()}
    return {
        key: float(item) if isinstance(item, int) and not isinstance(item, bool) else item
        for key, item in written.items()
    }
