"""How time and memory grow with trials, depth, width and epochs.

    python benchmarks/scale.py [--quick] [--out FOLDER]
    python benchmarks/scale.py --maps 64 256 1024 [--out FOLDER]

Every point is `assay run` of a study in a process of its own, as a user starts it: wall seconds from the start of the
process to its last line (compilation included, for the cache is empty), and the peak of its memory. For each number of
trials the results are then opened by `assay show` and `assay report`, a fresh process each. One run a point.

Trials: iris, one hidden layer of 8, 10 epochs, a learning rate for every 5 seeds. Depth, width and epochs: digits, 20
trials; depth 3, width 64 and 5 epochs where these do not grow. All are selected, retrained and tested as ever. Of the
many trials no network is kept (design.keep): each would be a file of its own.

The full size takes some ten minutes on two cores; `--quick` stops at a thousand trials, and at small networks.

`--maps` has `assay map` train the fractal networks instead, SIDE × SIDE of them for 500 steps each; a million (1024)
take more than a CPU hour. Cost is told in CPU seconds: so long a run may be paused or have other work beside it.

Writes results/scale.json or results/maps.json and, from both, scale.md and its figure (docs/images/scale.png); with
`--out` all into that folder.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import machine

from assay.planning import format_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HERE = Path(__file__).parent
FIGURE = HERE.parent / "docs" / "images" / "scale.png"
BYTES_PER_RSS_UNIT = 1 if sys.platform == "darwin" else 1024

AXES = {
    "trials": (10, 100, 1_000, 10_000, 100_000),
    "depth": (2, 4, 8, 16, 32),
    "width": (16, 64, 256, 1024),
    "epochs": (1, 10, 100, 1000),
}
QUICK = {"trials": 1_000, "depth": 8, "width": 256, "epochs": 100}
SEEDS = 5

TRIALS_STUDY = """\
name = "scale"
data = "iris"
network.hidden = [8]
training = {{optimizer = "sgd", epochs = 10}}
vary = {{"training.optimizer.learning_rate" = {rates}}}
design = {{seeds = 5, keep = "none", baseline = "learning_rate={first}"}}
"""
SHAPE_STUDY = """\
name = "scale"
data = "digits"
network = {{depth = {depth}, width = {width}}}
training = {{optimizer = "adam", epochs = {epochs}, batch_size = 128}}
vary = {{"training.optimizer.learning_rate" = [1e-4, 3e-4, 1e-3, 3e-3]}}
design = {{seeds = 5}}
"""
USUAL = {"depth": 3, "width": 64, "epochs": 5}
STUDIES, MAPS = "scale.json", "maps.json"
MAP_STEPS = 500
MAP = "fractal --log --x first.learning_rate=0.1:1e4:{side} --y output.learning_rate=0.1:2:{side}"

PAGE = """\
# How time and memory grow

Written by `python benchmarks/scale.py`, whose first lines say what is trained and how it is measured.

![Seconds and peak memory against trials, depth, width and epochs]({figure})

{growth}

| trials | run, s | peak | `show`, s | peak | `report`, s | peak | results on disk | report page |
|---|---|---|---|---|---|---|---|---|
{trials}

| | | run, s | peak |
|---|---|---|---|
{shapes}

{machine}
"""
MAPS_PAGE = (
    """\
## Maps

`assay map """
    + MAP.format(side="N")
    + """`:
N × N networks of 16 tanh units, 500 steps each, in tiles of at most 16,384 networks that train at once. In CPU seconds,
for other work may have run beside it.

| N | networks | CPU, s | CPU a net-step, µs | peak | on disk |
|---|---|---|---|---|---|
{rows}

{machine}
"""
)


@dataclass(frozen=True)
class Point:
    """One process: what it was asked (an ``assay`` command), at which value of which axis, and its cost."""

    axis: str
    value: int
    command: str
    seconds: float
    peak_bytes: int
    written_bytes: int
    cpu_seconds: float = math.nan

    def __str__(self) -> str:
        written = f", {format_bytes(self.written_bytes)} written" if self.written_bytes else ""
        cost = f"{self.seconds:.1f} s, {format_bytes(self.peak_bytes)}{written}"
        return f"{self.axis} {self.value:,}, {self.command}: {cost}"


def study_of(axis: str, value: int) -> str:
    """The study file of a point."""
    if axis != "trials":
        return SHAPE_STUDY.format(**(USUAL | {axis: value}))
    count = value // SEEDS
    rates = [f"{10 ** (-3 + 3 * index / count):.6g}" for index in range(count)]
    return TRIALS_STUDY.format(rates=f"[{', '.join(rates)}]", first=rates[0])


def measured(axis: str, value: int, command: Sequence[str], written: Path) -> Point:
    """Run ``assay COMMAND …`` to its end; what it wrote is the size of the file or folder `written`.

    The kernel counts the memory of the process that starts another as that one's, which is why this file imports what
    it draws with only after all has been measured.
    """
    environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "assay.cli.main", *command],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"assay {' '.join(command)} failed:\n{said.read().decode()}")
    seconds = time.perf_counter() - start
    files = [path for path in (written, *written.rglob("*")) if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    cpu = usage.ru_utime + usage.ru_stime
    point = Point(axis, value, command[0], seconds, usage.ru_maxrss * BYTES_PER_RSS_UNIT, size, cpu)
    print(point, flush=True)
    return point


def measure(axis: str, value: int) -> list[Point]:
    """Train one study; if it is one of many trials, open its results."""
    with tempfile.TemporaryDirectory() as folder:
        study, results, page = Path(folder) / "scale.toml", Path(folder) / "results", Path(folder) / "page"
        study.write_text(study_of(axis, value), encoding="utf-8")
        points = [measured(axis, value, ["run", str(study), "--out", str(results)], results)]
        if axis == "trials":
            points.append(measured(axis, value, ["show", str(results)], Path(folder) / "nothing"))
            points.append(measured(axis, value, ["report", str(results), "--out", str(page)], page / "report.html"))
    return points


def measure_map(side: int) -> Point:
    """Train a map of side × side networks."""
    with tempfile.TemporaryDirectory() as folder:
        return measured("maps", side, ["map", *MAP.format(side=side).split(), "--out", folder], Path(folder))


# ---------------------------------------------------------------------- telling


def draw(points: Sequence[Point], path: Path) -> None:
    """Seconds above, peak memory below, a column for each axis; a dashed line grows as its axis does."""
    from assay.figures.style import BLUE, GREEN, INK, PURPLE, QUIET, SIZES, new_figure, write_figure

    looks = {"run": (BLUE, "o"), "show": (GREEN, "s"), "report": (PURPLE, "^")}
    width, height, left, right, top, bottom, across, between = 10.2, 4.3, 0.75, 0.3, 0.4, 0.55, 0.35, 0.25
    panel_width = (width - left - right - (len(AXES) - 1) * across) / len(AXES)
    panel_height = (height - top - bottom - between) / 2
    figure = new_figure(width, height)
    rows = {"seconds": "seconds", "peak_bytes": "peak memory, MB"}
    for row, (quantity, label) in enumerate(rows.items()):
        scale = 1e6 if quantity == "peak_bytes" else 1.0
        values = [getattr(point, quantity) / scale for point in points]
        for column, axis in enumerate(AXES):
            x = left + column * (panel_width + across)
            y = bottom + (1 - row) * (panel_height + between)
            axes = figure.add_axes((x / width, y / height, panel_width / width, panel_height / height))
            _panel(axes, AXES[axis], (min(values) / 1.3, max(values) * 1.3))
            for command, (colour, marker) in looks.items():
                line = [point for point in points if (point.axis, point.command) == (axis, command)]
                heights = [getattr(point, quantity) / scale for point in line]
                places = [point.value for point in line]
                axes.plot(places, heights, marker, linestyle="-", color=colour, markersize=4.5, linewidth=1.4)
                if command == "run":
                    steady = [heights[-1] * place / places[-1] for place in places]
                    axes.plot(places, steady, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
            axes.tick_params(labelleft=column == 0, labelbottom=row == 1)
            if column == 0:
                axes.set_ylabel(label, fontsize=SIZES["label"], color=INK)
            if row == 1:
                axes.set_xlabel(axis, fontsize=SIZES["label"], color=INK)
    _legend(figure, looks)
    write_figure(figure, path)


def _panel(axes: Axes, places: Sequence[int], limits: tuple[float, float]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

    from assay.figures.style import quiet_axes

    quiet_axes(axes)
    axes.set(xscale="log", yscale="log", ylim=limits)
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if limits[1] / limits[0] < 300 else (1.0,)))
    for one in (axes.xaxis, axes.yaxis):
        one.set_minor_locator(NullLocator())
        one.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _legend(figure: Figure, looks: dict[str, tuple[str, str]]) -> None:
    from matplotlib.lines import Line2D

    from assay.figures.style import INK, QUIET, SIZES

    handles = [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=1.4, label=f"assay {command}")
        for command, (colour, marker) in looks.items()
    ]
    handles.append(Line2D([], [], color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), label="in proportion"))
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.07, 0.99),
        borderaxespad=0.0,
        ncols=len(handles),
        frameon=False,
        fontsize=SIZES["label"],
        labelcolor=INK,
    )


def page(points: Sequence[Point], figure: str, told: str) -> str:
    """The part of scale.md about studies."""
    found = {(point.axis, point.value, point.command): point for point in points}
    trials = []
    for value in sorted({point.value for point in points if point.axis == "trials"}):
        run, show, report = (found["trials", value, command] for command in ("run", "show", "report"))
        costs = [f"{point.seconds:.1f} | {format_bytes(point.peak_bytes)}" for point in (run, show, report)]
        sizes = f"{format_bytes(run.written_bytes)} | {format_bytes(report.written_bytes)}"
        trials.append(f"| {value:,} | {' | '.join(costs)} | {sizes} |")
    shapes = [
        f"| {point.axis} | {point.value:,} | {point.seconds:.1f} | {format_bytes(point.peak_bytes)} |"
        for point in points
        if point.axis != "trials"
    ]
    growth = " ".join(growth_sentence([p for p in points if (p.axis, p.command) == (axis, "run")]) for axis in AXES)
    return PAGE.format(figure=figure, growth=growth, trials="\n".join(trials), shapes="\n".join(shapes), machine=told)


def maps_page(points: Sequence[Point], told: str) -> str:
    """The part of scale.md about maps."""
    rows = []
    for point in points:
        networks = point.value**2
        costs = f"{point.cpu_seconds:,.0f} | {point.cpu_seconds / networks / MAP_STEPS * 1e6:.1f}"
        sizes = f"{format_bytes(point.peak_bytes)} | {format_bytes(point.written_bytes)}"
        rows.append(f"| {point.value:,} | {networks:,} | {costs} | {sizes} |")
    return MAPS_PAGE.format(rows="\n".join(rows), machine=told)


def growth_sentence(runs: Sequence[Point]) -> str:
    """What the last two steps of an axis multiplied time and memory by."""
    before, after = runs[max(0, len(runs) - 3)], runs[-1]
    return (
        f"{after.value / before.value:g} times the {after.axis} ({before.value:,} to {after.value:,}) took "
        f"{after.seconds / before.seconds:.1f} times as long and {after.peak_bytes / before.peak_bytes:.1f} times the "
        "memory."
    )


def main() -> None:
    """Measure, draw and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="up to a thousand trials, and small networks")
    parser.add_argument("--maps", type=int, nargs="+", metavar="SIDE", help="maps of so many networks a side instead")
    parser.add_argument("--out", type=Path, help="a folder for all that is written")
    arguments = parser.parse_args()
    folder = arguments.out or HERE
    figure = FIGURE if arguments.out is None else folder / FIGURE.name
    results = folder / "results"
    results.mkdir(parents=True, exist_ok=True)

    told = f"Machine: load {os.getloadavg()[0]:.2f} before; {machine('jax', 'polars')}."
    print(told, flush=True)
    if arguments.maps:
        kept, points = results / MAPS, [measure_map(side) for side in arguments.maps]
    else:
        grown = {axis: [v for v in values if not arguments.quick or v <= QUICK[axis]] for axis, values in AXES.items()}
        kept, points = (
            results / STUDIES,
            [point for axis in grown for value in grown[axis] for point in measure(axis, value)],
        )
    told_points = {"machine": told, "points": [asdict(point) for point in points]}
    kept.write_text(json.dumps(told_points, indent=2) + "\n", encoding="utf-8")

    parts = []
    for path in (results / STUDIES, results / MAPS):
        if path.exists():
            read = json.loads(path.read_text(encoding="utf-8"))
            points = [Point(**point) for point in read["points"]]
            if path.name == MAPS:
                parts.append(maps_page(points, read["machine"]))
            else:
                draw(points, figure)
                parts.append(page(points, Path(os.path.relpath(figure, folder)).as_posix(), read["machine"]))
    text = "\n".join(parts)
    (folder / "scale.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
