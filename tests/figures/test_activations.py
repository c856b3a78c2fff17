"""Pictures of activations."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assay.figures import activations
from assay.figures.activations import LIMITS, activation, activation_data, with_gaps
from assay.networks.activations import ACTIVATIONS


def curve_of(name):
    """The curve of one activation."""
    (curve,) = activation_data([name])
    return curve


def test_every_activation_is_shown_once_with_its_aliases():
    """The table's names, each in one panel."""
    curves = activation_data(points=11)
    assert sorted(name for curve in curves for name in curve.names) == sorted(ACTIVATIONS)
    assert ("silu", "swish") in [curve.names for curve in curves]


def test_tanh_and_its_slope():
    """The slope of tanh is 1 − tanh²."""
    curve = curve_of("tanh")
    assert curve.value == pytest.approx(np.tanh(curve.z), abs=1e-6)
    assert curve.slope == pytest.approx(1 - np.tanh(curve.z) ** 2, abs=1e-6)


def test_slopes_of_smooth_activations_are_difference_quotients():
    """Of all that have no corner."""
    for name in ("sigmoid", "softplus", "gelu", "silu", "mish", "softsign", "log_sigmoid", "tanh_shrink", "squareplus"):
        curve = curve_of(name)
        quotient = np.gradient(curve.value.astype(float), curve.z.astype(float))
        assert np.abs(quotient - curve.slope)[1:-1].max() < 0.02


def test_functions_of_a_layer_are_shown_for_two_units():
    """The softmax of (z, 0) is the sigmoid, its logarithm that of the sigmoid; glu of (z, z) is z · sigmoid(z)."""
    sigmoid, silu = curve_of("sigmoid"), curve_of("silu")
    assert curve_of("softmax").value == pytest.approx(sigmoid.value, abs=1e-6)
    assert curve_of("log_softmax").value == pytest.approx(np.log(sigmoid.value), abs=1e-5)
    assert curve_of("glu").value == pytest.approx(silu.value, abs=1e-5)
    assert curve_of("glu").slope == pytest.approx(silu.slope, abs=1e-5)


def test_curves_break_where_they_jump():
    """The slope of ReLU is not drawn between 0 and 1; a steep curve is drawn whole."""
    relu = curve_of("relu")
    shown = with_gaps(relu.slope)
    assert np.isnan(shown).sum() == 1
    assert np.isfinite(with_gaps(relu.value)).all()
    exponential = curve_of("exponential")
    inside = exponential.value < LIMITS[1]
    assert np.isfinite(with_gaps(exponential.value)[inside]).all()


def test_a_panel_has_both_curves_and_its_name():
    """Into the axes that are given."""
    axes = activation(curve_of("silu"))
    assert activation(curve_of("relu"), axes) is axes
    assert axes.get_title(loc="left") == "relu"


def test_the_grid_has_a_panel_for_each():
    """On one scale."""
    figure = activations(["relu", "tanh", "softmax"])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["relu", "tanh", "softmax of (z, 0)"]
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


def test_a_curve_can_be_written_as_json():
    """A page draws it from that: names, z, φ(z) and φ'(z), what is not finite as null."""
    (curve,) = activation_data(["exponential"], points=5)
    written = json.loads(json.dumps(curve.written(), allow_nan=False))
    assert written["names"] == ["exponential"]
    assert written["z"] == [-5.0, -2.5, 0.0, 2.5, 5.0]
    assert written["value"] == pytest.approx(np.exp(written["z"]), rel=1e-5)
