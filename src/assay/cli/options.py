"""The arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def whole_number(text: str) -> int:
    """What `--seeds` and `--top` take.

    Raises
    ------
    BadParameter
        If it is not a whole number of at least 1.
    """
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise typer.BadParameter(f"expected a whole number of at least 1, got '{text}'.")
    return number


def _device(text: str) -> str:
    if text not in ("cpu", "gpu"):
        raise typer.BadParameter(f"expected cpu or gpu, got '{text}'.")
    return text


StudyArgument = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help="A study file, a built-in study (assay studies), a file of data, or a results folder."
    ),
]
DirectoryArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A results folder, such as assay-runs/digits.")]
VaryOption = Annotated[
    list[str] | None,
    typer.Option("--vary", metavar="KEY=a,b", help="Vary a setting: KEY takes each of these levels. May be repeated."),
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting. May be repeated.")
]
SeedsOption = Annotated[
    int | None,
    typer.Option("--seeds", metavar="N", parser=whole_number, help="Train every condition from N seeds."),
]
DeviceOption = Annotated[
    str | None,
    typer.Option("--device", metavar="cpu|gpu", parser=_device, help="What to train on; JAX chooses if left out."),
]
Tf32Option = Annotated[
    bool, typer.Option("--tf32", help="Let a GPU multiply in TensorFloat-32: faster, but less exact.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the results; assay-runs/NAME by default.")
]
ConditionOption = Annotated[
    str | None,
    typer.Option("--condition", metavar="NAME", help="Whose network; the best by the validation score if left out."),
]
NetworkSeedOption = Annotated[
    int | None, typer.Option("--seed", metavar="N", min=0, help="Of which seed; the best that is kept if left out.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
