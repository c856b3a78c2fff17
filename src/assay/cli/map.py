"""`assay map`: a network at every point of a plane, and which of them learn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.options import INTERRUPTED, DeviceOption, JsonOption, SetOption, StudyArgument, Tf32Option

if TYPE_CHECKING:
    from assay.mapping import Axis

EXAMPLE = "Example: assay map fractal --log --x first.learning_rate=0.1:1e4:64 --y output.learning_rate=0.1:2:64"


def map_plane(
    x: Annotated[str, typer.Option("--x", metavar="KEY=LOW:HIGH:N", help="The first number, and N levels of it.")],
    y: Annotated[
        str,
        typer.Option(
            "--y",
            metavar="KEY=LOW:HIGH:N",
            help="The second. :log or :linear at the end is the scale of this axis alone.",
        ),
    ],
    study: StudyArgument = "digits",
    log: Annotated[bool, typer.Option("--log", help="Space the levels of both logarithmically.")] = False,
    window: Annotated[
        str | None,
        typer.Option("--window", metavar="XLOW:XHIGH,YLOW:YHIGH", help="Zoom: as many levels, between these bounds."),
    ] = None,
    set_: SetOption = None,
    show: Annotated[
        str,
        typer.Option(
            "--show", metavar="WHAT", help="Draw convergence, loss, or accuracy (of a regression mean_absolute_error)."
        ),
    ] = "convergence",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the map; assay-runs/NAME-map by default.")
    ] = None,
    device: DeviceOption = None,
    tf32: Tf32Option = False,
    json: JsonOption = False,
) -> None:
    """Train the base network at every point of a plane and draw which learn. Goes on with what is missing."""
    import json as json_format

    from assay.study import load_study

    written = load_study(study)

    from assay.cli.map_views import map_view  # what is heavy comes after the mistakes
    from assay.cli.target import chosen_study
    from assay.data import describe
    from assay.learning.metrics import metric_names
    from assay.mapping import trainability_map
    from assay.mapping.plane import base_study
    from assay.mapping.results import check_shown
    from assay.store.schema import RUNS_FOLDER

    if written.vary or written.conditions:
        typer.echo(f"{written.name}: a map takes the base network and ignores what the study varies.", err=True)
    chosen = chosen_study(base_study(written), None, set_, None)
    check_shown(show, metric_names(describe(chosen.data.request(chosen.folder)).task)[1])
    x_axis, y_axis, zoom = _axes(x, y, "log" if log else "linear", window)
    folder = out or RUNS_FOLDER / f"{chosen.name}-map{zoom}"
    try:
        with map_view() as view:
            found = trainability_map(chosen, x_axis, y_axis, folder, device=device, tf32=tf32, progress=view)
    except KeyboardInterrupt:
        typer.echo("assay: stopped; the same command goes on from here.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    summary = found.summary() | {"figure": str(found.save_figure(show))}
    typer.echo(json_format.dumps(summary, indent=2, allow_nan=False) if json else _told(summary))


def _axes(x: str, y: str, scale: str, window: str | None) -> tuple[Axis, Axis, str]:
    """Both axes, between the bounds of the window if there is one, and what it adds to the folder's name."""
    from dataclasses import replace

    from assay.mapping.axes import read_axis, read_window

    x_axis, y_axis = read_axis(x, "--x", scale), read_axis(y, "--y", scale)
    if window is None:
        return x_axis, y_axis, ""
    (x_low, x_high), (y_low, y_high) = read_window(window)
    zoom = f"-{x_low!r}to{x_high!r}-{y_low!r}to{y_high!r}"
    return replace(x_axis, low=x_low, high=x_high), replace(y_axis, low=y_low, high=y_high), zoom


def _told(summary: dict[str, Any]) -> str:
    """The summary in three lines."""
    cells, converged, lost = (summary[name] for name in ("cells", "converged", "diverged_to_infinity"))
    lines = [
        f"{summary['study']}: {cells:,} networks; the loss of {converged:,} ({100 * converged / cells:.0f} %) fell, "
        f"that of {cells - converged:,} did not; {lost:,} diverged to infinity."
    ]
    if summary["best"] is not None:
        *_, metric = summary["best"]
        at = ", ".join(f"{summary[axis]['key']} = {summary['best'][axis]:.4g}" for axis in ("x", "y"))
        lines.append(f"Best {metric.replace('_', ' ')} on the training rows: {summary['best'][metric]:.4g}, at {at}.")
    return "\n".join([*lines, f"Picture: {summary['figure']}"])
