"""`assay run`: train a study, or what is missing of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.options import (
    INTERRUPTED,
    DeviceOption,
    JsonOption,
    SeedsOption,
    SetOption,
    StudyArgument,
    Tf32Option,
    VaryOption,
)

FAILED_TRIALS = 1

EXAMPLE = "Example: assay run digits --vary activation=relu,tanh --seeds 5"


def run(
    study: StudyArgument = "digits",
    vary: VaryOption = None,
    set_: SetOption = None,
    seeds: SeedsOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the results; assay-runs/NAME by default.")
    ] = None,
    device: DeviceOption = None,
    tf32: Tf32Option = False,
    json: JsonOption = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print one line for each condition after every epoch.")
    ] = False,
) -> None:
    """Train every condition from every seed, and show the table. Goes on with what is missing."""
    from assay.cli.target import checked_study

    chosen = checked_study(study, vary, set_, seeds)

    from assay.cli.printing import print_summary  # what is heavy comes after the mistakes
    from assay.cli.views import progress_view
    from assay.engine import counted_compilation
    from assay.lab import run as run_study

    try:
        with counted_compilation() as compilation, progress_view(verbose=verbose) as view:
            results = run_study(chosen, out, device=device, tf32=tf32, progress=view)
    except KeyboardInterrupt:
        typer.echo("assay: stopped; the same command goes on from here.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if compilation.programs:
        typer.echo(f"{compilation}.", err=True)
    summary = results.summary()
    print_summary(summary, json=json)
    if not json:
        typer.echo(f"\nResults in {results.directory}. A page with curves: assay report {results.directory}")
    if any(condition.outcomes.get("failed") for condition in summary.conditions):
        raise typer.Exit(FAILED_TRIALS)
