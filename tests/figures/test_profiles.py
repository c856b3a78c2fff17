"""The signal's size by layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from assay.figures import profiles
from assay.figures.profiles import profile, profile_data
from assay.figures.style import BLUE, INK, VERMILLION


def test_a_profile_is_mean_and_range_over_seeds(make_tables):
    """Values ±s have std s: seeds of 1 and 3 have mean 2 and range 1 to 3."""
    recorded = [
        ("a", seed, 0, 1, "preactivations", size * np.array([-1.0, 1.0])) for seed, size in enumerate((1.0, 3.0))
    ]
    row = profile_data(make_tables(recorded)).table.row(0, named=True)
    assert (row["mean"], row["low"], row["high"], row["theory"]) == (2.0, 1.0, 3.0, None)


def test_the_size_of_a_gradient_is_its_root_mean_square(make_tables):
    """Values of 3 and 5 have mean 4, std 1 and root mean square √17."""
    tables = make_tables([("a", 0, 0, 1, "kernel_gradient", 1e-150 * np.array([3.0, 5.0]))])
    assert profile_data(tables).table["mean"].to_list() == pytest.approx([1e-150 * 17**0.5], rel=1e-12)


def test_a_root_mean_square_alone_is_the_size(make_tables):
    """A watched loop records that of its gradients, and neither mean nor std."""
    tables = make_tables([("a", 0, 0, 1, "kernel_gradient", np.array([3.0, 5.0]))])
    alone = tables.signals.filter(statistic="std").with_columns(statistic=pl.lit("rms"), value=pl.lit(0.25))
    assert profile_data(replace(tables, signals=alone)).table["mean"].to_list() == [0.25]


def test_a_seed_without_finite_values_is_left_out(make_tables):
    """Its std is not 0 but unknown; a layer that has no other seed has none."""
    lost = np.full(4, np.inf)
    tables = make_tables(
        [
            ("a", 0, 0, 1, "preactivations", np.array([-1.0, 1.0])),
            ("a", 1, 0, 1, "preactivations", lost),
            ("a", 0, 0, 2, "preactivations", lost),
        ]
    )
    data = profile_data(tables)
    assert data.table["mean"].to_list() == [1.0, None]
    assert data.table["nonfinite"].to_list() == [4, 4]
    assert profile(data, "a").texts[0].get_text() == "values not finite from layer 1"


def test_theory_is_dashed_and_of_the_untrained_network(make_tables, normal_arrays):
    """At a later epoch it is not drawn."""
    theory = pl.DataFrame(
        {
            "condition": "a",
            "layer": [1, 2, 3],
            "quantity": "preactivations",
            "statistic": "std",
            "value": [1.0, 2.0, 3.0],
        }
    )
    tables = make_tables(normal_arrays({"a": 1.0}, epochs=2), theory)
    (dashed,) = [
        line
        for line in profile(profile_data(tables), "a").get_lines()
        if len(line.get_xdata()) and line.get_color() == INK
    ]
    assert dashed.get_ydata().tolist() == [1.0, 2.0, 3.0]
    assert dashed.get_linestyle() == "--"
    assert profile_data(tables, epoch=1).table["theory"].is_null().all()


def test_panels_share_one_logarithmic_axis(fading_and_level):
    """Forward in blue, backward in vermillion, and all that is drawn lies inside."""
    figure = profiles(fading_and_level)
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}
    for axes in figure.axes:
        low, high = axes.get_ylim()
        lines = [line for line in axes.get_lines() if len(line.get_xdata()) == 3]
        assert [line.get_color() for line in lines] == [BLUE, VERMILLION]
        assert all(low < value < high for line in lines for value in line.get_ydata())


def test_what_is_zero_is_an_arrow_at_the_lower_edge(make_tables, normal_arrays):
    """A logarithmic axis has no 0."""
    tables = make_tables([*normal_arrays({"a": 1.0}), *normal_arrays({"b": 0.0})])
    axes = profile(profile_data(tables), "b")
    arrows = [line for line in axes.get_lines() if line.get_marker() == "v" and len(line.get_xdata())]
    assert [list(line.get_xdata()) for line in arrows] == [[2, 3], [2, 3]]
    assert all(set(line.get_ydata()) == {axes.get_ylim()[0]} for line in arrows)


def test_nothing_recorded_is_drawn_empty(make_tables):
    """Without an error."""
    tables = make_tables([("a", 0, 0, 1, "kernel", np.ones(3))])
    assert profile_data(tables).limits == pytest.approx((0.1, 10.0))
    assert len(profiles(tables).axes) == 1
