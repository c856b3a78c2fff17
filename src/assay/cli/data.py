"""`assay data`: the data sets, where they come from, whether they are here."""

from __future__ import annotations

from typing import Annotated

import typer

from assay.cli.run import JsonOption

EXAMPLE = "Example: assay data mnist"


def data(
    name: Annotated[str | None, typer.Argument(help="Tell more about this data set.")] = None,
    json: JsonOption = False,
) -> None:
    """List the data sets, or tell more about one."""
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
        for key, value in asdict(chosen[0]).items():
            console.print(f"[bold]{key.replace('_', ' ')}[/bold]: {value}", highlight=False)
        console.print(f"[bold]available[/bold]: {'yes' if is_available(name) else 'no; downloaded at first use'}")
        return
    table = Table("data set", "task", "rows", "features", "here", "what it is", box=None, pad_edge=False)
    for info in chosen:
        here = "yes" if is_available(info.name) else "no"
        table.add_row(info.name, info.task, f"{info.rows:,}", f"{info.features:,}", here, info.description)
    console.print(table)
