"""Progress of a map, on stderr: a live bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from assay.cli.views import PLAIN_SECONDS

if TYPE_CHECKING:
    from assay.mapping.plane import Plane

STOPPING = "stopping after the tile in flight; press Ctrl-C again to drop it and stop at once"


class PlainMapView:
    """Lines on stderr: at the start and every ten seconds."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()
        self._total = self._before = 0
        self._done = 0.0

    def map_started(self, plane: Plane, finished: int) -> None:
        rows, columns = plane.shape
        known = f" ({finished:,} already done)" if finished else ""
        self._total, self._before, self._done = plane.cells, finished, float(finished)
        self._say(f"{plane.study.name}: {columns} levels of {plane.x.key} × {rows} of {plane.y.key}{known}")

    def worked(self, cells: float) -> None:
        self._done += cells
        if time.monotonic() - self._told >= PLAIN_SECONDS:
            rate = (self._done - self._before) / (time.monotonic() - self._began)
            left = (self._total - self._done) / rate
            self._say(f"{self._done:,.0f} of {self._total:,} networks; about {left:.0f} s left")

    def stop_requested(self) -> None:
        self._say(STOPPING)

    def _say(self, line: str) -> None:
        self._told = time.monotonic()
        print(line, file=sys.stderr, flush=True)


class LiveMapView:
    """A bar, with the time left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=None)

    def map_started(self, plane: Plane, finished: int) -> None:
        self._progress.reset(self._task, description=plane.study.name, total=plane.cells, completed=finished)

    def worked(self, cells: float) -> None:
        self._progress.advance(self._task, cells)

    def stop_requested(self) -> None:
        self._progress.console.print(STOPPING, markup=False, highlight=False)


@contextmanager
def map_view() -> Iterator[PlainMapView | LiveMapView]:
    """The view that suits standard error."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield PlainMapView()
        return
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("networks"),
        TimeElapsedColumn(),
        TextColumn("elapsed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield LiveMapView(progress)
