"""`assay predict`: what a kept network says of new rows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.options import ConditionOption, DirectoryArgument, JsonOption, NetworkSeedOption
from assay.cli.words import counted

if TYPE_CHECKING:
    import polars as pl

    from assay import Results
    from assay.kept import Kept

EXAMPLE = "Example: assay predict assay-runs/wine new-wines.csv --out predictions.csv"


def predict(
    directory: DirectoryArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="New rows: a .csv, .tsv, .parquet, .xlsx or .npz as the data were.")
    ],
    condition: ConditionOption = None,
    seed: NetworkSeedOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.csv", help="Where to write; standard output if left out.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Predict new rows with a network that a study has kept: a line of CSV for each row, in the order of the file."""
    import json as json_format

    from assay.cli.target import opened_results
    from assay.store.files import replace_file

    if out is not None and out.suffix.lower() != ".csv":
        raise typer.BadParameter(f"expected a file that ends in .csv, got '{out}'.", param_hint="--out")
    if out is not None and json:
        raise typer.BadParameter("goes to standard output; leave out --out or --json.", param_hint="--json")
    network = chosen_network(opened_results(directory), condition, seed)
    rows = network.conformed(file)
    for notice in rows.notices:
        typer.echo(f"{notice}", err=True)
    said = network.told(network.outputs(network.preparation.apply(rows.rows)))
    if json:
        about = {"condition": network.condition, "seed": network.seed, "epoch": network.epoch}
        typer.echo(json_format.dumps({**about, "predictions": _rows(said)}, indent=2, allow_nan=False))
    elif out is None:
        typer.echo(said.write_csv(), nl=False)
    else:
        replace_file(out, said.write_csv)
        typer.echo(f"{counted(len(said), 'prediction')}: {out}")


def chosen_network(results: Results, condition: str | None, seed: int | None) -> Kept:
    """The network of a results folder that is asked for; which one it is goes to standard error."""
    network = results.model(condition, seed)
    best = ""
    if condition is None and len(results.conditions) > 1:
        best = f", the best of {len(results.conditions)} conditions by {results.study.design.select}"
    typer.echo(f"Network: '{network.condition}', seed {network.seed}{best}.", err=True)
    return network


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """For JSON, which has no number that is not finite."""
    return [
        {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()}
        for row in frame.iter_rows(named=True)
    ]
