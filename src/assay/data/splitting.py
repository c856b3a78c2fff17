"""Cutting rows into training, validation and test, once or several times.

A fraction or a count is drawn at random, with every class in its share; ``first = N`` takes the first N as they lie.
Rows of one group stay together, and rows that lie in time are cut where they end: the last ones are the part.
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


@dataclass(frozen=True)
class Resample:
    """Which of several splits of the same rows; the first one is the split of a study that has no other.

    Attributes
    ----------
    number : int
        From 0. A split does not depend on how many there are, unless they are folds.
    folds : int, optional
        Of so many folds, each of which is the part once. None where each split draws its rows anew.
    """

    number: int = 0
    folds: int | None = None

    def __str__(self) -> str:
        """What follows the name of the data: nothing for the first split."""
        if self.folds is not None:
            return f", fold {self.number + 1} of {self.folds}"
        return f", split {self.number + 1}" if self.number else ""

    def sizes(self, split: Split, rows: int, *, in_time: bool = False) -> tuple[int, int]:
        """How many of `rows` stay, and how many go into the part; at least one, where groups are not to be kept.

        Parameters
        ----------
        split : Split
        rows : int
        in_time : bool
            Whether the rows lie in time: what lies behind the part of an earlier window is in neither.

        Raises
        ------
        DataError
            If nothing lies before a window.
        """
        if self.folds is not None:
            part = rows // self.folds + (self.number < rows % self.folds)
            return rows - part, part
        part = split.size(rows)
        left = rows - part * (1 + self.number * in_time)
        if self.number and left < 1:
            raise DataError(
                f"design.splits: of {rows:,} rows nothing lies before window {self.number + 1} of {part:,} rows each, "
                "counted from the end. Hold out less (data.test, data.validation), or ask for fewer splits."
            )
        return left, part

    def seed(self, seed: int) -> int:
        """What decides the draw: `seed` itself in the first split, another number in each other."""
        return seed if self.number == 0 else int(np.random.SeedSequence([seed, self.number]).generate_state(1)[0])

    def written(self) -> dict[str, int]:
        """What tells it from the first of the splits that are drawn anew; empty for that one."""
        return {key: value for key, value in vars(self).items() if value}


ONE_SPLIT = (Resample(),)


@dataclass(frozen=True)
class Rows:
    """What decides which rows may be parted.

    Attributes
    ----------
    count : int
    labels : array of int, shape (count,), optional
        Class of each row. A random part then holds each class in its share, where every class has two rows or more and
        both sides have room for all classes.
    groups : array, shape (count,), optional
        Rows of one value are never on two sides.
    times : array, shape (count,), optional
        By which rows are ordered; equal ones keep their order.
    """

    count: int
    labels: np.ndarray | None = None
    groups: np.ndarray | None = None
    times: np.ndarray | None = None

    def taken(self, index: np.ndarray) -> Rows:
        """Some of the rows."""
        own = (None if each is None else each[index] for each in (self.labels, self.groups, self.times))
        return Rows(len(index), *own)


def split_rows(
    split: Split, rows: Rows, *, seed: int, resample: Resample = ONE_SPLIT[0]
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the rows that stay, and of those that go into the part.

    Parameters
    ----------
    split : Split
        The part; its size must be below that of `rows`. Folds have a size of their own. Of groups whole ones are taken:
        that fraction of them, or that of a count among the rows.
    rows : Rows
    seed : int
        Decides a random part.
    resample : Resample
        Which of several splits. ``first = N`` is the first of them; the others draw N rows.

    Returns
    -------
    rest, part : arrays of int
        A random split is that of `sklearn.model_selection.train_test_split`, or of `GroupShuffleSplit`; it leaves the
        rest shuffled too. Folds are those of `StratifiedKFold` or `KFold`, `StratifiedGroupKFold` or `GroupKFold`.
        Rows in time are those of `TimeSeriesSplit` with a test size, its last window first.

    Raises
    ------
    DataError
        If there are too few rows, or groups, or if the ways to split do not go together.
    """
    size = resample.sizes(split, rows.count, in_time=rows.times is not None)[1]
    if size == 0:
        return np.arange(rows.count), np.arange(0)
    if rows.times is not None:
        return _in_time(split, rows, resample)
    if resample.folds is not None:
        return _fold(rows, seed, resample)
    if split.first is not None and resample.number == 0:
        if rows.groups is not None:
            raise DataError(
                f"data.group: expected a fraction or a number of rows to hold out, got first = {split.first}, which "
                "may part a group."
            )
        return np.arange(size, rows.count), np.arange(size)
    if rows.groups is not None:
        return _whole_groups(split, rows, resample.seed(seed))
    from sklearn.model_selection import train_test_split

    stratify = None
    if rows.labels is not None:
        members = np.unique_counts(rows.labels).counts
        if members.min() >= 2 and len(members) <= min(size, rows.count - size):
            stratify = rows.labels
    rest, part = train_test_split(
        np.arange(rows.count), test_size=size, random_state=resample.seed(seed), stratify=stratify
    )
    return rest, part


def _in_time(split: Split, rows: Rows, resample: Resample) -> tuple[np.ndarray, np.ndarray]:
    """The part is a window of the last rows, or one that ends so many windows before; what lies before it stays."""
    if rows.groups is not None:
        raise DataError("data.time: rows that lie in time cannot be kept in groups too. Keep data.group or data.time.")
    if resample.folds is not None:
        raise DataError(
            "design.splits: rows that lie in time (data.time) have no folds, for a network learns from earlier rows "
            f"alone. Write splits = {resample.folds}: windows that grow."
        )
    if split.first is not None:
        raise DataError(
            f"data.time: the last rows are held out, but first = {split.first} asks for the first ones. Write a "
            "fraction or a number of rows."
        )
    assert rows.times is not None
    left, size = resample.sizes(split, rows.count, in_time=True)
    order = np.argsort(rows.times, kind="stable")
    return order[:left], order[left : left + size]


def _fold(rows: Rows, seed: int, resample: Resample) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    assert resample.folds is not None
    units = rows.count if rows.groups is None else len(np.unique(rows.groups))
    if units < resample.folds:
        raise DataError(
            f"design.splits: expected at most {units} folds, as many as there are "
            f"{'rows' if rows.groups is None else 'groups'}, got {resample.folds}."
        )
    has_all = rows.labels is not None and np.unique_counts(rows.labels).counts.min() >= resample.folds
    kind = (StratifiedKFold if has_all else KFold) if rows.groups is None else StratifiedGroupKFold
    if rows.groups is not None and not has_all:
        kind = GroupKFold
    folds = kind(resample.folds, shuffle=True, random_state=seed)
    found = list(folds.split(np.zeros(rows.count), rows.labels, rows.groups))
    rest, part = found[resample.number]
    if not len(part):
        raise DataError(f"design.splits: fold {resample.number + 1} of {resample.folds} is empty. Ask for fewer folds.")
    return np.random.default_rng(seed).permutation(rest), part


def _whole_groups(split: Split, rows: Rows, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import GroupShuffleSplit

    assert rows.groups is not None
    count = len(np.unique(rows.groups))
    share = split.size(rows.count) / rows.count if split.fraction is None else split.fraction
    if math.ceil(round(share * count, 6)) >= count:
        raise DataError(
            f"data.group: expected enough groups for both sides of a split that holds out {split}, got {count}. "
            "Hold out less."
        )
    [(rest, part)] = GroupShuffleSplit(1, test_size=share, random_state=seed).split(
        np.zeros(rows.count), groups=rows.groups
    )
    return np.random.default_rng(seed).permutation(rest), part
