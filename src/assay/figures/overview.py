"""All conditions of a study on one axis: mean, interval and every seed, sorted, coloured by conclusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.analysis import Interval, Summary, measurements
from assay.analysis.measurements import split_epochs
from assay.analysis.numbers import metric_text, number_text
from assay.analysis.wording import lost_text, shared_names
from assay.figures.style import BLUE, GREEN, INK, PURPLE, QUIET, SIZES, VERMILLION, new_figure, quiet_axes, wrapped_name
from assay.figures.written import plain
from assay.learning.scores import find_metric
from assay.selection import is_higher_better
from assay.store.schema import RESAMPLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from assay.results import Results

# Shape says the same as colour, for those who do not see or print it.
LOOKS = {
    "baseline": (BLUE, "D"),
    "better": (GREEN, "^"),
    "worse": (VERMILLION, "v"),
    "same": (PURPLE, "s"),
    "undecided": (QUIET, "o"),
    "": (BLUE, "o"),
}


@dataclass(frozen=True)
class OverviewRow:
    """One condition: what the figure shows of it."""

    condition: str
    kind: str
    mean: float | None
    low: float | None
    high: float | None
    seeds: list[float]
    note: str


@dataclass(frozen=True)
class Overview:
    """All that the figure shows, best condition first; conditions without a number last.

    Before the first trial has completed there are no rows, and split and metric are empty.
    """

    split: str
    metric: str
    confidence: float
    rows: list[OverviewRow]
    unit: str = "seed"

    @property
    def label(self) -> str:
        """Of the axis: ``test accuracy``."""
        return f"{self.split} {metric_text(self.metric)}"

    def written(self) -> dict[str, Any]:
        """As JSON: a row for each condition, with the colour of its kind."""
        return {
            "figure": "overview",
            "x": {"label": self.label},
            "split": self.split,
            "metric": self.metric,
            "confidence": self.confidence,
            "rows": [plain(row) | {"colour": LOOKS[row.kind][0]} for row in self.rows],
        }


def overview_data(results: Results, summary: Summary | None = None) -> Overview:
    """Compute what `overview` draws.

    Parameters
    ----------
    results : Results
        Finished or still being written.
    summary : Summary, optional
        Its summary, where it is at hand already, or that of some of its conditions (see `assay.analysis.shortlist`).
    """
    import polars as pl

    summary = results.summary() if summary is None else summary
    measure = summary.compared_by
    if measure is None:
        return Overview("", "", summary.confidence, [])
    best = split_epochs(results, [condition.name for condition in summary.conditions])
    values = measurements(results, best).filter(split=measure.split, metric=measure.metric)
    if RESAMPLE in values.columns:  # a stroke for each split
        values = values.group_by("condition", RESAMPLE, maintain_order=True).agg(pl.col("value").mean())
    seeds_of = {
        name: rows["value"].to_list() for (name,), rows in values.partition_by("condition", as_dict=True).items()
    }
    rows = []
    for condition in summary.conditions:
        name, comparison = condition.name, condition.comparison
        score = condition.score(measure) or Interval(None, None, None, 0)
        kind = "baseline" if name == summary.baseline else comparison.conclusion if comparison else ""
        seeds = seeds_of.get(name, [])
        rows.append(OverviewRow(name, kind, score.mean, score.low, score.high, seeds, lost_text(condition)))
    sign = -1 if is_higher_better(measure.metric) else 1
    rows.sort(key=lambda row: (row.mean is None, sign * (row.mean or 0.0)))
    unit = "split" if RESAMPLE in values.columns else "seed"
    return Overview(measure.split, measure.metric, summary.confidence, rows, unit)


def overview(results: Results) -> Figure:
    """Draw every condition of a study as one line: seeds, mean, interval, best at the top.

    Returns
    -------
    matplotlib.figure.Figure
        The test metric by which conditions are compared; the validation metric where the test set was not opened.
    """
    return draw_overview(overview_data(results))


def draw_overview(data: Overview) -> Figure:
    """Draw what `overview_data` computed."""
    if not data.rows:
        figure = new_figure(6.5, 1.2)
        figure.text(0.5, 0.5, "No trial has completed yet.", ha="center", color=QUIET)
        return figure
    factors, names = shared_names([row.condition for row in data.rows])
    names = [wrapped_name(name, 48) for name in names]
    lines = max(name.count("\n") + 1 for name in names)
    longest = max(len(line) for name in [*names, factors] for line in name.split("\n"))
    label_width = 0.3 + 0.068 * longest  # inches, in letters of this size
    right = 1.5 if any(row.note for row in data.rows) else 0.7
    width, height = 8.2, (0.25, 0.34, 0.48)[lines - 1] * len(names) + 1.0
    figure = new_figure(width, height)
    axes = figure.add_axes((label_width / width, 0.5 / height, (width - label_width - right) / width, 1 - 1.0 / height))
    quiet_axes(axes, grid="x")
    for position, row in enumerate(data.rows):
        _draw_row(axes, position, row)
    baseline = next((row for row in data.rows if row.kind == "baseline" and row.mean is not None), None)
    if baseline is not None:
        axes.axvline(baseline.mean, color=BLUE, linewidth=0.9, linestyle=(0, (4, 3)), alpha=0.7, zorder=1)  # type: ignore[arg-type]
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), names, fontsize=SIZES["label"], color=INK)
    axes.set_xlim(*_limits(data))
    axes.set_xlabel(data.label, fontsize=SIZES["label"], color=INK)
    if factors:
        edge = -0.1 / (width - label_width - right)
        place = axes.transAxes
        axes.text(edge, 1.0, factors, transform=place, ha="right", va="bottom", fontsize=SIZES["title"], color=QUIET)
    _numbers(axes, data)
    _legend(figure, data, height)
    return figure


def _draw_row(axes: Axes, position: int, row: OverviewRow) -> None:
    colour, marker = LOOKS[row.kind]
    if row.mean is None:
        return
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [position, position], color=colour, linewidth=2.2, alpha=0.55, zorder=2)
    axes.plot(row.seeds, [position] * len(row.seeds), "|", color=INK, markersize=10, alpha=0.5, zorder=3)
    axes.plot([row.mean], [position], marker, color=colour, markersize=7, markeredgecolor="white", zorder=4)


def _limits(data: Overview) -> tuple[float, float]:
    """Room for every seed, and for intervals up to as far again; a wider one runs off the axis."""
    points = [seed for row in data.rows for seed in row.seeds]
    low, high = min(points), max(points)
    span = (high - low) or abs(high) * 0.05 or 1.0
    ends = [end for row in data.rows for end in (row.low, row.high) if end is not None]
    low_end = max(min([*ends, low]), low - 0.5 * span) - 0.03 * span
    high_end = min(max([*ends, high]), high + 0.5 * span) + 0.03 * span
    metric = find_metric(data.metric)
    if metric.higher_is_better:  # a share lies between 0 and 1
        return max(low_end, metric.low - 0.02 * span), min(high_end, metric.high + 0.02 * span)
    return low_end, high_end


def _numbers(axes: Axes, data: Overview) -> None:
    """The mean of each row at the right edge, with what was lost."""
    for position, row in enumerate(data.rows):
        text = number_text(row.mean) + (f"  ({row.note})" if row.note else "")
        place = axes.get_yaxis_transform()
        axes.text(1.015, position, text, transform=place, va="center", fontsize=SIZES["note"], color=INK)


def _legend(figure: Figure, data: Overview, height: float) -> None:
    from matplotlib.lines import Line2D

    kinds = {row.kind for row in data.rows if row.mean is not None}
    handles = [
        Line2D([], [], color=colour, marker=marker, linewidth=0, markersize=6, label=kind or f"mean over {data.unit}s")
        for kind, (colour, marker) in LOOKS.items()
        if kind in kinds
    ]
    handles.append(
        Line2D([], [], color=INK, marker="|", linewidth=0, markersize=6, alpha=0.6, label=f"one {data.unit}")
    )
    if any(row.low is not None for row in data.rows):
        label = f"{100 * data.confidence:g} % interval of the mean"
        handles.append(Line2D([], [], color=QUIET, linewidth=2.2, alpha=0.7, label=label))
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.01, 1 - 0.05 / height),
        borderaxespad=0.0,
        ncols=len(handles),
        frameon=False,
        fontsize=SIZES["label"],
        labelcolor=INK,
        handletextpad=0.5,
        columnspacing=1.4,
    )
