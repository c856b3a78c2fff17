"""What the picture of a map shows, computed before it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.figures.plane import PlaneAxis, PlaneLine, PlanePicture

if TYPE_CHECKING:
    from assay.mapping.axes import Axis
    from assay.mapping.results import TrainabilityMap


def picture(found: TrainabilityMap, show: str) -> PlanePicture:
    """The cells of a map in one quantity, ``convergence``, ``loss`` or its metric, with the lines of theory."""
    plane = found.plane
    trained = len(found.cells)
    count = f"{plane.cells:,} networks" if trained == plane.cells else f"{trained:,} of {plane.cells:,} networks"
    values = found.grid(show)
    values[np.isfinite(found.grid("convergence")) & ~np.isfinite(values)] = np.inf  # nan is for what is not trained
    return PlanePicture(
        heading=plane.study.name,
        note=f"{count}, all from seed {plane.seed}",
        x=_axis(plane.x),
        y=_axis(plane.y),
        quantity=show,
        values=values,
        lines=[PlaneLine(line["label"], [np.array(piece) for piece in line["pieces"]]) for line in found.theory],
    )


def _axis(axis: Axis) -> PlaneAxis:
    return PlaneAxis(axis.key, axis.edges, axis.scale == "log")
