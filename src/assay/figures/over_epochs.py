"""How a layer's values change through training: bands of quantiles by epoch, a panel for each layer.

::

    figure = over_epochs(SignalTables.of(results), "activations")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.analysis.wording import shared_names
from assay.figures.distributions import SignalScale, scale_for
from assay.figures.signal_tables import SignalTables
from assay.figures.style import BLUE, INK, QUIET, SIZES, new_figure, quiet_axes, wrapped_name
from assay.figures.violins import LEGEND, set_scale
from assay.figures.written import plain, written_lines
from assay.probes import Quantity, find_quantity

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BANDS = (("minimum", "maximum", 0.16), ("quantile_05", "quantile_95", 0.3), ("quantile_25", "quantile_75", 0.5))
"""Lower edge, upper edge and opacity, from the outside in."""

MANY_LAYERS = 8


@dataclass(frozen=True, eq=False)
class OverEpochs:
    """All that the figure shows.

    Attributes
    ----------
    table : polars.DataFrame
        Columns condition, layer, epoch, minimum, maximum (of all seeds), and quantile_05 … quantile_95, mean, std
        (means over seeds).
    quantity : str
    conditions : list of str
    layers : list of int
        At most 8, the first and the last among them.
    scale : SignalScale
    seeds : int
    """

    table: pl.DataFrame
    quantity: str
    conditions: list[str]
    layers: list[int]
    scale: SignalScale
    seeds: int
    unit: str = "seeds"

    @property
    def record(self) -> Quantity:
        """What is known of the quantity."""
        return find_quantity(self.quantity)

    @property
    def heading(self) -> str:
        """``Activations through training``; of one condition with its name."""
        title = self.record.title
        of = f", {self.conditions[0]}" if len(self.conditions) == 1 else ""
        return f"{title[0].upper()}{title[1:]} through training{of}"

    def written(self) -> dict[str, Any]:
        """As JSON: the statistics of each condition and layer by epoch."""
        return {
            "figure": "over_epochs",
            "heading": self.heading,
            "quantity": self.record.written(),
            "seeds": self.seeds,
            "conditions": list(self.conditions),
            "layers": list(self.layers),
            "x": {"label": "epoch"},
            "scale": plain(self.scale),
            "bands": [{"low": low, "high": high, "opacity": opacity} for low, high, opacity in BANDS],
            "lines": written_lines(self.table, "condition", "layer"),
        }


def over_epochs_data(
    tables: SignalTables, quantity: str, conditions: Sequence[str] | None = None, layers: Sequence[int] | None = None
) -> OverEpochs:
    """Compute what `over_epochs` draws.

    Raises
    ------
    StoreError
        If a condition or the quantity is unknown.
    """
    import polars as pl

    chosen, quantity = tables.chosen(conditions), find_quantity(quantity).name
    depth = tables.depth(chosen)
    if layers is None:
        layers = np.unique(np.linspace(1, depth, min(depth, MANY_LAYERS)).round().astype(int)).tolist()
    statistics = [edge for low, high, _ in BANDS for edge in (low, high)] + ["quantile_50", "mean", "std"]
    keys = ["condition", "layer", "epoch"]
    rows = tables.signals.filter(
        pl.col("condition").is_in(chosen),
        pl.col("layer").is_in(list(layers)),
        pl.col("quantity") == quantity,
        pl.col("statistic").is_in(statistics),
    )
    wide = rows.pivot("statistic", on_columns=statistics, index=[*keys, "trial"], values="value")
    table = (
        wide.group_by(keys)
        .agg(
            pl.col("minimum").min(),
            pl.col("maximum").max(),
            *(pl.col(name).mean() for name in statistics if name not in ("minimum", "maximum")),
        )
        .sort(keys)
    )
    ends = (-1.0, 1.0) if table.is_empty() else (float(table["minimum"].min()), float(table["maximum"].max()))  # type: ignore[arg-type]
    scale = scale_for(np.hypot(table["mean"].to_numpy(), table["std"].to_numpy()).tolist(), *ends)
    return OverEpochs(table, quantity, chosen, list(layers), scale, tables.count(rows), tables.unit)


def over_epochs(
    tables: SignalTables, quantity: str, conditions: Sequence[str] | None = None, layers: Sequence[int] | None = None
) -> Figure:
    """Draw the distribution of a quantity by epoch.

    Parameters
    ----------
    tables : SignalTables
        What was recorded.
    quantity : str
        One that has quantiles: ``activations``, ``kernel_gradient``.
    conditions : sequence of str, optional
        All if not given.
    layers : sequence of int, optional
        At most 8, evenly chosen, if not given.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each condition, a column for each layer, one scale.

    Raises
    ------
    StoreError
        If a condition or the quantity is unknown.
    """
    return draw_over_epochs(over_epochs_data(tables, quantity, conditions, layers))


def draw_over_epochs(data: OverEpochs) -> Figure:
    """Draw what `over_epochs_data` computed."""
    factors, names = shared_names(data.conditions)
    titles = [wrapped_name(name, 30, lines=4) for name in names]
    longest = max((len(line) for title in titles for line in title.split("\n")), default=0)
    panel_width, panel_height = (1.5, 1.6) if len(data.conditions) <= 2 else (1.3, 0.85)
    is_single = len(data.conditions) == 1
    left = 0.6 if is_single else 0.73 + 0.066 * longest
    factor_lines = wrapped_name(factors, 30)
    # The factors stand between the legend and the first row; two lines have room.
    right, across, top, down, bottom = 0.12, 0.24, 0.98 + 0.14 * max(factor_lines.count("\n") - 1, 0), 0.14, 0.46
    width = max(left + len(data.layers) * (panel_width + across) - across + right, 6.4)
    height = top + len(data.conditions) * (panel_height + down) - down + bottom
    figure = new_figure(width, height)
    colour = data.record.colour
    for row, (condition, title) in enumerate(zip(data.conditions, titles, strict=True)):
        y = height - top - row * (panel_height + down) - panel_height
        if not is_single:
            figure.text(0.15 / width, (y + panel_height / 2) / height, title, va="center", fontsize=8.0, color=INK)
        for column, layer in enumerate(data.layers):
            x = left + column * (panel_width + across)
            axes = figure.add_axes((x / width, y / height, panel_width / width, panel_height / height))
            is_lowest = row == len(data.conditions) - 1
            bands(data, condition, layer, colour, axes)
            axes.tick_params(labelleft=column == 0, labelbottom=is_lowest)
            if row == 0:
                axes.set_title(f"layer {layer}", fontsize=SIZES["title"], color=INK, loc="left", pad=5)
            if is_lowest:
                axes.set_xlabel("epoch", fontsize=SIZES["label"], color=INK)
    figure.text(0.15 / width, 1 - 0.1 / height, data.heading, va="top", fontsize=SIZES["heading"], color=INK)
    if factors:
        figure.text(
            0.15 / width, 1 - (top - 0.06) / height, factor_lines, va="bottom", fontsize=SIZES["title"], color=QUIET
        )
    _legend(figure, data, colour, 0.15 / width, 1 - 0.36 / height)
    return figure


def bands(data: OverEpochs, condition: str, layer: int, colour: str = BLUE, ax: Axes | None = None) -> Axes:
    """Draw one layer of one condition.

    Parameters
    ----------
    data : OverEpochs
        Of `over_epochs_data`.
    condition : str
        Its name.
    layer : int
        From 1.
    colour : str
        Of the bands.
    ax : matplotlib.axes.Axes, optional
        A new figure's if not given.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.ticker import MaxNLocator

    axes = ax if ax is not None else new_figure(3.6, 2.6).add_subplot()
    quiet_axes(axes)
    set_scale(axes, data.scale)
    rows = data.table.filter(condition=condition, layer=layer)
    for low, high, alpha in BANDS:
        axes.fill_between(rows["epoch"], rows[low], rows[high], color=colour, alpha=alpha, linewidth=0)
    axes.plot(rows["epoch"], rows["quantile_50"], color=INK, linewidth=1.0)
    first, last = (float(end or 0) for end in (data.table["epoch"].min(), data.table["epoch"].max()))  # type: ignore[arg-type]
    axes.set_xlim(first, max(last, first + 1))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=4, min_n_ticks=2))
    return axes


def _legend(figure: Figure, data: OverEpochs, colour: str, left: float, top: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    labels = ("smallest to largest", "5 % to 95 %", "25 % to 75 %")
    handles: list[Line2D | Patch] = [
        Patch(color=colour, alpha=alpha, linewidth=0, label=label)
        for (_, _, alpha), label in zip(BANDS, labels, strict=True)
    ]
    over = f", mean of {data.seeds} {data.unit}" if data.seeds > 1 else ""
    handles.append(Line2D([], [], color=INK, linewidth=1.0, label=f"median{over}"))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(left, top), borderaxespad=0.0, ncols=4, **LEGEND)
