"""An axis of a map: a numeric setting of a study, and the levels at which it is tried.

>>> read_axis("learning_rate=1e-3:1:64:log", "--x")
Axis(key='learning_rate', low=0.001, high=1.0, count=64, scale='log', is_whole=False)
"""

from __future__ import annotations

import math
import types
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Union, get_args, get_origin

import numpy as np

from assay.choices import defaults_of
from assay.data.synthetic import SYNTHETIC
from assay.errors import StudyError
from assay.own_code import starting_at
from assay.study import Study
from assay.study.fields import CHOICE_TABLES
from assay.study.keys import PARTS, full_key, is_key, setting_of
from assay.study.parts import DataSpec, LayerSpec

SCALES = ("linear", "log")


@dataclass(frozen=True)
class Axis:
    """An axis of a map.

    Attributes
    ----------
    key : str
        Dotted key of a number; its unambiguous end will do.
    low, high : float
        The first and the last level.
    count : int
        How many levels; of a whole number (``network.depth``) the distinct ones among so many.
    scale : {"linear", "log"}
        In which the levels are evenly spread.
    is_whole : bool
        Whether levels are whole numbers; found out from the key.
    """

    key: str
    low: float
    high: float
    count: int
    scale: str = "linear"
    is_whole: bool = False

    @property
    def levels(self) -> list[float] | list[int]:
        """The levels, ascending."""
        spread = np.geomspace if self.scale == "log" else np.linspace
        levels = spread(self.low, self.high, self.count)
        return sorted({round(level) for level in levels}) if self.is_whole else levels.tolist()

    def coordinate(self, values: np.ndarray) -> np.ndarray:
        """Where values lie along the axis as it is drawn: themselves, or their logarithms to base 10."""
        return np.log10(values) if self.scale == "log" else np.asarray(values, float)

    def value(self, coordinates: np.ndarray) -> np.ndarray:
        """What lies at these coordinates."""
        return 10.0**coordinates if self.scale == "log" else coordinates

    @property
    def edges(self) -> np.ndarray:
        """Ends of the cells, (N + 1,): halfway between levels, along the axis as it is drawn."""
        at = self.coordinate(np.asarray(self.levels))
        middle = (at[1:] + at[:-1]) / 2
        return self.value(np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]]))

    def written(self) -> dict[str, Any]:
        """As a map's folder keeps it; ``Axis(**axis.written())`` is the same."""
        return asdict(self)


def read_axis(text: str, option: str, scale: str = "linear") -> Axis:
    """An axis as the command line writes it: ``KEY=LOW:HIGH:N``, with ``:log`` or ``:linear`` behind it if need be.

    Parameters
    ----------
    text : str
    option : str
        For messages: ``--x`` or ``--y``.
    scale : {"linear", "log"}
        Where the text does not say.

    Raises
    ------
    StudyError
        If it is not written so.
    """
    key, equals, numbers = text.partition("=")
    parts = [part.strip() for part in numbers.split(":")]
    if equals and len(parts) == 4 and parts[3] in SCALES:
        *parts, scale = parts
    if not key.strip() or len(parts) != 3 or "" in parts:
        raise StudyError(
            f"{option} {text}: expected KEY=LOW:HIGH:N, such as {option} learning_rate=1e-3:10:64, "
            "with :log or :linear behind it if you like."
        )
    low, high = (_number(part, f"{option} {text}") for part in parts[:2])
    if not parts[2].isdecimal():
        raise StudyError(f"{option} {text}: expected a whole number of levels, got '{parts[2]}'.")
    return Axis(key.strip(), low, high, int(parts[2]), scale)


def read_window(text: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Bounds of both axes, ``XLOW:XHIGH,YLOW:YHIGH``.

    Raises
    ------
    StudyError
        If it is not written so.
    """
    sides = [side.split(":") for side in text.split(",")]
    if [len(side) for side in sides] != [2, 2]:
        raise StudyError(f"--window {text}: expected XLOW:XHIGH,YLOW:YHIGH, such as --window 0.1:0.2,3:4.")
    x, y = (tuple(_number(end, f"--window {text}") for end in side) for side in sides)
    return (x[0], x[1]), (y[0], y[1])


def fitted(axis: Axis, study: Study, option: str) -> Axis:
    """The axis with its key in full, checked against a study's base network.

    Raises
    ------
    StudyError
        If the key is unknown or no number, or the levels make no axis.
    """
    key = full_key(axis.key, option)
    kind = _kind(study, key) if is_key(key) else None
    if kind is None:
        raise StudyError(
            f"{option} {axis.key}: expected the key of a number in data, network or training, such as "
            f"training.optimizer.learning_rate, network.depth or network.l2, got {key}."
        )
    axis = replace(axis, key=key, is_whole=kind is int)
    where = f"{option} {key}"
    if axis.scale not in SCALES:
        raise StudyError(f"{where}: expected a scale that is linear or log, got '{axis.scale}'.")
    if axis.count < 2:
        raise StudyError(f"{where}: expected at least 2 levels, got {axis.count}.")
    if not (math.isfinite(axis.low) and math.isfinite(axis.high) and axis.low < axis.high):
        raise StudyError(f"{where}: expected LOW below HIGH, got {axis.low:g}:{axis.high:g}.")
    if axis.scale == "log" and axis.low <= 0:
        raise StudyError(
            f"{where}: expected a LOW above 0 for a logarithmic axis, got {axis.low:g}. Write :linear behind it."
        )
    levels = axis.levels
    if len(levels) < 2:
        raise StudyError(f"{where}: expected at least 2 whole numbers from {axis.low:g} to {axis.high:g}.")
    # Networks are trained in float32: two levels that are one there would be one network twice.
    if not axis.is_whole and len(np.unique(np.asarray(levels, np.float32))) < len(levels):
        raise StudyError(
            f"{where}: {axis.count} levels from {axis.low!r} to {axis.high!r} lie closer than the float32 in which "
            "networks are trained can tell apart. Take fewer, or a wider window."
        )
    return axis


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise StudyError(f"{where}: expected a number, got '{text.strip()}'.") from None


def _kind(study: Study, key: str) -> type[int] | type[float] | None:
    """Which numbers a key takes; None for what is no number."""
    parts = {"data": study.data, "network": study.network, "training": study.training}
    first, *path = key.split(".")
    if len(path) > 1 and path[-2] in CHOICE_TABLES:
        chosen, table = setting_of(parts, key.rpartition(".")[0]), CHOICE_TABLES[path[-2]]
        with starting_at(study.folder):
            arguments = table.of(table.parse(chosen, where=key)).defaults if chosen else {}
        return _kind_of_default(arguments.get(path[-1]))
    if first == "data" and path[-1] not in DataSpec.model_fields:
        arguments = defaults_of(SYNTHETIC[study.data.name]) if study.data.name in SYNTHETIC else {}
        return _kind_of_default(arguments.get(path[-1]))
    fields = (LayerSpec if path[0] == "layers" else PARTS[first]).model_fields
    kinds = _types(fields[path[-1]].annotation)
    return int if int in kinds else float if float in kinds else None


def _kind_of_default(default: object) -> type[int] | type[float] | None:
    """Of an argument, by its default; one that is off by default, or that the choice does not have, takes a number."""
    if isinstance(default, bool | str):
        return None
    return int if isinstance(default, int) else float


def _types(annotation: Any) -> set[Any]:
    """The types that a field's annotation is made of."""
    if get_origin(annotation) is Annotated:
        return _types(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return set().union(*map(_types, get_args(annotation)))
    return {annotation}
