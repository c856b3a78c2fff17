"""Which classes, or labels, a network finds, and how often it is right when it says them.

::

    errors_by_class(results, "activation=relu").savefig("classes.png")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.analysis import Share
from assay.analysis.error_analysis import ErrorAnalysis
from assay.errors import StoreError
from assay.figures.style import (
    BLUE,
    INK,
    LETTER,
    QUIET,
    SIZES,
    VERMILLION,
    new_figure,
    put_heading,
    quiet_axes,
    shortened,
    wrapped_heading,
)
from assay.figures.violins import LEGEND
from assay.figures.written import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from assay.results import Results

MOST_ROWS = 24
"""Of more classes those are drawn of which most rows are missed."""
LOOKS = {"recall": (BLUE, "o", -0.14), "precision": (VERMILLION, "D", 0.14)}
"""Colour, mark, and how far it is set from the middle of its row."""
MEANINGS = {"recall": "recall: rows of the class that are found", "precision": "precision: answers that are right"}


@dataclass(frozen=True)
class ClassRow:
    """One class or label: how many rows it has, and its shares."""

    name: str
    rows: int
    recall: Share | None
    precision: Share | None

    @property
    def missed(self) -> int:
        """How many rows of it are not found."""
        return 0 if self.recall is None else self.recall.total - self.recall.count


@dataclass(frozen=True)
class ErrorsByClass:
    """All that the figure shows, the class with the lowest recall first."""

    heading: str
    note: str
    rows: list[ClassRow]

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "figure": "errors_by_class",
            "x": {"label": "share"},
            "colours": {name: colour for name, (colour, _, _) in LOOKS.items()},
            **plain(self),
        }


def errors_by_class_data(errors: ErrorAnalysis) -> ErrorsByClass:
    """Compute what `errors_by_class` draws.

    Raises
    ------
    StoreError
        If the task is a regression.
    """
    rows = worst_rows(errors)
    if not rows:
        raise StoreError(
            f"{errors.answers.condition}: expected classes or labels, got a regression. `assay.figures.residuals` "
            "shows its errors."
        )
    note = f"{errors.answers.count:,} {errors.answers.split} rows; lines are 95 % intervals"
    if len(rows) < len(errors.answers.names):
        note += f"; the {len(rows)} of {len(errors.answers.names)} classes with most rows missed"
    return ErrorsByClass(errors.heading, note, rows)


def worst_rows(errors: ErrorAnalysis) -> list[ClassRow]:
    """The class that is found least first; of more than `MOST_ROWS` those of which most rows are missed."""
    rows = sorted(class_rows(errors), key=lambda row: -row.missed)[:MOST_ROWS]
    return sorted(rows, key=lambda row: 2.0 if row.recall is None else row.recall.count / row.recall.total)


def class_rows(errors: ErrorAnalysis) -> list[ClassRow]:
    """Each class or label in its order; nothing of a regression."""
    found: Sequence[Any] = errors.labels if errors.confusion is None else errors.confusion.by_class()
    return [
        ClassRow(one.name, 0 if one.recall is None else one.recall.total, one.recall, one.precision) for one in found
    ]


def errors_by_class(
    results: Results, condition: str | None = None, *, seed: int | None = None, split: str | None = None
) -> Figure:
    """Draw recall and precision of each class, or of each label, with their 95 % intervals.

    Parameters
    ----------
    results, condition, seed, split
        As `Results.errors` takes them.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    StoreError
        If no predictions are kept, or the task is a regression.
    """
    return draw_errors_by_class(errors_by_class_data(results.errors(condition, seed=seed, split=split)))


def draw_errors_by_class(data: ErrorsByClass) -> Figure:
    """Draw what `errors_by_class_data` computed."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import PercentFormatter

    names = [shortened(row.name) for row in data.rows]
    width, left, right, bottom = 6.6, 0.35 + LETTER * max(map(len, names)), 0.95, 0.5
    further = wrapped_heading(data.heading, width)[1]
    top = 0.92 + further
    height = top + 0.34 * len(names) + bottom
    figure = new_figure(width, height)
    axes = figure.add_axes((left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height))
    quiet_axes(axes, grid="x")
    lowest = 1.0
    for place, row in enumerate(data.rows):
        for kind, (colour, mark, shift) in LOOKS.items():
            share: Share | None = getattr(row, kind)
            if share is None:
                continue
            lowest = min(lowest, share.low)
            line: dict[str, Any] = {
                "color": colour,
                "linewidth": 2.0,
                "alpha": 0.45,
                "solid_capstyle": "round",
                "clip_on": False,
            }
            axes.plot([share.low, share.high], [place + shift] * 2, **line)
            axes.plot(share.count / share.total, place + shift, mark, color=colour, markersize=4.5, clip_on=False)
        axes.text(
            1.02,
            place,
            f"{row.rows:,} {'row' if row.rows == 1 else 'rows'}",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=SIZES["note"],
            color=QUIET,
        )
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(max(0.0, lowest - 0.03), 1.005)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", labelsize=SIZES["label"])
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_xlabel("share of rows, or of answers", fontsize=SIZES["label"], color=INK)
    put_heading(figure, data.heading, data.note)
    figure.legend(
        handles=[
            Line2D([], [], color=colour, marker=mark, linewidth=0, markersize=4.5, label=MEANINGS[kind])
            for kind, (colour, mark, _) in LOOKS.items()
        ],
        loc="upper left",
        bbox_to_anchor=(0.15 / width, 1 - (0.54 + further) / height),
        borderaxespad=0.0,
        borderpad=0.2,
        ncols=2,
        **LEGEND,
    )
    return figure
