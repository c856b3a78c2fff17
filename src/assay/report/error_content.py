"""What the report tells of a network's errors: in full of the best condition, in brief of some others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.analysis import Share, Summary, shortlist
from assay.analysis.error_analysis import ErrorAnalysis
from assay.analysis.error_analysis.wording import share_text
from assay.errors import StoreError
from assay.figures.errors_by_class import class_rows
from assay.figures.saving import boundary_figure, drawn_conditions, error_figure_data
from assay.figures.worst_examples import WorstExamples
from assay.report.drawings import FigureContent, figure_content
from assay.report.tables import Cell, TableContent

if TYPE_CHECKING:
    from assay.results import Results

IN_BRIEF = 6
"""So many other conditions are told in brief: the baseline, then the best."""
SMALL = ("confusion", "calibration")
"""Figures that stand beside each other."""


@dataclass(frozen=True)
class BriefErrors:
    """Another condition: its sentences, and the first of its figures."""

    heading: str
    sentences: list[str]
    figures: list[FigureContent]


@dataclass(frozen=True)
class ErrorsContent:
    """The section "What it gets wrong".

    Attributes
    ----------
    note : str
        Whose errors, on which rows.
    sentences : list of str
    small : list of FigureContent
        Those that stand beside each other.
    large : list of FigureContent
        Each with a line of its own.
    classes, worst : TableContent or None
        A row for each class or label; a row for each of the worst examples, where they are no pictures.
    others : list of BriefErrors
    """

    note: str
    sentences: list[str]
    small: list[FigureContent]
    large: list[FigureContent]
    classes: TableContent | None
    worst: TableContent | None
    others: list[BriefErrors]


def errors_content(results: Results, summary: Summary) -> ErrorsContent | None:
    """Collect the section; None where no predictions are kept."""
    if results.was_watched or results.predictions.is_empty():
        return None
    ordered = _by_interest(results, summary)
    analysed = [errors for name in ordered if (errors := _errors(results, name)) is not None]
    if not analysed:
        return None
    best, *others = analysed
    drawn = list(error_figure_data(results, best))
    examples = next((figure.data for figure in drawn if isinstance(figure.data, WorstExamples)), None)
    are_pictures = examples is not None and examples.rows.images is not None
    shown = [figure for figure in drawn if figure.name != "worst_examples" or are_pictures]
    boundary = boundary_figure(results, [condition.name for condition in drawn_conditions(summary).conditions])
    contents = [figure_content(figure) for figure in [*shown, *([boundary] if boundary else [])]]
    return ErrorsContent(
        note=_note(best),
        sentences=best.sentences(),
        small=[content for content in contents if content.name in SMALL],
        large=[content for content in contents if content.name not in SMALL],
        classes=_classes(best),
        worst=None if examples is None or are_pictures else _worst(examples),
        others=[_brief(results, errors, number) for number, errors in enumerate(others, start=1)],
    )


def _by_interest(results: Results, summary: Summary) -> list[str]:
    """The best condition, the baseline, and the next best, by name."""
    first = [name for name in (results.best_condition(), summary.baseline) if name is not None]
    # A shortlist of all but one is sorted, best first.
    shown = shortlist(summary, max(len(summary.conditions) - 1, 1)).conditions
    names = [*first, *(condition.name for condition in (*shown, *summary.conditions))]
    return list(dict.fromkeys(names))[: 1 + IN_BRIEF]


def _errors(results: Results, condition: str) -> ErrorAnalysis | None:
    try:
        return results.errors(condition)
    except StoreError:  # its network diverged, or is not kept
        return None


def _note(errors: ErrorAnalysis) -> str:
    answers = errors.answers
    note = f"The network of {answers.condition}, seed {answers.seed}, after epoch {answers.epoch}"
    if answers.split == "validation":
        return (
            f"{note}, on {answers.count:,} validation rows. The test rows are not shown here: what is changed after "
            "looking at them would be fitted to them."
        )
    return f"{note}, on {answers.count:,} test rows."


def _classes(errors: ErrorAnalysis) -> TableContent | None:
    rows = class_rows(errors)
    if not rows:
        return None
    noun = "class" if errors.confusion is not None else "label"
    return TableContent(
        "errors-by-class",
        f"Each {noun}: the part of its rows that is found, the part of the answers that is right, and their 95 % "
        "intervals.",
        [noun, "rows", "found (recall)", "right when said (precision)"],
        [
            [Cell(row.name, row.name), Cell(f"{row.rows:,}", row.rows), _share(row.recall), _share(row.precision)]
            for row in rows
        ],
    )


def _share(share: Share | None) -> Cell:
    if share is None:
        return Cell("–")
    part = share.count / share.total
    return Cell(f"{share_text(part)} [{share_text(share.low)}, {share_text(share.high)}]", part)


def _worst(examples: WorstExamples) -> TableContent:
    lines = [examples.cells(place) for place in range(len(examples.examples))]
    caption = f"Of {examples.heading}: {examples.note}. Rows are numbered as in the source, from 0."
    return TableContent(
        "worst-examples",
        f"{caption} {examples.rows.note}".rstrip(),
        examples.columns,
        [[Cell(text, _sorted_by(text)) for text in line] for line in lines],
    )


def _sorted_by(text: str) -> float | str:
    try:
        return float(text.replace(",", "").removesuffix(" %"))
    except ValueError:
        return text


def _brief(results: Results, errors: ErrorAnalysis, number: int) -> BriefErrors:
    first = next(error_figure_data(results, errors), None)
    figures = [] if first is None else [figure_content(first, f"{first.name}-{number}")]
    return BriefErrors(errors.heading, errors.sentences(), figures)
