"""`assay show`: the table of conditions of a results folder."""

from __future__ import annotations

import json as json_format
from typing import Annotated, Any

import typer

from assay.cli.options import DirectoryArgument, JsonOption, whole_number

EXAMPLE = "Example: assay show assay-runs/digits"
PIPED_WIDTH = 100


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
