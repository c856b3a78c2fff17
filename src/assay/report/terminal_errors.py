"""What a network gets wrong, for a terminal: what ``assay show --errors`` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.analysis import Share
from assay.analysis.error_analysis import Confusion, ErrorAnalysis
from assay.analysis.error_analysis.wording import share_text
from assay.analysis.numbers import number_text
from assay.figures.errors_by_class import worst_rows

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

MOST_CLASSES = 12
"""A larger confusion matrix has no room; its largest entries are sentences."""


def errors_view(errors: ErrorAnalysis) -> Iterator[RenderableType]:
    """A heading, the sentences, the classes, the confusion matrix, the worst examples; to be printed one by one."""
    from rich.text import Text

    yield Text(errors.heading, style="bold")
    for sentence in errors.sentences():
        yield Text(f"· {sentence}")
    if worst_rows(errors):
        yield Text("")
        yield _classes(errors)
    if errors.confusion is not None and len(errors.confusion.names) <= MOST_CLASSES:
        yield Text("")
        yield _matrix(errors.confusion)
        yield Text("A row for each true class, a column for what it was taken for.", style="dim")
    if errors.worst:
        yield Text("")
        yield _worst(errors)
        yield Text(_note(errors), style="dim")


def _note(errors: ErrorAnalysis) -> str:
    answers = errors.answers
    which = "rows with the largest loss" if answers.task == "regression" else "wrong rows with the largest loss"
    return (
        f"The {len(errors.worst)} {which} of {answers.count:,} {answers.split} rows, numbered as in the source, from 0."
    )


def _table(*headings: str, left: int = 1) -> Table:
    """A table whose first `left` columns are text, and the others numbers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(
            Text(heading, style="bold"), justify="left" if place < left else "right", overflow="ellipsis", no_wrap=True
        )
    return table


def _classes(errors: ErrorAnalysis) -> Table:
    rows, count = worst_rows(errors), len(errors.answers.names)
    noun = "class" if errors.confusion is not None else "label"
    table = _table(noun, "rows", "found (recall)", "right when said (precision)")
    for row in rows:
        table.add_row(_plain(row.name), f"{row.rows:,}", _share(row.recall), _share(row.precision))
    if len(rows) < count:
        table.caption = f"The {len(rows)} of {count} of which most rows are missed."
    return table


def _share(share: Share | None) -> str:
    if share is None:
        return "–"
    return f"{share_text(share.count / share.total)} ({share.count:,} of {share.total:,})"


def _matrix(confusion: Confusion) -> Table:
    from rich.text import Text

    table = _table("", *confusion.names)
    for row, (name, counts) in enumerate(zip(confusion.names, confusion.counts.tolist(), strict=True)):
        cells = [
            Text(f"{count:,}" if count else "·", style="dim" if not count else "bold red" if column != row else "")
            for column, count in enumerate(counts)
        ]
        table.add_row(Text(name, style="bold"), *cells)
    return table


def _worst(errors: ErrorAnalysis) -> Table:
    has_probability = any(example.probability is not None for example in errors.worst)
    sure = ["probability"] if has_probability else []
    left = 0 if errors.residuals else 2
    table = _table("target", "predicted", *sure, "loss", "row", left=left)
    for example in errors.worst:
        given = [] if example.probability is None else [share_text(example.probability)]
        cells = [_plain(example.target), _plain(example.predicted)]
        table.add_row(*cells, *given, number_text(example.loss), f"{example.source_row:,}")
    return table


def _plain(text: str) -> Text:
    """Text in which brackets mean nothing."""
    from rich.text import Text

    return Text(text)
