"""One look for all figures: a palette that colour-blind readers can tell apart, quiet axes, no global settings.

Figures are made with matplotlib's own objects and never through pyplot, so drawing one changes nothing for a user who
plots beside us.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.analysis.wording import factors_of
from assay.palette import BLUE, GREEN, PURPLE, VERMILLION
from assay.store.files import replace_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "GREEN",
    "GRID",
    "INK",
    "PNG_DOTS_PER_INCH",
    "PURPLE",
    "QUIET",
    "SIZES",
    "VERMILLION",
    "grid_columns",
    "new_figure",
    "put_heading",
    "quiet_axes",
    "wrapped_heading",
    "wrapped_name",
    "write_figure",
]

INK = "#24292f"
QUIET = "#6e7781"
GRID = "#d8dee4"

SIZES = {"title": 8.5, "label": 8.5, "tick": 7.5, "note": 7.5, "heading": 11.0}  # points
PNG_DOTS_PER_INCH = 160
LETTER = 0.068
"""Width of a letter of a label, in inches."""
LONGEST = 26
"""Letters of a name beside or below an axis."""
HEADING_LETTER, HEADING_LINE = 0.079, 0.19
"""Width of a letter and height of a line of a heading, in inches."""


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of `width` × `height` inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), facecolor="white")


def quiet_axes(axes: Axes, *, grid: str = "y") -> None:
    """No frame, a faint grid behind the data, small ticks."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.grid(axis=grid, color=GRID, linewidth=0.7)  # type: ignore[arg-type]
    axes.tick_params(which="both", colors=QUIET, labelcolor=INK, labelsize=SIZES["tick"], length=0, pad=3)
    axes.tick_params(axis="x", which="major", length=3)


def wrapped_name(condition: str, width: int, lines: int = 3) -> str:
    """A condition's name in lines of at most `width` letters: one if it fits, else one per factor; `lines` at most."""
    if len(condition) <= width:
        return condition
    rows = [row for factor in factors_of(condition) for row in textwrap.wrap(factor, width, break_on_hyphens=False)]
    if len(rows) > lines:
        rows = [*rows[: lines - 1], rows[lines - 1][: width - 1] + "…"]
    return "\n".join(rows)


def shortened(text: str, letters: int = LONGEST) -> str:
    """A text with at most so many letters."""
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def wrapped_heading(text: str, width: float) -> tuple[str, float]:
    """A heading in lines that fit into a figure of `width` inches, and the height of the lines after the first."""
    lines = textwrap.wrap(text, max(int((width - 0.3) / HEADING_LETTER), 12), break_on_hyphens=False)
    return "\n".join(lines), HEADING_LINE * max(len(lines) - 1, 0)


def put_heading(figure: Figure, heading: str, note: str) -> None:
    """Write a heading, wrapped, into the upper left corner, and a quiet note below it."""
    width, height = figure.get_size_inches()
    text, further = wrapped_heading(heading, width)
    place: dict[str, Any] = {"x": 0.15 / width, "va": "top"}
    figure.text(s=text, y=1 - 0.1 / height, fontsize=SIZES["heading"], color=INK, **place)
    figure.text(s=note, y=1 - (0.34 + further) / height, fontsize=SIZES["note"], color=QUIET, **place)


def grid_columns(conditions: Sequence[str]) -> int:
    """Columns of the grid: the levels of the last factor where they repeat in every row, else about square."""
    count = max(len(conditions), 1)
    first_parts = [name.rpartition(", ")[0] for name in conditions]
    run = next((i for i, part in enumerate(first_parts) if part != first_parts[0]), count)
    if 2 < run <= 7 and count % run == 0 and all(len(set(first_parts[i : i + run])) == 1 for i in range(0, count, run)):
        return run
    return count if count <= 4 else min(6, math.ceil(math.sqrt(count * 1.3)))


def write_figure(figure: Figure, path: Path, dots_per_inch: float = PNG_DOTS_PER_INCH) -> None:
    """Write a figure in the format of the path's ending; the same figure gives the same bytes every time.

    Text in an SVG stays text, so that it can be searched, read aloud and restyled.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    import matplotlib

    is_svg = path.suffix == ".svg"
    metadata = {"Date": None, "Creator": None} if is_svg else {"Software": None}
    options: dict[str, Any] = {"format": path.suffix[1:], "metadata": metadata}
    if not is_svg:
        options["dpi"] = dots_per_inch
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": path.stem}):
        replace_file(path, lambda place: figure.savefig(place, **options))
