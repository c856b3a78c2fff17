"""Pictures of the catalogue: activations, initializers and losses, a panel each.

::

    figure = catalog_figure("losses", ["hinge"])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.choices import Choice
from assay.figures.activations import activations, with_gaps
from assay.figures.style import BLUE, INK, QUIET, SIZES, VERMILLION, new_figure, quiet_axes
from assay.figures.violins import LEGEND
from assay.figures.written import plain
from assay.learning.losses import LOSSES, loss_values
from assay.networks.initializers import INITIALIZERS, draw_kernel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FANS = (300, 100)
"""Inputs and units of the kernel whose entries are shown."""
BINS = 41
WIDEST = 0.24  # of the axis of entries

POINTS = 601
LOSS_LIMITS = (-3.2, 4.2)
OUTPUTS = {
    "probability": (0.004, 0.996),
    "count": (0.02, 5.0),
    "number": (-3.0, 3.0),
}
"""What an output is let to be."""


@dataclass(frozen=True, eq=False)
class LossCurve:
    """One loss: the target t, outputs y, L(y) and dL/dy, the last three of shape (points,); `scale` times less of both.

    `beside` tells what the other output is, where there are two.
    """

    name: str
    target: float
    beside: str
    scale: float
    y: np.ndarray
    value: np.ndarray
    slope: np.ndarray

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {"figure": "loss", **plain(self)}


def catalog_figure(kind: str, choices: Sequence[str | Choice]) -> Figure | None:
    """A picture of entries of the catalogue; None where nothing can be drawn.

    Optimizers and metrics are no curves; initializers without a distribution are left out.

    Parameters
    ----------
    kind : {"activations", "initializers", "optimizers", "losses", "metrics"}
    choices : sequence of str or Choice

    Returns
    -------
    matplotlib.figure.Figure or None
    """
    chosen = [each if isinstance(each, Choice) else Choice(each) for each in choices]
    if kind == "activations":
        return activations(chosen)
    if kind == "losses":
        return draw_losses([loss_data(choice) for choice in chosen])
    kernels = {str(choice): initializer_data(choice) for choice in chosen if kind == "initializers" and _draws(choice)}
    drawn = {name: entries for name, entries in kernels.items() if len(np.unique(entries)) > 2}
    return draw_initializers(drawn) if drawn else None


def _draws(choice: Choice) -> bool:
    """Whether a kernel is luck alone, and not learnt."""
    return not INITIALIZERS.of(choice).is_learnt


# --- Losses ----------------------------------------------------------------------------------------------------------


def loss_data(choice: Choice) -> LossCurve:
    """A loss and its gradient by one output, for a fixed target: 1, but 2 for counts.

    Of a loss that needs two outputs the second is the rest to 1, or 0 for a hinge; the direction of
    `cosine_similarity` turns against the target (1, 1) while its other output is 1.
    """
    import jax
    import jax.numpy as jnp

    record = LOSSES.of(choice)
    span = {"probabilities": "probability", "counts": "count"}.get(record.reads, "number")
    y = np.linspace(*OUTPUTS[span], POINTS).astype(np.float32)
    target = 2.0 if span == "count" else 1.0
    scale = 100.0 if choice.name == "mean_absolute_percentage_error" else 1.0
    beside, targets, others = "", [target], None
    if record.least_outputs == 2 and span == "probability":
        beside, targets, others = "y₂ = 1 - y", [1.0, 0.0], 1 - y
    elif record.least_outputs == 2 and record.needs == "one_hot":
        beside, targets, others = "y₂ = 0", [1.0, 0.0], np.zeros_like(y)
    elif record.least_outputs == 2:
        beside, targets, others = "t₂ = y₂ = 1", [1.0, 1.0], np.ones_like(y)
    asked = jnp.asarray(targets)[:, None] * jnp.ones_like(y)

    def loss(first: jax.Array) -> jax.Array:
        outputs = first[None] if others is None else jnp.stack([first, jnp.asarray(others)])
        return loss_values(choice, asked, outputs)

    value, slope = jax.jvp(loss, (jnp.asarray(y),), (jnp.ones_like(y),))
    return LossCurve(str(choice), target, beside, scale, y, np.asarray(value) / scale, np.asarray(slope) / scale)


def draw_losses(curves: Sequence[LossCurve]) -> Figure:
    """Draw what `loss_data` computed, a panel each."""
    figure, panels = _grid(
        len(curves),
        "Losses and their gradients by the output" if len(curves) > 1 else "",
        [("L", BLUE, "-"), ("dL/dy", VERMILLION, (0, (3, 1.2)))],
    )
    for curve, axes in zip(curves, panels, strict=True):
        quiet_axes(axes, grid="both")
        axes.spines["bottom"].set_visible(False)
        axes.axhline(0, color=QUIET, linewidth=0.7, zorder=1)
        axes.axvline(curve.target, color=QUIET, linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=1)
        for values, colour, width, style in (
            (curve.slope, VERMILLION, 1.3, (0, (3, 1.2))),
            (curve.value, BLUE, 1.8, "-"),
        ):
            axes.plot(curve.y, with_gaps(values), color=colour, linewidth=width, linestyle=style, zorder=3)
        axes.set(xlim=(curve.y[0], curve.y[-1]), ylim=LOSS_LIMITS, yticks=[-2, 0, 2, 4])
        axes.set_title(curve.name, fontsize=SIZES["title"], color=INK, loc="left", pad=4)
        said = f"y, for t = {curve.target:.0f}" + (f", {curve.beside}" if curve.beside else "")
        said += f"; both divided by {curve.scale:.0f}" if curve.scale != 1 else ""
        axes.set_xlabel(said, fontsize=SIZES["note"], color=INK, labelpad=1)
    return figure


# --- Initializers ----------------------------------------------------------------------------------------------------


def initializer_data(choice: Choice) -> np.ndarray:
    """The entries of a kernel of 300 inputs and 100 units, float32 of shape (30000,)."""
    return draw_kernel(choice, seed=0, layer=1, fan_in=FANS[0], units=FANS[1]).ravel()


def draw_initializers(kernels: dict[str, np.ndarray]) -> Figure:
    """Draw what `initializer_data` drew: the density of the entries, all on one scale."""
    from matplotlib.ticker import MultipleLocator

    figure, panels = _grid(
        len(kernels),
        f"Entries of a kernel with fan_in = {FANS[0]} and fan_out = {FANS[1]}" if len(kernels) > 1 else "",
        [("density", BLUE, "-")],
        columns=4,
    )
    densities = {name: np.histogram(entries, BINS, density=True) for name, entries in kernels.items()}
    highest = max(float(heights.max()) for heights, _ in densities.values())
    for (name, (heights, edges)), axes in zip(densities.items(), panels, strict=True):
        quiet_axes(axes, grid="both")
        axes.stairs(heights, edges, color=BLUE, fill=True, alpha=0.2)
        axes.stairs(heights, edges, color=BLUE, linewidth=1.2)
        axes.set(xlim=(-WIDEST, WIDEST), xticks=[-0.2, -0.1, 0, 0.1, 0.2], ylim=(0, 1.12 * highest))
        axes.yaxis.set_major_locator(MultipleLocator(5 if highest > 5 else 1))
        axes.set_title(name, fontsize=SIZES["title"], color=INK, loc="left", pad=4)
        if len(kernels) == 1:
            axes.set_xlabel(
                f"kernel with fan_in = {FANS[0]} and fan_out = {FANS[1]}", fontsize=SIZES["note"], color=INK
            )
        said = f"std {kernels[name].std():.3f}"
        axes.text(0.99, 0.97, said, transform=axes.transAxes, ha="right", va="top", fontsize=SIZES["note"], color=INK)
    return figure


def _grid(
    count: int, heading: str, legend: list[tuple[str, str, Any]], *, columns: int = 5
) -> tuple[Figure, list[Axes]]:
    """A figure with room for a heading and `count` panels; one panel alone is larger."""
    from matplotlib.lines import Line2D

    columns = min(columns, count)
    rows = math.ceil(count / columns)
    panel_width, panel_height = (1.95, 1.2) if count > 1 else (3.4, 2.2)
    left, right, across, top, down, bottom = 0.45, 0.15, 0.25, 0.78 if heading else 0.52, 0.62, 0.5
    width = left + columns * (panel_width + across) - across + right
    height = top + rows * (panel_height + down) - down + bottom
    figure = new_figure(width, height)
    panels = []
    for position in range(count):
        row, column = divmod(position, columns)
        x, y = left + column * (panel_width + across), height - top - row * (panel_height + down) - panel_height
        axes = figure.add_axes((x / width, y / height, panel_width / width, panel_height / height))
        axes.tick_params(labelleft=column == 0)
        panels.append(axes)
    if heading:
        figure.text(0.15 / width, 1 - 0.1 / height, heading, va="top", fontsize=SIZES["heading"], color=INK)
    figure.legend(
        handles=[Line2D([], [], color=colour, linestyle=style, label=label) for label, colour, style in legend],
        loc="upper left",
        bbox_to_anchor=(0.15 / width, 1 - (0.34 if heading else 0.1) / height),
        borderaxespad=0.0,
        ncols=len(legend),
        **LEGEND,
    )
    return figure, panels
