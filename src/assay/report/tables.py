"""Tables of a page, as plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A cell of a table: what is read, what it is sorted by (None sorts last), and its kind for the look."""

    text: str
    sort: float | str | None = None
    kind: str = ""


@dataclass(frozen=True)
class TableContent:
    """A table; the first cell of each row names the row."""

    name: str
    caption: str
    columns: list[str]
    rows: list[list[Cell]]
