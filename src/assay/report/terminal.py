"""The table of conditions for a terminal: what ``assay show`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.analysis.wording import difference_of, lost_text, metric_text, number_text, plus_minus_text, shared_names

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

STYLES = {"better": "green", "worse": "red", "no evidence": "dim"}


def conditions_table(summary: Mapping[str, Any]) -> Table:
    """One line per condition, in the study's order; at most 100 letters wide.

    Where every condition is named by the same factors, these are named once in the heading and the cells hold their
    levels. Columns that would be empty (the test without a final phase, the difference without a baseline) are left
    out. ``±`` is the half width of the confidence interval over seeds, shown for the test where there is one, else for
    the validation.

    Parameters
    ----------
    summary : mapping
        What `Results.summary` returns.

    Returns
    -------
    rich.table.Table
        Colours and all; a console that is not a terminal prints it plain.
    """
    from rich import box
    from rich.table import Table

    conditions = summary["conditions"]
    metric = (summary["compared_by"] or {"metric": "loss"})["metric"]
    factors, names = shared_names([condition["condition"] for condition in conditions])
    has_test = any(condition["test"] for condition in conditions)
    has_comparison = any(condition["comparison"] for condition in conditions)

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    table.add_column(factors.replace(", ", ",\n") or "condition", overflow="fold")
    table.add_column("trials", justify="right", no_wrap=True)
    table.add_column("best\nepoch", justify="right", no_wrap=True)
    table.add_column(f"validation\n{metric_text(metric)}", justify="right")
    if has_test:
        table.add_column(f"test\n{metric_text(metric)}", justify="right", no_wrap=True)
    if has_comparison:
        table.add_column("against\nbaseline", justify="right", no_wrap=True)
        table.add_column("conclusion", no_wrap=True)
    for condition, name in zip(conditions, names, strict=True):
        validation = (condition["validation"] or {}).get(metric)
        cells: list[str | Text] = [
            _name(condition, name),
            _trials(condition),
            _best_epoch(condition),
            _mean(validation) if has_test else _measured(validation),
        ]
        if has_test:
            cells.append(_measured((condition["test"] or {}).get(metric)))
        if has_comparison:
            cells += _compared(condition, summary["baseline"])
        table.add_row(*cells)
    return table


def _name(condition: Mapping[str, Any], name: str) -> Text:
    """The name, with what became of trials that did not complete below it."""
    from rich.text import Text

    text = Text(name)
    lost = lost_text(condition)
    return text.append(f"\n{lost}", style="yellow") if lost else text


def _trials(condition: Mapping[str, Any]) -> str:
    """``3``, or ``2/3`` where not all have completed."""
    completed, asked = condition["outcomes"]["completed"], condition["trials"]
    return str(asked) if completed == asked else f"{completed}/{asked}"


def _best_epoch(condition: Mapping[str, Any]) -> str:
    """``7``, with the range over single seeds where they differ: ``7 (5–9)``."""
    if condition["best_epoch"] is None:
        return "–"
    low, high = condition["best_epoch_range"]
    return str(condition["best_epoch"]) + (f" ({low}–{high})" if low != high else "")


def _mean(interval: Mapping[str, Any] | None) -> str:
    return number_text(interval["mean"] if interval else None)


def _measured(interval: Mapping[str, Any] | None) -> str:
    return plus_minus_text(interval) if interval else "–"


def _compared(condition: Mapping[str, Any], baseline: str | None) -> tuple[str, Text]:
    from rich.text import Text

    comparison = condition["comparison"]
    if comparison is None:
        return "", Text("baseline" if condition["condition"] == baseline else "")
    conclusion = comparison["conclusion"]
    return plus_minus_text(difference_of(comparison), signed=True), Text(conclusion, style=STYLES[conclusion])
