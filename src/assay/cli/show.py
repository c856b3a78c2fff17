"""`assay show`: the table of conditions of a results folder."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.run import JsonOption

EXAMPLE = "Example: assay show assay-runs/digits"
PIPED_WIDTH = 100
DirectoryArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A results folder, such as assay-runs/digits.")]


def show(
    directory: DirectoryArgument,
    json: JsonOption = False,
    top: Annotated[
        int | None, typer.Option("--top", metavar="N", min=1, help="Show the best N conditions; 100 unless given.")
    ] = None,
) -> None:
    """Show each condition's best epoch, validation and test results, against the baseline."""
    from assay.store import open_results

    print_summary(open_results(directory).summary(), json=json, top=top)


def print_summary(summary: dict[str, Any], *, json: bool, top: int | None = None) -> None:
    """Print what `Results.summary` returned, to standard output: as a table the best `top` conditions, as JSON all."""
    if json:
        typer.echo(json_format.dumps(summary, indent=2, allow_nan=False))
        return
    from rich.console import Console

    from assay.analysis import SHOWN_CONDITIONS, sentences, symptom_sentences
    from assay.report.terminal import conditions_table

    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_WIDTH)
    console.print(conditions_table(summary, top or SHOWN_CONDITIONS))
    for sentence in sentences(summary):
        console.print(f"· {sentence}", highlight=False, markup=False)
    findings = symptom_sentences(summary)
    if findings:
        console.print("\nFindings", style="bold")
    for sentence in findings:
        console.print(f"· {sentence}", highlight=False, markup=False)
