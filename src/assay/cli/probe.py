"""`assay probe`: the untrained network, layer by layer, with theory beside it, and what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.options import JsonOption, SeedsOption, SetOption, VaryOption, whole_number
from assay.cli.words import counted, measured, percent

if TYPE_CHECKING:
    from rich.console import Console

    from assay.diagnosis import NetworkFacts, Verdict
    from assay.diagnosis.facts import AuditEntry
    from assay.judging import Judgement
    from assay.probes import Quantity
    from assay.probing import ProbeReport

EXAMPLE = "Example: assay probe block --out block-wall"
EXIT_CODES = {"healthy": 0, "unhealthy": 1, "unknown": 3}
"""By the status of a verdict; 2 is the user's mistake."""
MOST_AUDITED = 12
# Where a study writes what is an option for a model.
OF_A_STUDY = {
    "--data": "data",
    "--epochs": "training.epochs",
    "--batch-size": "training.batch_size",
    "--loss": "training.loss",
    "--optimizer": "training.optimizer",
    "--output": "network.output_activation",
}


def probe(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A study (a file or a built-in one), a saved Keras model (.keras, .h5), or FILE.py:FUNCTION. The "
            "function returns a Keras model or a PyTorch module, alone or with what it is trained on and with: "
            "(model, x, y, loss, optimizer), or the first few of these. x may be a DataLoader or Dataset that gives y.",
        ),
    ] = "digits",
    vary: VaryOption = None,
    set_: SetOption = None,
    seeds: SeedsOption = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="DATA", help="What to show a model: a data set, or the path of a file."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", metavar="N", parser=whole_number, help="How many epochs a model will be trained."),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", metavar="N", parser=whole_number, help="Its batches; epochs × batches = updates."),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option("--loss", metavar="LOSS", help="A model's loss: cross_entropy, MSELoss, FILE.py:FUNCTION, …"),
    ] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(
            "--optimizer",
            metavar="OPTIMIZER",
            help="A model's optimizer: a name, or a table such as '{name = \"adam\", learning_rate = 0.001}'.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", metavar="NAME", help="Which output of a Keras model with several is looked at."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the figures into this folder.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure and judge every layer before training. Exit code: 0 healthy, 1 unhealthy, 2 a mistake, 3 unknown."""
    import json as json_format

    from assay.models.target import is_model_target

    of_model = {
        "--data": data,
        "--epochs": epochs,
        "--batch-size": batch_size,
        "--loss": loss,
        "--optimizer": optimizer,
        "--output": output,
    }
    if is_model_target(target):
        if vary or set_ or seeds is not None:
            raise typer.BadParameter(f"--vary, --set and --seeds change a study, and {target} is a model.")
        report = _report_of_model(target, of_model)
    else:
        report = _report_of_study(target, vary, set_, seeds, of_model)
    if json:
        typer.echo(json_format.dumps(report.summary(), indent=2, allow_nan=False))
    else:
        _print_report(report)
    if out is not None:
        from assay.figures import save_signal_figures

        for path in save_signal_figures(report.tables, out):
            typer.echo(f"Figure: {path}", err=json)
    raise typer.Exit(exit_code(*(judgement.verdict for judgement in report.judgements.values())))


def exit_code(*verdicts: Verdict) -> int:
    """Of all conditions: unhealthy if one is, else unknown if one is."""
    found = {verdict.status for verdict in verdicts}
    return EXIT_CODES[next((status for status in ("unhealthy", "unknown") if status in found), "healthy")]


def _report_of_model(target: str, options: Mapping[str, Any]) -> ProbeReport:
    """What the user's code prints goes to standard error, so that standard output holds the report alone."""
    from assay.models.target import observe_target

    with redirect_stdout(sys.stderr):
        observation = observe_target(
            target, **{name.removeprefix("--").replace("-", "_"): value for name, value in options.items()}
        )
        from assay.probing import report_of

        return report_of(observation)


def _report_of_study(
    target: str,
    vary: list[str] | None,
    set_: list[str] | None,
    seeds: int | None,
    options: Mapping[str, Any],
) -> ProbeReport:
    from assay.cli.target import checked_study

    for option, value in options.items():
        if value is not None:
            raise typer.BadParameter(f"a study has its own: write --set {OF_A_STUDY[option]}=…", param_hint=option)
    study = checked_study(target, vary, set_, seeds)
    typer.echo(f"Measuring {counted(len(study.expand()), 'condition')}; this may take some seconds.", err=True)
    from assay.probing import probe_study  # what is heavy comes after the mistakes

    return probe_study(study)


def _print_report(report: ProbeReport) -> None:
    from rich.console import Console

    console = Console()
    below = "; below them what theory predicts" if not report.theory.is_empty() else ""
    console.print(
        f"[bold]{report.name}[/bold]: before training, means over {counted(len(report.seeds), 'seed')}{below}.",
        highlight=False,
    )
    for remark in report.remarks:
        console.print(f"  {remark}", style="dim", highlight=False, markup=False)
    for condition in report.conditions:
        _print_layers(console, condition.name, report.layers(condition))
        _print_judgement(console, condition.facts, report.judgements[condition.name])
        _print_audit(console, condition.facts.audit)


def _print_layers(console: Console, name: str, layers: Sequence[Mapping[str, Any]]) -> None:
    """One line a layer, theory's below; a column for each quantity that has a heading.

    Names are printed whole: where the columns do not fit beside them, a second table goes on with the others.
    """
    from rich.table import Table

    from assay.probes import quantities

    columns = [quantity for quantity in quantities() if quantity.heading]
    rows = [row for layer in layers for row in _rows_of(layer, columns)]
    longest = min(max(len(first) for first, _, _ in rows), console.width // 2)
    widths = [
        max(len(line) for line in (*column.heading.split("\n"), *(cells[place] for _, cells, _ in rows)))
        for place, column in enumerate(columns)
    ]
    for part in _fitting(widths, console.width - longest):
        title = name if part.start == 0 else None
        table = Table(title=title, box=None, pad_edge=False, title_justify="left", header_style="bold")
        table.add_column("layer", justify="right", overflow="fold", min_width=longest)
        for quantity in columns[part]:
            table.add_column(quantity.heading, justify="right", no_wrap=True)
        for first, cells, style in rows:
            table.add_row(first, *cells[part], style=style)
        console.print()
        console.print(table)


def _rows_of(layer: Mapping[str, Any], columns: Sequence[Quantity]) -> Iterator[tuple[str, list[str], str]]:
    """The line of a layer and that of its theory: name, cells and style."""
    own = f"layer {layer['layer']}"
    name = str(layer["layer"]) if layer["name"] == own else f"{layer['layer']} {layer['name']}"
    yield name, [_size_text(layer, quantity) for quantity in columns], ""
    if layer["theory"]:
        expected = [_size_text(layer["theory"], quantity) if quantity.has_theory else "" for quantity in columns]
        yield "theory", expected, "dim"


def _fitting(widths: Sequence[int], room: int) -> Iterator[slice]:
    """Which columns stand beside one another, two blanks between them; no table is empty."""
    start, taken = 0, 0
    for place, width in enumerate(widths):
        if taken + width + 2 > room and place > start:
            yield slice(start, place)
            start, taken = place, 0
        taken += width + 2
    yield slice(start, len(widths))


def _print_judgement(console: Console, facts: NetworkFacts, judgement: Judgement) -> None:
    """The verdict and what stands beside it, then each finding with its evidence, cause and remedy."""
    from rich.padding import Padding
    from rich.text import Text

    from assay.probing import beside_verdict, explanation, headline, verdict_sentence

    verdict = judgement.verdict
    style = {"healthy": "green", "unhealthy": "red"}.get(verdict.status, "yellow")
    rest = verdict_sentence(verdict).removeprefix(verdict.status)
    console.print(f"[{style}]{verdict.status}[/{style}]{rest}", highlight=False)
    for sentence in beside_verdict(facts, judgement):
        console.print(Padding(sentence, (0, 0, 0, 2)), highlight=False)
    for finding in judgement.findings:
        note = " (note)" if finding.level == "note" else ""
        console.print(f"  {headline(finding)}{note}", style="bold", highlight=False)
        for label, text in explanation(finding):
            console.print(Padding(Text.assemble((f"{label}: ", "dim"), text), (0, 0, 0, 4)))


def _print_audit(console: Console, entries: Sequence[AuditEntry]) -> None:
    """How parameters were initialized, where that is unlike what is usual."""
    from rich.padding import Padding

    from assay.models.audit import audit_line, is_remarkable

    told = [entry for entry in entries if is_remarkable(entry)]
    if not told:
        return
    console.print("  Initialization, where it is unlike what is usual", style="bold", highlight=False)
    for entry in told[:MOST_AUDITED]:
        console.print(Padding(audit_line(entry), (0, 0, 0, 4)), highlight=False, markup=False)
    if len(told) > MOST_AUDITED:
        console.print(f"    and {len(told) - MOST_AUDITED} more: --json tells all.", style="dim", highlight=False)


def _size_text(layer: Mapping[str, Any], quantity: Quantity) -> str:
    """How large a quantity is: 0.012, 1.2e-07, 45 %, NaN; a dash for what was not measured or not predicted."""
    value = layer.get(quantity.name, {}).get(quantity.size)
    if quantity.unit == "share":
        return percent(value)
    if value is not None and value == value and quantity.unit == "cosine":
        return f"{round(value, 2) + 0.0:.2f}"  # never -0.00
    return measured(value)
