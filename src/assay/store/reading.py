"""Read a results folder, finished or still being written, with this program or after it.

::

    tables = Tables("assay-runs/digits")
    tables.history.filter(split="validation", metric="loss")
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.errors import StoreError
from assay.own_code import running_nothing
from assay.store.schema import (
    COLUMNS_OF,
    FORMAT_VERSION,
    MANIFEST_FILE,
    ORIGIN,
    STUDY_FILE,
    empty_frame,
    part_stem,
    trial_columns,
)

if TYPE_CHECKING:
    import polars as pl

    from assay.store.watched import WatchedCondition, WatchedTraining
    from assay.study.spec import Condition, Study


class Tables:
    """What a results folder holds so far: tidy tables, and the study itself.

    Each table is read once, when first asked for. While a study runs, open the folder again for newer numbers.

    Parameters
    ----------
    directory : path
        A results folder.

    Attributes
    ----------
    directory : Path
    manifest : dict
        Format, versions, platform, seeds, fingerprints of the data, time spent.

    Raises
    ------
    StoreError
        If it is not a results folder, or one of a newer format.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        self.manifest = read_manifest(self.directory)

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self.directory}')"

    @property
    def was_watched(self) -> bool:
        """Whether these are of a training of the user's own that was watched, and not of a study."""
        return self.manifest.get("origin") == ORIGIN

    @property
    def clock(self) -> str:
        """What the column ``epoch`` counts: epochs, or steps."""
        return str(self.manifest.get("clock", "epoch"))

    @cached_property
    def study(self) -> Study | WatchedTraining:
        """The study, as it was written; code of a user's own that it names is not run.

        A training that was watched has none; see `WatchedTraining`.
        """
        from assay.store.watched import WatchedTraining
        from assay.study.spec import Study

        if self.was_watched:
            return WatchedTraining.of(self.manifest)

        with running_nothing(self.manifest.get("own_code")):
            return Study(**read_json(self.directory / STUDY_FILE))

    @cached_property
    def conditions(self) -> Sequence[Condition | WatchedCondition]:
        """The conditions of the study, in their order."""
        return list(self.study.expand())

    @cached_property
    def trials(self) -> pl.DataFrame:
        """One row per trial that has ended."""
        columns = trial_columns(condition.settings for condition in self.conditions)
        return self._table("trials", columns).sort("trial")

    @cached_property
    def history(self) -> pl.DataFrame:
        """Loss and metrics per trial, phase, epoch and split, in long rows; the selection before the final phase."""
        keys = ["trial", "phase", "epoch", "split", "metric"]
        return self.rows("history").sort(keys, descending=[key == "phase" for key in keys])

    @cached_property
    def signals(self) -> pl.DataFrame:
        """What was recorded of each layer, in long rows."""
        return self.rows("signals").sort("trial", "epoch", "layer")

    @cached_property
    def histograms(self) -> pl.DataFrame:
        """The distributions that were recorded of each layer: two ends and the counts of equal bins between them."""
        return self.rows("histograms").sort("trial", "epoch", "layer")

    def rows(self, table: str, *filters: pl.Expr, population: int | None = None) -> pl.DataFrame:
        """The rows of a table that pass all `filters`, in no order; the others never fill memory.

        Parameters
        ----------
        table : {"history", "signals", "histograms"}
        *filters : polars.Expr
            On the columns of that table.
        population : int, optional
            Look only at what this one wrote.
        """
        pattern = "*.parquet" if population is None else f"{part_stem(population)}-*.parquet"
        return self._table(table, COLUMNS_OF[table], *filters, pattern=pattern)

    def _table(
        self, name: str, columns: Mapping[str, str], *filters: pl.Expr, pattern: str = "*.parquet"
    ) -> pl.DataFrame:
        import polars as pl

        parts = [empty_frame(columns)]
        for path in sorted((self.directory / name).glob(pattern)):
            try:
                parts.append(pl.scan_parquet(path, glob=False).filter(*filters).select(list(columns)).collect())
            except FileNotFoundError:
                continue  # a writer that resumed has dropped this part since the folder was listed
            except (pl.exceptions.PolarsError, OSError) as error:
                raise StoreError(
                    f"{path}: this part of the {name} table cannot be read ({_first_line(error)}). "
                    "Remove it to read the rest; bring it back from a copy to have it whole."
                ) from error
        return pl.concat(parts)


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of a results folder.

    Raises
    ------
    StoreError
        If `directory` is not a results folder, or one of a newer format.
    """
    if not directory.is_dir():
        raise StoreError(f"{directory}: no such results folder. `assay run` makes one.")
    if not (directory / MANIFEST_FILE).exists():
        raise StoreError(f"{directory}: expected a results folder of `assay run`, but it has no {MANIFEST_FILE}.")
    manifest = read_json(directory / MANIFEST_FILE)
    if not isinstance(manifest.get("format"), int) or "fingerprint" not in manifest or "data" not in manifest:
        raise StoreError(
            f"{directory / MANIFEST_FILE}: expected the manifest of a results folder, found something else."
        )
    if manifest["format"] > FORMAT_VERSION:
        raise StoreError(
            f"{directory}: written in format {manifest['format']} by assay "
            f"{manifest.get('versions', {}).get('assay', 'of a later version')}; this assay reads up to format "
            f"{FORMAT_VERSION}. Install a newer assay to read or continue it."
        )
    return manifest


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises
    ------
    StoreError
        If the file is missing or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({_first_line(error)}).") from error
    if not isinstance(content, dict):
        raise StoreError(f"{path}: expected a JSON object, found {type(content).__name__}.")
    return content


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
