"""`assay export`: a results folder for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.options import DirectoryArgument

EXAMPLE = "Example: assay export assay-runs/digits --to tensorboard --out logs/digits"


FORMATS = ("tensorboard", "csv", "parquet")


def _format(text: str) -> str:
    if text not in FORMATS:
        raise typer.BadParameter(f"expected {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, got '{text}'.")
    return text


def export(
    directory: DirectoryArgument,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORMAT",
            parser=_format,
            help="What to write: tensorboard, csv or parquet.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write.")],
) -> None:
    """Write a results folder for TensorBoard, or its tables as CSV or Parquet."""
    from assay.cli.target import opened_results
    from assay.export import write_tables, write_tensorboard

    results = opened_results(directory)
    if to != "tensorboard":
        for path in write_tables(results, out, "csv" if to == "csv" else "parquet"):
            typer.echo(f"Table: {path}")
        return
    runs = write_tensorboard(results, out)
    typer.echo(f"TensorBoard: {len(runs)} runs in {out}. To look at them: tensorboard --logdir {out}")
    if results.histograms.is_empty():
        typer.echo("No signals were recorded, so there are no histograms. A study with a [probe] table records them.")
