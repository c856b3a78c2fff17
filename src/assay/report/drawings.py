"""Figures as SVG that lives in a page: its colours and letters follow the page, in daylight and in the dark."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.analysis import Summary
from assay.analysis.numbers import metric_text, number_text
from assay.analysis.wording import shown_text
from assay.figures import study_figures
from assay.figures.saving import drawn_conditions
from assay.figures.style import GRID, INK, QUIET

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from assay.results import Results

PAGE_COLOURS = {"#ffffff": "var(--paper)", INK: "var(--ink)", QUIET: "var(--quiet)", GRID: "var(--grid)"}

SIGNAL_WORDS = {
    "wall": (
        "Signals before training",
        "Violins of pre-activations, kernels, activations and kernel gradients by layer, a row for each condition.",
        "How values are distributed in each layer, on scales that the conditions share. In a sound "
        "network the width stays about the same from layer to layer, forwards and backwards.",
    ),
    "profiles": (
        "Signal and gradient by layer",
        "Lines of the size of pre-activations and kernel gradients by layer, a panel for each condition.",
        "Size by layer before training, on a logarithmic axis; bands reach from the lowest to the highest seed. A "
        "dashed line, where there is one, is what theory predicts.",
    ),
    "over_epochs_activations": (
        "Activations over epochs",
        "Bands of quantiles of the activations of each layer over epochs, for each condition.",
        "How the distribution in each layer changes through training.",
    ),
    "over_epochs_kernel_gradient": (
        "Kernel gradients over epochs",
        "Bands of quantiles of the kernel gradients of each layer over epochs, for each condition.",
        "How the distribution in each layer changes through training.",
    ),
}
"""Title, words for who cannot see it, and caption, of the figures of the signal."""


@dataclass(frozen=True)
class FigureContent:
    """A figure as SVG markup, with the words for who cannot see it."""

    name: str
    title: str
    svg: str
    alternative: str
    caption: str


def figure_contents(results: Results, summary: Summary) -> list[FigureContent]:
    """Every figure of a study, with title, caption and words for who cannot see it."""
    contents = []
    drawn = drawn_conditions(summary)
    which = shown_text(summary, drawn)
    for name, figure in study_figures(results, summary=summary):
        if name == "overview":
            title, alternative, caption = _overview_words(drawn)
            title = "The best conditions" if which else title
        elif name in SIGNAL_WORDS:
            title, alternative, caption = SIGNAL_WORDS[name]
        else:
            title, alternative, caption = _curves_words(name, drawn)
        caption = f"{caption} {which}".strip()
        contents.append(FigureContent(name, title, inline_svg(figure, name, alternative), alternative, caption))
    return contents


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
    caption = (
        f"Mean {measure} of each condition, best at the top, with its "
        f"{100 * summary.confidence:g} % confidence interval over seeds; each small stroke is one seed."
    )
    if any(condition.comparison for condition in summary.conditions):
        caption += (
            " The dashed line is the baseline. Conclusions rest on differences within a seed, so they may be firmer "
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
    caption = (
        "Lines are means over seeds and bands reach from the lowest to the highest seed, over the trials that did not "
        "diverge. The vertical line and the dot mark the best epoch. All panels of a metric share their axes."
    )
    return title, alternative, caption
