"""`assay show`: the table of conditions of a results folder."""

from __future__ import annotations

from typing import Annotated

import typer

from assay.cli.options import DirectoryArgument, JsonOption, whole_number
from assay.cli.printing import print_summary

EXAMPLE = "Example: assay show assay-runs/digits"


def show(
    directory: DirectoryArgument,
    json: JsonOption = False,
    top: Annotated[
        int | None,
        typer.Option("--top", metavar="N", parser=whole_number, help="Show the best N conditions; 100 unless given."),
    ] = None,
) -> None:
    """Show each condition's best epoch, its validation and test results, and its difference from the baseline."""
    from assay.cli.target import opened_results

    print_summary(opened_results(directory).summary(), json=json, top=top)
