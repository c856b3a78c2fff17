"""What rules know of activations by name, against the functions themselves."""

from __future__ import annotations

import numpy as np
import pytest

from assay.choices import Choice
from assay.diagnosis import traits
from assay.networks.activations import ACTIVATIONS, activate

Z = np.linspace(-60, 60, 2401, dtype=np.float32)[:, None] * np.array([[1.0, -0.5, 0.25]], np.float32)
# Layers of three units, for activations that mix them: units are rows, examples columns.
UNITS = np.ascontiguousarray(Z.T)
ELEMENTWISE = [name for name in ACTIVATIONS if name not in ("softmax", "log_softmax", "sparsemax", "glu")]


def values(name: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(activate(Choice(name), UNITS), np.float64)


RANGED = [name for name in ACTIVATIONS if name != "sparsemax" and traits.output_range(Choice(name)) is not None]


@pytest.mark.parametrize("name", RANGED)
def test_a_range_holds_all_outputs_and_is_reached(name):
    """To a thousandth of it, where it is finite; an open end is passed by any number."""
    low, high = traits.output_range(Choice(name))
    found = values(name)
    assert found.min() >= low
    assert found.max() <= high
    assert np.isinf(low) == (found.min() < -10)
    assert np.isinf(high) == (found.max() > 10)
    assert np.isinf(low) or found.min() == pytest.approx(low, abs=0.02)
    assert np.isinf(high) or found.max() == pytest.approx(high, abs=0.02)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_bounded_activation_is_flat_at_both_ends(name):
    """And lies between two numbers; ReLU6 is flat at both too, but counts as a rectifier."""
    if traits.is_bounded(Choice(name)):
        found = values(name)
        assert np.abs(found).max() <= 1


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_what_can_die_is_0_over_a_range_of_inputs(name):
    """There its slope is 0, so no gradient passes."""
    if traits.can_die(Choice(name)):
        assert (values(name) == 0).mean() > 0.005


def test_a_relu_with_a_slope_below_0_cannot_die():
    """Keras' ``negative_slope``."""
    assert traits.can_die(Choice("relu"))
    assert not traits.can_die(Choice("relu", {"negative_slope": 0.1}))


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if traits.is_normalized(Choice(name))])
def test_a_normalized_activation_of_one_unit_is_constant(name):
    """It is divided by itself; of three units it depends on the input."""
    one, three = np.asarray(activate(Choice(name), UNITS[:1])), values(name)
    assert np.ptp(one) < 1e-5
    assert np.ptp(three[0]) > 0.5


def test_keras_sparsemax_can_exceed_1():
    """Its τ is not the paper's: (1, 0.7, 0.4) gives τ = (1 + 1.7 + 2.1 - 1) / 3 and with it outputs of another sum."""
    found = np.asarray(activate(Choice("sparsemax"), np.random.default_rng(0).standard_normal((6, 4096)) * 3))
    assert found.min() == 0
    assert found.max() > 2
    assert traits.output_range(Choice("sparsemax")) == (0, np.inf)
    assert traits.gives_probabilities(Choice("sparsemax"))


PROBABILITIES = [name for name in RANGED if traits.gives_probabilities(Choice(name))]


@pytest.mark.parametrize("name", PROBABILITIES)
def test_probabilities_lie_between_0_and_1(name):
    """All of them are never negative."""
    assert traits.output_range(Choice(name)) == (0, 1)
    assert traits.is_never_negative(Choice(name))


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if traits.is_never_negative(Choice(name))])
def test_what_is_never_negative_cannot_be_a_raw_score(name):
    """A logit of a rare class is below 0."""
    assert values(name).min() >= 0
