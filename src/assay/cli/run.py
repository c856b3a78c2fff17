"""`assay run`: train a study, or what is missing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.options import (
    INTERRUPTED,
    DeviceOption,
    JsonOption,
    OutOption,
    SeedsOption,
    SetOption,
    StudyArgument,
    Tf32Option,
    VaryOption,
    whole_number,
)
from assay.cli.words import counted

if TYPE_CHECKING:
    from assay.deciding import Round

FAILED_TRIALS = 1

EXAMPLE = "Example: assay run digits --vary activation=relu,tanh --seeds 5"


def run(
    study: StudyArgument = "digits",
    vary: VaryOption = None,
    set_: SetOption = None,
    seeds: SeedsOption = None,
    out: OutOption = None,
    device: DeviceOption = None,
    tf32: Tf32Option = False,
    until_decided: Annotated[
        bool,
        typer.Option("--until-decided", help="Add seeds in rounds until each comparison is decided; needs a baseline."),
    ] = False,
    max_seeds: Annotated[
        int | None,
        typer.Option(
            "--max-seeds",
            metavar="N",
            parser=whole_number,
            help="With --until-decided: at most so many; 30 unless given.",
        ),
    ] = None,
    json: JsonOption = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Print one line for each condition after every epoch.")
    ] = False,
) -> None:
    """Train every condition from every seed, and show the table. Goes on with what is missing."""
    from assay.cli.notices import first_lines, notices_of
    from assay.cli.target import checked_study, results_of

    if max_seeds is not None and not until_decided:
        raise typer.BadParameter(
            "goes with --until-decided; without it, --seeds says how many.", param_hint="--max-seeds"
        )
    chosen, out = checked_study(study, vary, set_, seeds), results_of(study, out)
    for line in first_lines(notices_of(chosen), study):
        typer.echo(line, err=True)

    from assay.cli.printing import print_summary  # what is heavy comes after the mistakes
    from assay.cli.views import progress_view
    from assay.deciding import MOST_SEEDS, run_until_decided
    from assay.engine import counted_compilation
    from assay.lab import run as run_study

    try:
        with counted_compilation() as compilation, progress_view(verbose=verbose) as view:
            if until_decided:
                results = run_until_decided(
                    chosen,
                    out,
                    most_seeds=max_seeds or MOST_SEEDS,
                    device=device,
                    tf32=tf32,
                    progress=view,
                    round_ended=lambda ended: view.say(_round_text(ended)),
                )
            else:
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


def _round_text(ended: Round) -> str:
    """``round 2 of at most 6, 8 seeds: 9 of 11 comparisons decided``."""
    total = len(ended.decided) + len(ended.undecided)
    opening = f"round {ended.number} of at most {ended.of}, {ended.seeds} seeds"
    return f"{opening}: {len(ended.decided)} of {counted(total, 'comparison')} decided"
