"""Cutting rows into training, validation and test.

A fraction or a count is drawn at random, with every class in its share; ``first = N`` takes the first N as they lie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.errors import DataError


@dataclass(frozen=True)
class Split:
    """How many rows go into a part, and how they are chosen; exactly one of the three is set.

    Attributes
    ----------
    fraction : float, optional
        Share of the rows, at least 0 and below 1, drawn at random and rounded up.
    count : int, optional
        Number of rows, drawn at random.
    first : int, optional
        Number of rows, taken from the top without shuffling.

    Raises
    ------
    DataError
        If none or several are set, or a value is out of range.
    """

    fraction: float | None = None
    count: int | None = None
    first: int | None = None

    def __post_init__(self) -> None:
        given = {key: value for key, value in vars(self).items() if value is not None}
        if len(given) != 1:
            raise DataError(
                "a split needs exactly one of fraction, count and first, "
                f"got {', '.join(f'{key} = {value}' for key, value in given.items()) or 'none of them'}."
            )
        [(key, value)] = given.items()
        if key == "fraction":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
                raise DataError(f"a split's fraction: expected a number from 0 to below 1, got {value!r}.")
        elif isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise DataError(f"a split's {key}: expected a whole number of at least 0, got {value!r}.")

    def __str__(self) -> str:
        [(key, value)] = [(key, value) for key, value in vars(self).items() if value is not None]
        return f"{key} {value}"

    def in_words(self, rows: str = "rows") -> str:
        """What is taken from the `rows`: ``30 % of the rows, drawn at random``."""
        if self.first is not None:
            return f"the first {self.first:,} {rows}"
        share = f"{100 * self.fraction:g} % of the" if self.fraction is not None else f"{self.count:,}"
        return f"{share} {rows}, drawn at random"

    def size(self, rows: int) -> int:
        """Number of rows that go into the part, out of `rows`."""
        if self.fraction is not None:
            # Rounded first: 0.55 * 100 is 55.00000000000001 in binary, and must not become 56.
            return math.ceil(round(self.fraction * rows, 6))
        return self.count if self.count is not None else self.first or 0


def split_rows(split: Split, rows: int, *, labels: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the rows that stay, and of those that go into the part.

    Parameters
    ----------
    split : Split
        The part; its size must be below `rows`.
    rows : int
        Number of rows.
    labels : array of int, shape (rows,), optional
        Class of each row. A random part then holds each class in its share, where every class has two rows or more and
        both sides have room for all classes.
    seed : int
        Decides a random part.

    Returns
    -------
    rest, part : arrays of int
        A random split is that of `sklearn.model_selection.train_test_split`; it leaves the rest shuffled too.
    """
    size = split.size(rows)
    if size == 0 or split.first is not None:
        return np.arange(size, rows), np.arange(size)
    from sklearn.model_selection import train_test_split

    stratify = None
    if labels is not None:
        members = np.unique_counts(labels).counts
        if members.min() >= 2 and len(members) <= min(size, rows - size):
            stratify = labels
    rest, part = train_test_split(np.arange(rows), test_size=size, random_state=seed, stratify=stratify)
    return rest, part
