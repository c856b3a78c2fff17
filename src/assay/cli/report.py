"""`assay report`: one self-contained page of a results folder, and its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.options import DirectoryArgument

EXAMPLE = "Example: assay report assay-runs/digits"


def report(
    directory: DirectoryArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to write; the results folder by default.")
    ] = None,
) -> None:
    """Write report.html (one file that needs no network) and the learning curves as PNG and SVG."""
    from assay.cli.target import opened_results
    from assay.store.files import make_folders

    results = opened_results(directory)
    folder = out or results.directory
    make_folders(folder)
    typer.echo("Writing the page and drawing the figures; this may take some seconds.", err=True)

    from assay.figures import save_figures
    from assay.report import write_report

    summary = results.summary()
    page = write_report(results, folder / "report.html", summary)
    typer.echo(f"Report: {page}")
    for path in save_figures(results, folder / "figures", summary=summary):
        typer.echo(f"Figure: {path}")
