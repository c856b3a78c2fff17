"""What is kept of a map: one Parquet file for each tile, written whole; any map goes on where it was stopped.

::

    DIR/map.json                the base network, both axes, the tiles, lines of theory, versions, fingerprints
    DIR/tiles/t0001.parquet     one row for each cell of the first tile
    DIR/map.png                 the picture
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from assay.errors import StoreError
from assay.mapping.plane import Plane, Tile
from assay.store.checking import check_is_ours_or_empty, check_same_data, differences
from assay.store.files import make_folders, read_json, remove_leftovers, write_json, write_parquet
from assay.store.locking import FolderLock
from assay.store.writing import circumstances

FORMAT_VERSION = 1
"""Raised when a reader of the previous number would misread the folder."""
MAP_FILE = "map.json"
TILES_FOLDER = "tiles"
KEYS = {"fingerprint", "study", "x", "y", "tiles", "data", "metric", "theory"}


def cell_columns(metric: str) -> dict[str, Any]:
    """Columns and data types of the table of cells."""
    return {
        "row": pl.Int32,
        "column": pl.Int32,
        "x": pl.Float64,
        "y": pl.Float64,
        "convergence": pl.Float64,
        "converged": pl.Boolean,
        "loss": pl.Float64,
        metric: pl.Float64,
        "diverged_step": pl.Int32,
    }


class MapFolder:
    """The one writer of a map's folder; make it with `MapFolder.open`, and close it.

    Attributes
    ----------
    directory : Path
    tiles : list of Tile
        Those that the map began with: a size that a later version of assay would choose does not matter.
    """

    def __init__(self, directory: Path, tiles: list[Tile], lock: FolderLock) -> None:
        self.directory, self.tiles, self._lock = directory, tiles, lock

    @classmethod
    def open(
        cls, directory: Path, plane: Plane, data: Mapping[str, str], facts: Callable[[], Mapping[str, Any]]
    ) -> MapFolder:
        """Create a map's folder, or continue the one that is there.

        Parameters
        ----------
        directory : Path
        plane : Plane
        data : mapping of str to str
            SHA-256 of the data sets, by name.
        facts : callable
            Asked, for a new folder, what readers of the map want to know beside, as JSON: ``metric`` and ``theory``.

        Raises
        ------
        StoreError
            If the folder holds something else, another map, a map of other data or of a newer format; or if another
            process is writing it.
        """
        check_is_ours_or_empty(directory, MAP_FILE, (TILES_FOLDER,), "map's folder")
        make_folders(directory, (TILES_FOLDER,))
        lock = FolderLock(directory)
        try:
            remove_leftovers(directory, (TILES_FOLDER,))
            if (directory / MAP_FILE).exists():
                about = read_map_file(directory)
                _check_same_map(directory, about, plane)
                check_same_data(directory, about["data"], data)
                return cls(directory, [Tile(*tile) for tile in about["tiles"]], lock)
            about = {
                "format": FORMAT_VERSION,
                "fingerprint": plane.fingerprint(),
                **plane.written(),
                "tiles": [tile.written() for tile in plane.tiles],
                "data": dict(data),
                **facts(),
                **circumstances(),
            }
            write_json(directory / MAP_FILE, about)
            return cls(directory, plane.tiles, lock)
        except BaseException:
            lock.release()
            raise

    def __enter__(self) -> MapFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def missing(self) -> list[tuple[int, Tile]]:
        """The tiles that are still to be trained, with their numbers from 1."""
        return [(number, tile) for number, tile in enumerate(self.tiles, 1) if not self._part(number).exists()]

    def write_tile(self, number: int, cells: pl.DataFrame) -> None:
        """Keep the cells of a tile."""
        write_parquet(self._part(number), cells)

    def _part(self, number: int) -> Path:
        return self.directory / TILES_FOLDER / f"t{number:04d}.parquet"


def read_map_file(directory: Path) -> dict[str, Any]:
    """What ``map.json`` says.

    Raises
    ------
    StoreError
        If `directory` is not a map's folder, or one of a newer format.
    """
    if not (directory / MAP_FILE).exists():
        raise StoreError(f"{directory}: expected a folder of `assay map`, but it has no {MAP_FILE}.")
    about = read_json(directory / MAP_FILE)
    if not isinstance(about.get("format"), int) or not set(about) >= KEYS:
        raise StoreError(f"{directory / MAP_FILE}: expected what `assay map` writes, found something else.")
    if about["format"] > FORMAT_VERSION:
        raise StoreError(
            f"{directory}: a map of format {about['format']}; this assay reads up to format {FORMAT_VERSION}. "
            "Install a newer assay to read or continue it."
        )
    return about


def _check_same_map(directory: Path, there: Mapping[str, Any], plane: Plane) -> None:
    if there["fingerprint"] == plane.fingerprint():
        return
    told = differences(_told_apart(there), _told_apart(plane.written()))
    raise StoreError(
        f"{directory}: this folder holds another map. What differs: {told or 'how the study is read'}. "
        "Give another folder with --out, or remove this one."
    )


def _told_apart(about: Mapping[str, Any]) -> dict[str, Any]:
    """What tells maps apart; the name of a study does not."""
    study = {key: value for key, value in about["study"].items() if key not in ("name", "question")}
    return {**study, "x": about["x"], "y": about["y"]}
