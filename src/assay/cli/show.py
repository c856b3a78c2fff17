"""`assay show`: the table of conditions of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.options import JsonOption, whole_number
from assay.cli.printing import print_summary

EXAMPLE = "Example: assay show assay-runs/digits"


def show(
    directories: Annotated[
        list[Path], typer.Argument(metavar="DIR", help="One results folder or more, such as assay-runs/digits.")
    ],
    json: JsonOption = False,
    top: Annotated[
        int | None,
        typer.Option("--top", metavar="N", parser=whole_number, help="Show the best N conditions; 100 unless given."),
    ] = None,
) -> None:
    """Show each condition's best epoch, its validation and test results, and its difference from the baseline."""
    from assay.cli.target import opened_results

    summaries = {str(directory): opened_results(directory).summary() for directory in directories}
    if json and len(summaries) > 1:
        import json as json_format

        told = {name: summary.written() for name, summary in summaries.items()}
        typer.echo(json_format.dumps(told, indent=2, allow_nan=False))
        return
    for place, (name, summary) in enumerate(summaries.items()):
        if len(summaries) > 1:
            typer.echo(f"{chr(10) if place else ''}{name}: {summary.study}\n")
        print_summary(summary, json=json, top=top)
