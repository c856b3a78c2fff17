"""What every figure of the signal reads: the tables of a results folder, with theory beside them where there is one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import StoreError, did_you_mean
from assay.probes import find_quantity
from assay.store.schema import RESAMPLE

if TYPE_CHECKING:
    import polars as pl

    from assay.results import Results


@dataclass(frozen=True, eq=False)
class SignalTables:
    """Signals, distributions and theory of a study.

    Attributes
    ----------
    signals : polars.DataFrame
        Columns of `assay.store.schema.SIGNAL_COLUMNS`: a number for each trial, epoch, layer, quantity and statistic.
    histograms : polars.DataFrame
        Columns of `assay.store.schema.HISTOGRAM_COLUMNS`.
    conditions : list of str
        In the study's order.
    theory : polars.DataFrame, optional
        Columns condition, layer, quantity, statistic (``std`` or ``rms``), value: what untrained networks should show.
    clock : str
        What the column ``epoch`` counts.
    """

    signals: pl.DataFrame
    histograms: pl.DataFrame
    conditions: list[str]
    theory: pl.DataFrame | None = None
    clock: str = "epoch"

    @classmethod
    def of(
        cls, results: Results, theory: pl.DataFrame | None = None, conditions: Collection[str] | None = None
    ) -> SignalTables:
        """The tables of a results folder, or of some of its conditions."""
        import polars as pl

        names = [c.name for c in results.conditions if conditions is None or c.name in conditions]
        of_these = pl.col("condition").is_in(names)
        signals, histograms = (
            results.rows(table, of_these).sort("trial", "epoch", "layer") for table in ("signals", "histograms")
        )
        return cls(signals, histograms, names, theory, results.clock)

    def theory_of(self, quantity: str, epoch: int) -> pl.DataFrame:
        """Columns condition, layer, value: the size of a quantity in theory; empty but for the untrained network."""
        import polars as pl

        columns = {"condition": pl.String, "layer": pl.Int64, "value": pl.Float64}
        if self.theory is None or epoch != 0:
            return pl.DataFrame(schema=columns)
        return self.theory.filter(quantity=quantity, statistic=find_quantity(quantity).size).select(*columns)

    @property
    def unit(self) -> str:
        """What a condition has several of: seeds, or networks where each seed has several splits."""
        return "networks" if RESAMPLE in self.signals.columns else "seeds"

    def count(self, rows: pl.DataFrame) -> int:
        """How many of these some rows of signals are of, for each condition."""
        return rows.select(name for name in (RESAMPLE, "seed") if name in rows.columns).n_unique()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been recorded."""
        return self.signals.is_empty()

    def epochs(self, conditions: Sequence[str] | None = None) -> list[int]:
        """The epochs at which any of these conditions was looked at."""
        rows = self.signals.filter(self.signals["condition"].is_in(self.chosen(conditions)))
        return rows["epoch"].unique().sort().to_list()

    def depth(self, conditions: Sequence[str] | None = None) -> int:
        """Layers of the deepest of these conditions, the output's included."""
        rows = self.signals.filter(self.signals["condition"].is_in(self.chosen(conditions)))
        return int(rows["layer"].max() or 0)  # type: ignore[arg-type]

    def chosen(self, conditions: Sequence[str] | None = None) -> list[str]:
        """These conditions in the study's order; all if None.

        Raises
        ------
        StoreError
            If one is unknown.
        """
        for name in conditions or ():
            if name not in self.conditions:
                near = did_you_mean(name, self.conditions)
                raise StoreError(f"No condition '{name}'.{near} There are: {'; '.join(self.conditions)}.")
        return [name for name in self.conditions if conditions is None or name in conditions]
