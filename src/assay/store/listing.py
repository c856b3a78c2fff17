"""Which results folders lie in a folder, and how far each has come. Reads manifests and counts rows; judges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assay.errors import AssayError, StoreError
from assay.store.reading import Tables
from assay.store.schema import MANIFEST_FILE


@dataclass(frozen=True)
class FolderEntry:
    """One results folder.

    Attributes
    ----------
    directory : Path
    study : str
        Its name.
    conditions, seeds : int
    trials : int
        How many the study asks for.
    ended : int
        How many of them have ended.
    elapsed_seconds : float
        Spent on it.
    changed : datetime
        When it was last written, in UTC.
    problem : str
        Why it cannot be read; empty where it can.
    """

    directory: Path
    study: str
    conditions: int
    seeds: int
    trials: int
    ended: int
    elapsed_seconds: float
    changed: datetime
    problem: str = ""

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "directory": str(self.directory),
            "study": self.study,
            "conditions": self.conditions,
            "seeds": self.seeds,
            "trials": self.trials,
            "ended": self.ended,
            "elapsed_seconds": self.elapsed_seconds,
            "changed": self.changed.isoformat(timespec="seconds"),
            "problem": self.problem,
        }


def results_folders(directory: Path) -> list[FolderEntry]:
    """The results folders in `directory`, at any depth, the last changed first.

    Raises
    ------
    StoreError
        If there is no such folder.
    """
    if not directory.is_dir():
        raise StoreError(f"{directory}: no such folder. `assay run` keeps results in assay-runs, one folder a study.")
    return sorted(_entries(directory), key=lambda entry: entry.changed, reverse=True)


def _entries(directory: Path) -> Iterator[FolderEntry]:
    for manifest in sorted(directory.rglob(MANIFEST_FILE)):
        folder = manifest.parent
        changed = datetime.fromtimestamp(manifest.stat().st_mtime, UTC)
        try:
            tables = Tables(folder)
            conditions, seeds = len(tables.conditions), len(tables.study.seed_list())
            asked = conditions * seeds * len(tables.study.design.splits)
            ended, elapsed = len(tables.trials), float(tables.manifest.get("elapsed_seconds", 0.0))
        except AssayError as error:
            yield FolderEntry(folder, "", 0, 0, 0, 0, 0.0, changed, str(error))
            continue
        yield FolderEntry(folder, tables.study.name, conditions, seeds, asked, ended, elapsed, changed)
