"""The folder of a training that was watched: the tables of one trial, which `assay show`, `report` and `export` open.

::

    folder = WatchFolder("watched", model="Net", clock="step")
    folder.write(100, history=history, signals=signals)
    folder.end(outcome="completed", step=1000, findings=findings)

Keras' and PyTorch's watchers write the same: `store/schema.py` has the columns. A `clock` of steps means that the
column ``epoch`` counts updates.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.diagnosis.finding import Finding, Verdict
from assay.errors import StoreError
from assay.store.checking import check_is_ours_or_empty
from assay.store.files import make_folders, read_json, remove_leftovers, write_json, write_parquet
from assay.store.schema import (
    COLUMNS_OF,
    FORMAT_VERSION,
    MANIFEST_FILE,
    ORIGIN,
    empty_frame,
    part_stem,
    trial_columns,
    with_columns_of,
)
from assay.store.watched import Clock
from assay.store.writing import circumstances

if TYPE_CHECKING:
    import polars as pl

FINDINGS_FILE = "findings.jsonl"
POPULATION = 1
TABLES = ("trials", "history", "signals", "histograms")


class WatchFolder:
    """The one writer of a watched training's folder.

    Parameters
    ----------
    directory : path
        Made if it is not there. An earlier watched training in it is replaced.
    model : str
        The name of the condition.
    clock : {"step", "epoch"}
        What the column ``epoch`` counts.
    about : mapping, optional
        What a page tells of it, as JSON.

    Raises
    ------
    StoreError
        If the directory holds a study's results or something of the user's own, or cannot be written.
    """

    def __init__(
        self, directory: str | Path, *, model: str, clock: Clock, about: Mapping[str, Any] | None = None
    ) -> None:
        self.directory = Path(directory)
        check_may_be_written(self.directory)
        make_folders(self.directory, TABLES)
        remove_leftovers(self.directory, TABLES)
        for table in TABLES:
            for part in (self.directory / table).glob("*.parquet"):
                part.unlink()
        (self.directory / FINDINGS_FILE).unlink(missing_ok=True)
        self.model, self._began = model, time.monotonic()
        self._manifest: dict[str, Any] = {
            "format": FORMAT_VERSION,
            "origin": ORIGIN,
            "study": model,
            "clock": clock,
            "fingerprint": "",
            "seeds": [0],
            "data": {},
            **circumstances(),
            "elapsed_seconds": 0.0,
            "about": dict(about or {}),
        }
        self.note()

    def note(self, **facts: Any) -> None:
        """Add facts to the manifest; they must be JSON."""
        self._manifest |= {**facts, "elapsed_seconds": time.monotonic() - self._began}
        write_json(self.directory / MANIFEST_FILE, self._manifest)

    def write(self, at: int, **tables: pl.DataFrame) -> None:
        """A part of each table, named as in a study's folder by the first step or epoch that it holds."""
        for table, frame in tables.items():
            path = self.directory / table / f"{part_stem(POPULATION)}-select-{at:05d}.parquet"
            write_parquet(path, with_columns_of(frame, COLUMNS_OF[table]))

    def tell(self, finding: Finding, *, at: int, rank: int | None = None) -> None:
        """A line of ``findings.jsonl``, for programs that follow a training."""
        line = {"at": at, **({} if rank is None else {"rank": rank}), **finding.written()}
        with (self.directory / FINDINGS_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")

    def end(
        self,
        *,
        at: int,
        outcome: str,
        findings: Sequence[Finding],
        parameters: int | None = None,
        about: Mapping[str, Any] | None = None,
        remarks: Sequence[str] = (),
    ) -> None:
        """Write what became of it: the row of the trials table, and the judgement into the manifest.

        Parameters
        ----------
        at : int
            The last step or epoch.
        outcome : {"completed", "diverged", "stopped"}
        findings : sequence of Finding
        parameters : int, optional
            How many numbers are trained.
        about : mapping, optional
            More that a page tells of it, as JSON.
        remarks : sequence of str
            What was assumed, and what could not be seen.
        """
        import polars as pl

        row = {
            "trial": 0,
            "condition": self.model,
            "seed": 0,
            "outcome": outcome,
            "outcome_epoch": at,
            "outcome_step": at if outcome == "diverged" and self._manifest["clock"] == "step" else None,
            "best_epoch": None,
            "parameters": parameters,
            "elapsed_seconds": time.monotonic() - self._began,
            "message": "",
        }
        columns = trial_columns([])
        frame = pl.DataFrame([row], schema=empty_frame(columns).schema)
        write_parquet(self.directory / "trials" / f"{part_stem(POPULATION)}.parquet", frame)
        judged = {
            "findings": [finding.written() for finding in findings],
            "verdict": Verdict.of(findings).written(),
        }
        self.note(judged=judged, about={**self._manifest["about"], **(about or {})}, remarks=list(remarks))


def check_may_be_written(directory: Path) -> None:
    """Refuse a folder that holds something else than a watched training.

    Raises
    ------
    StoreError
    """
    manifest = directory / MANIFEST_FILE
    if manifest.exists() and read_json(manifest).get("origin") != ORIGIN:
        raise StoreError(f"{directory}: it holds the results of a study. Give the watcher a folder of its own.")
    check_is_ours_or_empty(directory, noun="folder of a watched training", remedy="Give another folder.")
