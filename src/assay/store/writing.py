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
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import StoreError
from assay.store.checking import check_is_ours_or_empty, check_same_data, check_same_study
from assay.store.files import make_folders, remove_leftovers, write_arrays, write_json, write_parquet
from assay.store.given import keep_rows
from assay.store.locking import FolderLock
from assay.store.migration import upgrade
from assay.store.present import factor_columns
from assay.store.reading import Tables, read_manifest
from assay.store.records import Record, read_records, remove_record
from assay.store.schema import (
    COLUMNS_OF,
    DATA_FOLDER,
    FOLDERS,
    FORMAT_VERSION,
    IDENTITY,
    MANIFEST_FILE,
    SELECTED,
    STUDY_FILE,
    kept_columns,
    network_name,
    network_trial,
    part_number,
    part_stem,
    trial_columns,
    with_columns_of,
)
from assay.study.identity import identities

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
        self._conditions = {condition.name: condition for condition in study.expand()}
        names = [name for name in self._conditions for _ in study.design.splits]
        self._identities = list(zip(names, identities(study), strict=True))
        self._has_splits = len(study.design.splits) > 1
        self._lock = lock
        self._opened, self._when = time.monotonic(), _now()
        self._opened_seeds: set[int] = set()
        self._opened_trials = 0
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
            remove_leftovers(directory, (*FOLDERS, DATA_FOLDER))
            if (directory / MANIFEST_FILE).exists():
                manifest = read_manifest(directory)
                check_same_study(directory, manifest, study)
                check_same_data(directory, manifest["data"], data_fingerprints)
                upgrade(directory, manifest)
                manifest["data"] |= data_fingerprints
                has_changed = manifest["fingerprint"] != study.fingerprint()
                manifest |= {**_of_study(study), "grown": has_changed or manifest.get("grown", False)}
            else:
                manifest = _new_manifest(study, data_fingerprints)
            store = cls(directory, study, manifest, lock)
            write_json(directory / MANIFEST_FILE, manifest)
            keep_rows(directory, study)
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
        self._write_rows("history", population, phase, first_epoch, frame)

    def write_signals(
        self, population: int, phase: str, first_epoch: int, signals: pl.DataFrame, histograms: pl.DataFrame
    ) -> None:
        """Keep what probes recorded in one segment; parts are named as those of the history."""
        self._write_rows("signals", population, phase, first_epoch, signals)
        self._write_rows("histograms", population, phase, first_epoch, histograms)

    def write_predictions(self, population: int, split: str, frame: pl.DataFrame) -> None:
        """Keep what networks of a population said of the rows of a split; replaces what was there of it."""
        columns = kept_columns(COLUMNS_OF["predictions"])
        write_parquet(
            self._part("predictions", population, f"-{split}"),
            with_columns_of(self._identified(population, frame), columns),
        )

    def predicted(self, split: str) -> list[tuple[int, tuple[str, int]]]:
        """Population and trial of all that is kept of a split's predictions."""
        import polars as pl

        found = []
        for path in sorted((self.directory / "predictions").glob(f"*-{split}.parquet")):
            rows = pl.read_parquet(path.read_bytes(), columns=[IDENTITY, "seed"]).unique(maintain_order=True)
            found += [(part_number(path), trial) for trial in rows.iter_rows()]
        return found

    def save_network(
        self, identity: str, seed: int, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]
    ) -> None:
        """Keep a trained network, as `assay.kept.Kept.written` gave it; replaces a former one of this trial."""
        write_arrays(self._network(identity, seed), arrays, about)

    @property
    def networks(self) -> list[tuple[str, int]]:
        """Identity and seed of each network that is kept."""
        return [network_trial(path) for path in sorted((self.directory / "networks").glob("*.npz"))]

    def drop_network(self, identity: str, seed: int) -> None:
        """Forget a network."""
        self._network(identity, seed).unlink(missing_ok=True)

    def _network(self, identity: str, seed: int) -> Path:
        return self.directory / "networks" / network_name(identity, seed)

    def _write_rows(self, table: str, population: int, phase: str, first_epoch: int, frame: pl.DataFrame) -> None:
        path = self._part(table, population, f"-{phase}-{first_epoch:05d}")
        rows = self._identified(population, frame)
        write_parquet(path, with_columns_of(rows, kept_columns(COLUMNS_OF[table])))

    def _identified(self, population: int, frame: pl.DataFrame) -> pl.DataFrame:
        """With the identity of each row's condition: of several splits, on that of the population."""
        import polars as pl

        record = self.records.get(population) if self._has_splits else None
        own = {name: identity for name, identity in self._identities if record is None or identity in record.identities}
        found = pl.col("condition").replace_strict(own, default="", return_dtype=pl.String)
        return frame.with_columns(found.alias(IDENTITY))

    def read_history(self, population: int, *filters: pl.Expr) -> pl.DataFrame:
        """The rows of a population's history that pass all `filters`, in no order; the others never fill memory."""
        return Tables(self.directory).rows("history", *filters, population=population)

    def drop_history_after(self, population: int, phase: str, epoch: int) -> None:
        """Forget what was recorded of a phase after `epoch`, so that it agrees with a checkpoint of that epoch."""
        import polars as pl

        parts = [
            path for table in ("history", "signals", "histograms") for path in self._parts(table, population, phase)
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

        settings = {name: condition.settings for name, condition in self._conditions.items()}
        columns = trial_columns(settings.values())
        levels = factor_columns(list(settings.values()), columns)
        index = {name: number for number, name in enumerate(settings)}
        places = frame["condition"].replace_strict(index, return_dtype=pl.Int64)
        frame = frame.with_columns(level[places].alias(key) for key, level in levels.items())
        if "epochs" not in frame.columns:
            epochs = {name: condition.training.epochs for name, condition in self._conditions.items()}
            asked = pl.col("condition").replace_strict(epochs, return_dtype=pl.Int64)
            nothing = pl.lit(None, pl.Int64)
            frame = frame.with_columns(epochs=asked, steps=nothing, final_epochs=nothing)
        rows = self._identified(population, frame)
        write_parquet(self._part("trials", population), with_columns_of(rows, kept_columns(columns)))
        self.note(elapsed_seconds=self._elapsed_before + time.monotonic() - self._opened)

    def finished(self, population: int) -> bool:
        """Whether the trials of a population are in the table; one that an error ended is to be tried again."""
        import polars as pl

        path = self._part("trials", population)
        if not path.exists():
            return False
        return not pl.read_parquet(path, columns=["outcome"])["outcome"].is_in(["failed", SELECTED]).any()

    # ------------------------------------------------------------------ populations, and what of them stands

    @property
    def records(self) -> dict[int, Record]:
        """The record of each population by its number."""
        return read_records(self.directory)

    def begin(self, record: Record) -> None:
        """Keep the record of a population, before its first segment; nothing is written where it is there."""
        if self.records.get(record.number) == record:
            return
        if record.number > self.last_number:
            self.note(last_population=record.number)
        replace(record, begun=record.begun or _now()).write(self.directory)

    @property
    def last_number(self) -> int:
        """The highest number that a population has had; numbers are never used again."""
        return int(self.manifest.get("last_population", 0))

    def drop_population(self, population: int) -> None:
        """Forget all that a population has written, its record last."""
        for table in ("trials", *COLUMNS_OF):
            for path in self._parts(table, population):
                path.unlink()
        self.clear_checkpoint(population)
        self.clear_state(population)
        remove_record(self.directory, population)

    def drop_trials(self, population: int, table: str, trials: Collection[tuple[str, int]], phase: str = "") -> None:
        """Forget the rows of some trials, each an identity and a seed, in one table of a population.

        Parameters
        ----------
        population : int
        table : str
        trials : collection of (str, int)
        phase : str, optional
            Of the history, or a split of the predictions; all of them when not given.
        """
        import polars as pl

        gone = pl.DataFrame(list(trials), schema={IDENTITY: pl.String, "seed": pl.Int64}, orient="row")
        for path in self._parts(table, population, phase):
            frame = pl.read_parquet(path.read_bytes())
            kept = frame.join(gone, on=[IDENTITY, "seed"], how="anti", maintain_order="left")
            if kept.is_empty():
                path.unlink()
            elif len(kept) < len(frame):
                write_parquet(path, kept)

    def change_trials(self, population: int, changes: Mapping[tuple[str, int], Mapping[str, Any] | None]) -> None:
        """Put other values into rows of trials, each known by identity and seed; None removes a row."""
        import polars as pl

        path = self._part("trials", population)
        frame = pl.read_parquet(path.read_bytes())
        rows = []
        for row in frame.iter_rows(named=True):
            change = changes.get((row[IDENTITY], row["seed"]), {})
            rows += [] if change is None else [{**row, **change}]
        if rows:
            write_parquet(path, pl.DataFrame(rows, schema=frame.schema))
        else:
            path.unlink()

    def note_opening(self, seeds: Collection[int], trials: int) -> None:
        """Keep that the test set was opened in this run, for how many trials; once a run, with the last numbers."""
        openings = self.manifest.get("openings", [])
        if self._opened_seeds:
            openings = openings[:-1]
        self._opened_seeds |= set(seeds)
        self._opened_trials += trials
        opening = {"when": self._when, "seeds": len(self._opened_seeds), "trials": self._opened_trials}
        self.note(openings=[*openings, opening])

    def save_state(self, population: int, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
        """Keep the state at the end of a selection phase; see `save_checkpoint`."""
        _save_arrays(self._state(population), arrays, about)

    def load_state(self, population: int) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """What `save_state` kept, or None."""
        return _load_arrays(self._state(population))

    def clear_state(self, population: int) -> None:
        """Forget the state at the end of a selection phase."""
        self._state(population).unlink(missing_ok=True)

    def _state(self, population: int) -> Path:
        return self.directory / "states" / f"{part_stem(population)}.npz"

    # ------------------------------------------------------------------ checkpoints

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
        _save_arrays(self._checkpoint(population), arrays, about)

    def load_checkpoint(self, population: int) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """The arrays and the description last saved for a population, or None.

        Raises
        ------
        StoreError
            If the file is damaged.
        """
        return _load_arrays(self._checkpoint(population))

    def clear_checkpoint(self, population: int) -> None:
        """Remove the checkpoint of a population that has ended."""
        self._checkpoint(population).unlink(missing_ok=True)

    def _parts(self, table: str, population: int, phase: str = "") -> list[Path]:
        """The files of a population in a table, of one phase or of all."""
        if table == "trials":
            paths = [self._part(table, population)]
            return [path for path in paths if path.exists()]
        return sorted((self.directory / table).glob(f"{part_stem(population)}-{phase}*.parquet"))

    def _part(self, table: str, population: int, detail: str = "") -> Path:
        return self.directory / table / f"{part_stem(population)}{detail}.parquet"

    def _checkpoint(self, population: int) -> Path:
        return self.directory / "checkpoints" / f"{part_stem(population)}.npz"


def _save_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    write_arrays(path, {_ARRAY + name: np.asarray(array) for name, array in arrays.items()}, about)


def _load_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _of_study(study: Study) -> dict[str, Any]:
    """What the manifest says of the present study."""
    return {"study": study.name, "fingerprint": study.fingerprint(), "seeds": list(study.seed_list())}


def _new_manifest(study: Study, data_fingerprints: Mapping[str, str]) -> dict[str, Any]:
    return {
        "format": FORMAT_VERSION,
        **_of_study(study),
        "data": dict(data_fingerprints),
        **circumstances(),
        "elapsed_seconds": 0.0,
    }


def circumstances() -> dict[str, Any]:
    """When, with what and where something was made."""
    return {
        "created": _now(),
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
