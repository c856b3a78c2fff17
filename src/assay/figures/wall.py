"""The wall: a row of panels for each condition, on shared scales: one look tells which network keeps its signal.

::

    figure = wall(SignalTables.of(results))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assay.analysis.wording import shared_names
from assay.figures.distributions import SignalPanels, panel_data
from assay.figures.signal_tables import SignalTables
from assay.figures.style import INK, QUIET, SIZES, new_figure, wrapped_name
from assay.figures.violins import LEGEND, layer_axis, spread_text, violin_legend, violins
from assay.probes import find_quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def wall(
    tables: SignalTables,
    conditions: Sequence[str] | None = None,
    *,
    epoch: int = 0,
    quantities: Sequence[str] | None = None,
) -> Figure:
    """Draw the signal of many conditions side by side.

    Parameters
    ----------
    tables : SignalTables
        What was recorded.
    conditions : sequence of str, optional
        All if not given; best with up to about 40.
    epoch : int
        0 is the untrained network.
    quantities : sequence of str, optional
        The columns: any that have a histogram; those that have a panel if not given.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each condition; all panels of a column share their axes. Beside each panel the std in the first and
        the last hidden layer. Dashes are theory: mean ± std, or ± root mean square of a gradient.

    Raises
    ------
    StoreError
        If a condition or a quantity is unknown.
    """
    return draw_wall(panel_data(tables, conditions, epoch=epoch, quantities=quantities))


def draw_wall(data: SignalPanels) -> Figure:
    """Draw what `panel_data` computed."""
    factors, names = shared_names(data.conditions)
    titles = [wrapped_name(name, 30, lines=4) for name in names]
    depth = max((len(panel) for panel in data.panels.values()), default=1)
    panel_width, panel_height = min(max(2.05, 0.22 * depth), 4.0), 0.78
    longest = max((len(line) for title in titles for line in title.split("\n")), default=0)
    label, right, across, top, down, bottom = 0.35 + 0.066 * longest, 0.12, 0.5, 1.14, 0.26, 0.46
    left = label + 0.38
    columns, rows = len(data.quantities), len(data.conditions)
    width = left + columns * (panel_width + across) - across + right
    height = top + rows * (panel_height + down) - down + bottom
    figure = new_figure(width, height)
    for row, (condition, title) in enumerate(zip(data.conditions, titles, strict=True)):
        y = height - top - row * (panel_height + down) - panel_height
        figure.text(0.15 / width, (y + panel_height / 2) / height, title, va="center", fontsize=8.0, color=INK)
        for column, quantity in enumerate(data.quantities):
            x = left + column * (panel_width + across)
            axes = figure.add_axes((x / width, y / height, panel_width / width, panel_height / height))
            record = find_quantity(quantity)
            shown = data.panels[condition, quantity]
            violins(shown, data.scales[quantity], record.colour, axes)
            layer_axis(axes, depth)
            axes.tick_params(labelbottom=row == rows - 1, labelsize=7.0)
            place: dict[str, Any] = {
                "transform": axes.transAxes,
                "ha": "right",
                "va": "bottom",
                "fontsize": 7.0,
                "color": QUIET,
            }
            axes.text(1, 1.01, spread_text(shown), **place)
            if row == 0:
                axes.set_title(record.title, fontsize=SIZES["title"] + 1, color=INK, loc="left", pad=17)
            if row == rows - 1:
                axes.set_xlabel("layer", fontsize=SIZES["label"], color=INK)
    has_theory = any(layer.theory is not None for panel in data.panels.values() for layer in panel)
    heading = f"The signal {data.when}" if data.epoch == 0 else f"The signal at {data.when}"
    figure.text(0.15 / width, 1 - 0.1 / height, heading, va="top", fontsize=SIZES["heading"], color=INK)
    if factors:
        lines = wrapped_name(factors, 24)
        figure.text(0.15 / width, 1 - (top - 0.14) / height, lines, va="bottom", fontsize=SIZES["title"], color=QUIET)
    figure.legend(
        handles=violin_legend(data.seeds, has_theory, data.unit),
        loc="upper left",
        bbox_to_anchor=(0.15 / width, 1 - 0.36 / height),
        borderaxespad=0.0,
        ncols=4,
        **LEGEND,
    )
    return figure
