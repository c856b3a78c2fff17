"""The files and columns of a results folder: the contract that every reader relies on.

::

    DIR/study.json                      the study as written
    DIR/manifest.json                   format, versions, platform, seeds, data fingerprints, time spent
    DIR/populations/p001.json           which trials a population has; written before it begins
    DIR/trials/p001.parquet             one row per trial, written when a phase of its population has ended
    DIR/history/p001-select-00001.parquet   long rows; named by population, phase and first epoch
    DIR/signals/p001-select-00000.parquet      what probes recorded of each layer, in long rows; named as history
    DIR/histograms/p001-select-00000.parquet   the distributions, a row each
    DIR/predictions/p001-test.parquet   what kept networks said of the validation and of the test rows
    DIR/networks/0123456789abcdef-s0.npz   a trained network that is kept, by its identity and its seed
    DIR/checkpoints/p001.npz            a population in flight; removed when it has ended
    DIR/states/p001.npz                 its state after the selection phase, where ``design.keep_state`` asks for it
    DIR/data/HEX.parquet                the rows of data that were given in Python, a table; or arrays as HEX.npz

A trial is known by the column ``identity`` (see `assay.study.identity`) and its seed. ``trial`` and ``condition`` are
what it was called when the row was written; readers call it what the present study calls it.

Data types are named as polars names them, so that reading this page costs no import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

FORMAT_VERSION = 2
"""Raised when a reader of the previous number would misread the folder."""

ORIGIN = "watch"
"""What the manifest of a training of the user's own says of its origin; it has no study file."""

RUNS_FOLDER = Path("assay-runs")
"""Where results folders lie unless the user says otherwise."""

STUDY_FILE = "study.json"
MANIFEST_FILE = "manifest.json"
LOCK_FILE = ".lock"
WRITER_FILE = ".writer"
TEMPORARY_SUFFIX = ".tmp"
DATA_FOLDER = "data"
FOLDERS = (
    "trials",
    "history",
    "signals",
    "histograms",
    "predictions",
    "networks",
    "checkpoints",
    "populations",
    "states",
)

HISTORY_COLUMNS = {
    "trial": "Int64",
    "condition": "String",
    "seed": "Int64",
    "phase": "String",  # select | final
    "epoch": "Int64",  # 0 is the untrained network
    "split": "String",  # train | validation | test
    "metric": "String",  # loss | accuracy | mean_absolute_error
    "value": "Float64",
}

SIGNAL_COLUMNS = {
    "trial": "Int64",
    "condition": "String",
    "seed": "Int64",
    "epoch": "Int64",
    "layer": "Int64",
    "quantity": "String",
    "statistic": "String",
    "value": "Float64",
}

HISTOGRAM_COLUMNS = {
    "trial": "Int64",
    "condition": "String",
    "seed": "Int64",
    "epoch": "Int64",
    "layer": "Int64",
    "quantity": "String",
    "low": "Float64",  # the ends; the bins between them are equal
    "high": "Float64",
    "counts": "List(Int32)",
}

PREDICTION_COLUMNS = {
    "trial": "Int64",
    "condition": "String",
    "seed": "Int64",
    "epoch": "Int64",  # after which the network was taken
    "split": "String",  # validation | test
    "row": "Int64",  # in the split, from 0
    "source_row": "Int64",  # in the source that the split was taken from, from 0
    "target": "List(Float32)",  # as a network learns it: one-hot, 0 or 1, or (scaled) values
    "outputs": "List(Float32)",
}

COLUMNS_OF = {
    "history": HISTORY_COLUMNS,
    "signals": SIGNAL_COLUMNS,
    "histograms": HISTOGRAM_COLUMNS,
    "predictions": PREDICTION_COLUMNS,
}
"""The tables that are the same in every study; see `trial_columns` for the other."""

IDENTITY = "identity"
"""The column of every file that says what decides the numbers of its row."""

RESAMPLE = "resample"
"""The column that says, from 0, of which of several splits a row is; files and studies of one split have none."""

SELECTED = "selected"
"""The outcome of a trial whose selection phase has ended and whose final phase has not; readers leave it out."""

_FACTS = {
    IDENTITY: "String",
    "epochs": "Int64",  # of the selection phase
    "steps": "Int64",  # updates in them
    "final_epochs": "Int64",  # of the final phase; null where there was none
}
"""What the files of trials hold beside the columns that are shown."""

_TRIAL_COLUMNS_BEFORE = {"trial": "Int64", "condition": "String", "seed": "Int64"}
_TRIAL_COLUMNS_AFTER = {
    "outcome": "String",  # completed | diverged | stopped | failed, in the files also selected
    "outcome_epoch": "Int64",
    "outcome_step": "Int64",
    "best_epoch": "Int64",
    "parameters": "Int64",
    "elapsed_seconds": "Float64",
    "message": "String",
}


def trial_columns(settings: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Columns of the trials table: the fixed ones with one per factor between them.

    Parameters
    ----------
    settings : iterable of mapping
        The settings of each condition: dotted key to level. A factor whose levels are all numbers is a number
        column, any other is text.
    """
    factors: dict[str, str] = {}
    for condition in settings:
        for key, level in condition.items():
            if level is None:  # follows from the data; null in either kind of column
                factors.setdefault(key, "")
                continue
            kind = "Float64" if isinstance(level, int | float) and not isinstance(level, bool) else "String"
            factors[key] = kind if factors.get(key) in (None, "", kind) else "String"
    known = {key: kind or "String" for key, kind in factors.items()}
    return {**_TRIAL_COLUMNS_BEFORE, **known, **_TRIAL_COLUMNS_AFTER}


def with_splits(columns: Mapping[str, str]) -> dict[str, str]:
    """The columns that a reader sees where the study has several splits: which one stands before the seed."""
    found: dict[str, str] = {}
    for name, kind in columns.items():
        found |= {RESAMPLE: "Int64", name: kind} if name == "seed" else {name: kind}
    return found


def kept_columns(columns: Mapping[str, str]) -> dict[str, str]:
    """The columns of a file, from those that are shown: of history, signals or histograms, or of trials."""
    return {**columns, **(_FACTS if "outcome" in columns else {IDENTITY: "String"})}


def with_columns_of(frame: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    """`frame` with exactly `columns`, in order and type.

    Raises
    ------
    ValueError
        If a column is missing or unknown.
    """
    import polars as pl

    if set(frame.columns) != set(columns):
        raise ValueError(f"expected the columns {list(columns)}, got {frame.columns}")
    return frame.select(pl.col(name).cast(data_type(kind)) for name, kind in columns.items())


def data_type(kind: str) -> pl.DataType:
    """The polars data type of this name: ``Int64``, ``List(Int32)``."""
    import polars as pl

    outer, _, inner = kind.rstrip(")").partition("(")
    return getattr(pl, outer)(data_type(inner)) if inner else getattr(pl, outer)()


def empty_frame(columns: Mapping[str, str]) -> pl.DataFrame:
    """A table without rows."""
    import polars as pl

    return pl.DataFrame(schema={name: data_type(kind) for name, kind in columns.items()})


def part_stem(population: int) -> str:
    """How the files of a population begin."""
    return f"p{population:03d}"


def network_name(identity: str, seed: int) -> str:
    """The file of a kept network."""
    return f"{identity}-s{seed}.npz"


def network_trial(path: Path) -> tuple[str, int]:
    """Whose network a file holds: its identity and its seed."""
    identity, _, seed = path.stem.rpartition("-s")
    return identity, int(seed)


def part_number(path: Path) -> int:
    """The number of the population that wrote a part."""
    return int(path.name.removeprefix("p").partition("-")[0].partition(".")[0])
