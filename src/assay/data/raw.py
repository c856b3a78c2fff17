"""What every reader hands over: rows and labels as they lie in the source, before splitting and scaling."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.data.columns import ColumnPlan, Notice
from assay.data.files import Reading
from assay.data.targets import Target

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class WordRanks:
    """Texts as ranks of their words: the rows of a matrix that is too large to build before it is needed.

    Attributes
    ----------
    ranks : array of int32, shape (words in all texts,)
        The texts one after the other; each rank is below `columns`.
    offsets : array of int64, shape (rows + 1,)
        Text i is ``ranks[offsets[i]:offsets[i + 1]]``.
    columns : int
        Number of word ranks that count, the width of the multi-hot matrix.
    """

    ranks: np.ndarray
    offsets: np.ndarray
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.offsets) - 1, self.columns

    def text(self, row: int) -> np.ndarray:
        """The ranks of one text."""
        return self.ranks[self.offsets[row] : self.offsets[row + 1]]

    def multi_hot(self, rows: np.ndarray) -> np.ndarray:
        """Which words occur in which text: uint8 of shape (len(rows), columns), 1 where a word occurs."""
        matrix = np.zeros((len(rows), self.columns), dtype=np.uint8)
        for line, row in zip(matrix, rows, strict=True):
            line[self.text(row)] = 1
        return matrix


def take_rows(x: np.ndarray | WordRanks | pl.DataFrame, rows: np.ndarray) -> Any:
    """The rows `rows`: as a matrix of shape (len(rows), F), multi-hot for texts; of a table as a table."""
    if isinstance(x, WordRanks):
        return x.multi_hot(rows)
    return x[rows].reshape(len(rows), math.prod(x.shape[1:])) if isinstance(x, np.ndarray) else x[rows]


@dataclass(frozen=True)
class RawData:
    """A data set as read.

    Attributes
    ----------
    x : mapping of str to array (rows, …), WordRanks or polars.DataFrame
        By part: ``train``, and ``validation`` and ``test`` where the source has them apart. A table has a column for
        each column that becomes features, in the type of its kind, null in gaps.
    y : dict of str to array
        The same parts: int64 (rows,) classes, or float64 (rows, K) quantities or labels of 0 and 1.
    target : Target
    source : str
        Where it came from, for the report.
    class_names, feature_names : tuple of str, optional
    target_names : tuple of str, optional
        The columns of a table that are learnt.
    weights : dict of str to array, float64 (rows,), optional
        How much each row counts.
    groups : dict of str to array, int64 (rows,), optional
        Rows of one number belong together.
    times : dict of str to array, float64 (rows,), optional
        When each row was: days, or numbers of one's own.
    plans : tuple of ColumnPlan
        What becomes of each column of a table, its target's too, in their order.
    notices : tuple of Notice
        What its owner should know of it.
    faults : tuple of Notice
        Why some columns cannot be features as they are, and what to do.
    reading : Reading, optional
        How a table was written.
    """

    x: Mapping[str, np.ndarray | WordRanks | pl.DataFrame]
    y: dict[str, np.ndarray]
    target: Target
    source: str
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] | None = None
    target_names: tuple[str, ...] | None = None
    weights: dict[str, np.ndarray] | None = None
    groups: dict[str, np.ndarray] | None = None
    times: dict[str, np.ndarray] | None = None
    plans: tuple[ColumnPlan, ...] = ()
    notices: tuple[Notice, ...] = ()
    faults: tuple[Notice, ...] = ()
    reading: Reading | None = None

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each part."""
        return {part: labels.shape[0] for part, labels in self.y.items()}
