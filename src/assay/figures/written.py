"""What a figure shows, as JSON, so that a page can draw it too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from assay.probes import find_quantity

if TYPE_CHECKING:
    import polars as pl


class FigureData(Protocol):
    """All that a figure shows, computed before anything is drawn."""

    def written(self) -> dict[str, Any]:
        """The same as JSON, every number as it is; what is not finite is null."""


def plain(value: Any) -> Any:
    """`value` as JSON has it.

    Parameters
    ----------
    value : number, str, array, sequence, mapping or dataclass
        Of any depth. A dataclass becomes an object of its fields.
    """
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def written_lines(table: pl.DataFrame, *keys: str) -> list[dict[str, Any]]:
    """A long table as lines: for each combination of the keys an object with the keys, and each column as a list."""
    return [
        dict(zip(keys, values, strict=True)) | {name: plain(rows[name].to_list()) for name in rows.drop(keys).columns}
        for values, rows in table.partition_by(*keys, as_dict=True, maintain_order=True).items()
    ]


def written_quantities(names: Sequence[str]) -> list[dict[str, Any]]:
    """Title, unit and colour of each quantity, in this order."""
    return [find_quantity(name).written() for name in names]
