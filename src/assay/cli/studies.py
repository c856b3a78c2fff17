"""`assay studies`: the built-in studies."""

from __future__ import annotations

import typer

from assay.cli.options import JsonOption


def studies(json: JsonOption = False) -> None:
    """List the built-in studies; `assay run digits` needs no download."""
    import json as json_format
    from dataclasses import asdict

    from assay.study import BUILTIN

    if json:
        typer.echo(json_format.dumps([asdict(entry) for entry in BUILTIN], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("study", "origin", "what it asks", box=None, pad_edge=False, header_style="bold")
    for entry in BUILTIN:
        table.add_row(entry.name, entry.origin, entry.description)
    Console().print(table)
