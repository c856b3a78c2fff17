"""Several labels a row: for each of them a table of two by two."""

from __future__ import annotations

from dataclasses import dataclass

from assay.analysis.error_analysis.answers import AnsweredRows
from assay.analysis.intervals import Share, share_interval


@dataclass(frozen=True)
class LabelErrors:
    """How a network does on one label.

    Attributes
    ----------
    name : str
    true_negatives, false_positives, false_negatives, true_positives : int
        Rows, by what they are and what the network says.
    """

    name: str
    true_negatives: int
    false_positives: int
    false_negatives: int
    true_positives: int

    @property
    def wrong(self) -> int:
        """Rows on which it errs about this label."""
        return self.false_positives + self.false_negatives

    @property
    def recall(self) -> Share | None:
        """Of the rows that have the label, those that it finds; None of no row."""
        rows = self.true_positives + self.false_negatives
        return share_interval(self.true_positives, rows) if rows else None

    @property
    def precision(self) -> Share | None:
        """Of the rows that it says have the label, those that have it; None of no row."""
        rows = self.true_positives + self.false_positives
        return share_interval(self.true_positives, rows) if rows else None


def label_errors(answers: AnsweredRows) -> list[LabelErrors]:
    """A table of two by two for each label, in their order."""
    from sklearn.metrics import multilabel_confusion_matrix

    tables = multilabel_confusion_matrix(answers.labels, answers.classes)
    return [LabelErrors(name, *table.ravel().tolist()) for name, table in zip(answers.names, tables, strict=True)]
