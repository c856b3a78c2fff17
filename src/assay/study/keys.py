"""Dotted keys: ``network.activation``, ``training.optimizer.learning_rate``, ``network.layers.first.dropout``.

A key names a field of data, network or training, or an argument of a choice. Factors and named conditions are written
with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from assay.choices import Choice, defaults_of, is_choice
from assay.data.synthetic import SYNTHETIC
from assay.errors import StudyError, did_you_mean
from assay.learning.optimizers import OPTIMIZERS
from assay.study.fields import CHOICE_TABLES, plain
from assay.study.parts import ColumnSpec, DataSpec, DesignSpec, LayerSpec, NetworkSpec, ProbeSpec, TrainingSpec

PARTS: dict[str, type[BaseModel]] = {"data": DataSpec, "network": NetworkSpec, "training": TrainingSpec}
"""The tables whose fields a factor may touch."""

_SYNTHETIC_ARGUMENTS = sorted({name for make in SYNTHETIC.values() for name in defaults_of(make)} - {"rows"})
_FIELDS = [
    *(f"data.{name}" for name in (*DataSpec.model_fields, *_SYNTHETIC_ARGUMENTS) if name != "arguments"),
    *(f"network.{name}" for name in NetworkSpec.model_fields if name != "layers"),
    *(f"training.{name}" for name in TrainingSpec.model_fields),
    "training.optimizer.learning_rate",  # what `learning_rate` is short for, rather than that of a single layer
    *(f"network.layers.{layer}.{name}" for layer in ("first", "hidden", "output") for name in LayerSpec.model_fields),
]
_IN_FULL = [*PARTS, "design", "probe", *(f"probe.{name}" for name in ProbeSpec.model_fields)]
_TABLES = ("data.validation", "data.test", "training.class_weight")
"""Fields whose value may be a table of its own."""
_STUDY_FIELDS = ["name", "question", *(f"design.{name}" for name in DesignSpec.model_fields)]


def is_key(key: str) -> bool:
    """Whether a dotted key names a field that a factor may touch, an argument of a choice, or a column of a table."""
    parts = key.split(".")
    if parts[:2] == ["network", "layers"] and len(parts) > 3 and parts[2].isdecimal():
        parts[2] = "hidden"
    if ".".join(parts) in _FIELDS or (parts[:2] == ["data", "columns"] and _is_of_column(parts[2:])):
        return True
    return ".".join(parts[:-1]) in _FIELDS and parts[-2] in CHOICE_TABLES


def _is_of_column(path: list[str]) -> bool:
    """Whether a column is named, or what is said of one: ``age``, ``age.fill``."""
    return len(path) == 1 or (len(path) == 2 and path[1] in ColumnSpec.model_fields)


def check_key(key: str, where: str) -> None:
    """Raise a `StudyError` with the near miss unless `key` is one (see `is_key`)."""
    if is_key(key):
        return
    word = key.split(".")[-1]
    meant = ["data.name"] if key == "data" else _matches(word, _FIELDS) or _matches_of_argument(word)
    near = f" Did you mean '{meant[0]}'?" if len(meant) == 1 else did_you_mean(key, _FIELDS)
    raise StudyError(
        f'{where}."{key}": unknown key.{near} A factor is a field of data, network or training, '
        'such as "network.activation" or "training.optimizer.learning_rate".'
    )


def full_key(short: str, where: str) -> str:
    """The dotted key of which `short` is the unambiguous end: ``activation`` is ``network.activation``.

    A part (``data``) is a key too: the whole table. The keys of ``probe`` have no short form.

    Raises
    ------
    StudyError
        If it is the end of no key, or of several.
    """
    if is_key(short) or short in _STUDY_FIELDS or short in _IN_FULL:
        return short
    head, _, argument = short.rpartition(".")
    meant = _matches(short, [*_FIELDS, *_STUDY_FIELDS])
    if not meant and head.split(".")[-1] in CHOICE_TABLES:
        meant = [f"{key}.{argument}" for key in _matches(head, _FIELDS)]
    meant = meant or _matches_of_argument(short)
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise StudyError(f"{where}: '{short}' may be any of {', '.join(meant)}. Write one of these.")
    ends = sorted({key.split(".")[-1] for key in [*_FIELDS, *_STUDY_FIELDS]} | set(CHOICE_TABLES))
    near = did_you_mean(short.split(".")[-1], ends)
    raise StudyError(f"{where}: unknown key '{short}'.{near} Keys end in: {', '.join(ends)}.")


def _matches(end: str, keys: Iterable[str]) -> list[str]:
    """The shortest of the keys that end in `end`: ``network.dropout`` goes before ``network.layers.first.dropout``."""
    found = [key for key in keys if key.endswith(f".{end}")]
    fewest = min((key.count(".") for key in found), default=0)
    return [key for key in found if key.count(".") == fewest]


def _matches_of_argument(word: str) -> list[str]:
    """The optimizer's argument of this name, where there is one."""
    known = any(word in record.defaults for record in OPTIMIZERS.records)
    return [f"training.optimizer.{word}"] if known else []


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted keys; a table that writes a choice stays whole."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        key = f"{prefix}{name}"
        is_whole = key in _TABLES or (key.split(".")[-1] in CHOICE_TABLES and is_choice(value))
        if isinstance(value, Mapping) and not is_whole:
            flat |= flatten(value, f"{key}.")
        else:
            flat[key] = value
    return flat


def put(tree: dict[str, Any], key: str, value: Any) -> None:
    """Set `key` in the nested tables `tree`; a word on the way is a name: ``"adam"`` becomes ``{name = "adam"}``.

    What is said of a column in a word is its kind.
    """
    *path, last = key.split(".")
    for part in path:
        below = tree.get(part)
        word = "kind" if path[:2] == ["data", "columns"] else "name"
        tree[part] = {word: below} if isinstance(below, str) else dict(below or {})
        tree = tree[part]
    tree[last] = value


def setting_of(parts: Mapping[str, BaseModel], key: str) -> Any:
    """What `key` is in validated parts, in written form; defaults of choices and of the network's shape filled in.

    None stands for what follows from the data.
    """
    first, *path = key.split(".")
    here: Any = parts[first]
    for index, name in enumerate(path):
        if isinstance(here, Choice):
            return CHOICE_TABLES[path[index - 1]].arguments(here).get(name)
        if isinstance(here, NetworkSpec) and name in ("hidden", "depth", "width"):
            return _shape_of(here)[name]
        if isinstance(here, DataSpec) and name not in DataSpec.model_fields:
            return here.arguments.get(name)
        here = here.get(name) if isinstance(here, dict) else getattr(here, name, None)
    if here is None and path[0] == "layers":  # not overridden: what the network has
        if path[2:] == ["learning_rate"]:
            return setting_of(parts, "training.optimizer.learning_rate")
        field = "output_activation" if path[1:] == ["output", "activation"] else ".".join(path[2:])
        return setting_of(parts, f"network.{field}")
    return plain(here)


def _shape_of(network: NetworkSpec) -> dict[str, Any]:
    """The three ways to write the hidden layers."""
    units = network.hidden_units
    return {
        "hidden": list(units),
        "depth": len(units) + 1,
        "width": units[0] if len(set(units)) == 1 else None,
    }
