"""A violin for each layer."""

from __future__ import annotations

import numpy as np
import pytest

from assay.figures.distributions import LayerDistribution, SignalScale
from assay.figures.style import QUIET
from assay.figures.violins import HALF_WIDTH, nonfinite_text, power_text, spread_text, violin_legend, violins


def layer_of(number=1, *, low=-1.0, high=1.0, std=0.5, zero=0.0, nonfinite=0, theory=None, counts=None):
    """A layer whose distribution is a triangle."""
    counts = np.r_[1:17, 16:0:-1].astype(float) if counts is None else counts
    return LayerDistribution(number, np.linspace(low, high, 33), counts, 0.0, std, std, zero, nonfinite, theory)


def bodies(axes):
    """The vertices of each violin."""
    return [path.vertices for path in axes.collections[0].get_paths()]


@pytest.mark.parametrize("scale", [SignalScale(-2, 2), SignalScale(-2, 2, 0.01)])
def test_a_violin_reaches_from_the_lowest_to_the_highest_value(scale):
    """As wide at its widest as every other, at its layer, on either kind of axis."""
    axes = violins([layer_of(1), layer_of(2, low=-0.5, high=0.25)], scale)
    for body, (number, low, high) in zip(bodies(axes), ((1, -1.0, 1.0), (2, -0.5, 0.25)), strict=True):
        assert (body[:, 1].min(), body[:, 1].max()) == (pytest.approx(low), pytest.approx(high))
        assert (body[:, 0].min(), body[:, 0].max()) == (
            pytest.approx(number - HALF_WIDTH, abs=0.02),
            pytest.approx(number + HALF_WIDTH, abs=0.02),
        )


def test_what_is_too_flat_for_a_violin_is_a_line():
    """A layer in which all signals are equal is seen, and where."""
    axes = violins([layer_of(low=0.5, high=0.5, std=0.0)], SignalScale(-2, 2))
    assert bodies(axes) == []
    assert any(list(line.get_ydata()) == [0.5, 0.5] for line in axes.get_lines())


def test_zeros_are_a_bar_as_wide_as_their_share():
    """Half of the values: half the width of a violin. A layer that is all zeros has nothing else."""
    half, dead = layer_of(1, zero=0.5), layer_of(2, zero=1.0, counts=np.zeros(32), low=0.0, high=0.0, std=0.0)
    axes = violins([half, dead], SignalScale(-2, 2))
    bars = [line for line in axes.get_lines() if line.get_linewidth() == 2.6]
    widths = [np.ptp(line.get_xdata()) for line in bars]
    assert widths == pytest.approx([HALF_WIDTH, 2 * HALF_WIDTH])
    assert len(bodies(axes)) == 1


def test_whiskers_are_one_std_and_theory_is_dashed():
    """Where there are values: below a ReLU's zero there are none."""
    axes = violins([layer_of(low=-0.1, std=0.5, theory=(-0.75, 0.75))], SignalScale(-2, 2))
    segments = [segment.tolist() for part in axes.collections[1:] for segment in part.get_segments()]
    assert [[1.0, -0.1], [1.0, 0.5]] in segments
    heights = sorted({segment[0][1] for segment in segments if segment[0][1] == segment[1][1]})
    assert heights == pytest.approx([0.5, 0.75])
    assert len(violin_legend(3, has_theory=True)) == len(violin_legend(3, has_theory=False)) + 1


def test_values_that_are_not_finite_are_told():
    """How many and in which layers; a layer with nothing else has a cross."""
    lost = layer_of(3, nonfinite=1200, counts=np.zeros(32))
    axes = violins([layer_of(1), layer_of(2, nonfinite=34), lost], SignalScale(-2, 2))
    assert axes.texts[0].get_text() == "1,234 not finite (layers 2–3)"
    (cross,) = [line for line in axes.get_lines() if line.get_marker() == "x"]
    assert list(cross.get_xdata()) == [3]
    assert nonfinite_text([lost]) == "1,200 not finite (layer 3)"
    assert nonfinite_text([layer_of()]) == ""


def test_nothing_recorded_says_so():
    """A panel is not just empty."""
    assert violins([], SignalScale(-1, 1)).texts[0].get_text() == "not recorded"


def test_an_axis_that_is_given_is_drawn_into():
    """And its figure is the caller's."""
    axes = violins([layer_of()], SignalScale(-2, 2))
    assert violins([layer_of()], SignalScale(-2, 2), QUIET, axes) is axes


def test_spread_is_told_from_the_first_to_the_last_hidden_layer():
    """The output layer has other units and another activation, and is left out beside hidden layers."""
    layers = [layer_of(1, std=0.31), layer_of(2, std=0.02), layer_of(3, std=2e-7), layer_of(4, std=5.0)]
    assert spread_text(layers) == "std 0.31 → 2.0·10⁻⁷"
    assert spread_text(layers[:2]) == "std 0.31 → 0.02"
    assert spread_text(layers[:1]) == "std 0.31"
    assert spread_text([]) == ""


def test_powers_of_ten_are_short():
    """Plain where that is short, with an exponent where it is not."""
    assert [power_text(value) for value in (0, 1, -0.1, 1e-5, -1e4, 100)] == ["0", "1", "−0.1", "10⁻⁵", "−10⁴", "100"]
