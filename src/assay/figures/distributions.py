"""The distributions of a layer's values over all seeds, and the scales on which several of them can be compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.figures.signal_tables import SignalTables
from assay.figures.written import plain, written_quantities
from assay.probes import find_quantity, quantities

if TYPE_CHECKING:
    import polars as pl

BINS = 32
# A linear axis serves while the largest layer is within this factor of the median one.
LINEAR_SPREAD = 5.0
# What is this much smaller than the median layer is drawn as nothing.
LITTLE = 0.01


def panel_quantities() -> list[str]:
    """The quantities that have a panel of violins, in the order of the panels."""
    panels = {quantity.panel: quantity.name for quantity in quantities() if quantity.panel is not None}
    return [panels[place] for place in sorted(panels)]


@dataclass(frozen=True, eq=False)
class LayerDistribution:
    """The values of one quantity in one layer, over units, examples and seeds.

    Attributes
    ----------
    layer : int
    edges : array, shape (33,)
        Of equal bins from the lowest to the highest value of any seed.
    counts : array, shape (32,)
        Values by bin, exact zeros left out.
    mean : float
        Of all finite values, zeros included.
    std : float
        Within a network, as theory has it: root of the mean over seeds of the variance.
    magnitude : float
        Root of the mean square.
    zero_fraction : float
        Exact zeros among the finite values.
    nonfinite_count : int
        Infinite or not a number; in none of the above.
    theory : pair of float or None
        Where theory has the ends of the whiskers: mean ± std, or ± root mean square of a gradient.
    """

    layer: int
    edges: np.ndarray
    counts: np.ndarray
    mean: float
    std: float
    magnitude: float
    zero_fraction: float
    nonfinite_count: int
    theory: tuple[float, float] | None = None

    @property
    def has_values(self) -> bool:
        """Whether any value is finite."""
        return bool(self.counts.sum() > 0 or self.zero_fraction > 0)

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return float(self.edges[0]), float(self.edges[-1])


@dataclass(frozen=True)
class SignalScale:
    """An axis that several panels share.

    Attributes
    ----------
    low, high : float
    linear_to : float or None
        Linear between plus and minus this, logarithmic beyond; linear throughout if None.
    """

    low: float
    high: float
    linear_to: float | None = None

    @property
    def ticks(self) -> list[float]:
        """On a logarithmic axis: zero and at most two powers of ten on either side."""
        if self.linear_to is None:
            return []
        first = math.log10(self.linear_to)
        last = math.floor(math.log10(max(-self.low, self.high)) + 1e-9)
        middle = last - math.ceil((last - first) / 2)
        ticks = [0.0]
        for sign, end in ((-1, -self.low), (1, self.high)):
            # The end's own power of ten where it is clear of 0, and that in the middle of the longer side.
            own = math.floor(math.log10(max(end, self.linear_to / 10)) + 1e-9)
            ticks += [sign * 10.0**power for power in {own, middle} if first + (last - first) / 4 <= power <= own]
        return sorted(ticks)


@dataclass(frozen=True, eq=False)
class SignalPanels:
    """Distributions by layer of several conditions and quantities, each quantity on one scale.

    Attributes
    ----------
    epoch : int
    conditions, quantities : list of str
    panels : dict of (condition, quantity) to list of LayerDistribution
    scales : dict of quantity to SignalScale
    seeds : int
        The most that any condition has.
    """

    epoch: int
    conditions: list[str]
    quantities: list[str]
    panels: dict[tuple[str, str], list[LayerDistribution]]
    scales: dict[str, SignalScale]
    seeds: int
    unit: str = "seeds"

    @property
    def when(self) -> str:
        """``before training``, ``epoch 3``."""
        return epoch_text(self.epoch)

    def written(self) -> dict[str, Any]:
        """As JSON: the distributions of each condition and quantity by layer."""
        return {
            "figure": "panels",
            "epoch": self.epoch,
            "when": self.when,
            "seeds": self.seeds,
            "conditions": list(self.conditions),
            "quantities": written_quantities(self.quantities),
            "x": {"label": "layer"},
            "scales": plain(self.scales),
            "panels": [
                {"condition": condition, "quantity": quantity, "layers": plain(layers)}
                for (condition, quantity), layers in self.panels.items()
            ],
        }


def epoch_text(epoch: int, clock: str = "epoch") -> str:
    """``epoch 3``, or ``step 3``; 0 is ``before training``."""
    return f"{clock} {epoch}" if epoch else "before training"


def panel_data(
    tables: SignalTables,
    conditions: Sequence[str] | None = None,
    *,
    epoch: int = 0,
    quantities: Sequence[str] | None = None,
) -> SignalPanels:
    """Compute what the figures of four panels draw.

    Parameters
    ----------
    tables : SignalTables
        What was recorded.
    conditions : sequence of str, optional
        All if not given.
    epoch : int
        0 is the untrained network.
    quantities : sequence of str, optional
        Any that have a histogram; those that have a panel if not given.

    Raises
    ------
    StoreError
        If a condition or a quantity is unknown.
    """
    return panels_by_epoch(tables, conditions, [epoch], quantities=quantities)[0]


def panels_by_epoch(
    tables: SignalTables,
    conditions: Sequence[str] | None,
    epochs: Sequence[int],
    *,
    quantities: Sequence[str] | None = None,
) -> list[SignalPanels]:
    """`panel_data` of several epochs, on scales that serve them all."""
    chosen = tables.chosen(conditions)
    names = panel_quantities() if quantities is None else list(quantities)
    found = {(quantity, at): _distributions(tables, chosen, quantity, at) for quantity in names for at in epochs}
    scales = {
        quantity: shared_scale(layer for at in epochs for layers in found[quantity, at].values() for layer in layers)
        for quantity in names
    }
    seeds = tables.count(tables.signals.filter(tables.signals["condition"].is_in(chosen)))
    return [
        SignalPanels(
            at,
            chosen,
            names,
            {(name, quantity): found[quantity, at].get(name, []) for name in chosen for quantity in names},
            scales,
            seeds,
            tables.unit,
        )
        for at in epochs
    ]


def _distributions(
    tables: SignalTables, conditions: Sequence[str], quantity: str, epoch: int
) -> dict[str, list[LayerDistribution]]:
    """By condition, in the order of the layers."""
    import polars as pl

    wanted = (pl.col("quantity") == quantity) & (pl.col("epoch") == epoch) & pl.col("condition").is_in(conditions)
    keys = ["condition", "layer", "trial"]
    statistics = ["mean", "std", "zero_fraction", "nonfinite_count"]
    numbers = (
        tables.signals.filter(wanted, pl.col("statistic").is_in(statistics))
        .select(*keys, "statistic", "value")
        .pivot("statistic", index=keys, values="value")
    )
    rows = tables.histograms.filter(wanted).select(*keys, "low", "high", "counts").join(numbers, on=keys)
    theory = {(name, layer): value for name, layer, value in tables.theory_of(quantity, epoch).iter_rows()}
    about_zero = find_quantity(quantity).size == "rms"
    found: dict[str, list[LayerDistribution]] = {}
    for (name, layer), seeds in sorted(rows.partition_by("condition", "layer", as_dict=True).items()):
        pooled = pool(int(layer), seeds)
        if (name, layer) in theory:
            centre, size = 0.0 if about_zero else pooled.mean, theory[name, layer]
            pooled = replace(pooled, theory=(centre - size, centre + size))
        found.setdefault(str(name), []).append(pooled)
    return found


def pool(layer: int, seeds: pl.DataFrame) -> LayerDistribution:
    """One distribution of all seeds.

    Parameters
    ----------
    layer : int
        Its number.
    seeds : polars.DataFrame
        A row for each seed: low, high, counts, mean, std, zero_fraction, nonfinite_count.

    Returns
    -------
    LayerDistribution
        Each seed has the weight of its finite values.
    """
    counts = [np.asarray(row, float) for row in seeds["counts"]]
    sizes = np.array([row.sum() for row in counts])
    has_values = sizes > 0
    total = max(float(sizes.sum()), 1.0)
    low, high, mean, std, zero = (
        seeds[column].to_numpy() for column in ("low", "high", "mean", "std", "zero_fraction")
    )
    first = float(low[has_values].min()) if has_values.any() else 0.0
    last = float(high[has_values].max()) if has_values.any() else 0.0
    edges = np.linspace(first, last, BINS + 1)
    pooled = np.zeros(BINS)
    for index in np.flatnonzero(has_values):
        others = without_zeros(counts[index], low[index], high[index], round(zero[index] * sizes[index]))
        pooled += rebin(others, low[index], high[index], edges)
    weights = sizes / total
    return LayerDistribution(
        layer=layer,
        edges=edges,
        counts=pooled,
        mean=float(weights @ mean),
        std=_root_mean_square(std, weights),
        magnitude=_root_mean_square(np.hypot(mean, std), weights),
        zero_fraction=float(weights @ zero),
        nonfinite_count=int(seeds["nonfinite_count"].sum()),
    )


def _root_mean_square(values: np.ndarray, weights: np.ndarray) -> float:
    """In units of the largest, so that the square of 1e200 does not overflow, nor that of 1e-200 vanish."""
    unit = float(np.abs(values).max()) or 1.0
    return unit * math.sqrt(float(weights @ (values / unit) ** 2))


def rebin(counts: np.ndarray, low: float, high: float, edges: np.ndarray) -> np.ndarray:
    """Counts of equal bins between `low` and `high`, spread evenly within each, in the bins between `edges`.

    The sum is kept if `edges` reach from `low` to `high`. Where low = high all counts are at that point.
    """
    if high > low and edges[-1] > edges[0]:
        cumulative = np.concatenate([[0.0], np.cumsum(counts)])
        return np.diff(np.interp(edges, np.linspace(low, high, len(counts) + 1), cumulative))
    found = np.zeros(len(edges) - 1)
    found[np.clip(np.searchsorted(edges, low, side="right") - 1, 0, len(found) - 1)] = counts.sum()
    return found


def without_zeros(counts: np.ndarray, low: float, high: float, zeros: int) -> np.ndarray:
    """Counts less `zeros` values at 0: from the bin that holds 0, then from its nearest neighbours.

    Rounding may have put a 0 that lies on an edge into the bin beside it.
    """
    left = counts.astype(float)
    place = -low / (high - low) * len(counts) if high > low else 0.0
    for index in sorted(range(len(counts)), key=lambda index: abs(index + 0.5 - place)):
        taken = min(left[index], zeros)
        left[index] -= taken
        zeros -= taken
    return left


def shared_scale(distributions: Iterable[LayerDistribution]) -> SignalScale:
    """The axis on which all of these can be seen."""
    known = [layer for layer in distributions if layer.has_values]
    return scale_for(
        [layer.magnitude for layer in known],
        min((layer.reach[0] for layer in known), default=-1.0),
        max((layer.reach[1] for layer in known), default=1.0),
    )


def scale_for(magnitudes: Iterable[float], low: float, high: float) -> SignalScale:
    """An axis from `low` to `high` for layers of these sizes.

    Linear where none is much larger than the median; else logarithmic in both directions around a linear middle, which
    ends at the power of ten below the smallest layer, or below a hundredth of the median.
    """
    sizes = [size for size in magnitudes if size > 0]
    if not sizes:
        return SignalScale(-1.0, 1.0)
    median = float(np.median(sizes))
    if max(sizes) <= LINEAR_SPREAD * median:
        pad = 0.06 * ((high - low) or abs(high))
        return SignalScale(low - pad, high + pad)
    linear_to = 10.0 ** math.floor(math.log10(max(min(sizes), LITTLE * median)))
    beyond = (10 * max(-low, high) / linear_to) ** 0.05
    return SignalScale(min(low * beyond, -linear_to / 2), max(high * beyond, linear_to / 2), linear_to)


def spans(distributions: Sequence[LayerDistribution]) -> Iterator[tuple[int, int, int]]:
    """Runs of layers with values that are not finite: first layer, last layer, how many values."""
    run: list[LayerDistribution] = []
    for layer in [*distributions, None]:
        if layer is not None and layer.nonfinite_count:
            run.append(layer)
        elif run:
            yield run[0].layer, run[-1].layer, sum(member.nonfinite_count for member in run)
            run = []
