"""Conditions × panels."""

from __future__ import annotations

import numpy as np
import pytest

from assay.figures import wall
from assay.figures.style import write_figure


def test_a_column_shares_its_scale(make_tables, normal_arrays):
    """So that a condition whose signal grows is seen to, beside one whose does not."""
    figure = wall(make_tables(normal_arrays({"start=growing": 1e3, "start=level": 1.0})))
    assert len(figure.axes) == 8
    for column in range(4):
        shown = figure.axes[column::4]
        assert len({(axes.get_ylim(), axes.get_yscale(), axes.get_xlim()) for axes in shown}) == 1
    assert figure.axes[0].get_yscale() == "symlog"
    assert figure.axes[1].get_yscale() == "linear"


def test_each_panel_tells_its_spread(fading_and_level):
    """Std of the first and of the last hidden layer, fading a thousandfold in one condition and level in the other."""
    fading, level = (axes.texts[0].get_text() for axes in wall(fading_and_level).axes[::4])
    draws = [
        np.concatenate([np.random.default_rng([seed, 0, layer]).standard_normal((3, 400))[0] for seed in (0, 1)])
        for layer in (0, 1)
    ]
    assert level == f"std {draws[0].std():.2g} → {draws[1].std():.2g}"
    first, last = fading.removeprefix("std ").split(" → ")
    assert float(first) == pytest.approx(draws[0].std(), abs=0.01)
    assert float(last.replace("·10⁻⁴", "e-4")) == pytest.approx(1e-3 * draws[1].std(), abs=1e-5)


def test_quantities_and_conditions_can_be_chosen(fading_and_level):
    """One row of two panels."""
    figure = wall(fading_and_level, ["start=level"], epoch=1, quantities=["activations", "kernel"])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["activations", "kernel (weights)"]
    assert figure.texts[-1].get_text() == "The signal at epoch 1"


def test_networks_of_several_depths_share_the_layer_axis(make_tables, normal_arrays):
    """Then the last layer of one is not that of the other, and layers have numbers only."""
    tables = make_tables([*normal_arrays({"a": 1.0}, depth=2), *normal_arrays({"b": 1.0}, depth=4)])
    figure = wall(tables)
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    assert [label.get_text() for label in figure.axes[-1].get_xticklabels()] == ["1", "2", "3", "4"]


def test_thirteen_conditions_fit_on_a_page(make_tables, normal_arrays, tmp_path):
    """As many as the published table has, with room."""
    levels = {f"activation=tanh, stddev={10.0**power:g}": 10.0 ** (power / 4) for power in range(-6, 7)}
    figure = wall(make_tables(normal_arrays(levels, seeds=1, size=100)))
    width, height = figure.get_size_inches()
    assert len(figure.axes) == 52
    assert width < 13
    assert height < 16
    write_figure(figure, tmp_path / "wall.svg")
    assert b"The signal before training" in (tmp_path / "wall.svg").read_bytes()
