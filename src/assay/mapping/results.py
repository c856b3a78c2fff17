"""Read a map's folder, finished or still being written."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from assay.errors import StoreError, StudyError, did_you_mean
from assay.mapping.axes import Axis
from assay.mapping.folder import TILES_FOLDER, cell_columns, read_map_file
from assay.mapping.plane import Plane
from assay.own_code import running_nothing
from assay.selection import is_higher_better
from assay.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class TrainabilityMap:
    """What a map has found so far.

    Attributes
    ----------
    directory : Path
    plane : Plane
        The base network and both axes.
    cells : polars.DataFrame
        A row for each cell that is trained, from the lowest y up: row, column, x, y, convergence (−Σ v or Σ 1 / v),
        converged, loss and the metric of the data on all training rows after the last step, and diverged_step.
    """

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        self.about = read_map_file(self.directory)
        with running_nothing():  # the folder of the study is not kept, and nothing is trained from here
            study = Study(**self.about["study"])
        self.plane = Plane(study, Axis(**self.about["x"]), Axis(**self.about["y"]))

    def __repr__(self) -> str:
        return f"TrainabilityMap('{self.directory}')"

    @cached_property
    def cells(self) -> pl.DataFrame:
        parts = []
        for path in sorted((self.directory / TILES_FOLDER).glob("*.parquet")):
            try:
                parts.append(pl.read_parquet(path))
            except (pl.exceptions.PolarsError, OSError) as error:
                raise StoreError(
                    f"{path}: this tile cannot be read. Remove it: the same command then trains it anew."
                ) from error
        columns = cell_columns(self.metric)
        return pl.concat([pl.DataFrame(schema=columns), *parts]).sort("row", "column")

    @property
    def metric(self) -> str:
        """What is measured beside the loss: ``accuracy`` or ``mean_absolute_error``."""
        return self.about["metric"]

    @property
    def theory(self) -> list[dict[str, Any]]:
        """The lines of theory over the plane: a ``label``, and ``pieces``, each a list of points [x, y]."""
        return self.about["theory"]

    def grid(self, column: str) -> np.ndarray:
        """A column of `cells` as an array (rows, columns); nan where nothing is trained yet."""
        grid = np.full(self.plane.shape, np.nan)
        grid[self.cells["row"], self.cells["column"]] = self.cells[column]
        return grid

    def summary(self) -> dict[str, Any]:
        """Both axes, how many networks learn, and the best of them, as ``assay map --json`` prints it."""
        ended = self.cells.filter(pl.col("loss").is_finite())
        best = ended.sort(self.metric, descending=is_higher_better(self.metric), maintain_order=True).head(1)
        return {
            "study": self.plane.study.name,
            "seed": self.plane.seed,
            "x": self.plane.x.written(),
            "y": self.plane.y.written(),
            "cells": self.plane.cells,
            "trained": len(self.cells),
            "converged": int(self.cells["converged"].sum()),
            "diverged_to_infinity": self.cells["diverged_step"].count(),
            "best": {name: best[name].item() for name in ("x", "y", "loss", self.metric)} if len(best) else None,
        }

    def figure(self, show: str = "convergence") -> Figure:
        """Draw the map.

        Parameters
        ----------
        show : str
            ``convergence``, ``loss``, or the metric of the data.

        Raises
        ------
        StudyError
            If the map has no such column.
        """
        from assay.figures.plane import draw_plane
        from assay.mapping.picture import picture

        check_shown(show, self.metric)
        return draw_plane(picture(self, show))

    def save_figure(self, show: str = "convergence") -> Path:
        """Draw the map into its folder, as ``map.png``, or ``map-accuracy.png`` and so on; see `figure`."""
        from assay.figures.style import write_figure

        figure = self.figure(show)
        path = self.directory / ("map.png" if show == "convergence" else f"map-{show}.png")
        write_figure(figure, path, figure.dpi)
        return path


def open_map(directory: str | Path) -> TrainabilityMap:
    """The map in a folder.

    Raises
    ------
    StoreError
        If it is not a map's folder, or one of a newer format.
    """
    return TrainabilityMap(directory)


def check_shown(show: str, metric: str) -> None:
    """Raise a `StudyError` unless a map of data with this metric can show `show`."""
    known = ("convergence", "loss", metric)
    if show not in known:
        raise StudyError(
            f"--show {show}: expected one of {', '.join(known)} for these data.{did_you_mean(show, known)}"
        )
