"""`assay data`: the data sets, where they come from, whether they are here; and what a file holds."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.options import JsonOption, SetOption

if TYPE_CHECKING:
    from assay.data import DatasetInfo

EXAMPLE = "Example: assay data table.csv --target price"


def data(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME or FILE]", help="Show all of a data set, or what a file holds.")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="COLUMN", help="Of a file: the column to learn; the last if not given."),
    ] = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """List the data sets, show one in full, or tell what a file holds and what will become of it."""
    from assay.data import DATASETS
    from assay.errors import DataError, did_you_mean

    if name is not None and is_file(name):
        return show_file(name, target or [], set_ or [], json=json)
    if target or set_:
        raise typer.BadParameter(
            "goes with a file, as in: assay data table.csv", param_hint="--target" if target else "--set"
        )
    if name is not None and name not in DATASETS:
        raise DataError(
            f"unknown data set '{name}'.{did_you_mean(name, DATASETS)} Known data sets: {', '.join(DATASETS)}. "
            "Or give a file of your own."
        )
    return show_sets(name, json=json)


def is_file(name: str) -> bool:
    """Whether this is meant as a path: it looks like one, or is there."""
    from assay.data import DATASETS

    path = Path(name)
    return name not in DATASETS and (bool(path.suffix) or len(path.parts) > 1 or path.exists())


def show_file(name: str, targets: list[str], settings: list[str], *, json: bool) -> None:
    """What a file holds; settings are those of a study, such as ``data.columns.age=ignore``."""
    import json as json_format

    from assay.cli.target import written_study
    from assay.data.files import check_kind
    from assay.data.outline import outline

    check_kind(Path(name))
    if targets:
        settings = [*settings, f"target={_as_setting(targets)}"]
    told = outline(written_study(name, None, settings, None).data.request())
    if json:
        typer.echo(json_format.dumps(told.written(), indent=2, ensure_ascii=False))
        return
    from assay.cli.data_views import print_outline
    from assay.cli.printing import output_console

    options = [part for setting in settings for part in ("--set", setting)]
    print_outline(output_console(), told, shlex.join(["assay", "run", name, *options]))


def _as_setting(targets: list[str]) -> str:
    """A column, or several, as ``--set`` takes them: a bare word where that is read as a word."""
    import json as json_format

    from assay.study.parsing import parse_value

    if len(targets) == 1 and targets[0].isidentifier() and parse_value(targets[0]) == targets[0]:
        return targets[0]
    return json_format.dumps(targets[0] if len(targets) == 1 else targets, ensure_ascii=False)


def show_sets(name: str | None, *, json: bool) -> None:
    """The data sets that assay knows, or one of them in full."""
    import json as json_format
    from dataclasses import asdict

    from assay.data import DATASETS, is_available

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
