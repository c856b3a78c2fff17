"""The table of conditions for a terminal: what ``assay show`` prints."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from assay.analysis import SHOWN_CONDITIONS, ConditionSummary, Summary, shortlist
from assay.analysis.numbers import interval_text, metric_text, number_text
from assay.analysis.wording import lost_text, reference_name, shared_factors, shown_text
from assay.study.conditions import BASELINE

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

STYLES = {"better": "green", "worse": "red", "same": "cyan", "undecided": "dim"}
GAP = 2  # spaces between columns
CONTINUED = "  "  # before the further lines of a long name
VALIDATION, RANGES, DIFFERENCES = "validation scores", "ranges of the best epochs", "intervals of the differences"


def conditions_table(summary: Summary, top: int = SHOWN_CONDITIONS) -> ConditionsTable:
    """One line per condition, in the study's order, and a few words below on how to read it.

    Of more than `top` conditions there are the best `top`, best first, and the baseline; a line below says so.

    Where every condition is named by the same factors, each factor has a column. Columns that would be empty (the test
    without a final phase, the difference without a baseline) are left out. Brackets hold the confidence interval over
    seeds, of the test where there is one, else of the validation. On a narrow console first the
    validation beside a test is left out, then the ranges of best epochs, then the intervals of the differences,
    and this is said; then names are broken.

    Parameters
    ----------
    summary : Summary
        What `Results.summary` returns.
    top : int
        How many conditions to show at most, the baseline aside.

    Returns
    -------
    ConditionsTable
        To be printed by rich, colours and all; a console that is not a terminal prints it plain.
    """
    shown = shortlist(summary, top)
    return ConditionsTable(shown, shown_text(summary, shown))


@dataclass(frozen=True)
class ConditionsTable:
    """A summary that rich prints as a table as wide as the console, and a note of which conditions it holds."""

    summary: Summary
    note: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table, then its notes."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        optional = _optional(self.summary)
        for count in range(len(optional) + 1):
            left_out = optional[:count]
            columns = _columns(self.summary, left_out)
            if _width(columns) <= options.max_width:
                break
        _break_names(columns, options.max_width)
        headings = [column.heading() for column in columns]
        lines = max(heading.count("\n") for heading in headings)
        table = Table(box=box.SIMPLE_HEAD, padding=(0, GAP - 1, 0, 0), pad_edge=False, show_edge=False)
        for column, heading in zip(columns, headings, strict=True):
            below = "\n" * (lines - heading.count("\n"))
            table.add_column(Text(below + heading, style="bold"), justify=column.justify, overflow="fold")
        for row in zip(*(column.cells for column in columns), strict=True):
            table.add_row(*row)
        yield table
        for note in filter(None, [self.note, *_notes(self.summary, left_out)]):
            yield Text(note, style="dim")


@dataclass
class Column:
    """A column before it is known how wide the console is."""

    title: str
    cells: list[Text]
    justify: Literal["left", "right"] = "right"
    is_name: bool = False

    def heading(self) -> str:
        """The title in lines no wider than the cells, where its words allow."""
        return broken(self.title, max(self._cell_width(), 1))

    def width(self) -> int:
        """Of the longest line."""
        return max(self._cell_width(), *map(len, self.heading().split("\n")))

    def _cell_width(self) -> int:
        from rich.cells import cell_len

        return max((cell_len(line) for cell in self.cells for line in cell.plain.split("\n")), default=0)


def broken(text: str, width: int, further: str = "") -> str:
    """`text` in lines of at most `width` letters, each but the first beginning with `further`.

    It is broken after a space, ``=`` or ``(``, then after ``_``, and never within a word: a longer one stays.
    """
    lines = [""]
    for piece in re.split(r"(?<=[ =(])", text):
        fits = len(further + piece.rstrip()) <= width
        for part in [piece] if fits else re.split(r"(?<=_)", piece):
            if lines[-1].strip() and len((lines[-1] + part).rstrip()) > width:
                lines.append(further)
            lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def _optional(summary: Summary) -> list[str]:
    """What the table can do without, the first to go first."""
    has_test = any(condition.test for condition in summary.conditions)
    has_ranges = any(len(set(condition.best_epoch_range or ())) > 1 for condition in summary.conditions)
    has_differences = any(condition.comparison for condition in summary.conditions)
    return [VALIDATION] * has_test + [RANGES] * has_ranges + [DIFFERENCES] * has_differences


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width() for column in columns) + GAP * (len(columns) - 1)


def _break_names(columns: Sequence[Column], width: int) -> None:
    """Break the longest names first, until the table fits or nothing is left to break."""
    from rich.text import Text

    names = [column for column in columns if column.is_name]
    originals = {id(column): [cell.plain for cell in column.cells] for column in names}
    limits = {id(column): column.width() for column in names}
    while _width(columns) > width and names:
        widest = max(names, key=lambda column: limits[id(column)])
        limits[id(widest)] -= 1
        widest.cells = [Text(broken(name, limits[id(widest)], CONTINUED)) for name in originals[id(widest)]]
        if widest.width() > limits[id(widest)]:
            names.remove(widest)


def _columns(summary: Summary, left_out: Collection[str]) -> list[Column]:
    from rich.text import Text

    conditions = summary.conditions
    metric = "loss" if summary.compared_by is None else summary.compared_by.metric
    has_test = any(condition.test for condition in conditions)
    has_comparison = any(condition.comparison for condition in conditions)

    columns = _name_columns([condition.name for condition in conditions])
    columns.append(Column("best epoch", [Text(_best_epoch(c, RANGES not in left_out)) for c in conditions]))
    validation = [condition.validation.get(metric) for condition in conditions]
    if not has_test:
        scores = [Text(interval_text(score)) for score in validation]
        columns.append(Column(f"validation {metric_text(metric)}", scores))
    else:
        if VALIDATION not in left_out:
            means = [Text(number_text(None if score is None else score.mean)) for score in validation]
            columns.append(Column(f"validation {metric_text(metric)}", means))
        tested = [Text(interval_text(condition.test.get(metric))) for condition in conditions]
        columns.append(Column(f"test {metric_text(metric)}", tested))
    states = [_state(condition) for condition in conditions]
    if has_comparison:
        reference = reference_name(summary)
        differences = [_difference(condition, DIFFERENCES not in left_out) for condition in conditions]
        measure = summary.compared_by  # of rounds until all is decided it is not what the table shows
        of = f"{measure.split} " if has_test and measure is not None and measure.split == "validation" else ""
        columns.append(Column(f"{of}against {reference}", [Text(text) for text in differences]))
        conclusions = [_conclusion(condition, summary.baseline, reference) for condition in conditions]
        joined = [Text("\n").join(filter(None, pair)) for pair in zip(conclusions, states, strict=True)]
        columns.append(Column("conclusion", joined, "left"))
    elif any(states):
        columns.append(Column("trials", states, "left"))
    return columns


def _name_columns(names: Sequence[str]) -> list[Column]:
    """A column for each factor that all names have; else one with the names."""
    from rich.text import Text

    factors, levels = shared_factors(names)
    if not factors:
        return [Column("condition", [Text(name) for name in names], "left", is_name=True)]
    return [
        Column(factor, [Text(row[place]) for row in levels], "left", is_name=True)
        for place, factor in enumerate(factors)
    ]


def _best_epoch(condition: ConditionSummary, with_range: bool) -> str:
    """``7``, with the range over single seeds where they differ: ``7 (5–9)``."""
    if condition.best_epoch is None or condition.best_epoch_range is None:
        return "–"
    low, high = condition.best_epoch_range
    return str(condition.best_epoch) + (f" ({low}–{high})" if with_range and low != high else "")


def _difference(condition: ConditionSummary, with_interval: bool) -> str:
    if condition.comparison is None:
        return ""
    difference = condition.comparison.difference
    return interval_text(difference if with_interval else replace(difference, low=None, high=None), signed=True)


def _conclusion(condition: ConditionSummary, baseline: str | None, reference: str) -> Text:
    """The conclusion, where there was anything to conclude from."""
    from rich.text import Text

    comparison = condition.comparison
    if comparison is None:
        return Text(BASELINE if condition.name == baseline and reference == BASELINE else "")
    return Text(comparison.conclusion, STYLES[comparison.conclusion]) if comparison.p is not None else Text("")


def _state(condition: ConditionSummary) -> Text:
    """What became of the trials that did not complete, a line each; nothing where all did."""
    from rich.text import Text

    waiting = condition.trials - sum(condition.outcomes.values())
    lines = [line for line in lost_text(condition).split(", ") if line] + ([f"{waiting} to come"] if waiting else [])
    return Text("\n".join(lines), "yellow")


def _notes(summary: Summary, left_out: Collection[str]) -> list[str]:
    """How many trials there are, what ± and a range are, and what was left out."""
    conditions = summary.conditions
    trials = conditions[0].trials
    opening = f"{trials} {'trial' if trials == 1 else 'trials'} per condition"
    if any(condition.learnt for condition in conditions):
        opening += "; means are over those that learnt"
    elif any(condition.outcomes["completed"] < condition.trials for condition in conditions):
        opening += "; means are over those that completed"
    if summary.splits > 1:
        opening += f" on {summary.splits} splits; best epochs are medians over them"
    if trials > 1:
        opening += f"; brackets hold the {100 * summary.confidence:g} % confidence interval"
    notes = [f"{opening}."]
    for condition in conditions:
        epoch, (low, high) = condition.best_epoch, condition.best_epoch_range or (0, 0)
        is_outside = epoch is not None and low != high and not low <= epoch <= high
        if RANGES not in left_out and is_outside and summary.splits == 1:
            notes.append(
                f"{epoch} ({low}–{high}): the mean over seeds is best at epoch {epoch}; "
                f"the best epochs of single seeds lie between {low} and {high}."
            )
            break
    if left_out:
        notes.append(f"Not shown, because the window is too narrow: {_listed(left_out)}.")
    return notes


def _listed(words: Collection[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
