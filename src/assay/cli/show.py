"""`assay show`: the table of conditions of a results folder, or what one of its networks gets wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from assay.cli.options import JsonOption, whole_number
from assay.cli.printing import print_errors, print_summary

EXAMPLE = "Example: assay show assay-runs/digits"


def show(
    directories: Annotated[
        list[Path], typer.Argument(metavar="DIR", help="One results folder or more, such as assay-runs/digits.")
    ],
    json: JsonOption = False,
    top: Annotated[
        int | None,
        typer.Option("--top", metavar="N", parser=whole_number, help="Show the best N conditions; 100 unless given."),
    ] = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="Show what a network gets wrong: by class, and its worst examples.")
    ] = False,
    condition: Annotated[
        str | None,
        typer.Option(
            "--condition", metavar="NAME", help="With --errors: of this condition; of the best one by default."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="With --errors: of this seed; the one kept by default.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="validation|test", help="With --errors: on these rows; validation by default."),
    ] = None,
) -> None:
    """Show each condition's best epoch, its validation and test results, and its difference from the baseline."""
    from assay.cli.target import opened_results

    folders = {str(directory): opened_results(directory) for directory in directories}
    if not errors:
        for option, value in (("--condition", condition), ("--seed", seed), ("--split", split)):
            if value is not None:
                raise typer.BadParameter("goes with --errors; without it every condition is shown.", param_hint=option)
        summaries = {name: results.summary() for name, results in folders.items()}
        if json and len(summaries) > 1:
            _print_json({name: summary.written() for name, summary in summaries.items()})
            return
        for place, (name, summary) in enumerate(summaries.items()):
            _print_name(name, summary.study, place, len(summaries))
            print_summary(summary, json=json, top=top)
        return
    found = {name: results.errors(condition, seed=seed, split=split) for name, results in folders.items()}
    if json:
        told = {name: analysis.written() for name, analysis in found.items()}
        _print_json(told if len(told) > 1 else next(iter(told.values())))
        return
    for place, (name, analysis) in enumerate(found.items()):
        _print_name(name, folders[name].study.name, place, len(found))
        print_errors(analysis)


def _print_json(told: Mapping[str, Any]) -> None:
    import json as json_format

    typer.echo(json_format.dumps(told, indent=2, allow_nan=False))


def _print_name(name: str, study: str, place: int, count: int) -> None:
    """Which folder comes next, where there are several."""
    if count > 1:
        typer.echo(f"{chr(10) if place else ''}{name}: {study}\n")
