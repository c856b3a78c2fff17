"""Write a results folder so that a kill at any moment loses at most the segment in flight.

Every file is written beside its place and then moved into it, so a reader sees a whole file or none. Parts are named by
what they hold, so a segment trained again after a kill replaces its own file and never adds a second copy::

    with Store.open("assay-runs/digits", study, {"digits": dataset.fingerprint}) as store:
        store.write_history(1, "select", 1, frame)
        store.save_checkpoint(1, arrays, {"phase": "select", "epoch": 5})
        ...
        store.write_trials(1, trials)        # the population has ended
        store.clear_checkpoint(1)
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import StoreError
from assay.store.checking import check_is_ours_or_empty, check_same_data, check_same_study
from assay.store.files import make_folders, remove_leftovers, replace_file, write_json, write_parquet
from assay.store.locking import FolderLock
from assay.store.reading import Tables, read_manifest
from assay.store.schema import (
    FOLDERS,
    FORMAT_VERSION,
    HISTOGRAM_COLUMNS,
    HISTORY_COLUMNS,
    MANIFEST_FILE,
    SIGNAL_COLUMNS,
    STUDY_FILE,
    part_stem,
    trial_columns,
    with_columns_of,
)

if TYPE_CHECKING:
    import polars as pl

    from assay.study.spec import Study

_PACKAGES = ("assay", "jax", "numpy", "keras", "scikit-learn", "polars")
_ARRAY = "array/"  # before the name of each array of a checkpoint, so that none can collide with "about"


class Store:
    """The one writer of a results folder; make it with `Store.open`.

    Attributes
    ----------
    directory : Path
    manifest : dict
        What ``manifest.json`` holds.
    """

    def __init__(self, directory: Path, study: Study, manifest: dict[str, Any], lock: FolderLock) -> None:
        self.directory = directory
        self.manifest = manifest
        self._settings = {condition.name: condition.settings for condition in study.expand()}
        self._lock = lock
        self._opened = time.monotonic()
        self._elapsed_before = float(manifest.get("elapsed_seconds", 0.0))

    @classmethod
    def open(cls, directory: str | Path, study: Study, data_fingerprints: Mapping[str, str]) -> Store:
        """Create a results folder, or continue the one that is there.

        Parameters
        ----------
        directory : path
            Made if it is not there.
        study : Study
            What is going to be written into it.
        data_fingerprints : mapping of str to str
            SHA-256 of the arrays of each data set that the study learns from, by its name.

        Raises
        ------
        StoreError
            If the folder holds something else, another study, a study on other data, or a newer format; or if
            another process is writing it.
        """
        directory = Path(directory)
        check_is_ours_or_empty(directory)
        make_folders(directory, FOLDERS)
        lock = FolderLock(directory)
        try:
            remove_leftovers(directory, FOLDERS)
            if (directory / MANIFEST_FILE).exists():
                manifest = read_manifest(directory)
                check_same_study(directory, manifest, study)
                check_same_data(directory, manifest["data"], data_fingerprints)
                manifest["data"] |= data_fingerprints
            else:
                manifest = _new_manifest(study, data_fingerprints)
            store = cls(directory, study, manifest, lock)
            write_json(directory / MANIFEST_FILE, manifest)
            write_json(directory / STUDY_FILE, study.written())
        except BaseException:
            lock.release()
            raise
        return store

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another process write the folder."""
        self._lock.release()

    def note(self, **facts: Any) -> None:
        """Add facts to the manifest, such as ``devices`` and ``programs``; they must be JSON."""
        self.manifest |= facts
        write_json(self.directory / MANIFEST_FILE, self.manifest)

    def write_history(self, population: int, phase: str, first_epoch: int, frame: pl.DataFrame) -> None:
        """Keep the history of one segment: of `population`, in `phase`, from `first_epoch` on."""
        write_parquet(
            self._part("history", population, f"-{phase}-{first_epoch:05d}"), with_columns_of(frame, HISTORY_COLUMNS)
        )

    def write_signals(
        self, population: int, phase: str, first_epoch: int, signals: pl.DataFrame, histograms: pl.DataFrame
    ) -> None:
        """Keep what probes recorded in one segment; parts are named as those of the history."""
        detail = f"-{phase}-{first_epoch:05d}"
        write_parquet(self._part("signals", population, detail), with_columns_of(signals, SIGNAL_COLUMNS))
        write_parquet(self._part("histograms", population, detail), with_columns_of(histograms, HISTOGRAM_COLUMNS))

    def read_history(self, population: int, *filters: pl.Expr) -> pl.DataFrame:
        """The rows of a population's history that pass all `filters`, in no order; the others never fill memory."""
        return Tables(self.directory).rows("history", *filters, population=population)

    def drop_history_after(self, population: int, phase: str, epoch: int) -> None:
        """Forget what was recorded of a phase after `epoch`, so that it agrees with a checkpoint of that epoch."""
        import polars as pl

        parts = [
            path
            for table in ("history", "signals", "histograms")
            for path in (self.directory / table).glob(f"{part_stem(population)}-{phase}-*.parquet")
        ]
        for path in parts:
            frame = pl.read_parquet(path.read_bytes())  # no hold on the file: it is removed or replaced below
            kept = frame.filter(pl.col("epoch") <= epoch)
            if kept.is_empty():
                path.unlink()
            elif len(kept) < len(frame):
                write_parquet(path, kept)

    def write_trials(self, population: int, frame: pl.DataFrame) -> None:
        """Keep the trials of a population that has ended; from now on it is `finished`.

        Parameters
        ----------
        population : int
            Its number in the study.
        frame : polars.DataFrame
            The columns of the trials table without those of the factors, which follow from ``condition``.
        """
        import polars as pl

        columns = trial_columns(self._settings.values())
        fixed = trial_columns([])
        names = frame["condition"].to_list()
        factors = {
            key: [_factor_value(self._settings[name].get(key), kind) for name in names]
            for key, kind in columns.items()
            if key not in fixed
        }
        frame = frame.with_columns(
            pl.Series(key, values, dtype=getattr(pl, columns[key])) for key, values in factors.items()
        )
        write_parquet(self._part("trials", population), with_columns_of(frame, columns))
        self.note(elapsed_seconds=self._elapsed_before + time.monotonic() - self._opened)

    def finished(self, population: int) -> bool:
        """Whether the trials of a population are in the table; one that an error ended is to be tried again."""
        import polars as pl

        path = self._part("trials", population)
        return path.exists() and "failed" not in pl.read_parquet(path, columns=["outcome"])["outcome"]

    def save_checkpoint(self, population: int, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
        """Keep all that is needed to continue a population; replaces its previous checkpoint.

        Parameters
        ----------
        population : int
            Its number in the study.
        arrays : mapping of str to array
            Numbers and flags; no objects.
        about : mapping
            What the arrays are of, as JSON: phase, epoch, step, outcomes so far.
        """
        content = {_ARRAY + name: np.asarray(array) for name, array in arrays.items()}

        def write(path: Path) -> None:
            with path.open("wb") as file:
                np.savez(file, allow_pickle=False, about=np.array(json.dumps(about, allow_nan=False)), **content)

        replace_file(self._checkpoint(population), write)

    def load_checkpoint(self, population: int) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """The arrays and the description last saved for a population, or None.

        Raises
        ------
        StoreError
            If the file is damaged.
        """
        path = self._checkpoint(population)
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name.removeprefix(_ARRAY): file[name] for name in file.files if name.startswith(_ARRAY)}
                return arrays, json.loads(str(file["about"]))
        except Exception as error:  # zipfile, zlib, numpy and json each have their own for a damaged file
            raise StoreError(
                f"{path}: this checkpoint cannot be read ({error}). Remove it and give the same command again: "
                "its population then starts anew."
            ) from error

    def clear_checkpoint(self, population: int) -> None:
        """Remove the checkpoint of a population that has ended."""
        self._checkpoint(population).unlink(missing_ok=True)

    def _part(self, table: str, population: int, detail: str = "") -> Path:
        return self.directory / table / f"{part_stem(population)}{detail}.parquet"

    def _checkpoint(self, population: int) -> Path:
        return self.directory / "checkpoints" / f"{part_stem(population)}.npz"


def _factor_value(level: object, kind: str) -> object:
    from assay.study.conditions import level_label

    return level if level is None or kind == "Float64" else level_label(level)


def _new_manifest(study: Study, data_fingerprints: Mapping[str, str]) -> dict[str, Any]:
    return {
        "format": FORMAT_VERSION,
        "study": study.name,
        "fingerprint": study.fingerprint(),
        "seeds": list(study.seed_list()),
        "data": dict(data_fingerprints),
        **circumstances(),
        "elapsed_seconds": 0.0,
    }


def circumstances() -> dict[str, Any]:
    """When, with what and where something was made."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), **_versions()},
        "platform": platform.platform(),
        "processors": os.cpu_count(),
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
