"""Two networks side by side on shared scales, one ill and one cured: four panels each, or the curves of a training.

::

    figure = illness_and_cure(report.tables, "activation=sigmoid", "activation=relu")
    figure = courses_of_illness_and_cure(results, "learning_rate=1.0", "learning_rate=0.001", chance=2.3)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.analysis.wording import factors_of
from assay.figures.distributions import SignalPanels, panel_data
from assay.figures.learning_curves import LARGE_RATIO, SPLITS
from assay.figures.signal_tables import SignalTables
from assay.figures.style import GREEN, INK, QUIET, SIZES, VERMILLION, new_figure, quiet_axes
from assay.figures.violins import LEGEND, layer_axis, power_text, spread_text, violin_legend, violins
from assay.figures.written import plain
from assay.probes import Quantity, find_quantity
from assay.probes.correlation import CORRELATION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from assay.results import Results

WIDTH = 8.75  # inches
HEADINGS = (("illness", 0.66, VERMILLION), ("cure", 0.48, GREEN))  # with their widths in inches
COSINE_HEIGHT = 0.85
EVERY_LAYER = 8  # more numbers do not fit below a panel


def illness_and_cure(
    tables: SignalTables, illness: str, cure: str, *, epoch: int = 0, with_correlation: bool = False
) -> Figure:
    """Draw the four panels of two conditions, the ill one on the left.

    Parameters
    ----------
    tables : SignalTables
        What was recorded.
    illness, cure : str
        Names of conditions; what they share is left out of the headings.
    epoch : int
        0 is the untrained network.
    with_correlation : bool
        Draw the mean cosine between examples by layer below the panels, which cannot show it.

    Returns
    -------
    matplotlib.figure.Figure
        Panels of one quantity share their scale. Dashes are theory, as in `four_panels`.

    Raises
    ------
    StoreError
        If a condition is unknown.
    """
    return draw_illness_and_cure(pair_data(tables, illness, cure, epoch=epoch, with_correlation=with_correlation))


@dataclass(frozen=True, eq=False)
class IllnessAndCure:
    """All that the figure of two networks shows.

    Attributes
    ----------
    illness, cure : str
        Names of conditions.
    panels : SignalPanels
        Of the two.
    cosines : dict of condition to array, shape (L,), optional
        The mean cosine between examples by layer, the mean over seeds.
    """

    illness: str
    cure: str
    panels: SignalPanels
    cosines: dict[str, np.ndarray] | None = None

    def written(self) -> dict[str, Any]:
        """As JSON: the panels, with the two names and the cosines."""
        return {
            **self.panels.written(),
            "figure": "illness_and_cure",
            "illness": self.illness,
            "cure": self.cure,
            "cosines": None
            if self.cosines is None
            else {"quantity": CORRELATION.written(), "by_layer": plain(self.cosines)},
        }


def pair_data(
    tables: SignalTables, illness: str, cure: str, *, epoch: int = 0, with_correlation: bool = False
) -> IllnessAndCure:
    """Compute what `illness_and_cure` draws.

    Raises
    ------
    StoreError
        If a condition is unknown.
    """
    panels = panel_data(tables, [illness, cure], epoch=epoch)
    cosines = correlations(tables, [illness, cure], epoch) if with_correlation else None
    return IllnessAndCure(illness, cure, panels, cosines)


def correlations(tables: SignalTables, conditions: Sequence[str], epoch: int) -> dict[str, np.ndarray]:
    """By condition, the mean cosine between examples in each layer, (L,): the mean over seeds."""
    import polars as pl

    rows = tables.signals.filter(quantity=CORRELATION.name, statistic=CORRELATION.size, epoch=epoch)
    means = rows.group_by("condition", "layer").agg(pl.col("value").mean()).sort("layer")
    return {name: means.filter(condition=name)["value"].to_numpy() for name in conditions}


def draw_illness_and_cure(data: IllnessAndCure) -> Figure:
    """Draw what `pair_data` computed."""
    panels, cosines = data.panels, data.cosines
    rows = math.ceil(len(panels.quantities) / 2)
    left, between, across, panel_width, panel_height = 0.5, 0.62, 0.48, 1.62, 1.2
    top, down, bottom = 0.98, 0.52, 0.42
    below = 0.0 if cosines is None else COSINE_HEIGHT + 0.4
    height = top + rows * (panel_height + down) - down + bottom + below
    figure = new_figure(WIDTH, height)
    block = 2 * panel_width + across
    has_theory = False
    for side, condition in enumerate((data.illness, data.cure)):
        start = left + side * (block + between)
        for position, quantity in enumerate(panels.quantities):
            row, column = divmod(position, 2)
            x = start + column * (panel_width + across)
            y = height - top - row * (panel_height + down) - panel_height
            axes = figure.add_axes((x / WIDTH, y / height, panel_width / WIDTH, panel_height / height))
            shown = panels.panels[condition, quantity]
            record = find_quantity(quantity)
            violins(shown, panels.scales[quantity], record.colour, axes)
            if len(shown) > EVERY_LAYER:
                _few_layers(axes, len(shown))
            axes.set_title(record.title, fontsize=SIZES["title"], color=INK, loc="left", pad=13)
            note: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom", "fontsize": 7.0, "color": QUIET}
            axes.text(0, 1.02, spread_text(shown), **note)
            if row == rows - 1 and cosines is None:
                axes.set_xlabel("layer", fontsize=SIZES["label"], color=INK)
            has_theory |= any(layer.theory is not None for layer in shown)
        if cosines is not None:
            place = start / WIDTH, bottom / height, block / WIDTH, COSINE_HEIGHT / height
            _draw_cosines(figure.add_axes(place), cosines[condition])
    _headings(figure, (data.illness, data.cure), [left - 0.35, left - 0.35 + block + between], height)
    figure.legend(
        handles=violin_legend(panels.seeds, has_theory, panels.unit),
        loc="upper left",
        bbox_to_anchor=((left - 0.35) / WIDTH, 1 - 0.34 / height),
        borderaxespad=0.0,
        ncols=4,
        **LEGEND,
    )
    return figure


def _draw_cosines(axes: Axes, cosines: np.ndarray) -> None:
    quiet_axes(axes)
    layer_axis(axes, len(cosines))
    axes.plot(np.arange(1, len(cosines) + 1), cosines, "o-", color=CORRELATION.colour, linewidth=1.5, markersize=3.5)
    axes.set_ylim(-0.05, 1.08)
    axes.set_yticks([0, 0.5, 1])
    axes.set_title(CORRELATION.title, fontsize=SIZES["title"], color=INK, loc="left", pad=4)
    axes.set_xlabel("layer", fontsize=SIZES["label"], color=INK)


def _few_layers(axes: Axes, depth: int) -> None:
    """Every other layer on the axis, and the last."""
    numbers = [layer for layer in range(1, depth, 2) if depth - layer >= 2]
    axes.set_xticks([*numbers, depth])


@dataclass(frozen=True, eq=False)
class Courses:
    """All that the figure of two trainings shows.

    Attributes
    ----------
    illness, cure : str
        Names of conditions.
    losses : dict of (condition, split) to list of (epochs, values)
        One pair of arrays for each seed; a value is NaN where the loss is not finite.
    shares : dict of condition to array, shape (epochs, hidden layers)
        Mean over seeds of the quantity that was asked for; empty if none was.
    share_epochs : array, shape (epochs,)
    share : str, optional
        The quantity.
    chance : float, optional
        The loss of the best constant output.
    clock : str
        What is counted to the right: epochs or steps.
    """

    illness: str
    cure: str
    losses: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]]
    shares: dict[str, np.ndarray]
    share_epochs: np.ndarray
    share: str | None
    chance: float | None
    clock: str = "epoch"

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest loss that is drawn."""
        values = np.concatenate([values for lines in self.losses.values() for _, values in lines])
        known = values[np.isfinite(values)]
        if self.chance is not None:
            known = np.append(known, self.chance)
        return float(known.min()), float(known.max())

    @property
    def record(self) -> Quantity | None:
        """What is known of the share."""
        return None if self.share is None else find_quantity(self.share)

    def written(self) -> dict[str, Any]:
        """As JSON: the loss of each seed by epoch, and the share of each hidden layer by epoch."""
        return {
            "figure": "courses",
            "illness": self.illness,
            "cure": self.cure,
            "x": {"label": self.clock},
            "y": {"label": "loss", "limits": plain(self.limits)},
            "colours": {split: colour for split, (colour, _) in SPLITS.items()},
            "chance": plain(self.chance),
            "losses": [
                {"condition": condition, "split": split, "epoch": plain(epochs), "value": plain(values)}
                for (condition, split), lines in self.losses.items()
                for epochs, values in lines
            ],
            "share": None
            if self.record is None
            else {
                "quantity": self.record.written(),
                "epoch": plain(self.share_epochs),
                "by_epoch_and_layer": plain(self.shares),
            },
        }


def course_data(
    results: Results, illness: str, cure: str, *, share: str | None = None, chance: float | None = None
) -> Courses:
    """Compute what `courses_of_illness_and_cure` draws."""
    import polars as pl

    of_both = pl.col("condition").is_in([illness, cure])
    history = results.rows("history", of_both, pl.col("phase") == "select", pl.col("metric") == "loss").sort("epoch")
    losses: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
    for (condition, split, _), rows in history.group_by("condition", "split", "trial", maintain_order=True):
        values = rows["value"].cast(pl.Float64).to_numpy()
        line = rows["epoch"].to_numpy(), np.where(np.isfinite(values), values, np.nan)
        losses.setdefault((str(condition), str(split)), []).append(line)
    shares, epochs = {}, np.zeros(0)
    if share is not None:
        record = find_quantity(share)
        is_share = (pl.col("quantity") == record.name) & (pl.col("statistic") == record.size)
        recorded = results.rows("signals", of_both, is_share)
        for condition in (illness, cure):
            table = (
                recorded.filter(pl.col("condition") == condition)
                .filter(pl.col("layer") < pl.col("layer").max())
                .group_by("epoch", "layer")
                .agg(pl.col("value").mean())
                .sort("epoch", "layer")
            )
            epochs = table["epoch"].unique().sort().to_numpy()
            shares[condition] = table["value"].to_numpy().reshape(len(epochs), -1)
    return Courses(illness, cure, losses, shares, epochs, share, chance)


def courses_of_illness_and_cure(
    results: Results, illness: str, cure: str, *, share: str | None = None, chance: float | None = None
) -> Figure:
    """Draw the loss of two conditions by epoch, the ill one on the left, a line for each seed.

    Parameters
    ----------
    results : Results
    illness, cure : str
        Names of conditions.
    share : str, optional
        A quantity that is a share (``dead_units``, ``saturation``), drawn below the loss, a line for each hidden layer.
    chance : float, optional
        The loss of the best constant output, drawn as a dotted line.

    Returns
    -------
    matplotlib.figure.Figure
    """
    return draw_courses(course_data(results, illness, cure, share=share, chance=chance))


def draw_courses(data: Courses) -> Figure:
    """Draw what `course_data` computed."""
    share = data.record
    left, across, panel_width, panel_height, share_height = 0.68, 0.5, 3.68, 1.75, 1.0
    top, down, bottom = 0.78, 0.42, 0.45
    height = top + panel_height + bottom + (share_height + down if share is not None else 0)
    figure = new_figure(WIDTH, height)
    for side, condition in enumerate((data.illness, data.cure)):
        x = left + side * (panel_width + across)
        y = height - top - panel_height
        axes = figure.add_axes((x / WIDTH, y / height, panel_width / WIDTH, panel_height / height))
        _draw_loss(axes, data, condition)
        lowest = axes
        if share is not None:
            y -= down + share_height
            lowest = figure.add_axes((x / WIDTH, y / height, panel_width / WIDTH, share_height / height))
            _draw_share(lowest, data, condition)
            lowest.set_xlim(axes.get_xlim())
        lowest.set_xlabel(data.clock, fontsize=SIZES["label"], color=INK)
        if side == 0:
            axes.set_ylabel("loss", fontsize=SIZES["label"], color=INK)
            if share is not None:
                lowest.set_ylabel(share.title, fontsize=SIZES["label"], color=INK)
    _headings(figure, (data.illness, data.cure), [left - 0.5, left + panel_width + across - 0.2], height)
    figure.legend(
        handles=_course_legend(data),
        loc="upper left",
        bbox_to_anchor=((left - 0.5) / WIDTH, 1 - 0.34 / height),
        borderaxespad=0.0,
        ncols=6,
        **LEGEND,
    )
    return figure


def _draw_loss(axes: Axes, data: Courses, condition: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    quiet_axes(axes)
    low, high = data.limits
    last = max(int(epochs[-1]) for (name, _), lines in data.losses.items() for epochs, _ in lines if name == condition)
    for split, (colour, dashes) in SPLITS.items():
        for epochs, values in data.losses.get((condition, split), []):
            axes.plot(epochs, values, color=colour, linestyle=dashes, linewidth=1.2, alpha=0.85, zorder=3)
            finite = np.flatnonzero(np.isfinite(values))
            if split == "train" and len(finite) and finite[-1] < len(values) - 1:
                end: dict[str, Any] = {"color": VERMILLION, "markersize": 7, "zorder": 4, "clip_on": False}
                axes.plot(epochs[finite[-1]], values[finite[-1]], "x", **end)
    if data.chance is not None:
        axes.axhline(data.chance, color=INK, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=2)
    if high > LARGE_RATIO * low > 0:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 300 else (1.0,)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _loss_text(value)))
        pad = (high / low) ** 0.06
        axes.set_ylim(low / pad, high * pad)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        pad = 0.06 * (high - low) or 0.1
        axes.set_ylim(low - pad, high + pad)
    axes.set_xlim(-0.02 * last, 1.02 * last)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=2))


def _loss_text(value: float) -> str:
    """As it is where it is short, else as a power of ten."""
    return f"{value:g}" if 1e-4 < value < 1e4 else power_text(value)


def _draw_share(axes: Axes, data: Courses, condition: str) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    quiet_axes(axes)
    shares = data.shares[condition]
    for layer, shade in enumerate(_shades(shares.shape[1])):
        axes.plot(data.share_epochs, shares[:, layer], color=shade, linewidth=1.5)
    axes.set_ylim(-0.04, 1.04)
    axes.set_yticks([0, 0.5, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=2))


def _shades(layers: int) -> list[tuple[float, float, float]]:
    """From pale to dark green, the first layer palest."""
    from matplotlib.colors import to_rgb

    colour = np.array(to_rgb(GREEN))
    parts = np.linspace(0.35, 1.0, layers) if layers > 1 else np.ones(1)
    return [
        (float(r), float(g), float(b)) for r, g, b in (1 - part * (1 - colour * (1.15 - 0.35 * part)) for part in parts)
    ]


def _course_legend(data: Courses) -> list[Line2D]:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, linestyle=dashes, linewidth=1.4, label=split)
        for split, (colour, dashes) in SPLITS.items()
        if any(split == drawn for _, drawn in data.losses)
    ]
    if data.chance is not None:
        handles.append(Line2D([], [], color=INK, linewidth=0.9, linestyle=(0, (1, 1.5)), label="chance"))
    if any(not np.isfinite(values).all() for lines in data.losses.values() for _, values in lines):
        handles.append(Line2D([], [], color=VERMILLION, marker="x", linestyle="none", label="no finite loss from here"))
    if data.share is not None:
        shades = _shades(next(iter(data.shares.values())).shape[1])
        for shade, label in ((shades[0], "layer 1"), (shades[-1], "last hidden layer")):
            handles.append(Line2D([], [], color=shade, linewidth=1.8, label=label))
    return handles


def _headings(figure: Figure, conditions: tuple[str, str], starts: list[float], height: float) -> None:
    """``illness: activation=sigmoid``: what the two names share is left out."""
    parts = [factors_of(name) for name in conditions]
    for start, (word, width, colour), own, others in zip(starts, HEADINGS, parts, reversed(parts), strict=True):
        name = ", ".join(part for part in own if part not in others)
        place: dict[str, Any] = {"va": "top", "fontsize": SIZES["heading"], "y": 1 - 0.08 / height}
        figure.text(start / WIDTH, s=word, color=colour, fontweight="bold", **place)
        if name != word:
            figure.text((start + width) / WIDTH, s=name, color=INK, **{**place, "fontsize": SIZES["title"] + 1})
