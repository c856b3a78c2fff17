"""Learning curves: a small panel per condition, training and validation, mean and range over seeds, best epoch.

::

    figure = learning_curves(results)
    figure.savefig("curves.png")
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from assay.analysis import best_epochs
from assay.analysis.measurements import ended_badly
from assay.analysis.numbers import metric_text
from assay.analysis.wording import shared_names
from assay.errors import StoreError, did_you_mean
from assay.figures.style import (
    BLUE,
    INK,
    LETTER,
    QUIET,
    SIZES,
    VERMILLION,
    grid_columns,
    new_figure,
    quiet_axes,
    wrapped_name,
)
from assay.figures.written import plain, written_lines
from assay.learning.scores import find_metric
from assay.selection import is_higher_better

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from assay.results import Results
    from assay.selection import BestEpoch

SPLITS: dict[str, tuple[str, Any]] = {"train": (BLUE, (0, (4, 1.6))), "validation": (VERMILLION, "solid")}
MANY = 6  # from here on each metric is a figure of its own
LEGEND_LEFT = 0.3  # inches
LARGE_RATIO = 12.0  # a loss that spans more than this is drawn on a logarithmic axis


@dataclass(frozen=True)
class CurveScale:
    """Limits and kind of the axes that the panels of a metric share."""

    epochs: tuple[float, float]
    values: tuple[float, float]
    is_logarithmic: bool


@dataclass(frozen=True)
class Curves:
    """All that a figure of learning curves shows.

    Attributes
    ----------
    table : polars.DataFrame
        Columns condition, split, metric, epoch, mean, low, high, seeds: over the trials (of all seeds, and of all
        splits where there are several) that have not diverged or failed, the mean and the range of the selection
        phase, epoch 0 included where it was measured.
    conditions : list of str
        In the study's order.
    metrics : list of str
        ``loss`` first.
    best : dict of str to BestEpoch or None
    notes : dict of str to str
        What became of trials that are left out, by condition.
    reference : str or None
        The condition that is drawn faintly behind all others: the baseline.
    clock : str
        What the column ``epoch`` counts.
    unit : str
        What the range is over: each ``seed``, or each ``trial`` of several splits.
    """

    table: pl.DataFrame
    conditions: list[str]
    metrics: list[str]
    best: dict[str, BestEpoch | None]
    notes: dict[str, str]
    reference: str | None
    clock: str = "epoch"
    unit: str = "seed"

    def of(self, metrics: Sequence[str]) -> Curves:
        """The same of these metrics alone."""
        kept = [metric for metric in self.metrics if metric in metrics]
        return replace(self, table=self.table.filter(self.table["metric"].is_in(kept)), metrics=kept)

    def scale(self, metric: str) -> CurveScale:
        """The axes of all panels of a metric, from what the chosen conditions show."""
        rows = self.table.filter(metric=metric)
        rows = rows.filter(rows["condition"].is_in(self.conditions))
        if rows.is_empty():
            return CurveScale((0, 1), (0, 1), is_logarithmic=False)
        low, high, first, last = (
            float(number)  # type: ignore[arg-type]
            for number in (rows["low"].min(), rows["high"].max(), rows["epoch"].min(), rows["epoch"].max())
        )
        last = max(last, first + 1)
        epochs = (first - 0.04 * (last - first), last + 0.04 * (last - first))
        if is_higher_better(metric):
            ends, pad = find_metric(metric), 0.05 * max(high - low, 0.02)
            limits = max(low - pad, ends.low - 0.01), min(high + pad, ends.high + 0.01)
            return CurveScale(epochs, limits, is_logarithmic=False)
        if low > 0 and high / low > LARGE_RATIO:
            factor = (high / low) ** 0.05
            return CurveScale(epochs, (low / factor, high * factor), is_logarithmic=True)
        pad = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        return CurveScale(epochs, (low - pad, high + pad), is_logarithmic=False)

    def written(self) -> dict[str, Any]:
        """As JSON: the curve of each condition, split and metric by epoch."""
        return {
            "figure": "learning_curves",
            "conditions": list(self.conditions),
            "metrics": [
                {"metric": metric, "label": metric_text(metric), "scale": plain(self.scale(metric))}
                for metric in self.metrics
            ],
            "x": {"label": self.clock},
            "colours": {split: colour for split, (colour, _) in SPLITS.items()},
            "lines": written_lines(self.table, "condition", "split", "metric"),
            "best": plain(self.best),
            "notes": dict(self.notes),
            "reference": self.reference,
        }


def curve_data(results: Results, conditions: Sequence[str] | None = None) -> Curves:
    """Compute what `learning_curves` draws.

    Raises
    ------
    StoreError
        If a condition is unknown.
    """
    import polars as pl

    known = [condition.name for condition in results.conditions]
    for name in conditions or ():
        if name not in known:
            raise StoreError(
                f"{results.directory}: no condition '{name}'.{did_you_mean(name, known)} It has: {'; '.join(known)}."
            )
    chosen = [name for name in known if conditions is None or name in conditions]
    baseline = results.study.baseline_name()

    of_these = pl.col("condition").is_in([*chosen, baseline] if baseline is not None else chosen)
    bad = ended_badly(results).filter(of_these)
    rows = results.rows("history", of_these, pl.col("phase") == "select", pl.col("split").is_in(list(SPLITS))).join(
        bad.select("trial"), on="trial", how="anti"
    )
    rows = rows.filter(pl.col("value").is_finite().all().over("trial", "split", "metric"))
    value = pl.col("value")
    table = (
        rows.group_by("condition", "split", "metric", "epoch")
        .agg(mean=value.mean(), low=value.min(), high=value.max(), seeds=pl.len())
        .sort("condition", "split", "metric", "epoch")
    )
    seeds, splits = len(results.study.seed_list()), len(results.study.design.splits)
    notes = {
        name: f"{len(trials)} of {seeds * splits} {trials['outcome'][0]}"
        for (name,), trials in bad.partition_by("condition", as_dict=True).items()
    }
    metrics = table["metric"].unique().to_list()
    return Curves(
        table=table,
        conditions=chosen,
        metrics=sorted(metrics, key=lambda metric: (metric != "loss", metric)),
        best=best_epochs(results, chosen),
        notes=notes,
        reference=baseline,
        clock=results.clock,
        unit="trial" if splits > 1 else "seed",
    )


def learning_curves(
    results: Results, *, metrics: Sequence[str] | None = None, conditions: Sequence[str] | None = None
) -> Figure:
    """Draw the learning curves of a study.

    Parameters
    ----------
    results : Results
        Finished or still being written.
    metrics : sequence of str, optional
        ``loss``, ``accuracy``, ``mean_absolute_error``; all that were measured if not given.
    conditions : sequence of str, optional
        All if not given; best with up to about 36.

    Returns
    -------
    matplotlib.figure.Figure
        A block of panels per metric, a panel per condition. Within a metric all panels share their axes.
    """
    curves = curve_data(results, conditions)
    return draw_curves(curves if metrics is None else curves.of(metrics))


def draw_curves(curves: Curves) -> Figure:
    """Draw what `curve_data` computed."""
    metrics = curves.metrics
    columns = grid_columns(curves.conditions)
    rows = math.ceil(len(curves.conditions) / columns)
    panel_width, panel_height = (2.5, 1.75) if columns <= 4 else (1.95, 1.35)
    factors, names = shared_names(curves.conditions)
    titles = [wrapped_name(name, int(panel_width * 14)) for name in names]
    title_height = 0.16 * max(title.count("\n") + 1 for title in titles) + 0.14

    # All sizes are known beforehand, in inches, which is many times faster than letting matplotlib search for them.
    left, right, across, top, bottom = 0.62, 0.12, 0.18, 0.62 if factors else 0.42, 0.5
    handles = _legend_handles(curves)
    width = max(left + right + columns * (panel_width + across) - across, 6.4, _legend_width(handles))
    block = rows * (title_height + panel_height) + bottom
    height = top + block * max(len(metrics), 1)
    figure = new_figure(width, height)
    if not metrics:
        figure.text(0.5, 0.5, "No epoch has been recorded yet.", ha="center", color=QUIET)
        return figure
    for number, metric in enumerate(metrics):
        above = top + number * block + title_height
        scale = curves.scale(metric)
        for position, (name, title) in enumerate(zip(curves.conditions, titles, strict=True)):
            row, column = divmod(position, columns)
            x = left + column * (panel_width + across)
            y = height - above - row * (panel_height + title_height) - panel_height
            axes = figure.add_axes((x / width, y / height, panel_width / width, panel_height / height))
            quiet_axes(axes)
            _set_scale(axes, scale)
            _draw_panel(axes, curves, name, metric)
            axes.set_title(title, fontsize=SIZES["title"], color=INK, loc="left", pad=5)
            is_lowest = position + columns >= len(curves.conditions)
            axes.tick_params(labelleft=column == 0, labelbottom=is_lowest)
            if column == 0:
                axes.set_ylabel(metric_text(metric), fontsize=SIZES["label"], color=INK)
            if is_lowest:
                axes.set_xlabel(curves.clock, fontsize=SIZES["label"], color=INK)
    if factors:
        figure.text(left / width, 1 - 0.45 / height, factors, va="center", fontsize=SIZES["title"], color=QUIET)
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(LEGEND_LEFT / width, 1 - 0.08 / height),
        borderaxespad=0.0,
        ncols=len(handles),
        frameon=False,
        fontsize=SIZES["label"],
        labelcolor=INK,
        handlelength=1.8,
        columnspacing=1.2,
    )
    return figure


def _draw_panel(axes: Axes, curves: Curves, name: str, metric: str) -> None:
    shown = curves.table.filter(metric=metric)
    rows = shown.filter(condition=name)
    if curves.reference not in (None, name) and not rows.is_empty():
        behind = shown.filter(condition=curves.reference, split="validation")
        axes.plot(behind["epoch"], behind["mean"], color=QUIET, alpha=0.55, linewidth=1.0, zorder=1.5)
    for split, (colour, dashes) in SPLITS.items():
        line = rows.filter(split=split)
        if line.is_empty():
            continue
        if line["seeds"].max() > 1:  # type: ignore[operator]
            axes.fill_between(line["epoch"], line["low"], line["high"], color=colour, alpha=0.2, linewidth=0)
        axes.plot(line["epoch"], line["mean"], color=colour, linestyle=dashes, linewidth=1.5, zorder=3)
    best = curves.best.get(name)
    if best is not None:
        at = rows.filter(split="validation", epoch=best.epoch)
        axes.axvline(best.epoch, color=VERMILLION, linewidth=0.8, alpha=0.45, zorder=1.2)
        axes.plot(at["epoch"], at["mean"], "o", color=VERMILLION, markersize=4.5, markeredgecolor="white", zorder=4)
    note = curves.notes.get(name, "not begun" if rows.is_empty() else "")
    place: dict[str, Any] = {"x": 0.5, "y": 0.5, "ha": "center", "va": "center"}
    if not rows.is_empty():  # into the corner where curves of this metric seldom are
        corner = (0.06, "bottom") if is_higher_better(metric) else (0.94, "top")
        place = {"x": 0.97, "y": corner[0], "ha": "right", "va": corner[1]}
    axes.text(s=note, transform=axes.transAxes, fontsize=SIZES["note"], color=QUIET, style="italic", **place)


def _set_scale(axes: Axes, scale: CurveScale) -> None:
    """Fixed limits in each panel rather than linked panels, whose limits matplotlib would work out again and again."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    if scale.is_logarithmic:
        axes.set_yscale("log")
        low, high = scale.values
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 300 else (1.0,)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5, min_n_ticks=2))
    axes.set(xlim=scale.epochs, ylim=scale.values, autoscale_on=False)


def _legend_width(handles: Sequence[Artist]) -> float:
    """Inches from the left of the figure to the end of the legend: letters, and a handle with its spaces each."""
    around = (1.8 + 0.8 + 1.2) * SIZES["label"] / 72
    return LEGEND_LEFT + sum(LETTER * len(str(handle.get_label())) + around for handle in handles)


def _legend_handles(curves: Curves) -> list[Artist]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    has_validation = "validation" in curves.table["split"]
    handles: list[Artist] = [
        Line2D([], [], color=colour, linestyle=dashes, linewidth=1.6, label=split)
        for split, (colour, dashes) in SPLITS.items()
        if split in curves.table["split"]
    ]
    if (curves.table["seeds"] > 1).any():
        handles.append(Patch(color=QUIET, alpha=0.3, linewidth=0, label=f"lowest to highest {curves.unit}"))
    if has_validation and any(curves.best.values()):
        handles.append(
            Line2D([], [], color=VERMILLION, marker="o", markersize=5, linewidth=0.8, alpha=0.8, label="best epoch")
        )
    if curves.reference is not None and len(curves.conditions) > 1:
        handles.append(Line2D([], [], color=QUIET, alpha=0.7, linewidth=1.0, label="baseline, validation"))
    return handles
