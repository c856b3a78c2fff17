"""The confusion matrix of one network: a row for each class, a column for what it was taken for.

::

    confusion(results, "activation=relu").savefig("confusion.png")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.analysis.error_analysis import Confusion, ErrorAnalysis
from assay.errors import StoreError
from assay.figures.style import (
    BLUE,
    GRID,
    INK,
    LETTER,
    QUIET,
    SIZES,
    VERMILLION,
    new_figure,
    put_heading,
    shortened,
    wrapped_heading,
)
from assay.figures.written import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from assay.results import Results

MOST_CLASSES = 20
"""Of more classes those are drawn that have most to do with errors."""


@dataclass(frozen=True, eq=False)
class ConfusionPicture:
    """All that the figure shows.

    Attributes
    ----------
    heading, note : str
    names : list of str, length K
    counts : array of int, shape (K, K)
        A row for each true class, a column for each that was predicted.
    recall : list of float or None, length K
        Of each class among all its rows; None of no row.
    """

    heading: str
    note: str
    names: list[str]
    counts: np.ndarray
    recall: list[float | None]

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "figure": "confusion",
            "x": {"label": "predicted"},
            "y": {"label": "true class"},
            **plain(self),
        }


def confusion_data(errors: ErrorAnalysis) -> ConfusionPicture:
    """Compute what `confusion` draws.

    Raises
    ------
    StoreError
        If rows have not one class each.
    """
    if errors.confusion is None:
        raise StoreError(
            f"{errors.answers.condition}: expected rows of one class each, got a {errors.answers.task}; it has no "
            "confusion matrix. `assay.figures.residuals` and `errors_by_class` show the errors of other tasks."
        )
    found, note = errors.confusion, f"{errors.answers.count:,} {errors.answers.split} rows"
    shown = np.arange(len(found.names))
    if len(shown) > MOST_CLASSES:
        shown = _most_wrong(found)
        note += f"; the {MOST_CLASSES} of {len(found.names)} classes with most errors"
    classes = found.by_class()
    return ConfusionPicture(
        heading=errors.heading,
        note=note,
        names=[found.names[k] for k in shown],
        counts=found.counts[np.ix_(shown, shown)],
        recall=[classes[k].right / classes[k].rows if classes[k].rows else None for k in shown],
    )


def _most_wrong(found: Confusion) -> np.ndarray:
    """The classes with most errors, rows and columns together, in their order."""
    off = found.counts - np.diag(np.diag(found.counts))
    return np.sort(np.argsort(-(off.sum(axis=0) + off.sum(axis=1)), kind="stable")[:MOST_CLASSES])


def confusion(
    results: Results, condition: str | None = None, *, seed: int | None = None, split: str | None = None
) -> Figure:
    """Draw the confusion matrix of one network.

    Parameters
    ----------
    results, condition, seed, split
        As `Results.errors` takes them.

    Returns
    -------
    matplotlib.figure.Figure
        The colour of an error is its share of the rows of its class; beside each row stands the share that is found.

    Raises
    ------
    StoreError
        If no predictions are kept, or rows have not one class each.
    """
    return draw_confusion(confusion_data(results.errors(condition, seed=seed, split=split)))


def draw_confusion(data: ConfusionPicture) -> Figure:
    """Draw what `confusion_data` computed."""
    count = len(data.names)
    names = [shortened(name) for name in data.names]
    longest = max(map(len, names), default=1)
    cell = 0.42 if count <= 12 else 0.34
    side = cell * count
    is_upright = LETTER * longest > 0.9 * cell  # names of columns beside each other
    left, right, bottom = 0.55 + LETTER * longest, 0.75, 0.2
    top = 0.98 + (LETTER * longest if is_upright else 0.12)
    width = max(left + side + right, 3.9)
    top += wrapped_heading(data.heading, width)[1]
    height = top + side + bottom
    figure = new_figure(width, height)
    axes = figure.add_axes((left / width, bottom / height, side / width, side / height))
    _draw_cells(axes, data.counts)
    axes.set_xticks(range(count), names, rotation=90 if is_upright else 0)
    axes.set_yticks(range(count), names)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=SIZES["tick"], labelcolor=INK, pad=3)
    axes.set_xlabel("predicted", fontsize=SIZES["label"], color=INK, labelpad=6)
    axes.xaxis.set_label_position("top")
    axes.set_ylabel("true class", fontsize=SIZES["label"], color=INK)
    place: dict[str, Any] = {"fontsize": SIZES["note"], "color": QUIET, "ha": "left", "va": "center"}
    for row, recall in enumerate(data.recall):
        axes.text(count - 0.5 + 0.12 / cell, row, "–" if recall is None else f"{100 * recall:.0f} %", **place)
    axes.text(count - 0.5 + 0.12 / cell, -0.5 - 0.14 / cell, "found", **place)
    put_heading(figure, data.heading, data.note)
    return figure


def _draw_cells(axes: Axes, counts: np.ndarray) -> None:
    """Right answers in a quiet blue; errors the stronger, the larger their share of the rows of their class."""
    from matplotlib.colors import to_rgba

    count = len(counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    off = np.where(np.eye(count, dtype=bool), 0, shares)
    strength = np.where(off > 0, 0.12 + 0.58 * off / max(float(off.max()), 1e-9), 0.0)
    colours = np.zeros((count, count, 4))
    colours[...] = to_rgba(VERMILLION)
    colours[..., 3] = strength
    for k in range(count):
        colours[k, k] = (*to_rgba(BLUE)[:3], 0.10 + 0.25 * shares[k, k])
    axes.imshow(colours, interpolation="nearest", aspect="equal", rasterized=False)
    axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=GRID, linewidth=0.7)
    axes.tick_params(which="minor", length=0)
    for spine in axes.spines.values():
        spine.set(color=GRID, linewidth=0.7)
    axes.set_facecolor("none")
    for (row, column), number in np.ndenumerate(counts):
        if number:
            axes.text(column, row, f"{number:,}", ha="center", va="center", fontsize=SIZES["tick"], color=INK)
