"""`assay probe`: the untrained network, layer by layer, with theory beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.plan import counted
from assay.cli.run import JsonOption, SeedsOption, SetOption, StudyArgument, VaryOption

if TYPE_CHECKING:
    from assay.probing import ProbeReport

EXAMPLE = "Example: assay probe block --out block-wall"


def probe(
    study: StudyArgument = "digits",
    vary: VaryOption = None,
    set_: SetOption = None,
    seeds: SeedsOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the figures into this folder.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure signal and gradient in every layer of every condition, before any training."""
    import json as json_format

    from assay.cli.target import chosen_study
    from assay.probing import probe as probe_study

    report = probe_study(chosen_study(study, vary, set_, seeds))
    if json:
        typer.echo(json_format.dumps(report.summary(), indent=2, allow_nan=False))
    else:
        _print_layers(report)
    if out is not None:
        from assay.figures import save_signal_figures

        for path in save_signal_figures(report.tables, out):
            typer.echo(f"Figure: {path}", err=json)


# Heading, quantity, statistic; theory's number is shown below the measured one.
COLUMNS = (
    ("z\nstd", "preactivations", "std"),
    ("a\nstd", "activations", "std"),
    ("kernel\nstd", "kernel", "std"),
    ("error\nrms", "errors", "rms"),
    ("gradient\nrms", "kernel_gradient", "rms"),
)
FRACTIONS = (("dead", "dead_units"), ("satu-\nrated", "saturation"), ("iden-\ntical", "identical_units"))


def _print_layers(report: ProbeReport) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    summary = report.summary()
    console.print(
        f"[bold]{summary['study']}[/bold]: before training, means over {counted(len(report.plan.seeds), 'seed')}; "
        "dim: what theory predicts.",
        highlight=False,
    )
    for condition in summary["conditions"]:
        table = Table(title=condition["condition"], box=None, pad_edge=False, title_justify="left", header_style="bold")
        table.add_column("layer", justify="right")
        for heading, *_ in (*COLUMNS, *FRACTIONS, ("corre-\nlation",)):
            table.add_column(heading, justify="right", no_wrap=True)
        for layer in condition["layers"]:
            measured = [_number(layer[quantity][statistic]) for _, quantity, statistic in COLUMNS]
            measured += [f"{100 * layer[quantity]['fraction']:.0f} %" for _, quantity in FRACTIONS]
            table.add_row(str(layer["layer"]), *measured, f"{layer['correlation']['mean']:.2f}")
            predicted = [layer["theory"].get(quantity, {}).get(statistic) for _, quantity, statistic in COLUMNS]
            if any(value is not None for value in predicted):
                table.add_row("theory", *map(_number, predicted), style="dim")
        console.print()
        console.print(table)


def _number(value: float | None) -> str:
    """Two or three digits: 0.012, 1.2e-07; a dash for what is not finite or not predicted."""
    if value is None:
        return "–"
    return f"{value:.3g}" if value == 0 or abs(value) >= 1e-3 else f"{value:.1e}"
