"""`assay export`: a results folder, or a network in it, for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.options import ConditionOption, DirectoryArgument, NetworkSeedOption

if TYPE_CHECKING:
    from assay import Results

EXAMPLE = "Example: assay export assay-runs/digits --to keras --out digits.keras"

TABLES = ("tensorboard", "csv", "parquet")


def _format(text: str) -> str:
    from assay.export import SUFFIXES

    known = (*TABLES, *SUFFIXES)
    if text not in known:
        raise typer.BadParameter(f"expected {', '.join(known[:-1])} or {known[-1]}, got '{text}'.")
    return text


def export(
    directory: DirectoryArgument,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORMAT",
            parser=_format,
            help="The tables: tensorboard, csv or parquet. A trained network: keras, torch, onnx or npz.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="Where to write: a folder for tables, a file for a network."),
    ] = None,
    condition: ConditionOption = None,
    seed: NetworkSeedOption = None,
) -> None:
    """Write the tables of a results folder, or a trained network that takes raw rows, for other programs."""
    from assay.cli.target import opened_results

    results = opened_results(directory)
    if to not in TABLES:
        _write_network(results, to, out, condition, seed)
    elif out is None:
        raise typer.BadParameter("is needed: the folder where to write.", param_hint="--out")
    elif condition is not None or seed is not None:
        raise typer.BadParameter(
            f"is of a network; --to {to} writes the tables of all of them.",
            param_hint="--seed" if condition is None else "--condition",
        )
    else:
        _write_tables(results, to, out)


def _write_tables(results: Results, to: str, out: Path) -> None:
    from assay.export import write_tables, write_tensorboard

    if to != "tensorboard":
        for path in write_tables(results, out, "csv" if to == "csv" else "parquet"):
            typer.echo(f"Table: {path}")
        return
    runs = write_tensorboard(results, out)
    typer.echo(f"TensorBoard: {len(runs)} runs in {out}. To look at them: tensorboard --logdir {out}")
    if results.histograms.is_empty():
        typer.echo("No signals were recorded, so there are no histograms. A study with a [probe] table records them.")


def _write_network(results: Results, to: str, out: Path | None, condition: str | None, seed: int | None) -> None:
    from assay.cli.predict import chosen_network
    from assay.export import SUFFIXES, write_network

    path = out or Path(results.directory.resolve().name + SUFFIXES[to])
    if path.suffix.lower() != SUFFIXES[to]:
        raise typer.BadParameter(f"expected a file that ends in {SUFFIXES[to]}, got '{path}'.", param_hint="--out")
    for written in write_network(chosen_network(results, condition, seed), to, path):
        typer.echo(f"Network: {written}")
