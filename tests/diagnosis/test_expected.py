"""Gains and ratios that rules and remedies expect, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from assay.choices import Choice
from assay.diagnosis import DataFacts, LayerFacts, NetworkFacts
from assay.diagnosis.expected import Prediction, critical_gain, gain_of, gain_text, predict, slope_text


def network(activation: str, initializer: Choice | None, *, hidden: int = 5, width: int = 100) -> NetworkFacts:
    """A chain of equal hidden layers, fed with as many inputs of size 1, with a linear output."""
    data = DataFacts(100, width, 1.0, 0.0, 1.0, 0, 0.0, 1.0, 0.3, 2, 0.5, False)
    sizes = [*[width] * hidden, 1]
    layers = tuple(
        LayerFacts(f"layer {at}", "dense", width, size, Choice(activation if at <= hidden else "linear"), initializer)
        for at, size in enumerate(sizes, start=1)
    )
    return NetworkFacts(layers, "binary", data=data)


@pytest.mark.parametrize(("activation", "gain"), [("relu", 2**0.5), ("tanh", 1.0), ("linear", 1.0), ("gelu", 2.0)])
def test_critical_gains_are_those_of_the_papers(activation, gain):
    """√2 for ReLU (He et al., 2015), 1 for tanh and for a linear network (Saxe et al., 2014), 1 / φ'(0) for GELU."""
    assert critical_gain(Choice(activation)) == pytest.approx(gain, rel=1e-3)


@pytest.mark.parametrize("activation", ["softmax", "log_softmax", "sparsemax", "glu", "exponential"])
def test_activations_that_mix_units_or_overflow_have_no_critical_gain(activation):
    """No number keeps their signal."""
    assert critical_gain(Choice(activation)) is None


@pytest.mark.parametrize(
    ("initializer", "gain"),
    [
        (Choice("he_normal"), 2**0.5),
        (Choice("lecun_normal"), 1.0),
        (Choice("glorot_uniform"), 1.0),
        (Choice("random_normal", {"stddev": 0.03}), 0.3),
    ],
)
def test_the_gain_is_that_of_the_initializer(initializer, gain):
    """√(fan_in · variance): √2 and 1 by definition, Glorot's is 1 between equal layers, √100 · 0.03 = 0.3."""
    assert gain_of(network("tanh", initializer)) == pytest.approx(gain, rel=1e-3)


def test_a_constant_kernel_has_no_gain():
    """Its variance is 0; nor has an initializer that is not known."""
    assert gain_of(network("tanh", Choice("constant", {"value": 0.1}))) is None
    assert gain_of(network("tanh", None)) is None


@pytest.mark.parametrize("hidden", [3, 6])
def test_glorot_halves_the_variance_of_relu_in_each_layer(hidden):
    """Of the signal going up and of the error coming back (He et al., 2015): √½ a layer for the standard deviation."""
    found = predict(network("relu", Choice("glorot_uniform"), hidden=hidden))
    assert found.signal == pytest.approx(0.5 ** ((hidden - 1) / 2), rel=1e-3)
    assert found.gradient == pytest.approx(0.5 ** ((hidden - 1) / 2), rel=1e-3)


def test_he_keeps_both_under_relu():
    """The factor is 1."""
    found = predict(network("relu", Choice("he_normal"), hidden=20))
    assert (found.signal, found.gradient) == (pytest.approx(1, rel=1e-3), pytest.approx(1, rel=1e-3))
    assert found.is_sound


@pytest.mark.parametrize(
    ("signal", "gradient", "is_sound"),
    [
        (0.3, 1, False),
        (0.301, 1, True),
        (4.99, 1, True),
        (5.0, 1, False),
        (1, 0.05, False),
        (1, 0.051, True),
        (1, 19.9, True),
        (1, 20.0, False),
    ],
)
def test_a_prediction_is_sound_where_no_rule_about_ratios_would_fire(signal, gradient, is_sound):
    """Between the thresholds of vanishing and exploding."""
    assert Prediction(signal, gradient).is_sound == is_sound


@pytest.mark.parametrize(
    ("changes", "hidden"),
    [({"kind": "convolution"}, 3), ({"is_normalized": True}, 3), ({"is_residual": True}, 3), ({}, 1)],
)
def test_theory_follows_chains_of_plain_layers(changes, hidden):
    """No convolution, no normalization, no way around a layer; and at least two hidden layers to compare."""
    from dataclasses import replace

    known = network("relu", Choice("he_normal"), hidden=hidden)
    first, *others = known.layers
    assert predict(replace(known, layers=(replace(first, **changes), *others))) is None


@pytest.mark.parametrize(
    ("initializer", "text"),
    [
        (
            Choice("random_normal", {"stddev": 0.01}),
            "These weights are 10 times too small for tanh: their gain is 0.1, it needs 1.",
        ),
        (
            Choice("random_normal", {"stddev": 1.0}),
            "These weights are 10 times too large for tanh: their gain is 10, it needs 1.",
        ),
        (Choice("glorot_uniform"), "The weights have gain 1, which is what tanh needs in a wide network."),
        (None, "The hidden layers combine tanh with these weights."),
    ],
)
def test_weights_are_told_as_times_too_small_or_too_large(initializer, text):
    """√100 · 0.01 = 0.1 is a tenth of what tanh needs, √100 · 1 ten times as much."""
    assert gain_text(network("tanh", initializer)) == text


def test_the_factor_of_a_layer_is_told():
    """A linear network multiplies the error by its gain: √100 · 0.05 = ½."""
    known = network("linear", Choice("random_normal", {"stddev": 0.05}))
    assert slope_text(known) == "In theory each linear layer multiplies the gradient by 0.5."
    assert np.isfinite(predict(known).gradient)
