"""What is left of a regression's targets, over the prediction; a panel for each target column.

::

    residuals(results, "activation=relu").savefig("residuals.png")
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.analysis.error_analysis import ErrorAnalysis, Residuals
from assay.analysis.numbers import number_text
from assay.errors import StoreError
from assay.figures.style import (
    BLUE,
    INK,
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
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from assay.results import Results

MOST_PANELS = 6
MOST_POINTS = 2000
ROWS_PER_MEAN = 10
"""The line of means has ten places, or fewer where these would hold fewer rows."""


@dataclass(frozen=True, eq=False)
class ResidualPanel:
    """One target column.

    Attributes
    ----------
    name, note : str
    predicted, residual : array, shape (points,)
        In the unit of the target; every n-th row where there are many.
    places, means : array, shape (at most 10,)
        Of rows with about equal predictions, the mean prediction and the mean residual.
    """

    name: str
    note: str
    predicted: np.ndarray
    residual: np.ndarray
    places: np.ndarray
    means: np.ndarray


@dataclass(frozen=True)
class ResidualPicture:
    """All that the figure shows."""

    heading: str
    note: str
    panels: list[ResidualPanel]

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "figure": "residuals",
            "x": {"label": "prediction"},
            "y": {"label": "target − prediction"},
            **plain(self),
        }


def residual_data(errors: ErrorAnalysis) -> ResidualPicture:
    """Compute what `residuals` draws.

    Raises
    ------
    StoreError
        If the task is no regression.
    """
    if not errors.residuals:
        raise StoreError(
            f"{errors.answers.condition}: expected a regression, got a {errors.answers.task} task. "
            "`assay.figures.confusion` and `errors_by_class` show its errors."
        )
    note = f"{errors.answers.count:,} {errors.answers.split} rows"
    if len(errors.residuals) > MOST_PANELS:
        note += f"; the first {MOST_PANELS} of {len(errors.residuals)} target columns"
    return ResidualPicture(errors.heading, note, [_panel(column) for column in errors.residuals[:MOST_PANELS]])


def _panel(column: Residuals) -> ResidualPanel:
    order = np.argsort(column.predicted, kind="stable")
    groups = np.array_split(order, max(1, min(10, len(order) // ROWS_PER_MEAN)))
    shown = slice(None, None, math.ceil(len(order) / MOST_POINTS) or 1)
    note = f"mean absolute error {number_text(column.mean_absolute_error)}"
    if column.r2 is not None:
        note += f", R² {number_text(column.r2)}"
    return ResidualPanel(
        name=column.name,
        note=note,
        predicted=column.predicted[shown],
        residual=column.residual[shown],
        places=np.array([column.predicted[group].mean() for group in groups if group.size]),
        means=np.array([column.residual[group].mean() for group in groups if group.size]),
    )


def residuals(
    results: Results, condition: str | None = None, *, seed: int | None = None, split: str | None = None
) -> Figure:
    """Draw the residuals of a regression over its predictions.

    Parameters
    ----------
    results, condition, seed, split
        As `Results.errors` takes them.

    Returns
    -------
    matplotlib.figure.Figure
        A point for each row; the line joins the means of rows with about equal predictions.

    Raises
    ------
    StoreError
        If no predictions are kept, or the task is no regression.
    """
    return draw_residuals(residual_data(results.errors(condition, seed=seed, split=split)))


def draw_residuals(data: ResidualPicture) -> Figure:
    """Draw what `residual_data` computed."""
    from matplotlib.lines import Line2D

    columns = min(len(data.panels), 3)
    rows = math.ceil(len(data.panels) / columns)
    panel_width, panel_height = (4.6, 2.7) if columns == 1 else (2.7, 2.0)
    left, right, across, down, bottom = 0.8, 0.2, 0.62, 0.82, 0.5
    width = left + columns * (panel_width + across) - across + right
    further = wrapped_heading(data.heading, width)[1]
    top = 1.16 + further
    height = top + rows * (panel_height + down) - down + bottom
    figure = new_figure(width, height)
    for place, panel in enumerate(data.panels):
        row, column = divmod(place, columns)
        x, y = left + column * (panel_width + across), height - top - row * (panel_height + down) - panel_height
        axes = figure.add_axes((x / width, y / height, panel_width / width, panel_height / height))
        _draw_panel(axes, panel)
        if column == 0:
            axes.set_ylabel("target − prediction", fontsize=SIZES["label"], color=INK)
        axes.set_xlabel("prediction", fontsize=SIZES["label"], color=INK)
    put_heading(figure, data.heading, data.note)
    figure.legend(
        handles=[
            Line2D([], [], color=BLUE, marker="o", linewidth=0, markersize=4, alpha=0.6, label="one row"),
            Line2D([], [], color=VERMILLION, linewidth=1.5, label="mean of rows with about equal predictions"),
        ],
        loc="upper left",
        bbox_to_anchor=(0.15 / width, 1 - (0.54 + further) / height),
        borderaxespad=0.0,
        borderpad=0.2,
        ncols=2,
        **LEGEND,
    )
    return figure


def _draw_panel(axes: Axes, panel: ResidualPanel) -> None:
    quiet_axes(axes)
    axes.axhline(0, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    strength = 0.55 if len(panel.predicted) <= 300 else 0.25
    axes.plot(
        panel.predicted,
        panel.residual,
        "o",
        color=BLUE,
        markersize=3.2,
        markeredgewidth=0,
        alpha=strength,
        rasterized=len(panel.predicted) > 500,
    )
    axes.plot(panel.places, panel.means, color=VERMILLION, linewidth=1.5, zorder=4)
    title = shortened(panel.name)
    axes.set_title(title, fontsize=SIZES["title"], color=INK, loc="left", pad=15)
    axes.text(0, 1.02, panel.note, transform=axes.transAxes, va="bottom", fontsize=SIZES["note"], color=QUIET)
