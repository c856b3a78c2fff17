"""`assay data`: the data sets, where they come from, whether they are here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.options import JsonOption

if TYPE_CHECKING:
    from assay.data import DatasetInfo

EXAMPLE = "Example: assay data mnist"


def data(
    name: Annotated[str | None, typer.Argument(help="Show all that is known of this data set.")] = None,
    json: JsonOption = False,
) -> None:
    """List the data sets, or show one in full."""
    import json as json_format
    from dataclasses import asdict

    from assay.data import DATASETS, is_available
    from assay.errors import DataError, did_you_mean

    if name is not None and name not in DATASETS:
        raise DataError(
            f"unknown data set '{name}'.{did_you_mean(name, DATASETS)} Known data sets: {', '.join(DATASETS)}."
        )
    chosen = [DATASETS[name]] if name else list(DATASETS.values())
    if json:
        told = [asdict(info) | {"available": is_available(info.name)} for info in chosen]
        typer.echo(json_format.dumps(told, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if name:
        for label, text in facts(chosen[0]):
            console.print(f"[bold]{label}[/bold]: {text}", highlight=False, soft_wrap=True)
        console.print(f"[bold]available[/bold]: {'yes' if is_available(name) else 'no; downloaded at first use'}")
        return
    table = Table("data set", "task", "rows", "features", "here", "what it is", box=None, pad_edge=False)
    for info in chosen:
        here = "yes" if is_available(info.name) else "no"
        table.add_row(info.name, info.task, f"{info.rows:,}", f"{info.features:,}", here, info.description)
    console.print(table)


def facts(info: DatasetInfo) -> Iterator[tuple[str, str]]:
    """What is known of a data set: a label and its text each."""
    from assay.data import SCALINGS

    own_test = bool(info.test_rows)
    yield "name", info.name
    yield "description", info.description
    yield "origin", info.origin
    yield "rows", f"{info.train_rows:,} for training, {info.test_rows:,} for the test" if own_test else f"{info.rows:,}"
    yield "features", f"the {info.features:,} most frequent words" if info.is_text else f"{info.features:,}"
    yield "task", info.task + (f", {info.classes} classes" if info.classes else "")
    yield "test", f"its own {info.test_rows:,} rows" if own_test else info.test.in_words()
    yield "validation", info.validation.in_words("training rows")
    yield "scaling", f"{info.scaling} ({SCALINGS[info.scaling]})"
    yield "citation", info.citation
