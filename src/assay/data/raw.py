"""What every reader hands over: rows and labels as they lie in the source, before splitting and scaling."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from assay.data.targets import Target


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


def take_rows(x: np.ndarray | WordRanks, rows: np.ndarray) -> np.ndarray:
    """The rows `rows` as a matrix of shape (len(rows), F); multi-hot for texts."""
    if isinstance(x, WordRanks):
        return x.multi_hot(rows)
    return x[rows].reshape(len(rows), math.prod(x.shape[1:]))


@dataclass(frozen=True)
class RawData:
    """A data set as read.

    Attributes
    ----------
    x : dict of str to array (rows, …) or WordRanks
        By part: ``train``, and ``validation`` and ``test`` where the source has them apart.
    y : dict of str to array
        The same parts: int64 (rows,) classes, or float64 (rows, K) quantities.
    target : Target
    source : str
        Where it came from, for the report.
    class_names, feature_names : tuple of str, optional
    groups, times : dict of str to array (rows,), optional
        By part, which rows belong together and when they were; see `assay.data.splitting.Rows`.
    """

    x: dict[str, np.ndarray | WordRanks]
    y: dict[str, np.ndarray]
    target: Target
    source: str
    class_names: tuple[str, ...] | None = field(default=None)
    feature_names: tuple[str, ...] | None = field(default=None)
    groups: dict[str, np.ndarray] | None = field(default=None)
    times: dict[str, np.ndarray] | None = field(default=None)
