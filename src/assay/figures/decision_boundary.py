"""Where networks of two features part their classes: before training and at its end, all conditions on one scale.

::

    decision_boundary(results).savefig("boundary.png")
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.analysis.wording import shared_names
from assay.data import Dataset
from assay.errors import StoreError, StudyError
from assay.figures.examples import data_of, described_columns, study_of
from assay.figures.style import BLUE, GREEN, INK, PURPLE, QUIET, SIZES, VERMILLION, new_figure, shortened, wrapped_name
from assay.figures.violins import LEGEND
from assay.figures.written import plain
from assay.kept import Kept, KeptLayer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from assay.results import Results
    from assay.study.conditions import Condition

GRID_POINTS = 60
DIGITS = 5
"""After the point; a picture has no more."""
MOST_CONDITIONS = 9
MOST_DOTS = 150
CLASS_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, INK)
MARKS = ("o", "s", "^", "D", "v")
"""Shape says the same as colour; a sixth class has the first colour again, and another shape."""


@dataclass(frozen=True, eq=False)
class BoundaryPanel:
    """One network on a grid.

    Attributes
    ----------
    condition : str
    seed, epoch : int
        0 is the untrained network.
    outputs : array of float64, shape (G, G, K), or None
        By row (second feature) and column (first feature). None where the network cannot be made again.
    """

    condition: str
    seed: int
    epoch: int
    outputs: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Boundary:
    """All that the figure shows.

    Attributes
    ----------
    note : str
    task : str
    threshold : float
    class_names : list of str
        Empty for a regression.
    labels : pair of str
        The two features.
    x, y : array, shape (G,)
        The grid, in the unit of the data.
    points : array, shape (n, 2)
        Training rows, in the unit of the data.
    targets : array, shape (n,)
        Their classes, or what is to be predicted.
    panels : list of (BoundaryPanel, BoundaryPanel)
        Of each condition the untrained network and the trained one.
    """

    note: str
    task: str
    threshold: float
    class_names: list[str]
    labels: tuple[str, str]
    x: np.ndarray
    y: np.ndarray
    points: np.ndarray
    targets: np.ndarray
    panels: list[tuple[BoundaryPanel, BoundaryPanel]]

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {"figure": "decision_boundary", **plain(self)}


def has_boundary(dataset: Dataset) -> bool:
    """Whether rows have two features that are numbers, and one class or one quantity is learnt."""
    columns = described_columns(dataset.preparation, dataset.feature_names, dataset.shape.features)
    is_plane = len(columns) == 2 and all(len(one.feature_names) == 1 and one.kind == "numeric" for one in columns)
    is_one = dataset.shape.task in ("binary", "multiclass") or (
        dataset.shape.task == "regression" and dataset.shape.outputs == 1
    )
    return is_plane and is_one


def boundary_data(results: Results, conditions: Sequence[str]) -> Boundary:
    """Compute what `decision_boundary` draws.

    Parameters
    ----------
    results : Results
    conditions : sequence of str
        Those on other data than the first are left out, and those of which no network is kept that can be asked.

    Raises
    ------
    StoreError
        If the data are gone or have other than two features, or no network is kept.
    """
    by_name = {one.name: one for one in study_of(results).expand()}
    networks: dict[str, Kept] = {}
    missing = ""
    for name in conditions:
        try:
            network = results.model(name)
        except StoreError as error:
            missing = str(error)
            continue
        if all(layer.activation.is_loaded for layer in network.layers):
            networks[name] = network
        else:
            missing = f"{name}: an activation is code of your own, which reading a results folder does not run."
    if not networks:
        raise StoreError(missing)
    first = next(iter(networks))
    # Data of many features are large and are not loaded for nothing.
    dataset = data_of(results, first) if networks[first].features == 2 else None
    if dataset is None or not has_boundary(dataset):
        raise StoreError(
            f"{first}: a decision boundary is drawn of rows with two columns of numbers and one class or one quantity "
            f"to predict, got {networks[first].features} features and {networks[first].task}."
        )
    networks = {name: network for name, network in networks.items() if by_name[name].data == by_name[first].data}
    scaling = dataset.preparation.scaling
    raw = scaling.undo(dataset.x_train)
    x, y = (_line(raw[:, feature]) for feature in range(2))
    grid = scaling.apply(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
    shown = list(networks)[:MOST_CONDITIONS]
    dots = np.linspace(0, len(raw) - 1, min(len(raw), MOST_DOTS)).astype(int)
    columns = described_columns(dataset.preparation, dataset.feature_names, 2)
    any_network = networks[shown[0]]
    note = f"{len(dots):,} of {len(raw):,} training rows" if len(dots) < len(raw) else f"{len(raw):,} training rows"
    if len(networks) > len(shown):
        note += f"; the first {len(shown)} of {len(networks)} conditions"
    return Boundary(
        note=note,
        task=dataset.shape.task,
        threshold=any_network.threshold,
        class_names=list(any_network.output_names) if dataset.shape.classes is not None else [],
        labels=(columns[0].name, columns[1].name),
        x=x,
        y=y,
        points=raw[dots],
        targets=_targets(dataset, any_network)[dots],
        panels=[_pair(results, by_name[name], networks[name], dataset, grid) for name in shown],
    )


def _line(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    margin = 0.08 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, GRID_POINTS)


def _targets(dataset: Dataset, network: Kept) -> np.ndarray:
    if dataset.shape.task == "multiclass":
        return np.asarray(dataset.y_train.argmax(axis=1))
    if dataset.shape.task == "binary":
        return np.asarray(dataset.y_train[:, 0] > 0.5).astype(int)
    return _in_units(dataset.y_train, network)[:, 0]


def _in_units(values: np.ndarray, network: Kept) -> np.ndarray:
    scaling = network.target_scaling
    return values if scaling is None else scaling.undo(values)


def _pair(
    results: Results, condition: Condition, network: Kept, dataset: Dataset, grid: np.ndarray
) -> tuple[BoundaryPanel, BoundaryPanel]:
    def asked(one: Kept) -> np.ndarray:
        outputs = one.outputs(grid)
        if dataset.shape.task == "regression":
            outputs = _in_units(outputs, network)
        return outputs.astype(np.float64).round(DIGITS).reshape(GRID_POINTS, GRID_POINTS, -1)

    try:
        before = asked(untrained(results, condition, network, dataset))
    except StudyError:  # an initializer is code of the user's own, which reading a folder does not run
        before = None
    return (
        BoundaryPanel(condition.name, network.seed, 0, before),
        BoundaryPanel(condition.name, network.seed, network.epoch, asked(network)),
    )


def untrained(results: Results, condition: Condition, network: Kept, dataset: Dataset) -> Kept:
    """A kept network as it was before its first update, which follows from its seed.

    Raises
    ------
    StudyError
        If an initializer is code of the user's own that was not run, or a saved model is gone.
    """
    from assay.engine.layout import Member
    from assay.networks.initializers import draw_bias, draw_kernel
    from assay.pretraining import learn_layers
    from assay.study.resolving import resolve

    layers, loss = resolve(study_of(results), condition, dataset.shape)
    is_final = network.phase == "final"
    rows = np.concatenate([dataset.x_train, dataset.x_validation]) if is_final else dataset.x_train
    learnt = learn_layers([Member(layers, loss, condition.training.optimizer)], [network.seed], rows)
    made = []
    for at, (layer, kept) in enumerate(zip(layers, network.layers, strict=True)):
        sizes: dict[str, Any] = {"layer": at + 1, "units": layer.units, "depth": len(layers)}
        if (0, 0, at) in learnt:
            kernel, bias = learnt[0, 0, at]
        else:
            kernel = draw_kernel(layer.kernel_initializer, seed=network.seed, fan_in=layer.fan_in, **sizes)
            bias = draw_bias(layer.bias_initializer, seed=network.seed, **sizes)
        made.append(KeptLayer(np.asarray(kernel, np.float32), np.asarray(bias, np.float32), kept.activation))
    return replace(network, layers=tuple(made), epoch=0)


def decision_boundary(results: Results, conditions: Sequence[str] | None = None) -> Figure:
    """Draw what kept networks say of each point of the plane, before training and at its end.

    Parameters
    ----------
    results : Results
        Of data with two features.
    conditions : sequence of str, optional
        All if not given; the first nine are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        The fuller the colour, the surer the network; a line is where two classes are equally probable.

    Raises
    ------
    StoreError
        If the data are gone or have other than two features, no network is kept, or a condition is unknown.
    """
    names = [one.name for one in results.conditions]
    for name in conditions or ():
        if name not in names:
            results.model(name)  # says so, with the near miss
    return draw_boundary(boundary_data(results, list(conditions or names)))


def draw_boundary(data: Boundary) -> Figure:
    """Draw what `boundary_data` computed."""
    count = len(data.panels)
    columns = min(count, 2 if count in (1, 2, 4) else 3)
    rows = math.ceil(count / columns)
    side, apart, across = (1.55, 0.08, 0.3) if columns < 3 else (1.3, 0.07, 0.26)
    factors, names = shared_names([pair[1].condition for pair in data.panels])
    titles = [wrapped_name(name, int(2 * side * 13.5), lines=2) for name in names]
    above = 0.42 + 0.15 * max(title.count("\n") + 1 for title in titles)
    left, right, bottom = 0.62, 0.15, 0.5
    top = 0.52 + (0.2 if factors else 0.0)
    width = max(left + columns * (2 * side + apart + across) - across + right, 4.6)
    height = top + rows * (above + side) + bottom
    figure = new_figure(width, height)
    figure.set_dpi(160)  # of what is a picture within an SVG
    colour_of = _colouring(data)
    for place, (pair, title) in enumerate(zip(data.panels, titles, strict=True)):
        row, column = divmod(place, columns)
        y = height - top - row * (above + side) - above - side
        for number, panel in enumerate(pair):
            x = left + column * (2 * side + apart + across) + number * (side + apart)
            axes = figure.add_axes((x / width, y / height, side / width, side / height))
            _draw_panel(axes, data, panel, colour_of)
            is_lowest = place + columns >= count
            axes.tick_params(labelbottom=is_lowest, labelleft=column == 0 and number == 0)
            if is_lowest:
                axes.set_xlabel(shortened(data.labels[0]), fontsize=SIZES["label"], color=INK)
            if column == 0 and number == 0:
                axes.set_ylabel(shortened(data.labels[1]), fontsize=SIZES["label"], color=INK)
                axes.text(0, 1 + (above - 0.14) / side, title, va="top", **_caption(axes, "title"), color=INK)
            elif number == 0:
                axes.text(0, 1 + (above - 0.14) / side, title, va="top", **_caption(axes, "title"), color=INK)
            when = "before training" if panel.epoch == 0 else f"epoch {panel.epoch}"
            axes.text(0, 1 + 0.05 / side, when, va="bottom", **_caption(axes, "note"), color=QUIET)
    place_of: dict[str, Any] = {"x": 0.15 / width, "va": "top"}
    figure.text(s=data.note, y=1 - 0.34 / height, fontsize=SIZES["note"], color=QUIET, **place_of)
    if factors:
        figure.text(s=factors, y=1 - 0.56 / height, fontsize=SIZES["title"], color=QUIET, **place_of)
    _legend(figure, data, width, height)
    return figure


def _caption(axes: Axes, size: str) -> dict[str, Any]:
    return {"transform": axes.transAxes, "ha": "left", "fontsize": SIZES[size]}


def _colouring(data: Boundary) -> Any:
    """Of a regression the colours of its numbers, the same for points and planes; None of classes."""
    if data.class_names:
        return None
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(float(data.targets.min()), float(data.targets.max())), colormaps["viridis"])


def _draw_panel(axes: Axes, data: Boundary, panel: BoundaryPanel, colour_of: Any) -> None:
    axes.set_facecolor("none")
    axes.set(xlim=data.x[[0, -1]], ylim=data.y[[0, -1]], autoscale_on=False)
    axes.tick_params(colors=QUIET, labelcolor=INK, labelsize=SIZES["tick"], length=2, pad=2)
    axes.set(xticks=_ticks(data.x), yticks=_ticks(data.y))
    for spine in axes.spines.values():
        spine.set(color=QUIET, linewidth=0.6)
    if panel.outputs is None:
        axes.text(0.5, 0.5, "cannot be\nmade again", ha="center", va="center", transform=axes.transAxes, color=QUIET)
        return
    _draw_plane(axes, data, panel.outputs, colour_of)
    dots: dict[str, Any] = {"linewidth": 0, "markersize": 2.6, "markeredgewidth": 0.3, "markeredgecolor": "white"}
    if colour_of is not None:
        x, y = data.points.T
        axes.scatter(x, y, c=colour_of.to_rgba(data.targets), s=7, linewidths=0.3, edgecolors="white")
        return
    for label in range(len(data.class_names)):
        here = data.points[data.targets == label]
        axes.plot(*here.T, MARKS[_mark(label)], color=_colour(label), **dots)


def _ticks(line: np.ndarray) -> list[float]:
    """Round numbers, none near an end, where the next panel begins."""
    from matplotlib.ticker import MaxNLocator

    low, high = float(line[0]), float(line[-1])
    margin = 0.09 * (high - low)
    return [
        tick
        for tick in MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high)
        if low + margin <= tick <= high - margin
    ]


def _draw_plane(axes: Axes, data: Boundary, outputs: np.ndarray, colour_of: Any) -> None:
    from matplotlib.colors import to_rgb

    ends = (data.x[0], data.x[-1], data.y[0], data.y[-1])
    look: dict[str, Any] = {"extent": ends, "origin": "lower", "aspect": "auto", "interpolation": "nearest"}
    if colour_of is not None:
        axes.imshow(colour_of.to_rgba(outputs[..., 0]), **look)
        return
    # (G, G, classes): by how much each class leads; 0 is the boundary.
    leads = _leads(outputs, data)
    winner, lead = leads.argmax(axis=-1), leads.max(axis=-1)
    colours = np.array([to_rgb(_colour(label)) for label in range(leads.shape[-1])])[winner]
    strength = 0.08 + 0.42 * np.clip(lead, 0, 1)
    axes.imshow(np.dstack([colours, strength]), **look)
    for label in range(1 if leads.shape[-1] == 2 else 0, leads.shape[-1]):
        if leads[..., label].min() < 0 < leads[..., label].max():
            axes.contour(data.x, data.y, leads[..., label], levels=[0], colors=[INK], linewidths=0.9)


def _leads(outputs: np.ndarray, data: Boundary) -> np.ndarray:
    """The output of each class less the largest of the others, (G, G, classes); of two, how far from the threshold."""
    if data.task == "binary":
        room = max(1 - data.threshold, 1e-9)
        beyond = (outputs[..., 0] - data.threshold) / room
        return np.stack([-beyond, beyond], axis=-1)
    ordered = np.sort(outputs, axis=-1)
    best, second = ordered[..., -1:], ordered[..., -2:-1]
    return np.where(outputs == best, best - second, outputs - best)


def _colour(label: int) -> str:
    return CLASS_COLOURS[label % len(CLASS_COLOURS)]


def _mark(label: int) -> int:
    return (label + label // len(CLASS_COLOURS)) % len(MARKS)


def _legend(figure: Figure, data: Boundary, width: float, height: float) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [], [], color=_colour(label), marker=MARKS[_mark(label)], linewidth=0, markersize=4.5, label=shortened(n)
        )
        for label, n in enumerate(data.class_names[:8])
    ]
    if not handles:
        ends = f"{data.targets.min():.3g} to {data.targets.max():.3g}"
        handles = [
            Line2D([], [], color=GREEN, marker="o", linewidth=0, markersize=4.5, label=f"dark to bright: {ends}")
        ]
    else:
        handles.append(Line2D([], [], color=INK, linewidth=0.9, label="boundary"))
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.13 / width, 1 - 0.08 / height),
        borderaxespad=0.0,
        borderpad=0.2,
        ncols=len(handles),
        **LEGEND,
    )
