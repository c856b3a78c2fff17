"""Train a whole plane of networks, tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol

from assay.data import load
from assay.engine import memory_limit, use_compilation_cache, use_devices
from assay.lab import Stoppable, code_fingerprints, fingerprints, interruption, model_fingerprints
from assay.learning.metrics import metric_names
from assay.mapping.axes import Axis, read_axis
from assay.mapping.folder import MapFolder
from assay.mapping.plane import Plane
from assay.mapping.results import TrainabilityMap
from assay.planning import Plan, check_capacity
from assay.store.schema import RUNS_FOLDER
from assay.study import Study, load_study


class MapProgress(Stoppable, Protocol):
    """A view of a map that is being trained."""

    def map_started(self, plane: Plane, finished: int) -> None:
        """Before anything is trained; `finished` cells are there from an earlier run."""

    def worked(self, cells: float) -> None:
        """So many cells' worth of training has been done since the last call."""


class Silence:
    """The view that shows nothing."""

    def map_started(self, plane: Plane, finished: int) -> None: ...

    def worked(self, cells: float) -> None: ...

    def stop_requested(self) -> None: ...


def trainability_map(
    study: Study | str | Path,
    x: Axis | str,
    y: Axis | str,
    directory: str | Path | None = None,
    *,
    device: str | None = None,
    tf32: bool = False,
    progress: MapProgress | None = None,
) -> TrainabilityMap:
    """Train a study's base network at every point of a plane, or what is missing of it.

    The study's factors and named conditions are left out; of its seeds the first is taken.

    Parameters
    ----------
    study : Study, str or Path
        A study, a study file, or the name of a built-in study.
    x, y : Axis or str
        Two numbers that vary: ``"learning_rate=1e-3:10:64:log"``, or an `Axis`.
    directory : str or Path, optional
        The folder of the map; ``assay-runs/NAME-map`` when not given. If it holds a part of this map, that part stands.
    device : {"cpu", "gpu"}, optional
        What trains; JAX chooses when not given.
    tf32 : bool
        Let a GPU take TensorFloat-32 for matrix products: faster, and three digits instead of seven.
    progress : MapProgress, optional
        Hears how it goes; silent when not given.

    Returns
    -------
    TrainabilityMap

    Raises
    ------
    AssayError
        If the study, an axis, the data or the folder cannot be used; nothing has been trained then.
    WriteError
        If the disk is full; what was written before is kept, and the same call goes on from there.
    KeyboardInterrupt
        After Ctrl-C; the tile in flight is finished (a second Ctrl-C drops it), and the same call goes on from there.
    """
    study = load_study(study)
    progress = progress or Silence()
    x = read_axis(x, "--x") if isinstance(x, str) else x
    y = read_axis(y, "--y") if isinstance(y, str) else y
    plane = Plane.of(study, x, y)
    corners = plane.plan([0, -1], [0, -1])
    devices = use_devices(device, tf32=tf32)
    check_capacity(corners, memory_limit(devices))
    use_compilation_cache()
    from assay.mapping.training import train_tile

    loaded = lru_cache(maxsize=4)(load)  # an axis may vary the data; usually all tiles share them
    requests = dict.fromkeys(population.request for population in corners.populations)
    data = fingerprints((request, loaded(request)) for request in requests)
    data |= model_fingerprints(corners) | code_fingerprints(corners)
    folder = Path(directory) if directory is not None else RUNS_FOLDER / f"{study.name}-map"
    with MapFolder.open(folder, plane, data, partial(_facts, plane, corners, devices, tf32)) as kept:
        missing = kept.missing()
        progress.map_started(plane, plane.cells - sum(tile.cells for _, tile in missing))
        with interruption(progress) as stop:
            for number, tile in missing:
                kept.write_tile(number, train_tile(plane, tile, progress.worked, devices, loaded))
                if stop.is_set():
                    raise KeyboardInterrupt
    return TrainabilityMap(folder)


def _facts(plane: Plane, corners: Plan, devices: Sequence[Any], tf32: bool) -> dict[str, Any]:
    """What readers of a map want to know beside its cells."""
    from assay.mapping.overlay import theory_lines

    return {
        "metric": metric_names(corners.populations[0].shape.task)[1],
        "theory": theory_lines(plane),
        "devices": [str(device) for device in devices],
        "tf32": tf32,
    }
