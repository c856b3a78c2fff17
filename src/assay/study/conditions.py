"""From a study to its conditions: every combination that is tried, validated, named and numbered."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from assay.choices import is_choice, label_of
from assay.errors import StudyError
from assay.study.fields import plain
from assay.study.keys import PARTS, put, setting_of
from assay.study.parts import DataSpec, NetworkSpec, TrainingSpec
from assay.study.wording import Mistake, find_mistakes

BASELINE = "baseline"
AS_WRITTEN = "as written"


@dataclass(frozen=True)
class Condition:
    """One combination of levels.

    Attributes
    ----------
    index : int
        Place in the study, from 0.
    name : str
        What tables and figures call it: ``activation=relu, width=32``, ``width=64 (baseline)``, or the name that the
        study gave.
    settings : dict
        The level of every factor by its dotted key, as a study file writes it; None where it follows from the data.
    data, network, training : DataSpec, NetworkSpec, TrainingSpec
        All settings, those that do not vary included.
    """

    index: int
    name: str
    settings: dict[str, Any]
    data: DataSpec
    network: NetworkSpec
    training: TrainingSpec


def expand_conditions(
    parts: Mapping[str, BaseModel],
    kind: str,
    vary: Mapping[str, Sequence[Any]],
    named: Mapping[str, Mapping[str, Any]],
    baseline: str | None = None,
) -> list[Condition]:
    """All conditions of a study.

    Parameters
    ----------
    parts : mapping
        The validated ``data``, ``network`` and ``training``: the base that conditions change.
    kind : {"factorial", "one_at_a_time", "conditions"}
        How conditions are made.
    vary : mapping of str to list
        Dotted key to levels, for the first two kinds.
    named : mapping of str to mapping
        Name to dotted key to level, for the third.
    baseline : str, optional
        The condition that the study names as its baseline; of ``one_at_a_time`` that is the base if it names none.

    Raises
    ------
    StudyError
        If a condition is not valid; the message names the factor and the level.
    """
    base = {name: plain(part.model_dump(exclude_none=True)) for name, part in parts.items()}
    labels = short_labels(vary)
    if kind == "conditions":
        overrides: Iterator[tuple[str, dict[str, Any]]] = ((name, dict(levels)) for name, levels in named.items())
        factors = list(dict.fromkeys(key for levels in named.values() for key in levels))
    elif kind == "one_at_a_time":
        overrides = _one_at_a_time(parts, vary, labels, baseline is None)
        factors = list(vary)
    else:
        overrides = _every_combination(vary, labels)
        factors = list(vary)
    known: dict[str, BaseModel] = {}
    conditions = []
    for index, (name, levels) in enumerate(overrides):
        own = _validate(base, name, levels, is_named=kind == "conditions", known=known)
        settings = {key: levels[key] if key in levels else setting_of(own, key) for key in factors}
        conditions.append(Condition(index, name, settings, **own))  # type: ignore[arg-type]
    return conditions


def _every_combination(
    vary: Mapping[str, Sequence[Any]], labels: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The last factor changes fastest."""
    for levels in itertools.product(*vary.values()):
        combination = dict(zip(vary, levels, strict=True))
        name = ", ".join(f"{labels[key]}={level_label(level)}" for key, level in combination.items())
        yield name or AS_WRITTEN, combination


def _one_at_a_time(
    parts: Mapping[str, BaseModel], vary: Mapping[str, Sequence[Any]], labels: Mapping[str, str], is_baseline: bool
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The baseline, called by all its levels, then each level that differs from it, alone."""
    levels_there = ", ".join(f"{labels[key]}={level_label(setting_of(parts, key))}" for key in vary)
    yield f"{levels_there} ({BASELINE})" if is_baseline else levels_there, {}
    for key, levels in vary.items():
        for level in levels:
            if level != setting_of(parts, key):
                yield f"{labels[key]}={level_label(level)}", {key: level}


def _validate(
    base: Mapping[str, Any], name: str, levels: Mapping[str, Any], *, is_named: bool, known: dict[str, BaseModel]
) -> dict[str, BaseModel]:
    """The parts of one condition. A part that many conditions share is validated once and kept in `known`."""
    own = {}
    for part, model in PARTS.items():
        mine = {key: level for key, level in levels.items() if key.startswith(f"{part}.")}
        written = f"{part} {mine!r}"
        if written not in known:
            tree = {part: base[part]}
            for key in sorted(mine, key=lambda key: key.count(".")):  # the optimizer before its learning rate
                put(tree, key, mine[key])
            try:
                known[written] = model.model_validate(tree[part])
            except ValidationError as error:
                mistake = find_mistakes(error, model, (part,))[0]
                raise StudyError(_blame(mistake, name, levels, is_named=is_named)) from None
        own[part] = known[written]
    return own


def _blame(mistake: Mistake, name: str, levels: Mapping[str, Any], *, is_named: bool) -> str:
    """Which factor and level brought a mistake into a condition."""
    for key, level in sorted(levels.items(), key=lambda item: -len(item[0])):
        if mistake.key == key or mistake.key.startswith(f"{key}."):
            of_factor = f'vary."{key}", level {json.dumps(level, default=str)}'
            place = f'conditions."{name}"."{key}"' if is_named else of_factor
            return f"{place}: {mistake.message}"
    return f"condition '{name}': {mistake}"


def short_labels(keys: Mapping[str, Any] | Sequence[str]) -> dict[str, str]:
    """The last parts of each dotted key, as few as tell the keys apart."""
    labels = {}
    for key in keys:
        parts = key.split(".")
        ends = (".".join(parts[-count:]) for count in range(1, len(parts) + 1))
        labels[key] = next((end for end in ends if sum(f".{other}".endswith(f".{end}") for other in keys) == 1), key)
    return labels


def level_label(level: Any) -> str:
    """A level in a condition's name: ``random_normal(stddev=0.01)``, ``300-100``, ``0.001``."""
    if is_choice(level):
        return label_of(level)
    if isinstance(level, Mapping):
        return " ".join(f"{key} {item}" for key, item in level.items())
    if isinstance(level, list):
        return "-".join(map(str, level)) or "none"
    if isinstance(level, bool):
        return "true" if level else "false"
    return "default" if level is None else str(level)
