"""`assay export`: a results folder for other tools."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.show import DirectoryArgument

EXAMPLE = "Example: assay export assay-runs/digits --to tensorboard --out logs/digits"


class Target(StrEnum):
    """What can be exported to."""

    TENSORBOARD = "tensorboard"
    CSV = "csv"
    PARQUET = "parquet"


def export(
    directory: DirectoryArgument,
    to: Annotated[Target, typer.Option("--to", help="TensorBoard's event files, or a file for each table.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write.")],
) -> None:
    """Write a results folder for TensorBoard, or its tables as CSV or Parquet."""
    from assay.export import write_tables, write_tensorboard
    from assay.results import open_results

    results = open_results(directory)
    if to is not Target.TENSORBOARD:
        for path in write_tables(results, out, "csv" if to is Target.CSV else "parquet"):
            typer.echo(f"Table: {path}")
        return
    runs = write_tensorboard(results, out)
    typer.echo(f"TensorBoard: {len(runs)} runs in {out}. To look at them: tensorboard --logdir {out}")
    if results.histograms.is_empty():
        typer.echo("No signals were recorded, so there are no histograms. A study with a [probe] table records them.")
