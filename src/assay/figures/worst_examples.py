"""The rows that a network errs on most: as pictures where rows are pictures, as lines of a table else.

::

    worst_examples(results, "activation=relu").savefig("worst.png")
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.analysis.error_analysis import ErrorAnalysis, Example
from assay.analysis.numbers import number_text
from assay.errors import StoreError
from assay.figures.examples import ExampleRows, example_rows
from assay.figures.style import GRID, INK, LETTER, QUIET, SIZES, new_figure, put_heading, shortened, wrapped_heading
from assay.figures.written import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from assay.results import Results

PICTURES_BESIDE = 6
LONGEST_CELL = 18


@dataclass(frozen=True, eq=False)
class WorstExamples:
    """All that the figure shows.

    Attributes
    ----------
    heading, note : str
    examples : list of Example
        The worst first.
    rows : ExampleRows
        What these rows hold.
    """

    heading: str
    note: str
    examples: list[Example]
    rows: ExampleRows

    @property
    def columns(self) -> list[str]:
        """Of the table: which row, what it is, what was said, how bad that is, then the row's own columns."""
        has_probability = any(example.probability is not None for example in self.examples)
        return [
            "row",
            "target",
            "predicted",
            *(["probability"] if has_probability else []),
            "loss",
            *self.rows.columns,
        ]

    def cells(self, place: int) -> list[str]:
        """A line of the table, in the order of `columns`."""
        example = self.examples[place]
        own = self.rows.cells[place] if self.rows.columns else []
        sure = [] if example.probability is None else [f"{100 * example.probability:.0f} %"]
        return [
            f"{example.source_row:,}",
            example.target,
            example.predicted,
            *sure,
            number_text(example.loss) if math.isfinite(example.loss) else "∞",
            *own,
        ]

    def written(self) -> dict[str, Any]:
        """As JSON; pictures by rows of pixels between 0 and 1."""
        return {"figure": "worst_examples", **plain(self)}


def worst_examples_data(results: Results, errors: ErrorAnalysis) -> WorstExamples:
    """Compute what `worst_examples` draws; reads the data again."""
    answers = errors.answers
    rows = example_rows(results, answers, errors.worst)
    return WorstExamples(errors.heading, which_examples(errors), errors.worst, rows)


def which_examples(errors: ErrorAnalysis) -> str:
    """``the 12 with the largest loss of 46 wrong rows among 252 validation rows``."""
    answers, count = errors.answers, len(errors.worst)
    of = f"{answers.count:,} {answers.split} rows"
    if answers.task == "regression":
        return f"the {count} with the largest loss of {of}"
    wrong = int(answers.is_wrong.sum())
    if wrong == count:
        return f"all wrong rows among {of}, the largest loss first"
    return f"the {count} with the largest loss of {wrong:,} wrong rows among {of}"


def worst_examples(
    results: Results, condition: str | None = None, *, seed: int | None = None, split: str | None = None
) -> Figure:
    """Draw the rows with the largest loss, with what they are and what the network says.

    Parameters
    ----------
    results, condition, seed, split
        As `Results.errors` takes them.

    Returns
    -------
    matplotlib.figure.Figure
        Rows are numbered as in the source, from 0.

    Raises
    ------
    StoreError
        If no predictions are kept, or no row is wrong.
    """
    errors = results.errors(condition, seed=seed, split=split)
    if not errors.worst:
        raise StoreError(f"{errors.answers.condition}: it is right on every row; there is no worst example to draw.")
    return draw_worst_examples(worst_examples_data(results, errors))


def draw_worst_examples(data: WorstExamples) -> Figure:
    """Draw what `worst_examples_data` computed."""
    return _pictures(data) if data.rows.images is not None else _table(data)


def _pictures(data: WorstExamples) -> Figure:
    assert data.rows.images is not None
    columns = min(PICTURES_BESIDE, len(data.examples))
    lines = math.ceil(len(data.examples) / columns)
    captions = [_caption(example) for example in data.examples]
    further = 0.16 * max(caption.count("\n") for caption in captions)
    side, across, below, left, bottom = 1.0, 0.3, 0.62 + further, 0.15, 0.05
    width = max(left + columns * (side + across), 4.6)
    top = 0.66 + wrapped_heading(data.heading, width)[1]
    height = top + lines * (side + below) + bottom
    figure = new_figure(width, height)
    for place, (example, image, words) in enumerate(zip(data.examples, data.rows.images, captions, strict=True)):
        line, column = divmod(place, columns)
        x, y = left + column * (side + across), height - top - line * (side + below) - side
        axes = figure.add_axes((x / width, y / height, side / width, side / height))
        _picture(axes, image)
        caption: dict[str, Any] = {"transform": axes.transAxes, "va": "top", "ha": "left"}
        axes.text(0, -0.05, words, fontsize=SIZES["title"], color=INK, **caption)
        sure = "" if example.probability is None else f", {100 * example.probability:.0f} % sure"
        axes.text(
            0, -0.24 - further, f"row {example.source_row:,}{sure}", fontsize=SIZES["note"], color=QUIET, **caption
        )
    put_heading(figure, data.heading, data.note)
    return figure


def _caption(example: Example) -> str:
    """``3 taken for 5``; long names on a line each."""
    text = f"{example.target} taken for {example.predicted}"
    if len(text) <= LONGEST_CELL:
        return text
    return f"{_cut(example.target, LONGEST_CELL)}\n→ {_cut(example.predicted, LONGEST_CELL - 2)}"


def _picture(axes: Axes, image: np.ndarray) -> None:
    """Bright on dark, as the pixels are; colours as they are."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=GRID, linewidth=0.7)


def _table(data: WorstExamples) -> Figure:
    """A line for each example; what the network was asked and said stands left of what the row holds."""
    head = data.columns
    lines = [[_cut(cell, LONGEST_CELL) for cell in data.cells(place)] for place in range(len(data.examples))]
    titles = [_cut(name, LONGEST_CELL) for name in head]
    widths = [LETTER * max(map(len, column)) + 0.24 for column in zip(titles, *lines, strict=True)]
    width = max(sum(widths) + 0.3, 4.6)
    top, line_height = 0.98 + wrapped_heading(data.heading, width)[1], 0.24
    height = top + line_height * len(lines) + 0.15 + (0.22 if data.rows.note else 0)
    figure = new_figure(width, height)
    own = len(head) - len(data.rows.columns)
    for number, (title, cells) in enumerate(zip(titles, zip(*lines, strict=True), strict=True)):
        is_number = all(cell.lstrip("−-+").replace(",", "")[:1].isdigit() or cell in "–∞" for cell in cells)
        edge = 0.15 + sum(widths[: number + 1]) - 0.24 if is_number else 0.15 + sum(widths[:number])
        place: dict[str, Any] = {"x": edge / width, "va": "center", "ha": "right" if is_number else "left"}
        figure.text(s=title, y=1 - (top - 0.2) / height, fontsize=SIZES["note"], color=QUIET, **place)
        for line, cell in enumerate(cells):
            y = 1 - (top + (line + 0.5) * line_height) / height
            figure.text(s=cell, y=y, fontsize=SIZES["tick"], color=INK if number < own else QUIET, **place)
    _rule(figure, 1 - (top - 0.06) / height)
    put_heading(figure, data.heading, data.note)
    if data.rows.note:
        figure.text(0.15 / width, 0.08 / height, data.rows.note, fontsize=SIZES["note"], color=QUIET)
    return figure


def _rule(figure: Figure, y: float) -> None:
    from matplotlib.lines import Line2D

    margin = 0.15 / figure.get_size_inches()[0]
    figure.add_artist(Line2D([margin, 1 - margin], [y, y], color=GRID, linewidth=0.8))


def _cut(text: str, letters: int) -> str:
    return shortened(" ".join(text.split()), letters)  # a cell may hold lines
