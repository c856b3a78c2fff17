"""How the levels of two factors work together: one factor along the axis, a line for each level of the other.

::

    interaction(results).savefig("interaction.png")

Parallel lines mean that neither factor cares for the other; lines that part or cross are an interaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.analysis import Interval, Measure
from assay.analysis.effects import Factor, FactorAnalysis
from assay.analysis.factors import Factorial, intervals_of
from assay.analysis.measured import Measured
from assay.errors import StudyError
from assay.figures.style import BLUE, GREEN, INK, PURPLE, QUIET, SIZES, VERMILLION, new_figure, quiet_axes, wrapped_name
from assay.figures.written import plain
from assay.learning.scores import find_metric
from assay.study.conditions import level_label, short_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from assay.results import Results

# Shape says the same as colour, for those who do not see or print it.
LOOKS = ((BLUE, "o"), (VERMILLION, "s"), (GREEN, "^"), (PURPLE, "D"), (INK, "v"))
PLAIN_LOOK = (QUIET, "o")
"""Of the lines after these; their labels tell them apart."""
MOST_LEVELS = 24
DODGE = 0.3
"""So much of the distance of two levels the lines are set apart, so that their intervals do not hide each other."""


@dataclass(frozen=True)
class InteractionPoint:
    """The mean over seeds at one level of each factor, its interval, and every seed."""

    mean: float | None
    low: float | None
    high: float | None
    seeds: list[float]


@dataclass(frozen=True)
class InteractionLine:
    """One level of the second factor: a point for each level of the first."""

    level: str
    colour: str
    points: list[InteractionPoint]


@dataclass(frozen=True)
class Interaction:
    """All that the figure shows.

    Attributes
    ----------
    measure : Measure
    confidence : float
    along, beside : str
        Short names of the factor along the axis and of the one whose levels are lines.
    levels : list of str
        Of the factor along the axis; numbers in their order.
    lines : list of InteractionLine
    unit : str
        What the points are means over: ``seed`` or ``split``.
    """

    measure: Measure
    confidence: float
    along: str
    beside: str
    levels: list[str]
    lines: list[InteractionLine]
    unit: str = "seed"

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "figure": "interaction",
            "x": {"label": self.along, "levels": list(self.levels)},
            "y": {"label": str(self.measure)},
            **self.measure.written(),
            "confidence": self.confidence,
            "beside": self.beside,
            "lines": plain(self.lines),
        }


def interaction_data(
    first: Factor,
    second: Factor,
    intervals: Sequence[Sequence[Interval]],
    seeds: np.ndarray,
    measure: Measure,
    confidence: float,
) -> Interaction:
    """Compute what `draw_interaction` draws. The factor with more levels lies along the axis, the first of two equals.

    Parameters
    ----------
    first, second : Factor
    intervals : sequence of sequence of Interval
        Of the mean at each level of the first factor and each of the second, averaged over all others; within the
        bounds of the metric.
    seeds : array, shape (levels of the first, levels of the second, S)
        What the seeds came to, `assay.analysis.effects.factor_means`.
    measure : Measure
    confidence : float
        Of the intervals.
    """
    labels = short_labels([first.key, second.key])
    places = [(row, column) for row in _ordered(first) for column in _ordered(second)]
    points = {place: _point(intervals[place[0]][place[1]], seeds[place]) for place in places}
    along, beside = (first, second) if len(first.levels) >= len(second.levels) else (second, first)
    lines = []
    for number, line in enumerate(_ordered(beside)):
        colour = LOOKS[number][0] if number < len(LOOKS) else PLAIN_LOOK[0]
        own = [points[(place, line) if along is first else (line, place)] for place in _ordered(along)]
        lines.append(InteractionLine(level_label(beside.levels[line]), colour, own))
    levels = [level_label(along.levels[place]) for place in _ordered(along)]
    return Interaction(measure, confidence, labels[along.key], labels[beside.key], levels, lines)


def interaction_of(results: Results, effects: FactorAnalysis | None = None) -> Interaction | None:
    """The pair of factors of a study that is most worth seeing.

    None where it has fewer than two factors, or one of so many levels (`MOST_LEVELS`) that a picture would show none.

    Parameters
    ----------
    results : Results
    effects : FactorAnalysis, optional
        That of its summary, where it is at hand.
    """
    measured = Measured(results)
    factorial, measure = Factorial.of(measured), measured.measure
    if factorial is None or measure is None:
        return None
    effects = factorial.analysed(measured) if effects is None else effects
    if effects is None or effects.pair is None:
        return None
    first, second, means = factorial.pair(*effects.pair)
    if max(means.shape[:2]) > MOST_LEVELS:
        return None
    data = interaction_data(first, second, intervals_of(means, measured), means, measure, measured.confidence)
    return replace(data, unit=effects.seed.kind)


def interaction(results: Results) -> Figure:
    """Draw how the levels of two factors of a factorial study work together.

    The two are those of the largest interaction that stands out from the seeds' noise, else the two that matter most.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    StudyError
        If the study has no two factors that vary together.
    """
    data = interaction_of(results)
    if data is None:
        raise StudyError(
            f"{results.study.name}: expected a factorial study of two factors or more, with two seeds that ended in "
            "every condition; there is nothing to draw of this one."
        )
    return draw_interaction(data)


def draw_interaction(data: Interaction) -> Figure:
    """Draw what `interaction_data` computed.

    Returns
    -------
    matplotlib.figure.Figure
        The mean of each pair of levels with its interval, every seed as a faint dot.
    """
    names = [wrapped_name(line.level, 24, lines=2) for line in data.lines]
    longest = max(len(row) for name in [*names, data.beside] for row in name.split("\n"))
    count = len(data.levels)
    left, right, top, bottom = 0.62, 0.2 + 0.068 * longest, 0.92, 0.62
    letters = min(max(len(level) for level in data.levels), 24)
    panel_width, panel_height = min(max(3.4, max(0.85, 0.075 * letters) * count), 9.0), max(2.6, 0.2 * len(names))
    width, height = left + panel_width + right, top + panel_height + bottom
    figure = new_figure(width, height)
    axes = figure.add_axes((left / width, bottom / height, panel_width / width, panel_height / height))
    quiet_axes(axes)
    low, high = _limits(data)
    axes.set_ylim(low, high)
    axes.set_xlim(-0.4, count - 0.6)
    for number, line in enumerate(data.lines):
        _draw_line(axes, line, number, (number - (len(names) - 1) / 2) * min(0.12, DODGE / len(names)))
    _name_lines(axes, data, names, 0.15 * max(name.count("\n") + 1 for name in names) / panel_height)
    room = panel_width / count
    ticks = [wrapped_name(level, max(6, int(room / 0.068)), lines=2) for level in data.levels]
    axes.set_xticks(range(count), ticks)
    axes.set_xlabel(data.along, fontsize=SIZES["label"], color=INK)
    heading = f"{str(data.measure).capitalize()} by {data.along} and {data.beside}"
    figure.text(0.15 / width, 1 - 0.1 / height, heading, va="top", fontsize=SIZES["heading"], color=INK)
    figure.text(0.15 / width, 1 - 0.38 / height, _legend_text(data), va="top", fontsize=SIZES["note"], color=QUIET)
    return figure


def _point(interval: Interval, seeds: np.ndarray) -> InteractionPoint:
    return InteractionPoint(interval.mean, interval.low, interval.high, [float(seed) for seed in seeds])


def _ordered(factor: Factor) -> list[int]:
    """Places of the levels: numbers from small to large, all others as the study has them."""
    places = list(range(len(factor.levels)))
    is_numeric = all(isinstance(level, int | float) and not isinstance(level, bool) for level in factor.levels)
    return sorted(places, key=lambda place: factor.levels[place]) if is_numeric else places


def _limits(data: Interaction) -> tuple[float, float]:
    """Room for every seed and every interval; an accuracy keeps to its bounds."""
    points = [point for line in data.lines for point in line.points]
    ends = [end for point in points for end in (point.mean, point.low, point.high, *point.seeds) if end is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    span = (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - 0.06 * span, high + 0.06 * span
    metric = find_metric(data.measure.metric)
    return (max(low, metric.low), min(high, metric.high)) if metric.higher_is_better else (low, high)


def _draw_line(axes: Axes, line: InteractionLine, number: int, shift: float) -> None:
    """Nothing is clipped at the edge of the panel: a mean of 1 lies on it."""
    from matplotlib.transforms import ScaledTranslation

    colour, marker = LOOKS[number] if number < len(LOOKS) else PLAIN_LOOK
    look: dict[str, Any] = {"color": colour, "clip_on": False}
    known = [(place + shift, point.mean, point) for place, point in enumerate(line.points) if point.mean is not None]
    beside = axes.transData + ScaledTranslation(5 / 72, 0, axes.figure.dpi_scale_trans)
    for x, _, point in known:
        where = [x] * len(point.seeds)
        axes.plot(where, point.seeds, "o", markersize=3, alpha=0.35, markeredgewidth=0, transform=beside, **look)
        if point.low is not None and point.high is not None:
            axes.plot([x, x], [point.low, point.high], linewidth=2.2, alpha=0.5, zorder=3, **look)
    means = [mean for _, mean, _ in known]
    axes.plot(
        [x for x, _, _ in known], means, marker=marker, markersize=6, markeredgecolor="white", linewidth=1.4, **look
    )


def _name_lines(axes: Axes, data: Interaction, names: Sequence[str], room: float) -> None:
    """Each line's level at its right end, moved up or down so that no two names meet; above them the factor.

    Parameters
    ----------
    room : float
        Height of a name as a part of the panel's.
    """
    low, high = axes.get_ylim()
    ends: list[tuple[float, int]] = []
    for number, line in enumerate(data.lines):
        known = [point.mean for point in line.points if point.mean is not None]
        if known:
            ends.append(((known[-1] - low) / (high - low), number))
    ends.sort()
    heights = [height for height, _ in ends]
    # Upwards each name at least one height above the last, then downwards from the top of the panel.
    for place in range(len(heights) - 1):
        heights[place + 1] = max(heights[place + 1], heights[place] + room)
    ceiling = 1.0
    for place in reversed(range(len(heights))):
        heights[place] = min(heights[place], ceiling)
        ceiling = heights[place] - room
    for height, (_, number) in zip(heights, ends, strict=True):
        axes.annotate(
            names[number],
            (1, height),
            (4, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            fontsize=SIZES["label"],
            color=data.lines[number].colour,
            linespacing=0.95,
        )
    axes.annotate(
        data.beside,
        (1, 1),
        (4, 8),
        xycoords="axes fraction",
        textcoords="offset points",
        va="bottom",
        fontsize=SIZES["title"],
        color=QUIET,
    )


def _legend_text(data: Interaction) -> str:
    """What dots and bars are."""
    points = [point for line in data.lines for point in line.points]
    seeds = max((len(point.seeds) for point in points), default=0)
    bars = f", bars the {100 * data.confidence:g} % interval" if any(point.low is not None for point in points) else ""
    return f"Lines join means over {seeds} {data.unit}s{bars}; faint dots are {data.unit}s."
