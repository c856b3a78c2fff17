"""A plane of two factors: one cell for each network, coloured by what became of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.analysis.numbers import metric_text
from assay.figures.style import INK, QUIET, SIZES, new_figure
from assay.figures.violins import LEGEND
from assay.figures.written import plain
from assay.selection import is_higher_better

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure

# From far from the boundary to near it; blue against yellow is told apart by every kind of colour vision.
LEARNS = ("#050b2c", "#0b2a6b", "#1463a8", "#1b9fd0", "#5ccfe8", "#a5ecf5")
DIVERGES = ("#2a0505", "#6b0f12", "#ac2a17", "#de6a1c", "#f5a623", "#ffd84d")
MISSING = "#d8dee4"
PANEL = 5.0
DECADES_BY_NUMBER = 2.5
"""A logarithmic axis shorter than this has numbers on it, a longer one powers of ten."""


@dataclass(frozen=True, eq=False)
class PlaneAxis:
    """An axis: its name, the ends of its cells (N + 1,), ascending, and whether it is drawn logarithmically."""

    label: str
    edges: np.ndarray
    is_log: bool


@dataclass(frozen=True, eq=False)
class PlaneLine:
    """A line over the plane: its name, and its pieces, each (points, 2) in units of the axes."""

    label: str
    pieces: list[np.ndarray]


@dataclass(frozen=True, eq=False)
class PlanePicture:
    """All that the figure shows.

    Attributes
    ----------
    heading, note : str
    x, y : PlaneAxis
    quantity : str
        ``convergence`` (values at most 0 where a network learns), ``loss``, or a metric.
    values : array, shape (Y, X)
        nan where nothing is known, inf where a network diverged.
    lines : list of PlaneLine
    """

    heading: str
    note: str
    x: PlaneAxis
    y: PlaneAxis
    quantity: str
    values: np.ndarray
    lines: list[PlaneLine]

    @property
    def label(self) -> str:
        """What the colours tell, if it is not the convergence: ``loss on the training rows``."""
        return f"{metric_text(self.quantity)} on the training rows"

    def written(self) -> dict[str, Any]:
        """As JSON: the values row by row; null where nothing is known or a network diverged, which has its own list."""
        return {
            "figure": "plane",
            "heading": self.heading,
            "note": self.note,
            "x": plain(self.x),
            "y": plain(self.y),
            "quantity": self.quantity,
            "label": self.label,
            "values": plain(self.values),
            "diverged": plain(np.argwhere(np.isinf(self.values))),
            "lines": plain(self.lines),
        }


def nearness(values: np.ndarray) -> np.ndarray:
    """Rank of each cell by its convergence: from -1 (learns at once) over 0 (the boundary) to 1 (diverges at once).

    Ranks are taken among the cells of each side, so that either uses all of its colours; nan stays nan.
    """
    from scipy.stats import rankdata

    ranks = np.full(values.shape, np.nan)
    for side, sign in ((values <= 0, -1.0), (values > 0, 1.0)):
        if side.any():
            magnitude = np.abs(values[side])  # the larger, the nearer to the boundary
            ranks[side] = sign * (1 - (rankdata(magnitude) - 0.5) / magnitude.size)
    return ranks


def draw_plane(data: PlanePicture) -> Figure:
    """Draw a plane.

    Returns
    -------
    matplotlib.figure.Figure
        Its dots per inch are such that each cell has as many dots as its neighbour.
    """
    left, right, top, bottom = 0.85, 0.25, 1.22, 0.62
    width, height = left + PANEL + right, top + PANEL + bottom
    figure = new_figure(width, height)
    cells = max(data.values.shape)
    figure.set_dpi(cells * math.ceil(160 * PANEL / cells) / PANEL)
    axes = figure.add_axes((left / width, bottom / height, PANEL / width, PANEL / height))
    _frame(axes, data)
    shown, colours, scale = _colours(data)
    axes.pcolormesh(data.x.edges, data.y.edges, shown, cmap=colours, norm=scale, rasterized=True)
    for line in data.lines:
        _draw_line(axes, line)
    figure.text(left / width, 1 - 0.12 / height, data.heading, fontsize=SIZES["heading"], va="top", color=INK)
    figure.text(left / width, 1 - 0.36 / height, data.note, fontsize=SIZES["note"], va="top", color=QUIET)
    key = figure.add_axes((left / width, 1 - 0.82 / height, 0.62 * PANEL / width, 0.13 / height))
    _draw_key(key, data, colours, scale)
    _legend(figure, data, ((left + PANEL) / width, 1 - 0.62 / height))
    return figure


def _frame(axes: Axes, data: PlanePicture) -> None:
    """Scales, limits, labels."""
    axes.set_xlim(data.x.edges[0], data.x.edges[-1])
    axes.set_ylim(data.y.edges[0], data.y.edges[-1])
    axes.set_xlabel(data.x.label, fontsize=SIZES["label"], color=INK)
    axes.set_ylabel(data.y.label, fontsize=SIZES["label"], color=INK)
    for name, side, axis in (("x", data.x, axes.xaxis), ("y", data.y, axes.yaxis)):
        if not side.is_log:
            continue
        axes.set(**{f"{name}scale": "log"})
        _name_ticks(axis, *side.edges[[0, -1]])
    axes.set_facecolor(MISSING)
    axes.tick_params(which="both", colors=QUIET, labelcolor=INK, labelsize=SIZES["tick"], length=2.5, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _name_ticks(axis: Axis, low: float, high: float) -> None:
    """Numbers on a short logarithmic axis, where powers of ten would be too few."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

    decades = np.log10(high / low)
    if decades < DECADES_BY_NUMBER:
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]) if decades < 0.7 else LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(StrMethodFormatter("{x:.7g}"))
        axis.set_minor_locator(NullLocator())


def _colours(data: PlanePicture) -> tuple[np.ndarray, Colormap, Normalize]:
    """What is drawn in each cell, and how a number becomes a colour."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize

    if data.quantity == "convergence":
        both = [(0.5 * i / (len(LEARNS) - 1), colour) for i, colour in enumerate(LEARNS)]
        both += [(0.5 + 0.5 * i / (len(DIVERGES) - 1), colour) for i, colour in enumerate(reversed(DIVERGES))]
        colours = LinearSegmentedColormap.from_list("trainability", both, N=1024)
        return np.ma.masked_invalid(nearness(data.values)), colours, Normalize(-1, 1)
    finite = data.values[np.isfinite(data.values)]
    shown = np.ma.masked_invalid(data.values)
    if is_higher_better(data.quantity) or not finite.size:  # an accuracy
        return shown, colormaps["viridis"], Normalize(0, 1)
    # A few networks far beyond the others, on their way to infinity, would take all colours.
    low, high = np.quantile(finite, [0.0, 0.98])
    scale = LogNorm(low, high) if 0 < low < high else Normalize(low, high)
    return shown, colormaps["viridis_r"], scale


def _draw_key(axes: Axes, data: PlanePicture, colours: Colormap, scale: Normalize) -> None:
    """The colours and what they mean."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    if data.quantity != "convergence":
        bar = axes.figure.colorbar(ScalarMappable(scale, colours), cax=axes, orientation="horizontal")
        bar.outline.set_visible(False)
        if isinstance(scale, LogNorm):
            _name_ticks(axes.xaxis, *axes.get_xlim())
        bar.set_label(data.label, fontsize=SIZES["label"], color=INK)
        axes.xaxis.set_label_position("top")
        axes.tick_params(which="both", colors=QUIET, labelcolor=INK, labelsize=SIZES["tick"], length=2.0, pad=2)
        return
    axes.imshow(np.linspace(-1, 1, 1024)[None, :], aspect="auto", cmap=colours, norm=scale)
    axes.set_axis_off()
    known = data.values[np.isfinite(data.values)]
    learns = np.mean(known <= 0) if known.size else 0.0
    place: dict[str, Any] = {"transform": axes.transAxes, "fontsize": SIZES["tick"], "color": INK}
    for x, side, text in ((0.0, "left", "at once"), (0.5, "center", "slowly"), (1.0, "right", "at once")):
        axes.text(x, -0.35, text, ha=side, va="top", **place)
    place["fontsize"] = SIZES["label"]
    axes.text(0.0, 1.25, f"learns ({100 * learns:.0f} %)", ha="left", va="bottom", **place)
    axes.text(1.0, 1.25, f"does not learn ({100 * (1 - learns):.0f} %)", ha="right", va="bottom", **place)


def _draw_line(axes: Axes, line: PlaneLine) -> None:
    """White on dark, so that it is seen over any colour."""
    for piece in line.pieces:
        for colour, width in ((INK, 3.4), ("white", 1.8)):
            axes.plot(piece[:, 0], piece[:, 1], color=colour, linewidth=width, solid_capstyle="round")


def _legend(figure: Figure, data: PlanePicture, corner: tuple[float, float]) -> None:
    """The names of lines, and of cells without a colour."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.patheffects import Normal, Stroke

    around = [Stroke(linewidth=3.4, foreground=INK), Normal()]
    handles: list[Any] = [
        Line2D([], [], color="white", linewidth=1.8, path_effects=around, label=line.label) for line in data.lines
    ]
    if data.quantity != "convergence" and np.isinf(data.values).any():
        handles.append(Patch(color=MISSING, label="diverged to infinity"))
    if handles:
        figure.legend(handles=handles, loc="center right", bbox_to_anchor=corner, borderaxespad=0.0, **LEGEND)
