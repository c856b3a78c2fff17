"""`assay report`: one self-contained page of a results folder, and its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.show import DirectoryArgument

EXAMPLE = "Example: assay report assay-runs/digits"


def report(
    directory: DirectoryArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to write; the results folder by default.")
    ] = None,
) -> None:
    """Write report.html (one file, no network needed) and the learning curves as PNG and SVG."""
    from assay.figures import save_figures
    from assay.report import write_report
    from assay.results import open_results
    from assay.store.files import make_folders

    results = open_results(directory)
    summary = results.summary()
    folder = out or results.directory
    make_folders(folder)
    page = write_report(results, folder / "report.html", summary)
    typer.echo(f"Report: {page}")
    for path in save_figures(results, folder / "figures", summary=summary):
        typer.echo(f"Figure: {path}")
