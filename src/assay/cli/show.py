"""`assay show`: the table of conditions of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.printing import print_summary
from assay.cli.run import JsonOption

EXAMPLE = "Example: assay show assay-runs/digits"
DirectoryArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A results folder, such as assay-runs/digits.")]


def show(
    directory: DirectoryArgument,
    json: JsonOption = False,
    top: Annotated[
        int | None, typer.Option("--top", metavar="N", min=1, help="Show the best N conditions; 100 unless given.")
    ] = None,
) -> None:
    """Show each condition's best epoch, validation and test results, against the baseline."""
    from assay.results import open_results

    print_summary(open_results(directory).summary(), json=json, top=top)
