"""How the signal's size changes from layer to layer, forward and backward, as measured and as theory has it.

::

    figure = profiles(SignalTables.of(results))
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.analysis.wording import shared_names
from assay.figures.distributions import epoch_text
from assay.figures.signal_tables import SignalTables
from assay.figures.style import INK, QUIET, SIZES, grid_columns, new_figure, quiet_axes, wrapped_name
from assay.figures.violins import DASHES, LEGEND, layer_axis, power_text
from assay.figures.written import plain, written_lines, written_quantities
from assay.probes import Quantity, find_quantity, quantities

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Sizes this many powers of ten from the median are off the axis, and marked at its edge.
FAR = 8


@dataclass(frozen=True, eq=False)
class Profiles:
    """All that the figure shows.

    Attributes
    ----------
    table : polars.DataFrame
        Columns condition, quantity, layer, mean, low, high (of the size, over the seeds with a finite value; null where
        there is none), nonfinite (values that are not finite, of all seeds), theory (null where there is none).
    conditions, quantities : list of str
    epoch : int
    limits : pair of float
        Of the logarithmic axis.
    seeds : int
    clock : str
        What `epoch` counts.
    """

    table: pl.DataFrame
    conditions: list[str]
    quantities: list[str]
    epoch: int
    limits: tuple[float, float]
    seeds: int
    clock: str = "epoch"
    unit: str = "seeds"

    @property
    def heading(self) -> str:
        """``Size of the signal by layer, before training``."""
        return f"Size of the signal by layer, {epoch_text(self.epoch, self.clock)}"

    def written(self) -> dict[str, Any]:
        """As JSON: the size of each condition and quantity by layer."""
        return {
            "figure": "profiles",
            "heading": self.heading,
            "epoch": self.epoch,
            "seeds": self.seeds,
            "conditions": list(self.conditions),
            "quantities": written_quantities(self.quantities),
            "x": {"label": "layer"},
            "y": {"label": "size", "scale": "log", "limits": plain(self.limits)},
            "lines": written_lines(self.table, "condition", "quantity"),
        }


def profile_quantities() -> list[str]:
    """The quantities whose size is a line of the figure."""
    return [quantity.name for quantity in quantities() if quantity.in_profiles]


def profile_data(
    tables: SignalTables,
    conditions: Sequence[str] | None = None,
    *,
    epoch: int = 0,
    quantities: Sequence[str] | None = None,
) -> Profiles:
    """Compute what `profiles` draws.

    Raises
    ------
    StoreError
        If a condition or a quantity is unknown.
    """
    import polars as pl

    chosen = tables.chosen(conditions)
    records = [find_quantity(name) for name in (profile_quantities() if quantities is None else quantities)]
    names = [record.name for record in records]
    keys = ["condition", "quantity", "layer"]
    rows = tables.signals.filter(
        pl.col("condition").is_in(chosen), pl.col("quantity").is_in(names), pl.col("epoch") == epoch
    )
    statistics = list(dict.fromkeys(["mean", "std", "nonfinite_count", *(record.size for record in records)]))
    seeds = rows.filter(pl.col("statistic").is_in(statistics)).pivot(
        "statistic", on_columns=statistics, index=[*keys, "trial"], values="value"
    )
    size = _size_of(records)
    nonfinite = pl.col("nonfinite_count").fill_null(0)
    # A std of 0 beside values that are not finite says that none was.
    known = pl.when(size.is_finite() & ((nonfinite == 0) | (pl.col("std") > 0))).then(size)
    table = seeds.group_by(keys).agg(
        mean=known.mean(), low=known.min(), high=known.max(), nonfinite=nonfinite.sum().cast(pl.Int64)
    )
    theory = pl.concat(
        tables.theory_of(name, epoch).select("condition", "layer", quantity=pl.lit(name), theory="value")
        for name in names
    )
    table = table.join(theory, on=keys, how="left")
    table = table.sort(keys)
    return Profiles(table, chosen, names, epoch, _limits(table), tables.count(rows), tables.clock, unit=tables.unit)


def _size_of(records: Sequence[Quantity]) -> pl.Expr:
    """The number that tells a quantity's size; a root mean square of values is worked out of their mean and std."""
    import polars as pl

    size = pl.lit(None, pl.Float64)
    for record in records:
        is_root = record.has_histogram and record.size == "rms"
        own = pl.col(record.size)
        if is_root:
            own = pl.coalesce(_root_of_squares("mean", "std"), own)
        size = pl.when(pl.col("quantity") == record.name).then(own).otherwise(size)
    return size


def _root_of_squares(first: str, second: str) -> pl.Expr:
    """√(a² + b²), in units of the larger, so that the square of neither overflows nor vanishes; null of nothing."""
    import polars as pl

    largest = pl.max_horizontal(pl.col(first).abs(), pl.col(second).abs())
    sum_of_squares = (pl.col(first) / largest) ** 2 + (pl.col(second) / largest) ** 2
    return pl.when(largest == 0).then(0.0).otherwise(largest * sum_of_squares.sqrt())


def _limits(table: pl.DataFrame) -> tuple[float, float]:
    sizes = sorted(
        size for column in ("low", "mean", "high", "theory") for size in table[column].drop_nulls() if size > 0
    )
    if not sizes:
        return 0.1, 10.0
    median = sizes[len(sizes) // 2]
    low, high = max(sizes[0], median * 10.0**-FAR), min(sizes[-1], median * 10.0**FAR)
    pad = max((high / low) ** 0.06, 1.5)
    return low / pad, high * pad


def profiles(
    tables: SignalTables,
    conditions: Sequence[str] | None = None,
    *,
    epoch: int = 0,
    quantities: Sequence[str] | None = None,
) -> Figure:
    """Draw the size of the signal by layer: the std of pre-activations, the root mean square of kernel gradients.

    Parameters
    ----------
    tables : SignalTables
        What was recorded.
    conditions : sequence of str, optional
        All if not given.
    epoch : int
        0 is the untrained network, the only one that theory speaks of.
    quantities : sequence of str, optional
        A line each: any; if not given, those that their records put here.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each condition, all on the same logarithmic axis: a level line is a signal that neither fades nor
        grows. The band is the range over seeds, dashes are theory.

    Raises
    ------
    StoreError
        If a condition or a quantity is unknown.
    """
    return draw_profiles(profile_data(tables, conditions, epoch=epoch, quantities=quantities))


def draw_profiles(data: Profiles) -> Figure:
    """Draw what `profile_data` computed."""
    columns = grid_columns(data.conditions)
    rows = math.ceil(len(data.conditions) / columns)
    panel_width, panel_height = (2.5, 1.75) if columns <= 4 else (1.95, 1.5)
    factors, names = shared_names(data.conditions)
    titles = [wrapped_name(name, int(panel_width * 14)) for name in names]
    title_height = 0.16 * max((title.count("\n") + 1 for title in titles), default=1) + 0.14
    left, right, across, top, bottom = 0.62, 0.12, 0.2, 0.72 + (0.22 if factors else 0.0), 0.5
    width = max(left + right + columns * (panel_width + across) - across, 6.4)
    height = top + rows * (title_height + panel_height) + bottom
    figure = new_figure(width, height)
    for position, (name, title) in enumerate(zip(data.conditions, titles, strict=True)):
        row, column = divmod(position, columns)
        x = left + column * (panel_width + across)
        y = height - top - row * (panel_height + title_height) - title_height - panel_height
        axes = figure.add_axes((x / width, y / height, panel_width / width, panel_height / height))
        profile(data, name, axes)
        axes.set_title(title, fontsize=SIZES["title"], color=INK, loc="left", pad=5)
        is_lowest = position + columns >= len(data.conditions)
        axes.tick_params(labelleft=column == 0, labelbottom=is_lowest)
        if column == 0:
            axes.set_ylabel("size", fontsize=SIZES["label"], color=INK)
        if is_lowest:
            axes.set_xlabel("layer", fontsize=SIZES["label"], color=INK)
    figure.text(0.3 / width, 1 - 0.1 / height, data.heading, va="top", fontsize=SIZES["heading"], color=INK)
    if factors:
        figure.text(left / width, 1 - 0.76 / height, factors, va="center", fontsize=SIZES["title"], color=QUIET)
    _legend(figure, data, 0.3 / width, 1 - 0.36 / height)
    return figure


def profile(data: Profiles, condition: str, ax: Axes | None = None) -> Axes:
    """Draw one condition.

    Parameters
    ----------
    data : Profiles
        Of `profile_data`.
    condition : str
        Its name.
    ax : matplotlib.axes.Axes, optional
        A new figure's if not given.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes = ax if ax is not None else new_figure(3.6, 2.6).add_subplot()
    quiet_axes(axes)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: power_text(value)))
    axes.set_ylim(*data.limits)
    shown = data.table.filter(condition=condition)
    layer_axis(axes, int(data.table["layer"].max() or 1))  # type: ignore[arg-type]
    for quantity in data.quantities:
        _draw_line(axes, shown.filter(quantity=quantity), find_quantity(quantity).colour, data.limits)
    nonfinite = shown.filter(shown["nonfinite"] > 0).sort("layer")
    if not nonfinite.is_empty():
        note = f"values not finite from layer {nonfinite['layer'].to_list()[0]}"
        axes.text(0.02, 0.05, note, transform=axes.transAxes, fontsize=SIZES["note"], color=QUIET, style="italic")
    return axes


def _draw_line(axes: Axes, rows: pl.DataFrame, colour: str, limits: tuple[float, float]) -> None:
    """Mean and range over seeds; what is off the axis, or 0, is an arrow at its edge."""
    low, high = limits
    inside = rows.filter(rows["mean"] > low, rows["mean"] < high)
    known = rows.drop_nulls("mean")
    if (known["high"] > known["low"]).any():
        band = known["low"].clip(low), known["high"].clip(low)
        axes.fill_between(known["layer"], *band, color=colour, alpha=0.2, linewidth=0)
    axes.plot(inside["layer"], inside["mean"], color=colour, marker="o", markersize=3.0, linewidth=1.5, zorder=3)
    below, above = rows.filter(rows["mean"] <= low), rows.filter(rows["mean"] >= high)
    for marker, at, off in (("v", low, below), ("^", high, above)):
        axes.plot(off["layer"], [at] * len(off), marker, color=colour, markersize=5.0, clip_on=False, zorder=3)
    theory = rows.filter(rows["theory"] > low, rows["theory"] < high)
    axes.plot(theory["layer"], theory["theory"], color=INK, linewidth=1.1, linestyle=DASHES, zorder=4)


def _legend(figure: Figure, data: Profiles, left: float, top: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Line2D | Patch] = [
        Line2D([], [], color=record.colour, marker="o", markersize=3.5, linewidth=1.5, label=record.size_title)
        for record in map(find_quantity, data.quantities)
    ]
    if data.seeds > 1:
        handles.append(Patch(color=QUIET, alpha=0.3, linewidth=0, label=f"range of {data.seeds} {data.unit}"))
    if data.table["theory"].is_not_null().any():
        handles.append(Line2D([], [], color=INK, linewidth=1.1, linestyle=DASHES, label="theory"))
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(left, top),
        borderaxespad=0.0,
        ncols=len(handles),
        **LEGEND,
    )
