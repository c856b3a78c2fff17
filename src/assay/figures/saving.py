"""Write the figures of a study to files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from assay.figures.learning_curves import MANY, curve_data, draw_curves
from assay.figures.overview import draw_overview, overview_data
from assay.figures.style import write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from assay.store import Results


def study_figures(results: Results) -> Iterator[tuple[str, Figure]]:
    """The figures of a study with their names, one at a time: the overview, then the learning curves.

    With many conditions there is one figure of learning curves per metric, else one for all.
    """
    yield "overview", draw_overview(overview_data(results))
    curves = curve_data(results)
    if len(curves.conditions) <= MANY:
        yield "learning_curves", draw_curves(curves)
    else:
        for metric in curves.metrics:
            yield f"learning_curves_{metric}", draw_curves(curves, [metric])


def save_figures(results: Results, directory: str | Path) -> list[Path]:
    """Write each figure of a study as PNG and as SVG into a folder, which is made if need be.

    Returns
    -------
    list of Path
        The files.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in study_figures(results):
        for ending in ("png", "svg"):
            path = directory / f"{name}.{ending}"
            write_figure(figure, path)
            paths.append(path)
    return paths
