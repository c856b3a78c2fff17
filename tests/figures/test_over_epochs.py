"""Distributions through training."""

from __future__ import annotations

import numpy as np
import pytest

from assay.figures import over_epochs
from assay.figures.over_epochs import BANDS, bands, over_epochs_data


def test_bands_are_quantiles_averaged_over_seeds_within_their_extremes(make_tables):
    """Evenly spaced values from −s to s have the quantile (2 q − 1) s: with s of 1 and 3 the mean is 2 (2 q − 1)."""
    recorded = [("a", seed, 5, 1, "kernel", np.linspace(-size, size, 1001)) for seed, size in enumerate((1.0, 3.0))]
    row = over_epochs_data(make_tables(recorded), "kernel").table.row(0, named=True)
    assert row["quantile_05"] == pytest.approx(-1.8)
    assert row["quantile_25"] == pytest.approx(-1.0)
    assert row["quantile_50"] == pytest.approx(0.0)
    assert row["quantile_95"] == pytest.approx(1.8)
    assert (row["minimum"], row["maximum"]) == (-3.0, 3.0)


def test_a_deep_network_shows_eight_layers_with_both_ends(make_tables, normal_arrays):
    """Evenly chosen; all where there are fewer."""
    tables = make_tables(normal_arrays({"a": 1.0}, depth=17, seeds=1, size=10))
    layers = over_epochs_data(tables, "kernel").layers
    assert (len(layers), layers[0], layers[-1]) == (8, 1, 17)
    assert set(np.diff(layers)) <= {2, 3}
    assert over_epochs_data(tables, "kernel", layers=[2, 4]).layers == [2, 4]


def test_there_is_a_row_for_each_condition_and_a_column_for_each_layer(fading_and_level):
    """All on one scale, from the first to the last epoch."""
    figure = over_epochs(fading_and_level, "activations")
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == ["layer 1", "layer 2", "layer 3"]
    assert len(figure.axes) == 6
    assert {(axes.get_xlim(), axes.get_ylim(), axes.get_yscale()) for axes in figure.axes} == {
        ((0, 2), figure.axes[0].get_ylim(), "linear")
    }


def test_a_panel_holds_the_bands_and_the_median(fading_and_level):
    """From the outside in, and the line last."""
    data = over_epochs_data(fading_and_level, "preactivations", ["start=level"])
    axes = bands(data, "start=level", 2)
    assert len(axes.collections) == len(BANDS)
    rows = data.table.filter(layer=2)
    assert list(axes.get_lines()[0].get_ydata()) == rows["quantile_50"].to_list()
    heights = [np.ptp(part.get_paths()[0].vertices[:, 1]) for part in axes.collections]
    assert heights == sorted(heights, reverse=True)


def test_one_condition_is_named_in_the_heading(fading_and_level):
    """And takes no room beside the panels."""
    figure = over_epochs(fading_and_level, "kernel", ["start=level"])
    assert "Kernel (weights) through training, start=level" in [text.get_text() for text in figure.texts]


def test_the_names_of_factors_do_not_run_into_the_legend(make_tables, normal_arrays):
    """Three factors take three lines, below the legend and above the first row."""
    names = [f"network.activation={name}, kernel_initializer=he_normal, optimizer=adam" for name in ("relu", "tanh")]
    figure = over_epochs(make_tables(normal_arrays(dict.fromkeys(names, 1.0), epochs=2)), "activations")
    figure.canvas.draw()
    [factors] = [text for text in figure.texts if text.get_text().startswith("network.activation")]
    box, [legend], first = factors.get_window_extent(), figure.legends, figure.axes[0].get_window_extent()
    assert factors.get_text().count("\n") == 2
    assert first.y1 < box.y0 < box.y1 < legend.get_window_extent().y0
