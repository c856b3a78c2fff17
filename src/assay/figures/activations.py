"""Every activation: φ(z) with its derivative.

::

    figure = activations()
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.choices import Choice
from assay.figures.style import BLUE, INK, QUIET, SIZES, VERMILLION, new_figure, quiet_axes
from assay.figures.violins import LEGEND
from assay.figures.written import plain
from assay.networks.activations import ACTIVATIONS, activate, output_units

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REACH = 5.0
LIMITS = (-2.6, 5.2)
JUMP = 0.1  # between neighbouring points of the curve; no continuous activation climbs as much within the limits


@dataclass(frozen=True, eq=False)
class ActivationCurve:
    """One activation: its names, of which layer it is shown, z, φ(z) and φ'(z), all of shape (points,)."""

    names: tuple[str, ...]
    layer: str
    z: np.ndarray
    value: np.ndarray
    slope: np.ndarray

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {"figure": "activation", **plain(self)}


def activation_data(choices: Sequence[str | Choice] | None = None, points: int = 801) -> list[ActivationCurve]:
    """Compute what `activations` draws.

    Parameters
    ----------
    choices : sequence of str or Choice, optional
        All, other names together, if not given.
    points : int
        From -5 to 5.

    Returns
    -------
    list of ActivationCurve
        Of the functions that look at a whole layer: the first of two units against a second at 0 (softmax,
        log_softmax, sparsemax), or a unit that is its own gate (glu).
    """
    shown: dict[object, list[Choice]] = {}
    for given in choices if choices is not None else ACTIVATIONS:
        choice = given if isinstance(given, Choice) else Choice(given)
        shown.setdefault((ACTIVATIONS.of(choice), str(choice.arguments)), []).append(choice)
    z = np.linspace(-REACH, REACH, points, dtype=np.float32)
    return [
        ActivationCurve(tuple(map(str, alike)), _layer(alike[0]), z, *_value_and_slope(alike[0], z))
        for alike in shown.values()
    ]


def _layer(choice: Choice) -> str:
    """Functions of a whole layer are shown for a layer of two units: one moves, or both where units are halved."""
    record = ACTIVATIONS.of(choice)
    if record.is_elementwise:
        return ""
    return "of (z, 0)" if output_units(choice, 2) == 2 else "of (z, z)"


def _value_and_slope(choice: Choice, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """φ and its derivative by forward differentiation, at every z at once: the batch axis is the curve."""
    import jax
    import jax.numpy as jnp

    moves = {"": [1.0], "of (z, 0)": [1.0, 0.0], "of (z, z)": [1.0, 1.0]}[_layer(choice)]
    direction = jnp.array(moves, jnp.float32)
    layer, along = jnp.outer(direction, jnp.asarray(z)), jnp.outer(direction, jnp.ones(z.shape))
    value, slope = jax.jvp(lambda layer: activate(choice, layer)[0], (layer,), (along,))
    return np.asarray(value), np.asarray(slope)


def activations(choices: Sequence[str | Choice] | None = None) -> Figure:
    """Draw activations with their derivatives, a panel each, all on one scale.

    Parameters
    ----------
    choices : sequence of str or Choice, optional
        All if not given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    return draw_activations(activation_data(choices))


def draw_activations(curves: Sequence[ActivationCurve]) -> Figure:
    """Draw what `activation_data` computed."""
    columns = min(6, max(len(curves), 1))
    rows = math.ceil(len(curves) / columns)
    is_sheet = len(curves) > 1
    panel_width, panel_height = (1.55, 1.2) if is_sheet else (3.4, 2.4)
    left, right, across, top, down, bottom = 0.45, 0.12, 0.2, 0.78 if is_sheet else 0.52, 0.32, 0.5
    width = max(left + columns * (panel_width + across) - across + right, 3.6)
    height = top + rows * (panel_height + down) - down + bottom
    figure = new_figure(width, height)
    for position, curve in enumerate(curves):
        row, column = divmod(position, columns)
        x, y = left + column * (panel_width + across), height - top - row * (panel_height + down) - panel_height
        axes = figure.add_axes((x / width, y / height, panel_width / width, panel_height / height))
        activation(curve, axes)
        is_lowest = position + columns >= len(curves)
        axes.tick_params(labelleft=column == 0, labelbottom=is_lowest)
        if is_lowest:
            axes.set_xlabel("z", fontsize=SIZES["label"], color=INK)
    if is_sheet:
        heading = "Activations and their derivatives"
        figure.text(0.15 / width, 1 - 0.1 / height, heading, va="top", fontsize=SIZES["heading"], color=INK)
    from matplotlib.lines import Line2D

    figure.legend(
        handles=[
            Line2D([], [], color=BLUE, linewidth=1.8, label="φ(z)"),
            Line2D([], [], color=VERMILLION, linewidth=1.3, linestyle=(0, (3, 1.2)), label="φ′(z)"),
        ],
        loc="upper left",
        bbox_to_anchor=(0.15 / width, 1 - (0.34 if is_sheet else 0.1) / height),
        borderaxespad=0.0,
        ncols=2,
        **LEGEND,
    )
    return figure


def activation(curve: ActivationCurve, ax: Axes | None = None) -> Axes:
    """Draw one activation.

    Parameters
    ----------
    curve : ActivationCurve
        Of `activation_data`.
    ax : matplotlib.axes.Axes, optional
        A new figure's if not given.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = ax if ax is not None else new_figure(3.2, 2.6).add_subplot()
    quiet_axes(axes, grid="both")
    axes.spines["bottom"].set_visible(False)
    axes.axhline(0, color=QUIET, linewidth=0.7, zorder=1)
    axes.axvline(0, color=QUIET, linewidth=0.7, zorder=1)
    axes.plot(curve.z, with_gaps(curve.slope), color=VERMILLION, linewidth=1.3, linestyle=(0, (3, 1.2)), zorder=2)
    axes.plot(curve.z, with_gaps(curve.value), color=BLUE, linewidth=1.8, zorder=3)
    axes.set(xlim=(-REACH, REACH), ylim=LIMITS, xticks=[-4, -2, 0, 2, 4], yticks=[-2, 0, 2, 4])
    title = " = ".join(curve.names)
    if curve.layer:
        title += f" {curve.layer}"
    axes.set_title(title, fontsize=SIZES["title"], color=INK, loc="left", pad=4)
    return axes


def with_gaps(values: np.ndarray) -> np.ndarray:
    """The curve, not drawn where it jumps: NaN after each jump."""
    shown = np.where((values >= LIMITS[0] - 1) & (values <= LIMITS[1] + 1), values, np.nan)
    shown[1:][np.abs(np.diff(values)) > JUMP] = np.nan
    return shown
