"""`assay ls`: the results folders that there are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.options import JsonOption

EXAMPLE = "Example: assay ls"


def ls(
    directory: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Where to look; assay-runs unless given.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """List results folders: their study, how many of its trials have ended, and when they were last written."""
    import json as json_format

    from assay.cli.words import duration
    from assay.store.listing import results_folders
    from assay.store.schema import RUNS_FOLDER

    entries = results_folders(RUNS_FOLDER if directory is None else directory)
    if json:
        typer.echo(json_format.dumps([entry.written() for entry in entries], indent=2))
        return
    from rich.table import Table

    from assay.cli.printing import output_console

    console = output_console()
    if not entries:
        console.print(f"No results folder lies in {directory or RUNS_FOLDER}.", highlight=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("folder", overflow="fold")
    table.add_column("study", overflow="fold")
    for name in ("conditions", "seeds", "trials", "time", "last written (UTC)"):
        table.add_column(name, justify="right")
    for entry in entries:
        when = f"{entry.changed:%Y-%m-%d %H:%M}"
        if entry.problem:
            table.add_row(str(entry.directory), "cannot be read", "", "", "", "", when)
            continue
        trials = f"{entry.trials:,}" if entry.ended == entry.trials else f"{entry.ended:,} of {entry.trials:,}"
        counts = (f"{entry.conditions:,}", f"{entry.seeds:,}", trials)
        table.add_row(str(entry.directory), entry.study, *counts, duration(entry.elapsed_seconds), when)
    console.print(table)
    for entry in entries:
        if entry.problem:
            console.print(f"· {entry.problem}", highlight=False, markup=False)
