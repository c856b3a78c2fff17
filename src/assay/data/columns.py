"""What will become of each column of a table: seen in its cells, overruled by `data.columns`.

Nothing is dropped in silence, and a column that is nearly always a mistake as it stands (text with hundreds of levels)
must be named before it is used.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assay.data.cells import Cells, read_as
from assay.data.preparation import KINDS
from assay.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

FILLS = ("median", "most_frequent", "none")
"""How gaps may be filled, beside a number or a word of one's own; each is learnt from the training rows."""

DEFAULT_FILL = {"numeric": "median", "date": "median", "boolean": "most_frequent", "categorical": "most_frequent"}

FEW_LEVELS = 20
"""So many levels of a text column are never too many."""


@dataclass(frozen=True)
class ColumnChoice:
    """What the user says of a column; what is None is seen in the data.

    Attributes
    ----------
    kind : str, optional
        One of `KINDS`, or ``ignore``.
    fill : str or number, optional
        One of `FILLS`; or a number, of a categorical column a level, that stands in the place of a gap.
    indicator : bool, optional
        Whether a feature tells gaps; unless given, where the training rows have some.
    """

    kind: str | None = None
    fill: str | float | None = None
    indicator: bool | None = None


@dataclass(frozen=True)
class ColumnPlan:
    """What will become of a column.

    Attributes
    ----------
    name : str
    role : str
        ``feature``, ``target``, ``weight``, ``group``, ``time``; or ``ignored`` (by the user) or ``empty``, which are
        left out.
    kind : str
        One of `KINDS`; ``empty`` or ``other`` of what is left out.
    gaps, levels : int
        Cells without a value, and different values.
    fill, indicator :
        As of a `ColumnChoice`; a fill is always chosen.
    date_format : str, optional
        How dates are written, where they are text.
    """

    name: str
    role: str
    kind: str
    gaps: int
    levels: int
    fill: str | float = "none"
    indicator: bool | None = None
    date_format: str | None = None

    @property
    def is_feature(self) -> bool:
        return self.role == "feature"

    @property
    def features(self) -> int | None:
        """How many features it becomes; None where the training rows decide."""
        if not self.is_feature:
            return 0
        if self.kind == "categorical" or (self.gaps and self.indicator is None):
            return None
        return 1 + bool(self.indicator)


@dataclass(frozen=True)
class Notice:
    """Something about a table that its owner should know.

    Attributes
    ----------
    topic : str
        What it is about: ``empty``, ``constant``, ``identifier``, ``leak``, ``levels``, ``gap_words``, ``target``, …
    text : str
        One or two sentences.
    column : str, optional
    """

    topic: str
    text: str
    column: str | None = None

    def __str__(self) -> str:
        return self.text


def key(name: str) -> str:
    """The key of a study file that overrules a column: ``data.columns."first name"``."""
    return f"data.columns.{name if re.fullmatch(r'[A-Za-z0-9_-]+', name) else json.dumps(name, ensure_ascii=False)}"


def check_names(names: Sequence[str], columns: Sequence[str], *, key: str, where: str) -> None:
    """Raise a `DataError` with the near miss for a name that no column has."""
    for name in names:
        if name not in columns:
            shown = ", ".join(columns[:20]) + (f", … ({len(columns)} in all)" if len(columns) > 20 else "")
            raise DataError(f"{where}: {key}: no column '{name}'.{did_you_mean(name, columns)} Columns: {shown}.")


def plan_column(
    column: pl.Series, seen: Cells, choice: ColumnChoice, *, where: str
) -> tuple[ColumnPlan, pl.Series, list[Notice], str | None]:
    """What a column becomes as a feature.

    Parameters
    ----------
    column : polars.Series
        As it was read.
    seen : Cells
        What it holds.
    choice : ColumnChoice
    where : str
        For messages.

    Returns
    -------
    plan : ColumnPlan
    values : polars.Series
        Its cells, in the type of its kind.
    notices : list of Notice
    fault : str or None
        Why it cannot be a feature as it is, and what to do.

    Raises
    ------
    DataError
        If its cells are not what the user says, a number is infinite, or the fill does not go with the kind.
    """
    name = column.name
    if choice.kind == "ignore":
        note = Notice("ignored", f"Column '{name}' is left out, as {key(name)} says.", name)
        return ColumnPlan(name, "ignored", "other", column.null_count(), 0), column, [note], None
    if choice.kind == "date" and seen.is_ambiguous_date:
        raise DataError(f"{where}: column '{name}' may have the day or the month first. Write dates as 2026-03-31.")
    if choice.kind is not None and choice.kind != seen.kind:
        values, bad = read_as(column, choice.kind)
        refuse_cells(column, bad, f"not what {key(name)} says ({choice.kind})", where=where)
        seen = replace(seen, kind=choice.kind, values=values, gap_words=(), is_ambiguous_date=False)
        if values.null_count() == len(values):
            seen = replace(seen, kind="empty")
    values = seen.values
    gaps = values.null_count()
    if seen.kind == "empty":
        text = f"Column '{name}' is empty, so it is left out."
        return ColumnPlan(name, "empty", "empty", gaps, 0), values, [Notice("empty", text, name)], None
    if seen.kind == "other":
        fault = f'holds {column.dtype} cells, which a network does not take. Write {key(name)} = "ignore".'
        return ColumnPlan(name, "feature", "other", gaps, 0), values, [], f"column '{name}' {fault}"
    if seen.kind == "numeric" and values.dtype.is_float() and values.is_infinite().any():
        refuse_cells(column, values.is_infinite().fill_null(False), "infinite", where=where)
    levels = values.drop_nulls().n_unique()
    fill = DEFAULT_FILL[seen.kind] if choice.fill is None else choice.fill
    _check_fill(name, seen.kind, fill, where=where)
    if fill == "none" and seen.kind != "categorical":
        refuse_cells(column, values.is_null(), f'empty, and {key(name)} says fill = "none"', where=where)
    plan = ColumnPlan(name, "feature", seen.kind, gaps, levels, fill, choice.indicator, seen.date_format)
    notices = _notices_of(plan, values, seen.gap_words)
    if choice.kind is not None or seen.kind != "categorical":
        return plan, values, notices, None
    return plan, values, notices, _fault_of_text(column, values, levels, is_ambiguous_date=seen.is_ambiguous_date)


def refuse_cells(column: pl.Series, bad: pl.Series, what: str, *, where: str) -> None:
    """Raise a `DataError` that counts the bad cells of a column and tells the first."""
    number = int(bad.sum() or 0)
    if number == 0:
        return
    row = int(bad.arg_max() or 0)
    cells = "1 cell that is" if number == 1 else f"{number} cells that are"
    shown = "" if column[row] is None else f": {column[row]!r}"
    raise DataError(
        f"{where}: column '{column.name}' has {cells} {what}, the first in row {row + 1}{shown}. "
        "Mend or remove these rows."
    )


def _check_fill(name: str, kind: str, fill: str | float, *, where: str) -> None:
    is_number = isinstance(fill, int | float)
    if fill in ("most_frequent", "none") or (kind == "categorical") != (is_number or fill == "median"):
        return
    expected = (
        '"median", "most_frequent", "none" or a number'
        if kind != "categorical"
        else '"most_frequent", "none" or a word'
    )
    raise DataError(f"{where}: {key(name)}.fill: expected {expected} for a column that is {kind}, got {fill!r}.")


def _fault_of_text(column: pl.Series, values: pl.Series, levels: int, *, is_ambiguous_date: bool) -> str | None:
    """The sentence on a text column that is nearly always a mistake as it stands."""
    name, rows = column.name, len(values) - values.null_count()
    ways = f'Write {key(name)} = "ignore" to leave it out, or "categorical" for a feature for each level.'
    if values.drop_nulls().str.contains(_NUMBER_WITH_COMMAS).all():
        return (
            f"column '{name}' holds numbers with commas, such as {values.drop_nulls()[0]!r}, and whether they stand "
            f"before decimals or thousands is not guessed. Write 1234.5. Or {ways[0].lower()}{ways[1:]}"
        )
    if levels <= max(FEW_LEVELS, math.isqrt(len(values))):
        return None
    if is_ambiguous_date:
        return (
            f"column '{name}' holds dates whose day or month may stand first, such as {values.drop_nulls()[0]!r}. "
            f"Write them as 2026-03-31. Or {ways[0].lower()}{ways[1:]}"
        )
    numbers, bad = read_as(column, "numeric")
    if (numbers.is_not_null().sum() or 0) > rows / 2:
        row = int(bad.arg_max() or 0)
        return (
            f"column '{name}' holds numbers, and {bad.sum()} cells that are none, the first in row {row + 1}: "
            f"{column[row]!r}. Mend or empty these cells. Or {ways[0].lower()}{ways[1:]}"
        )
    like = ", as an identifier does" if levels >= _NEARLY_ALL * rows else ""
    return f"column '{name}' holds text with {levels} levels in {rows} rows{like}. {ways}"


_FEWEST_NAMES = 10  # rows in which as many words are no accident
_NEARLY_ALL = 0.9

_NUMBER_WITH_COMMAS = r"^[+-]?\d+(,\d+)*(\.\d+)?$"

_IDENTIFIER = re.compile(
    r"(?i:(^|[\s_.-])(ids?|nr|no|key|index|idx|row|rownum|number|num)$|^column 1$|^unnamed|^__index_level_)"
    r"|[a-z](Id|ID|Nr|No)$"
)


def _notices_of(plan: ColumnPlan, values: pl.Series, gap_words: tuple[str, ...]) -> list[Notice]:
    notices = []
    name = plan.name
    if gap_words:
        words = ", ".join(f"'{word}'" for word in gap_words)
        notices.append(Notice("gap_words", f"Column '{name}': cells that say {words} are gaps.", name))
    if plan.levels == 1 and not plan.gaps:
        notices.append(Notice("constant", f"Column '{name}' is the same in every row, so it says nothing.", name))
    rows = len(values) - plan.gaps
    if plan.kind == "categorical" and rows >= _FEWEST_NAMES and plan.levels >= _NEARLY_ALL * rows:
        text = (
            f"Column '{name}' holds another text in nearly every row, as an identifier does. {key(name)} = \"ignore\""
        )
        notices.append(Notice("identifier", f"{text} leaves it out.", name))
    if plan.kind == "numeric" and _IDENTIFIER.search(name) and _is_counter(values):
        text = f"Column '{name}' counts the rows, as an identifier does. {key(name)} = \"ignore\" leaves it out."
        notices.append(Notice("identifier", text, name))
    return notices


def _is_counter(values: pl.Series) -> bool:
    """Whether whole numbers go up by one from row to row."""
    return len(values) > 1 and values.null_count() == 0 and bool((values.diff().drop_nulls() == 1).all())


def check_choices(choices: Mapping[str, ColumnChoice], columns: Sequence[str], *, where: str) -> None:
    """Raise a `DataError` for a choice of a column that is not there, or a kind that is none."""
    check_names(list(choices), columns, key="data.columns", where=where)
    for name, choice in choices.items():
        known = ("ignore", *KINDS)
        if choice.kind is not None and choice.kind not in known:
            near = did_you_mean(choice.kind, known)
            raise DataError(f"{where}: {key(name)}: unknown kind '{choice.kind}'.{near} Known: {', '.join(known)}.")
