"""`assay catalog`: what there is to choose from, and what goes with what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.options import JsonOption

if TYPE_CHECKING:
    from rich.console import Console

    from assay.catalog import Entry

EXAMPLE = "Example: assay catalog activations tanh"
PIPED_WIDTH = 120


def catalog(
    kind: Annotated[
        str | None, typer.Argument(help="activations, initializers, optimizers, losses or metrics: a table.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Argument(
            help="Tell everything about this one: a name, a function of your own (my_functions.py:swish2), or a "
            "formula ('{expression = \"x * sigmoid(x)\"}')."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write a picture of NAME, or of all of KIND, as PNG.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Tell what there is to choose from: formulas, ranges, gradients, costs, and what goes with what."""
    import json as json_format

    from assay.catalog import KINDS, find_entry, find_kind
    from assay.catalog import catalog as entries
    from assay.study.parsing import parse_value

    if kind is None:
        chosen = {each: entries(each) for each in KINDS}
    elif name is None:
        chosen = {find_kind(kind): entries(kind)}
    else:
        chosen = {find_kind(kind): (find_entry(kind, parse_value(name)),)}
    if json:
        told = {each: [_written(entry) for entry in found] for each, found in chosen.items()}
        typer.echo(json_format.dumps(told, indent=2, ensure_ascii=False))
    else:
        from rich.console import Console

        console = Console()
        if not console.is_terminal:
            console = Console(width=max(console.width, PIPED_WIDTH))
        if kind is None:
            _print_kinds(console, chosen)
        elif name is None:
            _print_table(console, chosen[find_kind(kind)])
        else:
            _print_entry(console, find_kind(kind), chosen[find_kind(kind)][0])
    if out is not None:
        _write_pictures(chosen, name, out)


def _written(entry: Entry) -> dict[str, Any]:
    """As JSON."""
    from dataclasses import asdict

    return {**asdict(entry), "choice": entry.choice.written()}


def _print_kinds(console: Console, chosen: dict[str, tuple[Entry, ...]]) -> None:
    from rich.table import Table

    table = Table("kind", "how many", "names", box=None, pad_edge=False, header_style="bold")
    for kind, found in chosen.items():
        table.add_row(kind, str(len(found)), ", ".join(entry.name for entry in found), end_section=True)
    console.print(table)


def _print_table(console: Console, found: tuple[Entry, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    from assay.catalog import short_facts

    labels = [label for label, _ in short_facts(found[0])]
    table = Table(*labels, box=None, pad_edge=False, header_style="bold")
    for entry in found:
        table.add_row(*(Text(text) for _, text in short_facts(entry)))
    console.print(table)


def _print_entry(console: Console, kind: str, entry: Entry) -> None:
    from rich.table import Table
    from rich.text import Text

    from assay.catalog import facts
    from assay.catalog.wording import verdict

    console.print(Text(f"{entry.name}", style="bold").append(f"  one of the {kind}", style="dim"))
    table = Table.grid(padding=(0, 2))
    for label, text in facts(entry):
        table.add_row(Text(label, style="bold"), Text(text))
    console.print(table)
    for pairing in entry.goes_with:
        console.print()
        console.print(Text(pairing.sentence, style="bold"))
        console.print(Text(pairing.reason))
        console.print(Text(f"{verdict(pairing)} {pairing.found}"))
        console.print(Text(f"To see it: assay run {pairing.study}", style="dim"))


def _write_pictures(chosen: dict[str, tuple[Entry, ...]], name: str | None, out: Path) -> None:
    from assay.figures.catalog import catalog_figure
    from assay.figures.style import write_figure
    from assay.store.files import make_folders

    make_folders(out)
    for kind, found in chosen.items():
        figure = catalog_figure(kind, [entry.choice for entry in found])
        if figure is None:
            typer.echo(f"No picture of {name or kind}: there is no curve to draw.", err=True)
            continue
        path = out / f"{_file_name(found[0].name) if name else kind}.png"
        write_figure(figure, path)
        typer.echo(f"Picture: {path}", err=True)


def _file_name(name: str) -> str:
    """Letters, digits and underscores of a name, which may be a formula."""
    import re

    return re.sub(r"\W+", "_", name).strip("_")[:60]
