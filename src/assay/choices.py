"""A choice: a name from a table, with arguments, as a study file writes it.

``"relu"`` and ``{name = "random_normal", stddev = 0.01}`` are both choices. The tables (activations, initializers,
optimizers, losses) map a name to a function or class whose keyword-only arguments are what the user may set.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from assay.errors import StudyError, did_you_mean

Number = (int, float)


@dataclass(frozen=True)
class Choice:
    """One named choice.

    Attributes
    ----------
    name : str
        A key of the table it was checked against.
    arguments : mapping of str to bool, int, float, str or None
        The keyword arguments that the user gave; the others keep their defaults.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.arguments:
            return self.name
        inside = ", ".join(f"{key}={value}" for key, value in self.arguments.items())
        return f"{self.name}({inside})"

    def __hash__(self) -> int:
        return hash((self.name, tuple(sorted(self.arguments.items()))))

    def written(self) -> str | dict[str, Any]:
        """As a study file writes it: a word, or a table."""
        return {"name": self.name, **self.arguments} if self.arguments else self.name


@cache  # a signature takes far longer to read than a dict, and every condition of a study asks
def defaults_of(entry: Callable[..., Any]) -> Mapping[str, Any]:
    """The keyword-only arguments of a table's entry with their defaults; ``from_`` is written ``from``."""
    return MappingProxyType(
        {
            name.removesuffix("_"): parameter.default
            for name, parameter in inspect.signature(entry).parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }
    )


def parse_choice(value: object, table: Mapping[str, Callable[..., Any]], *, where: str, noun: str) -> Choice:
    """Check `value` (a word, a table with ``name``, or a `Choice`) against `table`.

    Parameters
    ----------
    value : object
        What the user wrote.
    table : mapping of str to callable
        The known names; keyword-only arguments of an entry are its settings.
    where, noun : str
        For the message: the dotted key, and what the table lists ("activation").

    Raises
    ------
    StudyError
        If the name or an argument is unknown, or an argument's kind is not that of its default.
    """
    if isinstance(value, Choice):
        value = value.written()
    if isinstance(value, str):
        name, arguments = value, {}
    elif isinstance(value, Mapping) and isinstance(value.get("name"), str):
        name = value["name"]
        arguments = {key: item for key, item in value.items() if key != "name"}
    else:
        raise StudyError(
            f"{where}: expected the name of {_article(noun)} {noun} or a table with a name, such as "
            f'{{name = "{next(iter(table))}"}}, got {value!r}.'
        )
    if name not in table:
        raise StudyError(
            f"{where}: unknown {noun} '{name}'.{did_you_mean(name, table)} Known {noun}s: {', '.join(sorted(table))}."
        )
    known = defaults_of(table[name])
    for key, item in arguments.items():
        if key not in known:
            takes = f"It takes {', '.join(known)}." if known else "It takes no arguments."
            raise StudyError(f"{where}: '{name}' has no argument '{key}'.{did_you_mean(key, known)} {takes}")
        _check_kind(item, known[key], f"{where}.{key}")
    return Choice(name, arguments)


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _check_kind(item: object, default: object, where: str) -> None:
    """A flag stays a flag, a number a number, a word a word; a default of None takes a number or None."""
    if isinstance(default, bool):
        if not isinstance(item, bool):
            raise StudyError(f"{where}: expected true or false, got {item!r}.")
    elif default is None or isinstance(default, Number):
        if item is None and default is None:
            return
        if isinstance(item, bool) or not isinstance(item, Number):
            raise StudyError(f"{where}: expected a number, got {item!r}.")
        if item != item or item in (float("inf"), float("-inf")):
            raise StudyError(f"{where}: expected a finite number, got {item!r}.")
    elif isinstance(default, str) and not isinstance(item, str):
        raise StudyError(f"{where}: expected a word, got {item!r}.")


def arguments_of(choice: Choice, table: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """All arguments of a choice: the table's defaults, overridden by what the user gave."""
    return {**defaults_of(table[choice.name]), **choice.arguments}
