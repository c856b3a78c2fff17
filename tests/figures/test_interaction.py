"""Two factors and what they do together."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from assay.analysis import SHARE, Interval, Measure, mean_interval
from assay.analysis.effects import Factor
from assay.figures.interaction import Interaction, InteractionLine, InteractionPoint, draw_interaction, interaction_data

ACTIVATION = Factor("network.activation", ("relu", "tanh"))
WIDTH = Factor("network.width", (64, 8, 32))


def data_of(first, second, means, *, metric="accuracy"):
    """Three seeds about each mean, 0.02 apart."""
    seeds = np.asarray(means)[..., None] + np.array([-0.02, 0.0, 0.02])
    intervals = [[mean_interval(cell, 0.95, SHARE) for cell in row] for row in seeds]
    return interaction_data(first, second, intervals, seeds, Measure("test", metric), 0.95)


@pytest.mark.parametrize("is_first", [True, False])
def test_the_factor_with_more_levels_lies_along_the_axis(is_first):
    """Its numbers in their order, whichever factor comes first; every point at its own place."""
    means = np.array([[0.3, 0.6], [0.1, 0.4], [0.2, 0.5]])  # widths 64, 8, 32 by relu, tanh
    data = data_of(WIDTH, ACTIVATION, means) if is_first else data_of(ACTIVATION, WIDTH, means.T)
    assert (data.along, data.beside, data.levels) == ("width", "activation", ["8", "32", "64"])
    shown = {line.level: [point.mean for point in line.points] for line in data.lines}
    assert shown == {"relu": pytest.approx([0.1, 0.2, 0.3]), "tanh": pytest.approx([0.4, 0.5, 0.6])}
    assert data.lines[1].points[0].seeds == pytest.approx([0.38, 0.40, 0.42])


def test_each_mean_seed_and_interval_is_drawn():
    """A line for each level with its points, a bar for each interval, a dot for each seed."""
    data = data_of(WIDTH, ACTIVATION, [[0.3, 0.6], [0.1, 0.4], [0.2, 0.5]])
    (axes,) = draw_interaction(data).axes
    drawn = [(line.get_linestyle(), list(line.get_ydata())) for line in axes.get_lines()]
    for line in data.lines:
        assert ("-", [point.mean for point in line.points]) in drawn
        for point in line.points:
            assert ("-", [point.low, point.high]) in drawn
            assert ("None", point.seeds) in drawn
    assert [label.get_text() for label in axes.get_xticklabels()] == ["8", "32", "64"]
    assert [text.get_text() for text in axes.texts] == ["relu", "tanh", "activation"]


def test_the_axis_of_an_accuracy_keeps_to_its_bounds():
    """That of a loss has room on both sides."""
    means = [[0.98, 0.02], [0.97, 0.03]]
    width = Factor("network.width", (8, 16))
    low, high = draw_interaction(data_of(width, ACTIVATION, means)).axes[0].get_ylim()
    assert (low, high) == (0, 1)
    low, high = draw_interaction(data_of(width, ACTIVATION, means, metric="loss")).axes[0].get_ylim()
    assert low < 0.0
    assert high > 1.0


def test_names_of_close_lines_do_not_meet():
    """Nine lines that end at one value; each name below the next, none above the panel."""
    depth = Factor("network.depth", tuple(range(1, 10)))
    data = data_of(Factor("network.units", tuple(range(9))), depth, np.full((9, 9), 0.5))
    figure = draw_interaction(data)
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in figure.axes[0].texts[:-1]), key=lambda box: box.y0)
    assert all(below.y1 <= above.y0 for below, above in pairwise(boxes))
    assert boxes[-1].y1 <= figure.axes[0].get_window_extent().y1 + 8


def test_what_is_not_known_is_left_out():
    """A pair of levels without a value has no point, and JSON has null for it."""
    points = [InteractionPoint(0.5, None, None, [0.5]), InteractionPoint(None, None, None, [])]
    data = Interaction(
        Measure("test", "accuracy"), 0.95, "a", "b", ["1", "2"], [InteractionLine("x", "#000000", points)]
    )
    written = json.loads(json.dumps(data.written(), allow_nan=False))
    assert written["lines"][0]["points"][1] == {"mean": None, "low": None, "high": None, "seeds": []}
    (axes,) = draw_interaction(data).axes
    assert [list(line.get_ydata()) for line in axes.get_lines()] == [[0.5], [0.5]]
    assert (
        interaction_data(
            ACTIVATION, ACTIVATION, [[Interval(0.5, None, None, 1)] * 2] * 2, np.full((2, 2, 1), 0.5), data.measure, 0.9
        ).written()["confidence"]
        == 0.9
    )
