"""The panels of one condition: pre-activations, kernel, activations and kernel gradient, a violin for each layer.

::

    figure = four_panels(SignalTables.of(results), "activation=relu, kernel_initializer=he_normal")
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from assay.figures.distributions import SignalPanels, panel_data
from assay.figures.signal_tables import SignalTables
from assay.figures.style import INK, QUIET, SIZES, new_figure
from assay.figures.violins import LEGEND, spread_text, violin_legend, violins
from assay.probes import find_quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def four_panels(tables: SignalTables, condition: str, *, epoch: int = 0) -> Figure:
    """Draw the signal of one condition at one epoch.

    Parameters
    ----------
    tables : SignalTables
        What was recorded.
    condition : str
        Its name.
    epoch : int
        0 is the untrained network.

    Returns
    -------
    matplotlib.figure.Figure
        Each panel has its own scale; `wall` compares conditions on shared ones. Dashes are theory: mean ± std, or ±
        root mean square of a gradient.

    Raises
    ------
    StoreError
        If the condition is unknown.
    """
    return draw_four_panels(panel_data(tables, [condition], epoch=epoch))


def draw_four_panels(data: SignalPanels) -> Figure:
    """Draw what `panel_data` computed for one condition."""
    (condition,) = data.conditions
    rows = math.ceil(len(data.quantities) / 2)
    depth = max((len(data.panels[condition, quantity]) for quantity in data.quantities), default=1)
    panel_width, panel_height = min(max(2.9, 0.36 * depth), 6.0), 2.05
    left, right, across, top, down, bottom = 0.62, 0.12, 0.62, 1.0, 0.62, 0.48
    width = left + 2 * panel_width + across + right
    height = top + rows * (panel_height + down) - down + bottom
    figure = new_figure(width, height)
    has_theory = False
    for position, quantity in enumerate(data.quantities):
        row, column = divmod(position, 2)
        x, y = left + column * (panel_width + across), height - top - row * (panel_height + down) - panel_height
        axes = figure.add_axes((x / width, y / height, panel_width / width, panel_height / height))
        shown = data.panels[condition, quantity]
        record = find_quantity(quantity)
        violins(shown, data.scales[quantity], record.colour, axes)
        axes.set_title(record.title, fontsize=SIZES["title"] + 1, color=INK, loc="left", pad=15)
        place: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom", "fontsize": SIZES["note"], "color": QUIET}
        axes.text(0, 1.02, spread_text(shown), **place)
        if row == rows - 1:
            axes.set_xlabel("layer", fontsize=SIZES["label"], color=INK)
        has_theory |= any(layer.theory is not None for layer in shown)
    name = f"{condition}, {data.when}"
    figure.text(0.12 / width, 1 - 0.1 / height, name, va="top", fontsize=SIZES["heading"], color=INK)
    figure.legend(
        handles=violin_legend(data.seeds, has_theory, data.unit),
        loc="upper left",
        bbox_to_anchor=(0.12 / width, 1 - 0.36 / height),
        borderaxespad=0.0,
        ncols=4,
        **LEGEND,
    )
    return figure
