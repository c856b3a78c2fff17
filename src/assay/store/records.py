"""The records of populations: which trials each has, kept before it begins.

A population goes on from its checkpoint with the conditions and the seeds of its record, in their order, so that its
layout, and with it every bit, stays what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.store.files import read_json, write_json
from assay.store.schema import part_stem

POPULATIONS = "populations"


@dataclass(frozen=True)
class Record:
    """What is kept of a population.

    Attributes
    ----------
    number : int
    identities : tuple of str, length C
    seeds : tuple of int, length S
    epochs : int
        Of the selection phase.
    phases : tuple of str
        ``select`` and ``final``, or ``final`` alone where the best epoch has moved.
    active : tuple of (int, int), optional
        Indices (condition, seed) of the trials that are trained; all of them when not given.
    origin : int, optional
        The population whose layout, and with the selection phase whose kept state, this one takes up.
    replaces : bool
        Whether its trials are there already, with fewer epochs; readers see those until this selection has ended.
    begun : str
        UTC, ISO 8601.
    """

    number: int
    identities: tuple[str, ...]
    seeds: tuple[int, ...]
    epochs: int
    phases: tuple[str, ...] = ("select", "final")
    active: tuple[tuple[int, int], ...] | None = None
    origin: int | None = None
    replaces: bool = False
    begun: str = ""

    @classmethod
    def of_written(cls, number: int, content: Mapping[str, Any]) -> Record:
        """From the JSON of its file."""
        active = content.get("active")
        return cls(
            number=number,
            identities=tuple(content["identities"]),
            seeds=tuple(content["seeds"]),
            epochs=content["epochs"],
            phases=tuple(content["phases"]),
            active=None if active is None else tuple((condition, seed) for condition, seed in active),
            origin=content.get("origin"),
            replaces=content.get("replaces", False),
            begun=content.get("begun", ""),
        )

    def write(self, directory: Path) -> None:
        """Put it into its file."""
        content = asdict(self)
        del content["number"]
        write_json(_path(directory, self.number), content)

    @property
    def is_active(self) -> np.ndarray:
        """Which trials are trained, shape (C, S)."""
        active = np.full((len(self.identities), len(self.seeds)), self.active is None)
        for place in self.active or ():
            active[place] = True
        return active

    @property
    def trials(self) -> list[tuple[str, int]]:
        """Identity and seed of each trial that is trained."""
        places = np.argwhere(self.is_active).tolist()
        return [(self.identities[condition], self.seeds[seed]) for condition, seed in places]


def read_records(directory: Path) -> dict[int, Record]:
    """The records of a folder by number, in order."""
    paths = sorted((directory / POPULATIONS).glob("p*.json"))
    numbers = [int(path.stem.removeprefix("p")) for path in paths]
    found = {number: Record.of_written(number, read_json(path)) for number, path in zip(numbers, paths, strict=True)}
    return dict(sorted(found.items()))


def remove_record(directory: Path, number: int) -> None:
    """Forget a population."""
    _path(directory, number).unlink(missing_ok=True)


def _path(directory: Path, number: int) -> Path:
    return directory / POPULATIONS / f"{part_stem(number)}.json"
