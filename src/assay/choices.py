"""A choice: an activation, initializer, optimizer, loss or metric, with its arguments, as a study file writes it.

::

    "relu"                                               a name
    {name = "random_normal", stddev = 0.01}              a name with arguments
    {expression = "x * sigmoid(a * x)", a = 1.702}       a formula of the user's own
    "my_functions.py:swish2"                             a function of the user's own

A `Table` holds the record of each name, and makes one for a function of the user's own. A record is all that is known
of a named thing; whoever wants to know something of a choice asks the record that `Table.of` returns.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from assay.errors import StudyError, did_you_mean
from assay.expressions import Expression, parse_expression
from assay.own_code import OwnCode, find_code, is_reference, refer_to

Number = (int, float)
Own = Expression | OwnCode
"""What a user may bring in the place of a name."""
REQUIRED = inspect.Parameter.empty
"""The default of an argument that has none."""


@dataclass(frozen=True)
class Choice:
    """One choice.

    Attributes
    ----------
    name : str
        A key of the table it was checked against; of a user's own function what it is called: the name that stands
        beside a formula, or its text; the reference of a function.
    arguments : mapping of str to bool, int, float, str or None
        The keyword arguments that the user gave; the others keep their defaults.
    own : Expression or OwnCode, optional
        The user's own function.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    own: Own | None = None

    def __str__(self) -> str:
        inside = ", ".join(f"{key}={value}" for key, value in self.arguments.items())
        if isinstance(self.own, Expression) and self.name == self.own.text:
            return f"{self.name} with {inside}" if inside else self.name
        return f"{self.name}({inside})" if inside else self.name

    def __hash__(self) -> int:
        return hash((self.name, tuple(sorted(self.arguments.items())), self.own))

    @property
    def is_loaded(self) -> bool:
        """Whether it can be called: not so code of a user's own that was not run, see `OwnCode`."""
        return not isinstance(self.own, OwnCode) or self.own.function is not None

    def written(self) -> str | dict[str, Any]:
        """As a study file writes it: a word, or a table."""
        if isinstance(self.own, Expression):
            label = {} if self.name == self.own.text else {"name": self.name}
            return {**label, "expression": self.own.text, **self.arguments}
        return {"name": self.name, **self.arguments} if self.arguments else self.name


def is_choice(value: object) -> bool:
    """Whether a table writes a choice, and no settings of several things."""
    return isinstance(value, Mapping) and ("name" in value or "expression" in value)


def label_of(table: Mapping[str, Any]) -> str:
    """What a choice is called that is written as a table, unchecked: ``random_normal(stddev=0.01)``."""
    arguments = {key: item for key, item in table.items() if key not in ("name", "expression")}
    text = table.get("expression")
    own = Expression(str(text), ()) if text is not None else None
    return str(Choice(table.get("name", str(text)), arguments, own))


@dataclass(frozen=True, eq=False, kw_only=True)
class Named:
    """What is known of a named thing, whatever its kind.

    Attributes
    ----------
    name : str
    function : callable
        The function itself, or the class of an optimizer. Its keyword-only arguments are what the user may set.
    other_names : tuple of str
        Other spellings of the name.
    meant_by : tuple of str
        Words that are no name of it here, and by which it is meant elsewhere; for near misses.
    advantages, drawbacks : str
    sources : tuple of str
        Publications beyond those in the function's docstring.
    own_arguments : mapping, optional
        The arguments of a user's own function with their defaults; `REQUIRED` for those without.
    """

    name: str
    function: Callable[..., Any]
    other_names: tuple[str, ...] = ()
    meant_by: tuple[str, ...] = ()
    advantages: str = ""
    drawbacks: str = ""
    sources: tuple[str, ...] = ()
    own_arguments: Mapping[str, Any] | None = None

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """The arguments that a user may set, with their defaults."""
        return defaults_of(self.function) if self.own_arguments is None else self.own_arguments


@cache  # a signature takes far longer to read than a dict, and every condition of a study asks
def defaults_of(function: Callable[..., Any]) -> Mapping[str, Any]:
    """The keyword-only arguments of a function with their defaults; ``from_`` is written ``from``."""
    return MappingProxyType(
        {
            name.removesuffix("_"): parameter.default
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }
    )


def own_defaults(function: Callable[..., Any], values: int) -> Mapping[str, Any]:
    """The arguments of a user's own function behind the first `values`, which are arrays; `REQUIRED` without a default.

    Raises
    ------
    ValueError
        If the function takes fewer values, or Python cannot tell what it takes.
    """
    parameters = list(inspect.signature(function).parameters.values())
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters[:values]):
        return MappingProxyType({})
    if len(parameters) < values or any(parameter.kind not in positional for parameter in parameters[:values]):
        raise ValueError(f"expected a function of {values} value{'' if values == 1 else 's'}")
    varied = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return MappingProxyType({each.name: each.default for each in parameters[values:] if each.kind not in varied})


R = TypeVar("R", bound=Named)


class Table(Mapping[str, R], Generic[R]):
    """The records of one kind, by every spelling of their names, in the order in which they were added.

    Parameters
    ----------
    noun, plural : str
        What it lists: ``activation``, ``activations``.
    adopt : callable
        ``(own, where) -> record`` of a user's own function; checks that it can stand here.
    variables : tuple of str
        What a formula is a function of; none where formulas have no place.
    reduces : bool
        Whether a formula may sum over the outputs of an example.
    """

    def __init__(
        self,
        noun: str,
        plural: str,
        adopt: Callable[[Own, str], R],
        *,
        variables: tuple[str, ...] = (),
        reduces: bool = False,
    ) -> None:
        self.noun, self.plural, self.variables, self.reduces = noun, plural, variables, reduces
        self._adopt = adopt
        self._records: dict[str, R] = {}
        self._adopted: dict[Own, R] = {}

    def add(self, record: R) -> None:
        """Enter a record under all its names."""
        for name in (record.name, *record.other_names):
            self._records[name] = record

    def remove(self, record: R) -> None:
        """Take a record out again."""
        for name in (record.name, *record.other_names):
            del self._records[name]

    def __getitem__(self, name: str) -> R:
        return self._records[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    @property
    def records(self) -> tuple[R, ...]:
        """Each record once."""
        return tuple(dict.fromkeys(self._records.values()))

    def of(self, choice: Choice) -> R:
        """The record of a choice, a user's own function included."""
        return self[choice.name] if choice.own is None else self._record_of(choice.own, self.noun)

    def arguments(self, choice: Choice) -> dict[str, Any]:
        """All arguments of a choice: the defaults, overridden by what the user gave."""
        defaults = {key: default for key, default in self.of(choice).defaults.items() if default is not REQUIRED}
        return {**defaults, **choice.arguments}

    def _record_of(self, own: Own, where: str) -> R:
        if own not in self._adopted:
            self._adopted[own] = self._adopt(own, where)
        return self._adopted[own]

    # ------------------------------------------------------------------ reading what a user wrote

    def parse(self, value: object, *, where: str) -> Choice:
        """Check what the user wrote: a word, a table, a `Choice`, or a Python function.

        Parameters
        ----------
        value : object
        where : str
            The dotted key, for the message.

        Raises
        ------
        StudyError
            If the name or an argument is unknown, an argument is missing or of another kind than its default, or a
            user's own function cannot be read.
        """
        if isinstance(value, Choice):
            value = value.written()
        if callable(value):
            value = refer_to(value)
        if isinstance(value, str):
            name, arguments = value, {}
        elif isinstance(value, Mapping) and "expression" in value:
            return self._parse_expression(value, where)
        elif isinstance(value, Mapping) and isinstance(value.get("name"), str):
            name = value["name"]
            arguments = {key: item for key, item in value.items() if key != "name"}
        else:
            raise StudyError(
                f"{where}: expected the name of {_article(self.noun)} {self.noun} or a table with a name, such as "
                f'{{name = "{next(iter(self))}"}}, got {value!r}.'
            )
        if name not in self and is_reference(name):
            code = find_code(name, where)
            choice = Choice(name, arguments, code)
            if not choice.is_loaded:
                return choice
        elif name in self:
            choice = Choice(name, arguments)
        else:
            raise StudyError(f"{where}: unknown {self.noun} '{name}'.{self.near(name)}")
        self._check_arguments(choice, where)
        return choice

    def near(self, name: str) -> str:
        """What may be meant by a word that is no name: the near miss, and the known names."""
        if self.variables and any(sign in name for sign in "(*+/"):
            return f' To write a formula of your own, write {{expression = "{name}"}}.'
        meant = {word: record.name for record in reversed(self.records) for word in record.meant_by}
        said = name.lower().replace("-", "_").replace(" ", "_")
        hint = f" Did you mean '{meant[said]}'?" if said in meant else did_you_mean(said, self)
        return f"{hint} Known {self.plural}: {', '.join(sorted(self))}."

    def _parse_expression(self, value: Mapping[str, Any], where: str) -> Choice:
        text, name = value["expression"], value.get("name")
        if not self.variables:
            raise StudyError(
                f"{where}.expression: {_article(self.noun)} {self.noun} cannot be written as a formula. Write it in "
                "Python, and give FILE.py:NAME."
            )
        if not isinstance(text, str):
            raise StudyError(f"{where}.expression: expected a formula in quotes, got {text!r}.")
        if name is not None and (not isinstance(name, str) or name in self or is_reference(name)):
            raise StudyError(
                f"{where}.name: expected a new name for the formula, got {name!r}, which "
                f"{'is taken' if isinstance(name, str) else 'is no word'}. Choose another, or leave it out."
            )
        own = parse_expression(text, variables=self.variables, where=f"{where}.expression", reduces=self.reduces)
        arguments = {key: item for key, item in value.items() if key not in ("name", "expression")}
        for setting in own.settings:
            if setting not in arguments:
                raise StudyError(
                    f"{where}.expression: '{setting}' in '{text}' is none of {', '.join(self.variables)}, and no value "
                    f"is given for it.{did_you_mean(setting, [*self.variables, *arguments])} "
                    f'Write {{expression = "…", {setting} = 1.0}}.'
                )
        choice = Choice(name or text, arguments, own)
        self._check_arguments(choice, where)
        return choice

    def _check_arguments(self, choice: Choice, where: str) -> None:
        record = self[choice.name] if choice.own is None else self._record_of(choice.own, where)
        known = record.defaults
        for key, item in choice.arguments.items():
            if key not in known:
                takes = f"It takes {', '.join(known)}." if known else "It takes no arguments."
                raise StudyError(f"{where}: '{choice.name}' has no argument '{key}'.{did_you_mean(key, known)} {takes}")
            _check_kind(item, known[key], f"{where}.{key}")
        missing = [key for key, default in known.items() if default is REQUIRED and key not in choice.arguments]
        if missing:
            raise StudyError(
                f"{where}: '{choice.name}' needs a value for {' and '.join(missing)}. "
                f'Write {{name = "{choice.name}", {missing[0]} = …}}.'
            )


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _check_kind(item: object, default: object, where: str) -> None:
    """A flag stays a flag, a number a number, a word a word; without a default it is a number; None takes None too."""
    if isinstance(default, bool):
        if not isinstance(item, bool):
            raise StudyError(f"{where}: expected true or false, got {item!r}.")
    elif default is None or default is REQUIRED or isinstance(default, Number):
        if item is None and default is None:
            return
        if isinstance(item, bool) or not isinstance(item, Number):
            raise StudyError(f"{where}: expected a number, got {item!r}.{_without_quotes(item)}")
        if item != item or item in (float("inf"), float("-inf")):
            raise StudyError(f"{where}: expected a finite number, got {item!r}.")
    elif isinstance(default, str) and not isinstance(item, str):
        raise StudyError(f"{where}: expected a word, got {item!r}.")


def _without_quotes(item: object) -> str:
    """What to do about a number in quotes."""
    try:
        return f" Remove the quotes: {float(item):g}." if isinstance(item, str) else ""
    except ValueError:
        return ""
