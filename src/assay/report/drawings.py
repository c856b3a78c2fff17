"""Figures as SVG that lives in a page: its colours and letters follow the page, in daylight and in the dark."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.analysis import Summary
from assay.analysis.numbers import metric_text, number_text
from assay.analysis.wording import shown_text
from assay.figures import study_figure_data
from assay.figures.distributions import SignalPanels
from assay.figures.interaction import Interaction
from assay.figures.over_epochs import OverEpochs
from assay.figures.overview import Overview
from assay.figures.profiles import Profiles
from assay.figures.saving import StudyFigure, drawn_conditions
from assay.figures.style import GRID, INK, QUIET
from assay.probes import find_quantity
from assay.report.error_words import error_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from assay.results import Results

REM_PER_INCH = 6.6
"""Letters of a figure are then about as large as those below it."""
PAGE_COLOURS = {"#ffffff": "var(--paper)", INK: "var(--ink)", QUIET: "var(--quiet)", GRID: "var(--grid)"}


@dataclass(frozen=True)
class FigureContent:
    """A figure as SVG markup, with the words for who cannot see it."""

    name: str
    title: str
    svg: str
    alternative: str
    caption: str
    width: float | None = None
    """At most so wide, in rem; as wide as the page where it is not said."""


def figure_contents(results: Results, summary: Summary) -> list[FigureContent]:
    """Every figure of a study, with title, caption and words for who cannot see it."""
    contents = []
    drawn = drawn_conditions(summary)
    which = shown_text(summary, drawn)
    for figure in study_figure_data(results, summary=summary):
        title, alternative, caption = _words(figure, drawn)
        if figure.name == "overview" and which:
            title = "The best conditions"
        svg = inline_svg(figure.draw(), figure.name, alternative)
        shown = "" if isinstance(figure.data, Interaction) else which  # this one is of all conditions
        contents.append(FigureContent(figure.name, title, svg, alternative, f"{caption} {shown}".strip()))
    return contents


def figure_content(figure: StudyFigure, name: str = "") -> FigureContent:
    """A figure of a network's errors, no larger than its letters need; `name` tells apart several of a kind."""
    title, alternative, caption = error_words(figure.data)
    drawn = figure.draw()
    svg = inline_svg(drawn, name or figure.name, alternative)
    return FigureContent(name or figure.name, title, svg, alternative, caption, REM_PER_INCH * drawn.get_figwidth())


def inline_svg(figure: Figure, name: str, alternative: str) -> str:
    """A figure as an ``<svg>`` element that scales with its place.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Its background becomes transparent.
    name : str
        Begins every id inside, so that two figures on a page do not take each other's shapes.
    alternative : str
        Read aloud in its stead.
    """
    import matplotlib
    from markupsafe import escape

    buffer = io.StringIO()
    figure.patch.set_alpha(0)
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "path.simplify": True}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r' id="([^"]+)"', rf' id="{name}-\1"', svg)
    svg = re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\1{name}-", svg)
    for colour, variable in PAGE_COLOURS.items():
        svg = svg.replace(colour, variable)
    svg = re.sub(r">\s*\n\s*<", ">\n<", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(alternative)}"', 1)


def _words(figure: StudyFigure, drawn: Summary) -> tuple[str, str, str]:
    """Title, words for who cannot see it, and caption."""
    data = figure.data
    if isinstance(data, Overview):
        return _overview_words(drawn)
    if isinstance(data, Interaction):
        return (
            f"{data.along} and {data.beside} together",
            f"Lines of {data.measure} by {data.along}, one for each of {len(data.lines)} levels of {data.beside}.",
            f"Each line is a level of {data.beside}, averaged over all other factors. Where lines are parallel, the "
            "effect of one factor does not depend on the other. Where they part or cross, it does.",
        )
    if isinstance(data, SignalPanels):
        return (
            f"Signals {data.when}" if data.epoch == 0 else f"Signals at {data.when}",
            f"Violins of {_titles(data.quantities)} by layer, a row for each condition.",
            "Each violin shows how the values of one layer are distributed. All conditions share the scales. In a "
            "healthy network the violins have about the same width from the first layer to the last, which is the "
            "output. The small numbers above a panel are the standard deviation (std) in the first and in the last "
            "hidden layer.",
        )
    if isinstance(data, Profiles):
        return (
            "Signal and gradient by layer",
            f"Lines of the size of {_titles(data.quantities)} by layer, a panel for each condition.",
            "Each line shows the size of a signal by layer, on a logarithmic axis. In a healthy network the lines are "
            "about level. The last layer is the output. A band reaches from the lowest to the highest seed. A dashed "
            "line, where there is one, is what theory predicts.",
        )
    if isinstance(data, OverEpochs):
        title = data.record.title
        return (
            f"{title[0].upper()}{title[1:]} over epochs",
            f"Bands of quantiles of the {title} of each layer over epochs, for each condition.",
            "Each panel shows how the values of one layer change through training. The line is the median, and the "
            "bands hold half, nine tenths and all of the values.",
        )
    return _curves_words(figure.name, drawn)


def _titles(names: Sequence[str]) -> str:
    """``pre-activations (z-values), activations and kernel gradient``."""
    *first, last = [find_quantity(name).title for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def _overview_words(summary: Summary) -> tuple[str, str, str]:
    measure = summary.compared_by
    if measure is None:
        return "All conditions", "No trial has completed yet.", ""
    scores = {condition.name: condition.score(measure) for condition in summary.conditions}
    means = {name: score.mean for name, score in scores.items() if score is not None and score.mean is not None}
    low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    alternative = (
        f"Dot plot of {measure} for {len(means)} conditions: "
        f"from {number_text(means[low])} ({low}) to {number_text(means[high])} ({high}). "
        "The table of conditions holds the same numbers."
    )
    unit = "split" if summary.splits > 1 else "seed"
    caption = (
        f"Mean {measure} of each condition, best at the top, with its "
        f"{100 * summary.confidence:g} % confidence interval over {unit}s; each small stroke is one {unit}."
    )
    if any(condition.comparison for condition in summary.conditions):
        caption += (
            f" The dashed line is the baseline. Conclusions rest on differences within a {unit}, so they may be firmer "
            "than overlapping intervals suggest."
        )
    return "All conditions", alternative, caption


def _curves_words(name: str, summary: Summary) -> tuple[str, str, str]:
    metric = metric_text(name.removeprefix("learning_curves").strip("_"))
    best = [c.best_epoch for c in summary.conditions if c.best_epoch is not None]
    between = f" Best epochs lie between {min(best)} and {max(best)}." if best else ""
    title = f"Learning curves: {metric}" if metric else "Learning curves"
    alternative = (
        f"{title}: a panel for each of {len(summary.conditions)} conditions, training and validation by epoch."
        f"{between} The table of best epochs holds the numbers."
    )
    unit = "trial" if summary.splits > 1 else "seed"
    caption = (
        f"Lines are means over {unit}s and bands reach from the lowest to the highest {unit}, over the trials that did "
        "not diverge. The vertical line and the dot mark the best epoch. All panels of a metric share their axes."
    )
    return title, alternative, caption
