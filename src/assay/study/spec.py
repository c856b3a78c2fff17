"""The study: what will be tried. A TOML file and this object are the same thing.

Study(data="digits", network={"hidden": [64]}, vary={"network.activation": ["relu", "tanh"]}, seeds=3)
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from assay.data.digests import label
from assay.data.given import written_form
from assay.errors import StudyError, did_you_mean
from assay.learning.scores import METRICS
from assay.study.conditions import Condition, expand_conditions
from assay.study.fields import PLACE, at_default_later, fault, plain
from assay.study.keys import check_key, flatten
from assay.study.parts import DataSpec, DesignSpec, LayerSpec, NetworkSpec, Part, ProbeSpec, TrainingSpec, of_word
from assay.study.wording import find_mistakes, tell
from assay.study.writing import write_toml

__all__ = ["Condition", "DataSpec", "DesignSpec", "LayerSpec", "NetworkSpec", "ProbeSpec", "Study", "TrainingSpec"]


FREE = (
    "name",
    "question",
    "design.baseline",
    "design.confidence",
    "design.margin",
    "design.allow",
    "design.keep",
    "design.keep_state",
)
"""Keys that decide no number."""


class Study(Part):
    """A study: data, a base network and its training, and what varies.

    Every argument may be what a TOML file would hold (words, numbers, lists, dicts). Data may also be rows: a frame,
    with ``target`` the column to learn, or a pair (x, y) of arrays; see `assay.data.given`. Every condition is
    validated here, so that nothing is trained before a wrong level is told.

    Raises
    ------
    StudyError
        If anything is wrong, with every mistake that was found: the dotted key, what was expected, and what came.
    DataError
        If rows are given that cannot be read.
    """

    name: str = Field(description="Names the results folder; the file's name if absent.")
    question: str = Field("", description="What the study asks, in a sentence.")
    data: DataSpec = Field(description='A name, a path to a .npz or .csv file, or a table: data = "digits".')
    network: NetworkSpec = Field(default_factory=NetworkSpec)
    training: TrainingSpec = Field(default_factory=TrainingSpec)
    vary: dict[str, list[Any]] = Field({}, description='Dotted key -> levels: "network.activation" = ["relu", "tanh"].')
    conditions: dict[str, dict[str, Any]] = Field({}, description="Name -> what this condition sets, by dotted key.")
    design: DesignSpec = Field(default_factory=DesignSpec)
    probe: ProbeSpec | None = Field(None, description="Signals of the layers to record while training; none if absent.")

    _folder: Path | None = PrivateAttr(None)
    _expanded: tuple[Condition, ...] = PrivateAttr(())

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise StudyError(tell(find_mistakes(error, Study))) from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Study) and self.written() == other.written()

    @model_validator(mode="before")
    @classmethod
    def _tidy(cls, values: Any) -> Any:
        """Plain values, rows kept; ``seeds`` and ``target`` where they belong; where no name is given, the data's."""
        if "data" in values:
            values = {**values, "data": written_form(values["data"])}
        values = {key: value if key == "vary" else plain(value) for key, value in values.items()}
        design = values.get("design", {})
        if "seeds" in values and isinstance(design, dict):
            if "seeds" in design:
                raise fault("seeds: given twice, at the top and in design. Remove one.")
            values["design"] = {**design, "seeds": values.pop("seeds")}
        data = values.get("data", "study")
        if "target" in values:
            data = of_word(data) if isinstance(data, str) else data
            if isinstance(data, dict) and "target" in data:
                raise fault("target: given twice, at the top and with the data. Remove one.")
            if isinstance(data, dict):
                data = values["data"] = {**data, "target": values.pop("target")}
        if "name" not in values:
            source = data
            if isinstance(data, dict):
                source = data.get("name") or data.get("path") or (label(data["kept"]) if "kept" in data else "study")
            values["name"] = re.sub(r"[^\w .+=,-]|^\W+", "_", Path(str(source)).stem)
        return values

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not re.fullmatch(r"\w[\w .+=,-]*", name):
            raise fault(f"expected a name for a folder: letters, digits, spaces, and . - _ + = , ; got {name!r}.")
        return name

    @field_validator("vary", mode="before")
    @classmethod
    def _check_vary(cls, vary: Any) -> Any:
        """Nested tables as dotted keys; every factor known, with levels that differ."""
        if not isinstance(vary, Mapping):
            return vary
        flat = flatten({str(key): value for key, value in vary.items()})
        for key, given in flat.items():
            _check_key(key)
            levels = flat[key] = plain(given)
            place = f'{PLACE}."{key}"'
            if not isinstance(levels, list):
                raise fault(f"{place}: expected a list of levels, got {levels!r}. Write [{_shown(levels)}, …].")
            if not levels:
                raise fault(f"{place}: the list of levels is empty. Give at least one, or remove the factor.")
            seen = set()
            for level in levels:
                if _hashable(level) in seen:
                    raise fault(f"{place}: level {_shown(level)} is there twice. Remove one.")
                seen.add(_hashable(level))
        _check_nothing_twice(flat)
        return flat

    @field_validator("conditions", mode="before")
    @classmethod
    def _check_conditions(cls, conditions: Any) -> Any:
        """Nested tables as dotted keys, every key known."""
        if not isinstance(conditions, Mapping):
            return conditions
        flat = {}
        for name, table in conditions.items():
            if not isinstance(table, Mapping):
                raise fault(f'{PLACE}."{name}": expected a table of settings, got {table!r}.')
            flat[name] = flatten(table)
            for key in flat[name]:
                _check_key(key, f'{PLACE}."{name}"')
        return flat

    @model_validator(mode="after")
    def _expand(self) -> Study:
        """Check that the parts of the study fit each other, and validate every condition."""
        _check_design(self)
        parts = {"data": self.data, "network": self.network, "training": self.training}
        try:
            expanded = expand_conditions(parts, self.design.kind, self.vary, self.conditions, self.design.baseline)
        except StudyError as error:
            raise fault(f"{PLACE}{error}") from None
        names = [condition.name for condition in expanded]
        baseline = self.design.baseline
        if baseline is not None and baseline not in names:
            known = "; ".join(names[:12]) + ("; …" if len(names) > 12 else "")
            raise fault(
                f"{PLACE}design.baseline: no condition is called '{baseline}'."
                f"{did_you_mean(baseline, names)} Conditions: {known}."
            )
        _check_select(self.design.select, expanded)
        self._expanded = tuple(expanded)
        return self

    @property
    def folder(self) -> Path | None:
        """Where relative paths start: the study file's folder; None for a study made in Python."""
        return self._folder

    def expand(self) -> list[Condition]:
        """Every condition, validated, in the order of their trials."""
        return list(self._expanded)

    def baseline_name(self) -> str | None:
        """The condition that the others are compared with, if any."""
        return self.design.baseline or (self._expanded[0].name if self.design.kind == "one_at_a_time" else None)

    def seed_list(self) -> list[int]:
        """The seeds of every condition."""
        seeds = self.design.seeds
        return list(range(seeds)) if isinstance(seeds, int) else list(seeds)

    def written(self) -> dict[str, Any]:
        """What the user gave, as a TOML or JSON file would hold it; ``Study(**study.written())`` is the same study."""
        return _without_none(plain({"name": self.name, **self.model_dump(exclude_unset=True)}))

    def __str__(self) -> str:
        return self.to_toml()

    def to_toml(self) -> str:
        """The text of a study file."""
        return write_toml(self.written())

    def fingerprint(self) -> str:
        """SHA-256 of what decides the numbers: equal for two ways of writing the same study.

        What is `FREE` is left out. The order of factors and levels counts, for it numbers the trials.
        """
        free = {key for key in FREE if "." not in key}
        values = self.model_dump(exclude_defaults=True, exclude=free | {"vary", "conditions"})
        free_of_design = {key.removeprefix("design.") for key in FREE}
        design = self.design.model_dump(exclude={"seeds"} | free_of_design | at_default_later(self.design))
        values["design"] = {**design, "seeds": self.seed_list()}
        values["vary"] = list(self.vary.items())
        values["conditions"] = [[name, list(table.items())] for name, table in self.conditions.items()]
        return hashlib.sha256(json.dumps(plain(values), sort_keys=True).encode()).hexdigest()


def _check_key(key: str, place: str = PLACE) -> None:
    """`check_key` as a fault."""
    try:
        check_key(key, place)
    except StudyError as error:
        raise fault(str(error)) from None


def _check_nothing_twice(vary: Mapping[str, list[Any]]) -> None:
    """A level of a factor must not set what another factor overrides."""
    for key in vary:
        parent, _, argument = key.rpartition(".")
        for level in vary.get(parent, ()):
            if isinstance(level, Mapping) and argument in level:
                raise fault(
                    f'{PLACE}."{key}": a level of "{parent}" sets {argument} too ({_shown(level)}). '
                    "Remove it there, or remove this factor."
                )


def _check_design(study: Study) -> None:
    """[vary] and [conditions] each belong to their kinds of design."""
    kind = study.design.kind
    if kind == "conditions" and not study.conditions:
        raise fault('design.kind is "conditions", but there are none. Write tables such as [conditions.worse].')
    if kind == "conditions" and study.vary:
        raise fault('[vary] is not used by design.kind = "conditions". Remove it, or write another kind.')
    if kind != "conditions" and study.conditions:
        raise fault(f'[conditions] is not used by design.kind = "{kind}". Write design.kind = "conditions".')
    if kind == "one_at_a_time" and not study.vary:
        raise fault('design.kind is "one_at_a_time", but nothing varies. Write [vary] with at least one factor.')


def _check_select(select: str, conditions: Sequence[Condition]) -> None:
    """What selects is recorded, as far as that is known without the data."""
    own = {str(condition.training.metric) for condition in conditions if condition.training.metric is not None}
    known = ["last", *(f"val_{name}" for name in ("loss", *METRICS, *sorted(own)))]
    if select not in known:
        word = select.removeprefix("val_")
        meant = next((f"val_{record.name}" for record in METRICS.records if word in record.meant_by), None)
        near = did_you_mean(select, known) if meant is None else f" Did you mean '{meant}'?"
        raise fault(f"{PLACE}design.select: unknown value '{select}'.{near} Choose from: {', '.join(known)}.")


def _hashable(level: Any) -> Any:
    """Equal for levels that are equal."""
    if isinstance(level, dict):
        return frozenset((key, _hashable(item)) for key, item in level.items())
    return tuple(map(_hashable, level)) if isinstance(level, list) else level


def _shown(level: Any) -> str:
    """A level as JSON, which is near enough to TOML for a message."""
    return json.dumps(level, default=str)


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    """Without the fields that were set to None by hand: leaving them out says the same."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }
