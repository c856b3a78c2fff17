"""Which classes a network takes for which: counts, the errors of each class, and the pairs that it confuses most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.analysis.comparison import holm
from assay.analysis.error_analysis.answers import AnsweredRows
from assay.analysis.intervals import Share, share_interval


@dataclass(frozen=True)
class ClassErrors:
    """How a network does on one class.

    Attributes
    ----------
    name : str
    rows, predicted, right : int
        How many rows are of the class, how many it takes for it, and how many of these it takes rightly.
    recall, precision : Share or None
        `right` of `rows` and of `predicted`, with their 95 % intervals; None of no row.
    p : float or None
        The probability of so different a recall by luck, if it were that of all other classes: Fisher's exact test, by
        Holm's method among all classes.
    """

    name: str
    rows: int
    predicted: int
    right: int
    recall: Share | None
    precision: Share | None
    p: float | None

    @property
    def wrong(self) -> int:
        """Rows of the class that it takes for another."""
        return self.rows - self.right


@dataclass(frozen=True)
class ConfusedPair:
    """How often rows of one class are taken for another.

    Attributes
    ----------
    truth, taken_for : str
    count, rows : int
        How many of the `rows` of the class `truth`.
    back : int
        How many rows of the class `taken_for` are taken for `truth`.
    p : float
        The probability of so large a count by luck, if the class's errors were dealt evenly over all other classes:
        the binomial tail, by Holm's method among all pairs. 1 of two classes.
    """

    truth: str
    taken_for: str
    count: int
    rows: int
    back: int
    p: float


@dataclass(frozen=True, eq=False)
class Confusion:
    """A confusion matrix.

    Attributes
    ----------
    names : tuple of str, length K
    counts : array of int, shape (K, K)
        A row for each true class, a column for each that was predicted.
    """

    names: tuple[str, ...]
    counts: np.ndarray

    @classmethod
    def of(cls, answers: AnsweredRows) -> Confusion:
        """Count the answers of a network whose rows have one class each."""
        from sklearn.metrics import confusion_matrix

        return cls(answers.names, confusion_matrix(answers.labels, answers.classes, labels=range(len(answers.names))))

    @property
    def rows(self) -> int:
        """Of all classes."""
        return int(self.counts.sum())

    @property
    def wrong(self) -> int:
        """Rows whose class is not that predicted."""
        return self.rows - int(np.trace(self.counts))

    def by_class(self) -> list[ClassErrors]:
        """The errors of each class, in the order of the classes."""
        from scipy.stats import fisher_exact

        right, rows, predicted = np.diag(self.counts), self.counts.sum(axis=1), self.counts.sum(axis=0)
        all_right, all_rows = int(right.sum()), self.rows
        tests: list[float | None] = []
        for own, of in zip(right.tolist(), rows.tolist(), strict=True):
            others, of_others = all_right - own, all_rows - of
            has_both = of > 0 and of_others > 0
            table = [[own, of - own], [others, of_others - others]]
            tests.append(float(fisher_exact(table).pvalue) if has_both else None)
        return [
            ClassErrors(
                name=name,
                rows=of,
                predicted=said,
                right=own,
                recall=share_interval(own, of) if of else None,
                precision=share_interval(own, said) if said else None,
                p=p,
            )
            for name, of, said, own, p in zip(
                self.names, rows.tolist(), predicted.tolist(), right.tolist(), holm(tests), strict=True
            )
        ]

    def pairs(self) -> list[ConfusedPair]:
        """Every class and what it was taken for, the most frequent first; nothing that never happened."""
        from scipy.stats import binomtest

        others = len(self.names) - 1
        rows = self.counts.sum(axis=1)
        wrong = rows - np.diag(self.counts)
        found = [(i, j) for i, j in np.argwhere(self.counts > 0).tolist() if i != j]
        tests = [
            float(binomtest(int(self.counts[i, j]), int(wrong[i]), 1 / others, alternative="greater").pvalue)
            if others > 1
            else 1.0
            for i, j in found
        ]
        # Pairs that never happened are compared too: their p is 1.
        silent: list[float | None] = [1.0] * (len(self.names) * others - len(found))
        adjusted = holm([*tests, *silent])
        pairs = [
            ConfusedPair(
                self.names[i], self.names[j], int(self.counts[i, j]), int(rows[i]), int(self.counts[j, i]), p or 0.0
            )
            for (i, j), p in zip(found, adjusted, strict=False)
        ]
        return sorted(pairs, key=lambda pair: -pair.count)
