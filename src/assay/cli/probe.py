"""`assay probe`: the untrained network, layer by layer, with theory beside it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.options import JsonOption, SeedsOption, SetOption, VaryOption
from assay.cli.words import counted, measured, percent

if TYPE_CHECKING:
    from rich.console import Console

    from assay.judging import Judgement
    from assay.probes import Quantity
    from assay.probing import ProbeReport

EXAMPLE = "Example: assay probe block --out block-wall"
UNHEALTHY = 1


def probe(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A study (a file or a built-in one), a saved Keras model (.keras), or FILE.py:FUNCTION. The function "
            "returns a Keras model or a PyTorch module, alone or as (model, x, y).",
        ),
    ] = "digits",
    vary: VaryOption = None,
    set_: SetOption = None,
    seeds: SeedsOption = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="DATA", help="What to show a model: a data set, or a .npz or .csv file."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the figures into this folder.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure and judge every layer before training. The exit code is 1 if something is wrong."""
    import json as json_format

    from assay.models.target import is_model_target, observe_target

    if is_model_target(target):
        if vary or set_ or seeds is not None:
            raise typer.BadParameter(f"--vary, --set and --seeds change a study, and {target} is a model.")
        observation = observe_target(target, data=data)
        from assay.probing import report_of

        report = report_of(observation)
    else:
        from assay.cli.target import checked_study

        if data is not None:
            raise typer.BadParameter("a study names its own data; write --set data=…", param_hint="--data")
        study = checked_study(target, vary, set_, seeds)
        typer.echo(f"Measuring {counted(len(study.expand()), 'condition')}; this may take some seconds.", err=True)
        from assay.probing import probe_study  # what is heavy comes after the mistakes

        report = probe_study(study)
    if json:
        typer.echo(json_format.dumps(report.summary(), indent=2, allow_nan=False))
    else:
        _print_report(report)
    if out is not None:
        from assay.figures import save_signal_figures

        for path in save_signal_figures(report.tables, out):
            typer.echo(f"Figure: {path}", err=json)
    if not report.is_healthy:
        raise typer.Exit(UNHEALTHY)


def _print_report(report: ProbeReport) -> None:
    from rich.console import Console

    console = Console()
    summary = report.summary()
    below = "; below them what theory predicts" if not report.theory.is_empty() else ""
    console.print(
        f"[bold]{summary['study']}[/bold]: before training, means over {counted(len(report.seeds), 'seed')}{below}.",
        highlight=False,
    )
    for remark in report.remarks:
        console.print(f"  {remark}", style="dim", highlight=False, markup=False)
    for condition in summary["conditions"]:
        _print_layers(console, condition)
        _print_judgement(console, report.judgements[condition["condition"]])


def _print_layers(console: Console, condition: Mapping[str, Any]) -> None:
    """One line a layer, theory's below; a column for each quantity that has a heading."""
    from rich.table import Table

    from assay.probes import quantities

    columns = [quantity for quantity in quantities() if quantity.heading]

    table = Table(title=condition["condition"], box=None, pad_edge=False, title_justify="left", header_style="bold")
    table.add_column("layer", justify="right")
    for quantity in columns:
        table.add_column(quantity.heading, justify="right", no_wrap=True)
    for layer in condition["layers"]:
        own = f"layer {layer['layer']}"
        name = str(layer["layer"]) if layer["name"] == own else f"{layer['layer']} {layer['name']}"
        table.add_row(name, *(_size_text(layer, quantity) for quantity in columns))
        if layer["theory"]:
            expected = (_size_text(layer["theory"], quantity) if quantity.has_theory else "" for quantity in columns)
            table.add_row("theory", *expected, style="dim")
    console.print()
    console.print(table)


def _print_judgement(console: Console, judgement: Judgement) -> None:
    """The verdict, then each finding with its evidence, cause and remedy."""
    from rich.padding import Padding
    from rich.text import Text

    from assay.probing import explanation, headline, verdict_sentence

    verdict = judgement.verdict
    style = "green" if verdict.status == "healthy" else "red"
    rest = verdict_sentence(verdict).removeprefix(verdict.status)
    console.print(f"[{style}]{verdict.status}[/{style}]{rest}", highlight=False)
    for finding in judgement.findings:
        console.print(f"  {headline(finding)}", style="bold", highlight=False)
        for label, text in explanation(finding):
            console.print(Padding(Text.assemble((f"{label}: ", "dim"), text), (0, 0, 0, 4)))


def _size_text(layer: Mapping[str, Any], quantity: Quantity) -> str:
    """How large a quantity is: 0.012, 1.2e-07, 45 %; a dash for what is not finite or not predicted."""
    value = layer.get(quantity.name, {}).get(quantity.size)
    if quantity.unit == "share":
        return percent(value)
    if value is not None and quantity.unit == "cosine":
        return f"{round(value, 2) + 0.0:.2f}"  # never -0.00
    return measured(value)
