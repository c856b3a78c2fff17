"""`assay probe`: the untrained network, layer by layer, with theory beside it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.printing import counted
from assay.cli.run import JsonOption, SeedsOption, SetOption, VaryOption

if TYPE_CHECKING:
    from rich.console import Console

    from assay.probes import Quantity
    from assay.probing import ProbeReport

EXAMPLE = "Example: assay probe block --out block-wall"
UNHEALTHY = 1


def probe(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A study (file or built-in), a saved Keras model (.keras), or module:function that returns a Keras "
            "model or a PyTorch module, alone or as (model, x, y).",
        ),
    ] = "digits",
    vary: VaryOption = None,
    set_: SetOption = None,
    seeds: SeedsOption = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="DATA", help="What a model is shown: a data set, or a .npz or .csv file."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the figures into this folder.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure and judge every layer before any training; the exit code is 1 when something is wrong."""
    import json as json_format

    from assay.models.target import is_model_target, observe_target

    if is_model_target(target):
        from assay.probing import report_of

        if vary or set_ or seeds is not None:
            raise typer.BadParameter(f"--vary, --set and --seeds change a study, and {target} is a model.")
        report = report_of(observe_target(target, data=data))
    else:
        from assay.cli.target import chosen_study
        from assay.probing import probe_study

        if data is not None:
            raise typer.BadParameter("a study names its own data: --set data=… changes them.", param_hint="--data")
        report = probe_study(chosen_study(target, vary, set_, seeds))
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
    dim = "; dim: what theory predicts" if not report.theory.is_empty() else ""
    console.print(
        f"[bold]{summary['study']}[/bold]: before training, means over {counted(len(report.seeds), 'seed')}{dim}.",
        highlight=False,
    )
    for remark in report.remarks:
        console.print(f"  {remark}", style="dim", highlight=False, markup=False)
    for condition in summary["conditions"]:
        _print_layers(console, condition)
        _print_judgement(console, condition)


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


def _print_judgement(console: Console, condition: Mapping[str, Any]) -> None:
    """The verdict, then each finding with its evidence, cause and remedy."""
    from rich.padding import Padding
    from rich.text import Text

    verdict = condition["verdict"]
    style = "green" if verdict["status"] == "healthy" else "red"
    told = "" if verdict["will_train"] is None else _forecast(verdict)
    console.print(f"[{style}]{verdict['status']}[/{style}]{told}", highlight=False)
    for finding in condition["findings"]:
        few = finding["seeds"] < finding["of_seeds"]
        seeds = f" ({finding['seeds']} of {finding['of_seeds']} seeds)" if few else ""
        console.print(f"  {finding['symptom'].replace('_', ' ')}{seeds}", style="bold", highlight=False)
        for label, text in (
            ("seen", finding["evidence"]["text"]),
            ("cause", finding["cause"]),
            ("remedy", finding["remedy"]["text"]),
        ):
            console.print(Padding(Text.assemble((f"{label}: ", "dim"), text), (0, 0, 0, 4)))


def _forecast(verdict: Mapping[str, Any]) -> str:
    word = "yes" if verdict["will_train"] else "no"
    return f"; will it train within the study's budget: {word} (probability {verdict['probability']:.2f})"


def _size_text(layer: Mapping[str, Any], quantity: Quantity) -> str:
    """How large a quantity is: 0.012, 1.2e-07, 45 %; a dash for what is not finite or not predicted."""
    value = layer.get(quantity.name, {}).get(quantity.size)
    if value is None:
        return "–"
    if quantity.unit == "share":
        return f"{100 * value:.0f} %"
    if quantity.unit == "cosine":
        return f"{round(value, 2) + 0.0:.2f}"  # never -0.00
    return f"{value:.3g}" if value == 0 or abs(value) >= 1e-3 else f"{value:.1e}"
