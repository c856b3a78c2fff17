"""`assay compare`: two results folders side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.options import DirectoryArgument, JsonOption

if TYPE_CHECKING:
    from rich.console import Console

    from assay.analysis import FolderComparison

EXAMPLE = "Example: assay compare assay-runs/digits assay-runs/digits"


def compare(
    directory: DirectoryArgument,
    other: Annotated[Path, typer.Argument(metavar="DIR", help="The results folder to compare it with.")],
    json: JsonOption = False,
) -> None:
    """Compare two results folders: which settings differ, which numbers, and whether that is noise."""
    import json as json_format

    from assay.analysis import compare_folders, folder_sentences
    from assay.cli.target import opened_results

    compared = compare_folders(opened_results(directory), opened_results(other))
    if json:
        typer.echo(json_format.dumps(compared.written(), indent=2, allow_nan=False))
        return
    from assay.cli.printing import output_console

    console = output_console()
    _print_tables(console, compared)
    for sentence in folder_sentences(compared):
        console.print(f"· {sentence}", highlight=False, markup=False)


def _print_tables(console: Console, compared: FolderComparison) -> None:
    """The settings that differ, and the conditions that both have."""
    from rich.table import Table

    from assay.analysis.folder_wording import value_text
    from assay.analysis.numbers import interval_text
    from assay.analysis.wording import shared_names

    look = {"box": None, "pad_edge": False, "header_style": "bold"}
    if compared.settings:
        table = Table("setting", compared.first, compared.second, **look)  # type: ignore[arg-type]
        for setting in compared.settings:
            table.add_row(setting.key, value_text(setting.first), value_text(setting.second))
        console.print(table, "")
    if compared.conditions:
        factors, names = shared_names([one.condition for one in compared.conditions])
        table = Table(**look)  # type: ignore[arg-type]
        table.add_column(factors or "condition", overflow="fold")
        for name in (f"{compared.measure}, first", "second", "difference"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("conclusion")
        for one, name in zip(compared.conditions, names, strict=True):
            numbers = (interval_text(one.first), interval_text(one.second))
            difference = interval_text(one.comparison.difference, signed=True)
            table.add_row(name, *numbers, difference, one.comparison.conclusion)
        console.print(table, "")
