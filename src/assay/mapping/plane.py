"""A plane of two factors: one network at each of its points, cut into tiles that are trained one after another."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from assay.errors import StudyError
from assay.mapping.axes import Axis, fitted
from assay.own_code import starting_at
from assay.planning import Plan, plan_study
from assay.study import Study, with_changes

TILE_CELLS = 16_384
TILE_BYTES = 256 * 2**20
"""Of parameters, gradients and optimizer state."""


@dataclass(frozen=True)
class Tile:
    """A block of cells: rows and columns from a first one to before a last one; row 0 is the lowest level of y."""

    first_row: int
    end_row: int
    first_column: int
    end_column: int

    @property
    def cells(self) -> int:
        return (self.end_row - self.first_row) * (self.end_column - self.first_column)

    def written(self) -> list[int]:
        """As a map's folder keeps it; ``Tile(*tile.written())`` is the same."""
        return [self.first_row, self.end_row, self.first_column, self.end_column]


@dataclass(frozen=True)
class Plane:
    """What a map trains: a base network without factors, one seed, and two axes.

    Attributes
    ----------
    study : Study
        The base network; its one seed.
    x, y : Axis
        With keys in full.
    """

    study: Study
    x: Axis
    y: Axis

    @classmethod
    def of(cls, study: Study, x: Axis, y: Axis) -> Plane:
        """The plane of a study's base network, checked at its corners, so that nothing is trained in vain.

        Raises
        ------
        StudyError, DataError
            If an axis does not fit the network, or a corner does not fit its data.
        """
        base = base_study(study)
        x, y = fitted(x, base, "--x"), fitted(y, base, "--y")
        if x.key == y.key:
            raise StudyError(f"--y {y.key}: the other axis has this key too. A map needs two.")
        for end in (-1, 0):
            # As settings first: a mistake is then told by its key, and a choice that is a default is written out.
            base = with_changes(base, {y.key: y.levels[end], x.key: x.levels[end]})
        plane = cls(base, x, y)
        plane.plan([0, -1], [0, -1])
        return plane

    @property
    def seed(self) -> int:
        return self.study.seed_list()[0]

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return len(self.y.levels), len(self.x.levels)

    @property
    def cells(self) -> int:
        return math.prod(self.shape)

    def plan(self, rows: list[int], columns: list[int]) -> Plan:
        """The trials of some rows × some columns, row by row."""
        y, x = np.asarray(self.y.levels)[rows], np.asarray(self.x.levels)[columns]
        return self.plan_levels(x, y)

    def plan_levels(self, x: np.ndarray, y: np.ndarray) -> Plan:
        """The trials at some levels of y × some levels of x, those of the first y first."""
        return plan_study(with_changes(self.study, None, {self.y.key: y, self.x.key: x}))

    def plan_tile(self, tile: Tile) -> Plan:
        """The trials of a tile, row by row."""
        return self.plan(list(range(tile.first_row, tile.end_row)), list(range(tile.first_column, tile.end_column)))

    @cached_property
    def tiles(self) -> list[Tile]:
        """All cells, row by row, in tiles of about one size, for each new size compiles a program.

        Rows whose networks are as large as each other share tiles, as many as `TILE_CELLS` and `TILE_BYTES` allow; a
        row that is too large itself is cut.
        """
        columns = self.shape[1]
        tiles, row = [], 0
        for cell_bytes, run in groupby(self._cell_bytes()):
            rows = len(list(run))
            most = max(1, min(TILE_CELLS, TILE_BYTES // cell_bytes))
            across = even_cuts(columns, most)
            down = even_cuts(rows, max(1, most // columns))
            tiles += [
                Tile(row + top, row + bottom, left, right)
                for top, bottom in pairwise(down)
                for left, right in pairwise(across)
            ]
            row += rows
        return tiles

    def _cell_bytes(self) -> list[int]:
        """Training state of the largest network of each row."""
        rows = list(range(self.shape[0])) if self.y.is_whole else [0]
        largest = [0] * len(rows)
        for population in self.plan(rows, [0, -1]).populations:
            for trial in population.trials[:, 0]:
                largest[trial // 2] = max(largest[trial // 2], population.members[0].state_bytes)
        return largest if self.y.is_whole else largest * self.shape[0]

    def written(self) -> dict[str, Any]:
        """What decides the numbers of a map, as its folder keeps it."""
        return {"study": self.study.written(), "x": self.x.written(), "y": self.y.written()}

    def fingerprint(self) -> str:
        """SHA-256 of what decides the numbers; the study's name and question do not."""
        content = [self.study.fingerprint(), self.x.written(), self.y.written()]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def even_cuts(count: int, most: int) -> list[int]:
    """Where to cut `count` things into pieces of at most `most`, whose sizes differ by one at the most."""
    pieces = math.ceil(count / most)
    return [count * piece // pieces for piece in range(pieces + 1)]


def base_study(study: Study) -> Study:
    """The study's base network alone: one seed, nothing varied, nothing tested."""
    kept = {
        key: value
        for key, value in study.written().items()
        if key in ("name", "question", "data", "network", "training")
    }
    with starting_at(study.folder):
        base = Study(**kept, design={"seeds": [study.seed_list()[0]], "select": "last", "final": False})
    base._folder = study.folder
    return base
