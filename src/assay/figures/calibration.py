"""Whether a network is as often right as it is sure: a point for each bin of its probabilities.

::

    calibration(results, "activation=relu").savefig("calibration.png")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.analysis.error_analysis import Calibration, ErrorAnalysis
from assay.analysis.numbers import number_text
from assay.errors import StoreError
from assay.figures.style import BLUE, INK, QUIET, SIZES, new_figure, put_heading, quiet_axes, shortened, wrapped_heading
from assay.figures.written import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from assay.results import Results

ENOUGH_ANSWERS = 5
"""The mark of a bin that holds fewer is hollow, and the line passes it by."""


@dataclass(frozen=True)
class CalibrationPicture:
    """All that the figure shows."""

    heading: str
    note: str
    calibration: Calibration

    @property
    def labels(self) -> tuple[str, str]:
        """Of the axes: what was said, and what happened."""
        of = shortened(self.calibration.of)
        if of == "the answer given":
            return "probability of the answer given", "share of answers that are right"
        if of == "any label":
            return "probability of a label", "share of labels that are there"
        return f"probability of {of}", f"share of rows that are {of}"

    def written(self) -> dict[str, Any]:
        """As JSON."""
        said, happened = self.labels
        return {"figure": "calibration", "x": {"label": said}, "y": {"label": happened}, **plain(self)}


def calibration_data(errors: ErrorAnalysis) -> CalibrationPicture:
    """Compute what `calibration` draws.

    Raises
    ------
    StoreError
        If the outputs are no probabilities.
    """
    found, answers = errors.calibration, errors.answers
    if found is None:
        raise StoreError(
            f"{answers.condition}: its outputs are no probabilities, so there is no calibration to draw. A sigmoid or "
            "a softmax at the end makes probabilities."
        )
    note = f"{answers.count:,} {answers.split} rows"
    if found.error is not None:
        note += f"; calibration error {number_text(found.error)}"
    return CalibrationPicture(errors.heading, note, found)


def calibration(
    results: Results, condition: str | None = None, *, seed: int | None = None, split: str | None = None
) -> Figure:
    """Draw the calibration curve of one network, with the number of answers in each bin.

    Parameters
    ----------
    results, condition, seed, split
        As `Results.errors` takes them.

    Returns
    -------
    matplotlib.figure.Figure
        Below the diagonal a network is too sure. Lines are 95 % intervals; a bin of few answers has a hollow mark.

    Raises
    ------
    StoreError
        If no predictions are kept, or outputs are no probabilities.
    """
    return draw_calibration(calibration_data(results.errors(condition, seed=seed, split=split)))


def draw_calibration(data: CalibrationPicture) -> Figure:
    """Draw what `calibration_data` computed."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    left, right, top, bottom, side, bars = 0.75, 0.3, 0.68, 0.5, 2.9, 0.62
    width = left + side + right
    top += wrapped_heading(data.heading, width)[1]
    height = top + side + 0.14 + bars + bottom
    figure = new_figure(width, height)
    axes = figure.add_axes((left / width, (bottom + bars + 0.14) / height, side / width, side / height))
    counts = figure.add_axes((left / width, bottom / height, side / width, bars / height))
    said, happened = data.labels
    bins = data.calibration.bins
    quiet_axes(axes, grid="both")
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    for found in bins:
        share = found.happened
        axes.plot(
            [found.said] * 2,
            [share.low, share.high],
            color=BLUE,
            linewidth=2.0,
            alpha=0.4,
            solid_capstyle="round",
        )
    shares = [found.happened.count / found.happened.total for found in bins]
    enough = [found for found in bins if found.count >= ENOUGH_ANSWERS]
    joined = [found.happened.count / found.happened.total for found in enough]
    axes.plot([found.said for found in enough], joined, color=BLUE, linewidth=1.0, alpha=0.6)
    for found, part in zip(bins, shares, strict=True):
        filled = BLUE if found.count >= ENOUGH_ANSWERS else "white"
        axes.plot(found.said, part, "o", color=BLUE, markerfacecolor=filled, markersize=4.5, clip_on=False)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_ylabel(happened, fontsize=SIZES["label"], color=INK)
    axes.tick_params(labelbottom=False)
    quiet_axes(counts)
    lefts, widths = [found.low for found in bins], [found.high - found.low for found in bins]
    counts.bar(lefts, [found.count for found in bins], widths, align="edge", color=BLUE, alpha=0.35, linewidth=0)
    counts.set_xlim(-0.02, 1.02)
    counts.yaxis.set_major_locator(MaxNLocator(nbins=2, integer=True, min_n_ticks=2))
    counts.set_ylabel("answers", fontsize=SIZES["label"], color=INK)
    counts.set_xlabel(said, fontsize=SIZES["label"], color=INK)
    for each in (axes, counts):
        each.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    figure.align_ylabels([axes, counts])
    put_heading(figure, data.heading, data.note)
    return figure
