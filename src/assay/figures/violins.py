"""A violin for each layer: the drawing that the four panels, the wall and the animation share.

The width of a violin is the density of the values, each violin as wide as the next; on a logarithmic axis too, so that
its height tells the size of the values and its bulges where they gather. Exact zeros are not in it: a bar at 0 is as
wide as their share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.figures.distributions import LayerDistribution, SignalScale, spans
from assay.figures.style import BLUE, GRID, INK, QUIET, SIZES, VERMILLION, new_figure, quiet_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

DASHES = (0, (2, 1.2))  # theory
HALF_WIDTH = 0.42  # of the distance between layers
THIN = 0.012  # of the axis: a distribution less high than this is drawn as a line
MANY_ZEROS = 0.005  # fewer are not worth a bar
POINTS = 32  # along a violin on a logarithmic axis


def violins(
    distributions: Sequence[LayerDistribution], scale: SignalScale, colour: str = BLUE, ax: Axes | None = None
) -> Axes:
    """Draw one quantity of one condition, a violin for each layer.

    Parameters
    ----------
    distributions : sequence of LayerDistribution
        One for each layer.
    scale : SignalScale
        Of the vertical axis.
    colour : str
        Of the violins.
    ax : matplotlib.axes.Axes, optional
        A new figure's if not given.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = ax if ax is not None else new_figure(4.0, 2.6).add_subplot()
    quiet_axes(axes)
    set_scale(axes, scale)
    depth = max((layer.layer for layer in distributions), default=1)
    layer_axis(axes, depth)
    axes.axhline(0, color=GRID, linewidth=1.0, zorder=0.9)
    shown = [distribution for distribution in distributions if distribution.has_values]
    _bodies(axes, shown, colour)
    _whiskers(axes, shown, has_means=scale.linear_to is None)
    _nonfinite(axes, distributions)
    if not distributions:
        place: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "center", "style": "italic"}
        axes.text(0.5, 0.5, "not recorded", fontsize=SIZES["note"], color=QUIET, **place)
    return axes


def layer_axis(axes: Axes, depth: int) -> None:
    """Layers from 1, by number as in tables and findings; the last is the output."""
    axes.set_xlim(0.4, depth + 0.6)
    step = 1 if depth <= 12 else 2 if depth <= 24 else 5
    numbers = [layer for layer in range(1, depth) if (layer - 1) % step == 0 and (step == 1 or depth - layer >= step)]
    axes.set_xticks([*numbers, depth])


def _bodies(axes: Axes, distributions: Sequence[LayerDistribution], colour: str) -> None:
    from matplotlib.collections import PolyCollection

    outlines, thin = [], []
    for distribution in distributions:
        if distribution.counts.sum() > 0:
            ends = distribution.edges[0], distribution.edges[-1]
            if _height(axes, *ends) < THIN:
                thin.append((distribution.layer, sum(ends) / 2))
            else:
                outlines.append(_outline(axes, distribution))
    bodies = PolyCollection(outlines, facecolor=colour, edgecolor=colour, alpha=0.45, linewidth=0.7, zorder=2)
    axes.add_collection(bodies, autolim=False)
    zeros = [(d.layer, HALF_WIDTH * d.zero_fraction) for d in distributions if d.zero_fraction >= MANY_ZEROS]
    for at, half, value, width in (
        *((at, HALF_WIDTH, value, 1.8) for at, value in thin),
        *((at, half, 0.0, 2.6) for at, half in zeros),
    ):
        axes.plot([at - half, at + half], [value] * 2, color=colour, linewidth=width, solid_capstyle="butt", zorder=2.5)


def _outline(axes: Axes, distribution: LayerDistribution) -> np.ndarray:
    """The shape of one violin, (points, 2): through the middle of each bin, with flat ends.

    What is pressed against an end shows there. On a logarithmic axis the density is drawn at equal distances, since
    the two bins beside 0 may fill half the axis.
    """
    edges, middle = distribution.edges, (distribution.edges[:-1] + distribution.edges[1:]) / 2
    value = np.concatenate([edges[:1], middle, edges[-1:]])
    if axes.get_yscale() != "linear":
        transform = axes.yaxis.get_transform()
        ends = transform.transform(edges[[0, -1]].reshape(-1, 1)).ravel()
        inside = transform.inverted().transform(np.linspace(ends[0], ends[1], POINTS)[1:-1].reshape(-1, 1)).ravel()
        value = np.concatenate([edges[:1], inside, edges[-1:]])
    width = HALF_WIDTH * np.interp(value, middle, distribution.counts / distribution.counts.max())
    at = distribution.layer
    return np.column_stack([np.concatenate([at - width, (at + width)[::-1]]), np.concatenate([value, value[::-1]])])


def _whiskers(axes: Axes, distributions: Sequence[LayerDistribution], *, has_means: bool) -> None:
    """One std to either side of the mean, as measured and in theory, as far as there are values.

    A mean that is nearly 0 says nothing on a logarithmic axis.
    """
    at = np.array([distribution.layer for distribution in distributions], float)
    mean = np.array([distribution.mean for distribution in distributions], float)
    std = np.array([distribution.std for distribution in distributions], float)
    theory = np.array([layer.theory or (np.nan, np.nan) for layer in distributions], float).reshape(-1, 2)
    ends = np.array([layer.reach for layer in distributions], float).reshape(-1, 2)
    low, high = np.maximum(mean - std, ends[:, 0]), np.minimum(mean + std, ends[:, 1])
    axes.vlines(at, low, high, color=INK, linewidth=0.9, zorder=3)
    if has_means:
        axes.plot(at, mean, "o", color=INK, markersize=2.0, zorder=3)
    tall = np.array([_height(axes, *pair) >= THIN for pair in zip(low, high, strict=True)], bool)
    measured = np.column_stack([mean - std, mean + std])
    for heights, half, known, dashes in (
        (measured, 0.13, tall[:, None] & np.isfinite(measured), "solid"),
        (theory, 0.46, np.isfinite(theory), DASHES),
    ):
        for end in (0, 1):
            value = heights[:, end]
            shown = known[:, end] & (value >= ends[:, 0]) & (value <= ends[:, 1])
            line: dict[str, Any] = {"color": INK, "linewidth": 0.9, "linestyle": dashes, "zorder": 3.2}
            axes.hlines(value[shown], at[shown] - half, at[shown] + half, **line)


def _nonfinite(axes: Axes, distributions: Sequence[LayerDistribution]) -> None:
    """How many values are not finite, in words; a cross where no other are."""
    lost = [layer.layer for layer in distributions if layer.nonfinite_count and not layer.has_values]
    middle = [0.5] * len(lost)
    axes.plot(lost, middle, "x", color=VERMILLION, markersize=6, transform=axes.get_xaxis_transform(), zorder=4)
    text = nonfinite_text(distributions)
    if text:
        behind = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0}
        place: dict[str, Any] = {
            "transform": axes.transAxes,
            "fontsize": 7.0,
            "color": VERMILLION,
            "ha": "right",
            "va": "bottom",
        }
        axes.text(0.99, 0.03, text, bbox=behind, zorder=5, **place)


def _height(axes: Axes, low: float, high: float) -> float:
    """What part of the axis lies between two values."""
    transform = axes.yaxis.get_transform()
    ends = transform.transform(np.array([*axes.get_ylim(), low, high]).reshape(-1, 1)).ravel()
    return float((ends[3] - ends[2]) / (ends[1] - ends[0]))


def set_scale(axes: Axes, scale: SignalScale) -> None:
    """Give the vertical axis this scale, with few ticks."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    if scale.linear_to is None:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=3, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
    else:
        axes.set_yscale("symlog", linthresh=scale.linear_to, linscale=0.5)
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_yticks(scale.ticks)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: power_text(value)))
    axes.set_ylim(scale.low, scale.high)


def power_text(value: float) -> str:
    """A power of ten for an axis: ``1``, ``−0.1``, ``10⁻⁵``."""
    if value == 0 or 0.01 <= abs(value) <= 100:
        return f"{value:g}".replace("-", "−")
    power = str(round(np.log10(abs(value)))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{'−' if value < 0 else ''}10{power}"


def spread_text(distributions: Sequence[LayerDistribution]) -> str:
    """``std 0.31 → 0.28``: of the first and of the last hidden layer, or of the output where only that is left."""
    hidden = list(distributions[:-1]) if len(distributions) > 2 else list(distributions)
    if not hidden:
        return ""
    ends = hidden[:1] if len(hidden) == 1 else [hidden[0], hidden[-1]]
    return "std " + " → ".join(_digits(layer.std) if layer.has_values else "–" for layer in ends)


def nonfinite_text(distributions: Sequence[LayerDistribution]) -> str:
    """``12,800 not finite (layers 3–6)``, or nothing."""
    parts = [
        f"{count:,} not finite (layer{f's {first}–{last}' if last > first else f' {first}'})"
        for first, last, count in spans(distributions)
    ]
    return ", ".join(parts)


def _digits(value: float) -> str:
    if value == 0 or 0.001 <= value < 1000:
        return f"{value:.2g}" if value < 100 else f"{value:.0f}"
    mantissa, _, power = f"{value:.1e}".partition("e")
    return f"{mantissa}·{power_text(10.0 ** int(power))}"


def violin_legend(seeds: int, has_theory: bool, unit: str = "seeds") -> list[Patch | Line2D]:
    """What the marks mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    over = "" if seeds == 1 else f" over {seeds} {unit}"
    handles: list[Patch | Line2D] = [
        Patch(facecolor=QUIET, alpha=0.45, label=f"distribution{over}"),
        Line2D(
            [],
            [],
            color=INK,
            marker="_",
            markersize=7,
            linewidth=0.9,
            label="mean ± std" if seeds == 1 else "mean ± std within a network",
        ),
        Line2D([], [], color=QUIET, linewidth=2.6, label="share of exact zeros"),
    ]
    if has_theory:
        handles.append(Line2D([], [], color=INK, linewidth=0.9, linestyle=DASHES, label="theory"))
    return handles


LEGEND: dict[str, Any] = {
    "frameon": False,
    "fontsize": SIZES["label"],
    "labelcolor": INK,
    "handlelength": 1.6,
    "columnspacing": 1.3,
}
