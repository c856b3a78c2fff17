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
SHOWN_COLUMNS = 40


def print_outline(console: Console, outline: Outline, target: str) -> None:
    """Print all of it; `target` is what the user named, for the commands that may follow."""
    console.print(f"[bold]{target}[/bold]", highlight=False)
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
            console.print(f"· {each}", highlight=False, markup=False)


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
    names = f"{', '.join(target.names)}: " if target.names else ""
    task = target.target.task
    if target.classes:
        yield f"Learnt: {names}{task}, {len(target.classes)} {'labels' if task == 'multilabel' else 'classes'}"
        width = min(max(len(name) for name, _ in target.classes), 24)
        digits = max(len(f"{number:,}") for _, number in target.classes)
        for name, number in target.classes[:SHOWN_CLASSES]:
            share = number / rows
            yield f"  {name[:width]:<{width}}  {number:>{digits},}  {share:6.1%}  {'█' * round(share * BAR)}"
        if len(target.classes) > SHOWN_CLASSES:
            yield f"  and {len(target.classes) - SHOWN_CLASSES} more"
        return
    yield f"Learnt: {names}{task}"
    for name, (low, mean, high) in zip(target.names or [""] * len(target.ranges), target.ranges, strict=True):
        of_name = f"{name}: " if len(target.ranges) > 1 and name else ""
        yield f"  {of_name}{low:g} to {high:g}, mean {mean:g}"


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
            KINDS[column.plan.kind],
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
        shown = ", ".join(f"{level} {rows:,}" for level, rows in column.levels[:SHOWN_LEVELS])
        return f"{column.plan.levels:,}: {shown}" + (", …" if column.plan.levels > SHOWN_LEVELS else "")
    return "" if column.low is None else f"{column.low} to {column.high}"


def becomes(column: ColumnOutline) -> str:
    """``3 features; gaps: S, and a feature of their own``."""
    if column.column is None:
        return ROLES.get(column.plan.role, "")
    told = counted(len(column.column.feature_names), "feature")
    if not column.plan.gaps:
        return told
    return f"{told}; gaps: {_filled(column.column)}" + (" and told" if column.column.has_indicator else "")


def _filled(column: Column) -> str:
    """What stands in the place of a gap; a date as one."""
    if column.fill is None:
        return "no level"
    if column.kind == "date":
        return str(date(1970, 1, 1) + timedelta(days=float(column.fill)))
    return f"{column.fill:g}" if isinstance(column.fill, float) else str(column.fill)
