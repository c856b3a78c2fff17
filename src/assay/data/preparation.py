"""From rows as people have them to the numbers that a network takes; learnt from the training rows alone, and kept.

A row is a line of a table, whose columns become features, or an array of numbers such as an image. ::

    preparation.apply(frame)          # float32 (rows, F), what the network was trained on
    Preparation.of(preparation.written()) == preparation      # JSON, so that a kept network can be used anywhere
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.data.scaling import Scaling

if TYPE_CHECKING:
    import polars as pl

KINDS = ("numeric", "boolean", "date", "categorical")
"""What a column of a table may hold. A date counts in days from 1970-01-01, a boolean is 0 or 1."""

MICROSECONDS_A_DAY = 86_400e6


@dataclass(frozen=True)
class Column:
    """What becomes of one column: its features, one beside the other.

    A column of numbers, booleans or dates is one feature. A categorical one is a feature for each level, 1 where the
    cell is this level; all are 0 for a level that the training rows did not have.

    Attributes
    ----------
    name : str
    kind : str
        One of `KINDS`.
    levels : tuple of str
        Of a categorical column, in the order of their features.
    fill : float or str, optional
        What stands in the place of a gap, as the feature's number or as a level.
    has_indicator : bool
        Whether a last feature is 1 where there is a gap.
    date_format : str, optional
        How dates were written, where they were text.
    """

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    fill: float | str | None = None
    has_indicator: bool = False
    date_format: str | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """``age``; ``port=Cork`` for each level; ``age is missing``."""
        own = tuple(f"{self.name}={level}" for level in self.levels) if self.kind == "categorical" else (self.name,)
        return (*own, f"{self.name} is missing") if self.has_indicator else own

    @property
    def is_scaled(self) -> tuple[bool, ...]:
        """Of each feature, whether it is a number to be scaled; levels and indicators are 0 or 1 by their making."""
        own = (False,) * len(self.levels) if self.kind == "categorical" else (True,)
        return (*own, False) if self.has_indicator else own

    def features(self, cells: pl.Series) -> np.ndarray:
        """The features of some cells, float64 of shape (rows, number of features); NaN for a gap without a fill."""
        import polars as pl

        gaps = cells.is_null().to_numpy()
        if self.kind == "categorical":
            found = cells.cast(pl.String)
            if self.fill is not None:
                found = found.fill_null(str(self.fill))
            values = np.zeros((len(cells), len(self.levels)))
            for number, level in enumerate(self.levels):
                values[:, number] = (found == level).fill_null(False).to_numpy()
        else:
            values = np.where(gaps, math.nan if self.fill is None else self.fill, as_numbers(cells))[:, None]
        return np.column_stack([values, gaps.astype(np.float64)]) if self.has_indicator else values


def as_numbers(cells: pl.Series) -> np.ndarray:
    """Numbers, booleans as 0 and 1, dates as days from 1970-01-01: float64 of shape (rows,), NaN in gaps."""
    import polars as pl

    if cells.dtype in (pl.Date, pl.Datetime):
        cells = cells.cast(pl.Datetime("us")).dt.timestamp("us") / MICROSECONDS_A_DAY
    return cells.cast(pl.Float64).fill_null(math.nan).to_numpy()


@dataclass(frozen=True, eq=False)
class Preparation:
    """All that is done to a row before a network sees it.

    Attributes
    ----------
    shape : tuple of int
        Of one row as given: (28, 28) for an image, (number of columns,) for a table.
    scaling : Scaling
        Of the features; those of a table that are 0 or 1 by their making (levels, indicators) are left as they are.
    columns : tuple of Column
        Of a table; empty where rows are arrays of numbers.
    aside : tuple of str
        Columns that a table may have beside them: its target, and what is left out.
    """

    shape: tuple[int, ...]
    scaling: Scaling
    columns: tuple[Column, ...] = ()
    aside: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Preparation) and self.written() == other.written()

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Of a table's features, in order; empty where rows are arrays of numbers."""
        return tuple(name for column in self.columns for name in column.feature_names)

    def apply(self, rows: pl.DataFrame | np.ndarray) -> np.ndarray:
        """The rows as a network takes them: float32 of shape (rows, F).

        Parameters
        ----------
        rows : polars.DataFrame or array
            A table that has at least the columns, with cells of their kinds; or numbers of shape (rows, *shape) or
            (rows, F).
        """
        return self.scaling.apply(self.raw_features(rows))

    def raw_features(self, rows: pl.DataFrame | np.ndarray) -> np.ndarray:
        """The features before scaling, shape (rows, F)."""
        if isinstance(rows, np.ndarray):
            return rows.reshape(len(rows), math.prod(self.shape))
        if not self.columns:
            return rows.to_numpy()
        features = [column.features(rows[column.name]) for column in self.columns]
        return np.ascontiguousarray(np.concatenate(features, axis=1))  # sums of columns depend on the order in memory

    def written(self) -> dict[str, Any]:
        """As JSON."""
        scaling = self.scaling
        return {
            "shape": list(self.shape),
            "scaling": {"name": scaling.name, "offset": scaling.offset.tolist(), "scale": scaling.scale.tolist()},
            "columns": [
                {
                    "name": column.name,
                    "kind": column.kind,
                    "levels": list(column.levels),
                    "fill": column.fill,
                    "has_indicator": column.has_indicator,
                    "date_format": column.date_format,
                }
                for column in self.columns
            ],
            "aside": list(self.aside),
        }

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Preparation:
        """From what `written` gave."""
        scaling = written["scaling"]
        return cls(
            shape=tuple(written["shape"]),
            scaling=Scaling(scaling["name"], np.asarray(scaling["offset"], float), np.asarray(scaling["scale"], float)),
            columns=tuple(Column(**{**column, "levels": tuple(column["levels"])}) for column in written["columns"]),
            aside=tuple(written["aside"]),
        )
