"""Read a results folder, finished or still being written, with this program or after it.

::

    tables = Tables("assay-runs/digits")
    tables.history.filter(split="validation", metric="loss")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.data.digests import look_in
from assay.errors import StoreError
from assay.own_code import running_nothing
from assay.store.files import first_line as _first_line
from assay.store.files import read_json
from assay.store.present import LeftOut, Present
from assay.store.records import read_records
from assay.store.schema import (
    COLUMNS_OF,
    DATA_FOLDER,
    FORMAT_VERSION,
    MANIFEST_FILE,
    ORIGIN,
    RESAMPLE,
    STUDY_FILE,
    empty_frame,
    kept_columns,
    part_number,
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

        look_in(self.directory / DATA_FOLDER)
        with running_nothing(self.manifest.get("own_code")):
            return Study(**read_json(self.directory / STUDY_FILE))

    @cached_property
    def conditions(self) -> Sequence[Condition | WatchedCondition]:
        """The conditions of the study, in their order."""
        return list(self.study.expand())

    @cached_property
    def present(self) -> Present:
        """What the study asks for, and what it calls it."""
        from assay.study.spec import Study

        assert isinstance(self.study, Study)
        return Present.of(self.study, grown=bool(self.manifest.get("grown")))

    @property
    def unit_columns(self) -> list[str]:
        """What tells the trials of a condition apart: the seed, and the split where there are several."""
        return [RESAMPLE, "seed"] if self._has_identities and self.present.splits > 1 else ["seed"]

    @cached_property
    def trials(self) -> pl.DataFrame:
        """One row per trial that has ended."""
        columns = trial_columns(condition.settings for condition in self.conditions)
        if not self._has_identities:
            return self._table("trials", columns).sort("trial")
        return self.present.trials(self.trial_rows, self.present.columns(columns), self.conditions)

    @cached_property
    def trial_rows(self) -> pl.DataFrame:
        """The rows of trials as the files hold them, those that are not asked for included, with their population."""
        import polars as pl

        columns = kept_columns(trial_columns([]))
        parts = [empty_frame({**columns, "population": "Int64"})]
        for path in sorted((self.directory / "trials").glob("*.parquet")):
            rows = self._read(path, "trials", lambda rows: rows.select(list(columns)))
            if rows is not None:
                parts.append(rows.with_columns(population=pl.lit(part_number(path), pl.Int64)))
        return pl.concat(parts)

    @cached_property
    def left_out(self) -> LeftOut:
        """What the folder holds and the present study does not ask for."""
        return self.present.left_out(self.trial_rows) if self._has_identities else LeftOut(0, 0)

    @cached_property
    def history(self) -> pl.DataFrame:
        """Loss and metrics per trial, phase, epoch and split, in long rows; the selection before the final phase."""
        keys = ["trial", "phase", "epoch", "split", "metric"]
        return self.rows("history").sort(keys, descending=[key == "phase" for key in keys])

    @cached_property
    def signals(self) -> pl.DataFrame:
        """What was recorded of each layer, in long rows."""
        return self.rows("signals").sort("trial", "epoch", "layer", maintain_order=True)

    @cached_property
    def histograms(self) -> pl.DataFrame:
        """The distributions that were recorded of each layer: two ends and the counts of equal bins between them."""
        return self.rows("histograms").sort("trial", "epoch", "layer", maintain_order=True)

    @cached_property
    def predictions(self) -> pl.DataFrame:
        """What kept networks said of each row of the validation split, and of the test split once it was opened."""
        if self.was_watched:
            return empty_frame(COLUMNS_OF["predictions"])
        has_test = self.study.design.final
        rows = self.rows("predictions") if has_test else self.rows("predictions", _is_validation())
        if self.manifest.get("grown"):  # what was trained again stands twice until the folder is settled
            rows = rows.unique(["trial", "split", "row"], keep="last", maintain_order=True)
        return rows.sort("trial", "split", "row", descending=[False, True, False])

    def rows(self, table: str, *filters: pl.Expr, population: int | None = None) -> pl.DataFrame:
        """The rows of a table that pass all `filters`, in no order; the others never fill memory.

        Parameters
        ----------
        table : {"history", "signals", "histograms", "predictions"}
        *filters : polars.Expr
            On the columns of that table.
        population : int, optional
            Look only at what this one wrote.
        """
        pattern = "*.parquet" if population is None else f"{part_stem(population)}-*.parquet"
        return self._table(table, COLUMNS_OF[table], *filters, pattern=pattern)

    @property
    def _has_identities(self) -> bool:
        return not self.was_watched and self.manifest["format"] > 1

    def _table(
        self, name: str, columns: Mapping[str, str], *filters: pl.Expr, pattern: str = "*.parquet"
    ) -> pl.DataFrame:
        import polars as pl

        if self._has_identities:
            columns = self.present.columns(columns)

        def shown(rows: pl.LazyFrame) -> pl.LazyFrame:
            if not self._has_identities:
                asked = self._renamed(rows)
            else:
                asked = rows if self.present.is_as_written else self.present.rows(rows)
            return asked.filter(*filters).select(list(columns))

        parts = [empty_frame(columns)]
        hidden = hidden_populations(self.directory) if self._has_identities and self.manifest.get("grown") else set()
        for path in sorted((self.directory / name).glob(pattern)):
            if part_number(path) not in hidden:
                rows = self._read(path, name, shown)
                parts += [] if rows is None else [rows]
        return pl.concat(parts)

    def _renamed(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Rows of format 1, their conditions called as they are now."""
        import polars as pl

        from assay.store.migration import former_names
        from assay.study.spec import Study

        names = former_names(self.study) if isinstance(self.study, Study) else {}
        return rows.with_columns(pl.col("condition").replace(names)) if names else rows

    def _read(self, path: Path, name: str, shown: Callable[[pl.LazyFrame], pl.LazyFrame]) -> pl.DataFrame | None:
        """What `shown` leaves of a part; None where a writer has dropped it since the folder was listed."""
        import polars as pl

        try:
            return shown(pl.scan_parquet(path, glob=False)).collect()
        except FileNotFoundError:
            return None
        except (pl.exceptions.PolarsError, OSError) as error:
            raise StoreError(
                f"{path}: this part of the {name} table cannot be read ({_first_line(error)}). "
                "Remove it to read the rest; bring it back from a copy to have it whole."
            ) from error


def _is_validation() -> pl.Expr:
    import polars as pl

    return pl.col("split") == "validation"


def hidden_populations(directory: Path) -> set[int]:
    """Populations in flight that train anew what is there with fewer epochs, which is shown until they have ended."""
    return {
        number
        for number, record in read_records(directory).items()
        if record.replaces and not (directory / "trials" / f"{part_stem(number)}.parquet").exists()
    }


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
