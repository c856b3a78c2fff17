"""What several commands print."""

from __future__ import annotations

import json as json_format
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from assay.analysis import Summary
    from assay.analysis.error_analysis import ErrorAnalysis

PIPED_WIDTH = 100


def output_console() -> Console:
    """Standard output, as wide as the terminal; elsewhere `PIPED_WIDTH` letters."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=PIPED_WIDTH)


def print_summary(summary: Summary, *, json: bool, top: int | None = None) -> None:
    """Print what `Results.summary` returned, to standard output: as a table the best `top` conditions, as JSON all."""
    if json:
        typer.echo(json_format.dumps(summary.written(), indent=2, allow_nan=False))
        return
    from assay.analysis import SHOWN_CONDITIONS, sentences, symptom_sentences
    from assay.report.terminal import conditions_table

    console = output_console()
    if summary.compared_by is not None or not summary.told:  # a training that was watched may have nothing to compare
        console.print(conditions_table(summary, top or SHOWN_CONDITIONS))
    for sentence in sentences(summary):
        console.print(f"· {sentence}", highlight=False, markup=False)
    findings = symptom_sentences(summary)
    if findings:
        console.print("\nFindings", style="bold")
    for sentence in findings:
        console.print(f"· {sentence}", highlight=False, markup=False)


def print_errors(errors: ErrorAnalysis) -> None:
    """Print what `Results.errors` returned, to standard output."""
    from assay.report.terminal_errors import errors_view

    console = output_console()
    for part in errors_view(errors):
        console.print(part)
