"""What is measured of a layer: one record for each quantity, and nothing else holds its name, title or colour.

Tables, figures, exports, the report and the command line read these records. Reading them costs no heavy import.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

QUANTILES = {"quantile_05": 0.05, "quantile_25": 0.25, "quantile_50": 0.5, "quantile_75": 0.75, "quantile_95": 0.95}
"""The statistics that are quantiles, with the share of the values that lies below."""

DISTRIBUTION = ("mean", "std", "rms", "minimum", "maximum", *QUANTILES, "zero_fraction", "nonfinite_count")
"""The statistics of a quantity that is a distribution of values; `assay.probes.distribution` computes them."""

SUMMARY = ("mean", "std", "rms")
"""Those of them that a table of layers has room for."""

LAST = 1000
"""The order of a quantity that says nothing of its own: behind those of the library, by name."""

Per = Literal["position", "example", "unit", "parameter", "network"]
Parameter = Literal["kernel", "bias"]


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A quantity that a probe measures in every layer: a distribution of values, or a few numbers.

    Attributes
    ----------
    name : str
        Its one name: in tables and JSON, in TensorBoard's tags, in Python: ``kernel_gradient``.
    title : str
        What figures call it, as in the middle of a sentence: ``kernel gradient``.
    meaning : str
        What it is, in a few words, as in docs/signals.md.
    symbol : str
        In formulas: ``z``; empty if it has none.
    unit : str
        Of its size: ``loss``; ``share`` is a part of 1, ``cosine`` lies between −1 and 1. Empty for plain numbers.
    colour : str
        In every figure, as ``#rrggbb``.
    statistics : tuple of str
        Its numbers.
    size : str
        The statistic that tells how large it is; theory's number is of the same.
    per : {"position", "example", "unit", "parameter", "network"}
        What is looked at: each value of a unit for an example (at each position of a convolution); an example's values
        in the whole layer together; a unit over all examples; a parameter's entries; or the network, with its numbers
        in the rows of the output layer.
    parameter : {"kernel", "bias"}, optional
        The parameter that it speaks of; a layer without one has no rows of it.
    has_histogram : bool
        Whether the distribution is kept too.
    after_update : tuple of str
        Statistics that tell what the optimizer's next update does; unknown where the optimizer is.
    has_theory : bool
        Whether `assay.prediction` has a number for its size before training.
    panel : int, optional
        Its place among the panels of violins, from 1; not among them without. Needs a histogram.
    in_profiles : bool
        Whether its size is a line in the figure by layer.
    over_epochs : bool
        Whether it has a figure of its own that shows how it changes through training. Needs a histogram.
    heading : str
        Of its column in the table that ``assay probe`` prints, a line break where it is long; no column if empty.
    told : tuple of str
        The statistics in the JSON of ``assay probe``; all if not given.
    order : int
        Its place where quantities are told one after another; the tables of a results folder are in the order of names.
    """

    name: str
    title: str
    meaning: str
    statistics: tuple[str, ...]
    size: str
    colour: str
    per: Per
    symbol: str = ""
    unit: str = ""
    parameter: Parameter | None = None
    has_histogram: bool = False
    after_update: tuple[str, ...] = ()
    has_theory: bool = False
    panel: int | None = None
    in_profiles: bool = False
    over_epochs: bool = False
    heading: str = ""
    told: tuple[str, ...] = field(default=())
    order: int = LAST

    def __post_init__(self) -> None:
        if self.size not in self.statistics:
            raise ValueError(f"{self.name}: expected its size to be one of {self.statistics}, got {self.size!r}")
        if (self.panel is not None or self.over_epochs) and not self.has_histogram:
            raise ValueError(f"{self.name}: expected a histogram, since panels and bands show a distribution")
        if not self.told:
            object.__setattr__(self, "told", self.statistics)

    @property
    def size_title(self) -> str:
        """``kernel gradient: root mean square``."""
        return f"{self.title}: {statistic_title(self.size)}"

    def written(self) -> dict[str, Any]:
        """What a page needs to draw it, as JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "symbol": self.symbol,
            "unit": self.unit,
            "colour": self.colour,
            "size": self.size,
        }


def statistic_title(statistic: str) -> str:
    """``root mean square``, ``zero fraction``: a statistic as figures say it."""
    return "root mean square" if statistic == "rms" else statistic.replace("_", " ")
