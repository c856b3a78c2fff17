"""A study as TOML text: the inverse of reading one, without the comments."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any


def write_toml(study: Mapping[str, Any]) -> str:
    """The TOML text of `Study.written`: words first, then a table for each part, with inline tables inside."""
    plain_lines = [f"{key} = {_value(value)}" for key, value in study.items() if not _is_section(key, value)]
    sections = []
    for key, value in study.items():
        if key == "conditions":
            sections += [_section(f"conditions.{_key(name)}", table) for name, table in value.items()]
        elif _is_section(key, value):
            sections.append(_section(key, value))
    return "\n\n".join(["\n".join(plain_lines), *sections]) + "\n"


def _is_section(key: str, value: Any) -> bool:
    """The data are one line; every other table is a section."""
    return isinstance(value, Mapping) and key != "data"


def _section(title: str, table: Mapping[str, Any]) -> str:
    return "\n".join([f"[{title}]", *(f"{_key(key)} = {_value(value)}" for key, value in table.items())])


def _key(key: str) -> str:
    """Bare where TOML allows it, else quoted (a dotted key of ours is one key of TOML)."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _word(key)


def _word(text: str) -> str:
    """JSON's escapes are TOML's too, save that TOML wants DEL escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _word(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return repr(value)
