"""The numbers of the catalogue, computed anew by plain sums."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.catalog import catalog, find_entry
from assay.choices import Choice
from assay.networks.activations import ACTIVATIONS
from assay.networks.traits import in_double, slope_in_double

ELEMENTWISE = [record.name for record in ACTIVATIONS.records if record.is_elementwise]
U = np.linspace(-10, 10, 40_001) + 1.3e-5  # no kink lies on the grid
WEIGHTS = np.exp(-(U**2) / 2) / math.sqrt(2 * math.pi) * (U[1] - U[0])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_mean_and_gains_at_variance_1(name):
    """E φ(Z), 1 / √E φ(Z)² and 1 / √E φ'(Z)², by a Riemann sum; zero-centred is what has mean 0."""
    entry = find_entry("activations", name)
    value, slope = in_double(Choice(name))(U), slope_in_double(Choice(name))(U)
    mean = float(WEIGHTS @ value)
    assert entry.mean == pytest.approx(mean, abs=2e-4)
    assert entry.is_zero_centred == (abs(mean) < 1e-3)
    assert entry.forward_gain == pytest.approx(1 / math.sqrt(WEIGHTS @ value**2), rel=1e-3)
    assert entry.backward_gain == pytest.approx(1 / math.sqrt(WEIGHTS @ slope**2), rel=1e-3)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_critical_gain_where_a_signal_of_0_stays_0(name):
    """There it is 1 / √E φ'² for tiny signals, half of which see the slope on either side of 0."""
    tiny = 1e-6
    left, middle, right = in_double(Choice(name))(np.array([-tiny, 0.0, tiny]))
    if middle != 0:
        return
    square = ((right / tiny) ** 2 + (left / tiny) ** 2) / 2
    told = find_entry("activations", name).critical_gain
    assert told == (pytest.approx(1 / math.sqrt(square), rel=1e-4) if square > 1e-6 else None)


@pytest.mark.parametrize("name", ["sigmoid", "hard_sigmoid", "sparse_sigmoid"])
def test_the_critical_gain_of_a_sigmoid(name):
    """At the variance q to which the length map leads with that gain, the gradient keeps its size: σ_w² E φ'² = 1."""
    gain = find_entry("activations", name).critical_gain
    function, slope = in_double(Choice(name)), slope_in_double(Choice(name))
    q = 1.0
    for _ in range(60):
        q = gain**2 * float(WEIGHTS @ function(math.sqrt(q) * U) ** 2)
    assert gain**2 * float(WEIGHTS @ slope(math.sqrt(q) * U) ** 2) == pytest.approx(1.0, rel=2e-3)


def test_costs_are_told_for_all_and_count_relu_as_1():
    """Measured beside itself ReLU takes as long as ReLU, within what two rounds differ by."""
    costs = {entry.name: entry.cost for entry in catalog("activations")}
    assert None not in costs.values()
    assert costs["relu"] == pytest.approx(1.0, abs=0.2)
