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


# Heading, quantity, statistic; theory's number is shown below the measured one.
COLUMNS = (
    ("z\nstd", "preactivations", "std"),
    ("a\nstd", "activations", "std"),
    ("kernel\nstd", "kernel", "std"),
    ("error\nrms", "errors", "rms"),
    ("gradient\nrms", "kernel_gradient", "rms"),
)
FRACTIONS = (("dead", "dead_units"), ("satu-\nrated", "saturation"), ("iden-\ntical", "identical_units"))


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
    """One line a layer, theory's below."""
    from rich.table import Table

    table = Table(title=condition["condition"], box=None, pad_edge=False, title_justify="left", header_style="bold")
    table.add_column("layer", justify="right")
    for heading, *_ in (*COLUMNS, *FRACTIONS, ("corre-\nlation",)):
        table.add_column(heading, justify="right", no_wrap=True)
    for layer in condition["layers"]:
        own = f"layer {layer['layer']}"
        name = str(layer["layer"]) if layer["name"] == own else f"{layer['layer']} {layer['name']}"
        measured = [_number(_told(layer, quantity, statistic)) for _, quantity, statistic in COLUMNS]
        measured += [_percent(_told(layer, quantity, "fraction")) for _, quantity in FRACTIONS]
        correlation = _told(layer, "correlation", "mean")
        table.add_row(name, *measured, "–" if correlation is None else f"{correlation:.2f}")
        predicted = [layer["theory"].get(quantity, {}).get(statistic) for _, quantity, statistic in COLUMNS]
        if any(value is not None for value in predicted):
            table.add_row("theory", *map(_number, predicted), style="dim")
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


def _told(layer: Mapping[str, Any], quantity: str, statistic: str) -> float | None:
    return layer.get(quantity, {}).get(statistic)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _number(value: float | None) -> str:
    """Two or three digits: 0.012, 1.2e-07; a dash for what is not finite or not predicted."""
    if value is None:
        return "–"
    return f"{value:.3g}" if value == 0 or abs(value) >= 1e-3 else f"{value:.1e}"
