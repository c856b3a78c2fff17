"""How `assay data FILE` shows a user's own data: readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from assay.cli.words import counted, percent

if TYPE_CHECKING:
    from rich.console import Console

    from assay.data.outline import ColumnOutline, Outline, TargetOutline
    from assay.data.preparation import Column

KINDS = {
    "numeric": "numbers",
    "boolean": "true or false",
    "date": "dates",
    "categorical": "words",
    "empty": "nothing",
    "other": "other things",
}
ROLES = {
    "target": "is learnt",
    "weight": "weight of a row",
    "group": "group of a row",
    "time": "time of a row",
    "ignored": "left out, as you say",
    "empty": "left out",
}
BAR = 24  # letters of a class that all rows have
SHOWN_CLASSES = 12
SHOWN_LEVELS = 3
LEVEL_LETTERS = 16
SHOWN_COLUMNS = 40


def print_outline(console: Console, outline: Outline, command: str) -> None:
    """Print all of it; `command` trains on these data."""
    console.print(outline.source, style="bold", highlight=False, markup=False)
    for line in headline(outline):
        console.print(line, highlight=False, markup=False)
    console.print()
    for line in target_lines(outline.target, sum(outline.rows.values())):
        console.print(line, highlight=False, markup=False, no_wrap=True, overflow="ellipsis")
    if outline.columns:
        console.print()
        _print_columns(console, outline)
    for title, told in (("To be settled first", outline.faults), ("Notices", outline.notices)):
        if told:
            console.print(f"\n{title}", style="bold")
        for each in told:
            text = str(each)
            console.print(f"· {text[:1].upper()}{text[1:]}", highlight=False, markup=False)
    if not outline.faults:
        console.print(f"\nTo train on it: {command}", highlight=False, markup=False, soft_wrap=True)


def headline(outline: Outline) -> Iterator[str]:
    """How it is written, and how much it is."""
    if outline.reading is not None:
        yield str(outline.reading)
    parts = outline.rows
    rows = f"{sum(parts.values()):,} rows"
    if len(parts) > 1:
        rows += f" ({', '.join(f'{number:,} for {part}' for part, number in parts.items())})"
    if outline.shape is not None:
        shape = " × ".join(map(str, outline.shape))
        yield f"{rows}, each of {shape} numbers" + ("." if len(outline.shape) == 1 else f" = {outline.features:,}.")
        return
    becoming = sum(column.plan.is_feature for column in outline.columns)
    told = f"{rows}, {counted(len(outline.columns), 'column')}"
    yield (
        f"{told}."
        if outline.features is None
        else (f"{told}; {becoming} of them become {counted(outline.features, 'feature')}.")
    )


def target_lines(target: TargetOutline, rows: int) -> Iterator[str]:
    """What is learnt, with the rows of each class or the range of each quantity."""
    names = f"{', '.join(target.names)}, " if target.names else ""
    task = target.target.task
    if target.classes:
        yield f"Learnt: {names}{task} with {len(target.classes)} {'labels' if task == 'multilabel' else 'classes'}"
        width = min(max(len(name) for name, _ in target.classes), 24)
        digits = max(len(f"{count:,}") for _, count in target.classes)
        for name, count in target.classes[:SHOWN_CLASSES]:
            share = count / rows
            yield f"  {name[:width]:<{width}}  {count:>{digits},}  {share:6.1%}  {'█' * round(share * BAR)}"
        if len(target.classes) > SHOWN_CLASSES:
            yield f"  and {len(target.classes) - SHOWN_CLASSES} more"
        return
    yield f"Learnt: {names}{task}"
    for name, (low, mean, high) in zip(target.names or [""] * len(target.ranges), target.ranges, strict=True):
        of_name = f"{name}: " if len(target.ranges) > 1 and name else ""
        yield f"  {of_name}{number(low)} to {number(high)}, mean {number(mean)}"


def _print_columns(console: Console, outline: Outline) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("column", overflow="fold", max_width=18)
    table.add_column("holds")
    table.add_column("gaps", justify="right")
    table.add_column("values", overflow="fold", ratio=1)
    table.add_column("becomes", overflow="fold", ratio=1)
    faulty = {fault.column for fault in outline.faults}
    rows = sum(outline.rows.values())
    for column in outline.columns[:SHOWN_COLUMNS]:
        gaps = column.plan.gaps
        table.add_row(
            column.plan.name,
            "" if column.plan.role == "ignored" else KINDS[column.plan.kind],
            f"{gaps:,} ({percent(gaps / rows)})" if gaps else "",
            values_of(column),
            "see below" if column.plan.name in faulty else becomes(column),
        )
    console.print(table, highlight=False, markup=False)
    if len(outline.columns) > SHOWN_COLUMNS:
        console.print(f"and {len(outline.columns) - SHOWN_COLUMNS} more columns; --json tells all.", highlight=False)


def values_of(column: ColumnOutline) -> str:
    """``0.42 to 80``; ``3: S 644, C 168, Q 77`` for levels with their rows."""
    if column.levels:
        shown = ", ".join(f"{_short(level)} {rows:,}" for level, rows in column.levels[:SHOWN_LEVELS])
        return f"{column.plan.levels:,}: {shown}" + (", …" if column.plan.levels > SHOWN_LEVELS else "")
    return "" if column.low is None else f"{number(column.low)} to {number(column.high)}"


def _short(level: str) -> str:
    return level if len(level) <= LEVEL_LETTERS else f"{level[: LEVEL_LETTERS - 1]}…"


def number(value: float | str | None) -> str:
    """``1,200``, ``145.2``; a date as it is."""
    if not isinstance(value, float):
        return str(value)
    is_whole = value.is_integer() or abs(value) >= 1e4
    return f"{value:,.0f}" if is_whole and abs(value) < 1e15 else f"{value:.4g}"


def becomes(column: ColumnOutline) -> str:
    """``2 features; a gap is 28, and told``."""
    if column.column is None:
        return ROLES.get(column.plan.role, "")
    told = counted(len(column.column.feature_names), "feature")
    if not column.plan.gaps:
        return told
    return f"{told}; a gap is {_filled(column.column)}" + (", and told" if column.column.has_indicator else "")


def _filled(column: Column) -> str:
    """What stands in the place of a gap; a date as one."""
    if column.fill is None:
        return "no level"
    if column.kind == "date":
        return str(date(1970, 1, 1) + timedelta(days=float(column.fill)))
    return number(column.fill)
