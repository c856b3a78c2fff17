"""The figures of a study: what they show, drawn, and written to files."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.analysis import SHOWN_CONDITIONS, Summary, shortlist
from assay.analysis.error_analysis import ErrorAnalysis
from assay.errors import StoreError
from assay.figures.calibration import calibration_data, draw_calibration
from assay.figures.confusion import confusion_data, draw_confusion
from assay.figures.decision_boundary import boundary_data, draw_boundary
from assay.figures.distributions import panel_data
from assay.figures.errors_by_class import draw_errors_by_class, errors_by_class_data
from assay.figures.interaction import draw_interaction, interaction_of
from assay.figures.learning_curves import MANY, curve_data, draw_curves
from assay.figures.over_epochs import draw_over_epochs, over_epochs_data
from assay.figures.overview import draw_overview, overview_data
from assay.figures.profiles import draw_profiles, profile_data
from assay.figures.residuals import draw_residuals, residual_data
from assay.figures.signal_tables import SignalTables
from assay.figures.style import write_figure
from assay.figures.wall import draw_wall
from assay.figures.worst_examples import draw_worst_examples, worst_examples_data
from assay.figures.written import FigureData
from assay.probes import quantities
from assay.store.files import make_folders

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from assay.results import Results


DRAWN_CONDITIONS = 24
"""How many conditions of a large study are drawn, a panel or a line each."""


def drawn_conditions(summary: Summary) -> Summary:
    """The part of a summary that figures show: all of it, but of a large study the best conditions and the baseline."""
    is_large = len(summary.conditions) > SHOWN_CONDITIONS
    return shortlist(summary, DRAWN_CONDITIONS) if is_large else summary


@dataclass(frozen=True, eq=False)
class StudyFigure:
    """A figure of a study that is not drawn yet.

    Attributes
    ----------
    name : str
        Of its files: ``wall``, ``over_epochs_activations``.
    data : FigureData
        All that it shows.
    """

    name: str
    data: FigureData
    _draw: Callable[[Any], Figure]

    def draw(self) -> Figure:
        """The figure."""
        return self._draw(self.data)

    def written(self) -> dict[str, Any]:
        """What it shows as JSON, with its name."""
        return {"name": self.name, **self.data.written()}


def study_figure_data(
    results: Results, theory: pl.DataFrame | None = None, summary: Summary | None = None
) -> Iterator[StudyFigure]:
    """What the figures of a study show, one at a time: overview, interaction, learning curves, then the signal's.

    With many conditions there is one figure of learning curves per metric, else one for all. Figures of the signal come
    where probes have recorded it. Of a large study the `drawn_conditions` are shown.

    Parameters
    ----------
    results : Results
        Finished or still being written.
    theory : polars.DataFrame, optional
        As in `SignalTables`.
    summary : Summary, optional
        Its summary, where it is at hand already.
    """
    summary = results.summary() if summary is None else summary
    drawn = drawn_conditions(summary)
    names = [condition.name for condition in drawn.conditions]
    if not results.was_watched:  # one training, which is compared with none
        yield StudyFigure("overview", overview_data(results, drawn), draw_overview)
    together = None if summary.effects is None else interaction_of(results, summary.effects)
    if together is not None:
        yield StudyFigure("interaction", together, draw_interaction)
    curves = curve_data(results, names)
    if len(curves.conditions) <= MANY:
        yield StudyFigure("learning_curves", curves, draw_curves)
    else:
        for metric in curves.metrics:
            yield StudyFigure(f"learning_curves_{metric}", curves.of([metric]), draw_curves)
    yield from signal_figure_data(SignalTables.of(results, theory, names))


def signal_figure_data(tables: SignalTables) -> Iterator[StudyFigure]:
    """The wall and the profiles at the first epoch that was recorded; if there are more, change over epochs."""
    if tables.is_empty:
        return
    epochs = tables.epochs()
    has_histograms = not tables.histograms.is_empty()
    if has_histograms:
        yield StudyFigure("wall", panel_data(tables, epoch=epochs[0]), draw_wall)
    yield StudyFigure("profiles", profile_data(tables, epoch=epochs[0]), draw_profiles)
    if len(epochs) > 1 and has_histograms:
        for name in (quantity.name for quantity in quantities() if quantity.over_epochs):
            yield StudyFigure(f"over_epochs_{name}", over_epochs_data(tables, name), draw_over_epochs)


def error_figure_data(results: Results, errors: ErrorAnalysis) -> Iterator[StudyFigure]:
    """What the figures of one network's errors show, one at a time."""
    if errors.confusion is not None:
        yield StudyFigure("confusion", confusion_data(errors), draw_confusion)
    if errors.confusion is not None or errors.labels:
        yield StudyFigure("errors_by_class", errors_by_class_data(errors), draw_errors_by_class)
    if errors.calibration is not None:
        yield StudyFigure("calibration", calibration_data(errors), draw_calibration)
    if errors.residuals:
        yield StudyFigure("residuals", residual_data(errors), draw_residuals)
    if errors.worst:
        yield StudyFigure("worst_examples", worst_examples_data(results, errors), draw_worst_examples)


def network_figure_data(results: Results, conditions: Sequence[str]) -> Iterator[StudyFigure]:
    """What the figures of kept networks show: the errors of the best one, and the decision boundaries of `conditions`.

    Nothing where none is kept.
    """
    if results.was_watched or results.predictions.is_empty():
        return
    yield from error_figure_data(results, results.errors())
    boundary = boundary_figure(results, conditions)
    if boundary is not None:
        yield boundary


def boundary_figure(results: Results, conditions: Sequence[str]) -> StudyFigure | None:
    """The decision boundary of each condition; None where rows have not two features, or are not there any more."""
    try:
        return StudyFigure("decision_boundary", boundary_data(results, conditions), draw_boundary)
    except StoreError:
        return None


def study_figures(
    results: Results, theory: pl.DataFrame | None = None, summary: Summary | None = None
) -> Iterator[tuple[str, Figure]]:
    """`study_figure_data`, drawn: names and figures."""
    return ((figure.name, figure.draw()) for figure in study_figure_data(results, theory, summary))


def signal_figures(tables: SignalTables) -> Iterator[tuple[str, Figure]]:
    """`signal_figure_data`, drawn: names and figures."""
    return ((figure.name, figure.draw()) for figure in signal_figure_data(tables))


def save_figures(
    results: Results,
    directory: str | Path,
    theory: pl.DataFrame | None = None,
    summary: Summary | None = None,
) -> list[Path]:
    """Write each figure of a study as PNG and as SVG into a folder, which is made if need be.

    Returns
    -------
    list of Path
        The files.
    """
    summary = results.summary() if summary is None else summary
    shown = [condition.name for condition in drawn_conditions(summary).conditions]
    of_networks = ((figure.name, figure.draw()) for figure in network_figure_data(results, shown))
    return _save(itertools.chain(study_figures(results, theory, summary), of_networks), directory)


def save_signal_figures(tables: SignalTables, directory: str | Path) -> list[Path]:
    """Write the figures of the signal alone, as `save_figures` does: those of networks that were only looked at."""
    return _save(signal_figures(tables), directory)


def _save(figures: Iterable[tuple[str, Figure]], directory: str | Path) -> list[Path]:
    directory = Path(directory)
    make_folders(directory)
    paths = []
    for name, figure in figures:
        for ending in ("png", "svg"):
            path = directory / f"{name}.{ending}"
            write_figure(figure, path)
            paths.append(path)
    return paths
