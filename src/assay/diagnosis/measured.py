"""What probes measured of one network at one epoch, as arrays over its layers: what rules read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from assay.probes import quantities

if TYPE_CHECKING:
    import polars as pl

# Of a distribution, what a rule or the prediction looks at; of other quantities, all.
LOOKED_AT = ("std", "rms", "nonfinite_count")


def looked_at() -> list[tuple[str, str]]:
    """Every (quantity, statistic) that a rule can ask for."""
    return [
        (quantity.name, statistic)
        for quantity in quantities()
        for statistic in (LOOKED_AT if quantity.has_histogram else quantity.statistics)
    ]


@dataclass(frozen=True)
class LayerSignals:
    """One network at one epoch.

    Attributes
    ----------
    depth : int
        L, the number of layers.
    values : mapping of (quantity, statistic) to array, shape (L,)
        NaN where a layer has no such number.
    """

    depth: int
    values: Mapping[tuple[str, str], np.ndarray] = field(repr=False)

    def __call__(self, quantity: str, statistic: str) -> np.ndarray:
        """By layer, (L,); all NaN where it was not measured.

        Raises
        ------
        KeyError
            If there is no such quantity or statistic, so that a misspelt rule fails instead of keeping silent.
        """
        known = self.values.get((quantity, statistic))
        if known is None:
            if (quantity, statistic) not in looked_at():
                raise KeyError(f"no statistic '{statistic}' of a quantity '{quantity}' is looked at")
            return np.full(self.depth, np.nan)
        return known

    @cached_property
    def loss(self) -> float:
        """The mean loss on the examples looked at."""
        return float(self("loss", "before")[-1])

    @cached_property
    def loss_after(self) -> float:
        """The same after one update."""
        return float(self("loss", "after")[-1])

    @cached_property
    def has_overflowed_forward(self) -> bool:
        """Whether a pre-activation is infinite or not a number."""
        return bool(np.nansum(self("preactivations", "nonfinite_count")) > 0)

    @cached_property
    def has_overflowed(self) -> bool:
        """Whether a pre-activation or an error is infinite or not a number."""
        counts = self("preactivations", "nonfinite_count"), self("errors", "nonfinite_count")
        return any(bool(np.nansum(count) > 0) for count in counts)


def layer_signals(signals: pl.DataFrame) -> dict[tuple[int, int], LayerSignals]:
    """Every network of a signals table by (trial, epoch), in the order of trial and epoch."""
    import polars as pl

    wanted = pl.DataFrame(
        looked_at(),
        schema={"quantity": pl.String, "statistic": pl.String},
        orient="row",
    )
    rows = signals.join(wanted, on=["quantity", "statistic"], how="inner").sort(
        "trial", "epoch", "quantity", "statistic", "layer"
    )
    found: dict[tuple[int, int], LayerSignals] = {}
    for (trial, epoch), network in rows.group_by("trial", "epoch", maintain_order=True):
        depth = int(network["layer"].max())  # type: ignore[arg-type]
        values: dict[tuple[str, str], np.ndarray] = {}
        for (quantity, statistic), column in network.group_by("quantity", "statistic", maintain_order=True):
            by_layer = np.full(depth, np.nan)
            by_layer[column["layer"].to_numpy() - 1] = column["value"].fill_null(np.nan).to_numpy()
            values[str(quantity), str(statistic)] = by_layer
        found[int(trial), int(epoch)] = LayerSignals(depth, values)
    return found
