"""`assay run`: train a study, or what is missing of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FAILED_TRIALS = 1
INTERRUPTED = 130

EXAMPLE = "Example: assay run digits --vary activation=relu,tanh --seeds 5"

StudyArgument = Annotated[str, typer.Argument(help="A study file, or the name of a built-in study (assay studies).")]
VaryOption = Annotated[
    list[str] | None, typer.Option("--vary", metavar="KEY=a,b", help="Add a factor, or give it other levels.")
]
SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting.")]
SeedsOption = Annotated[int | None, typer.Option("--seeds", metavar="N", help="Train every condition from N seeds.")]


def _known_device(device: str | None) -> str | None:
    if device not in (None, "cpu", "gpu"):
        raise typer.BadParameter(f"expected cpu or gpu, got '{device}'.", param_hint="--device")
    return device


DeviceOption = Annotated[
    str | None,
    typer.Option(
        "--device", metavar="cpu|gpu", callback=_known_device, help="What trains; chosen by JAX when left out."
    ),
]
Tf32Option = Annotated[bool, typer.Option("--tf32", help="Let a GPU multiply in TensorFloat-32: faster, less exact.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


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
        bool, typer.Option("--verbose", "-v", help="Print one line an epoch for each condition.")
    ] = False,
) -> None:
    """Train every condition from every seed, and show the table. Continues what is missing."""
    from assay.cli.printing import print_summary
    from assay.cli.target import chosen_study
    from assay.cli.views import progress_view
    from assay.engine import counted_compilation
    from assay.lab import run as run_study

    chosen = chosen_study(study, vary, set_, seeds)
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
