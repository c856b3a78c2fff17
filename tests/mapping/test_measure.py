"""The measure of convergence, against its definition in plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.mapping.measure import ConvergenceMeasure


def by_definition(losses):
    """−Σ v if the mean of the last 20 of v is below 1, else Σ 1 / v (Sohl-Dickstein 2024)."""
    v = []
    for loss in losses:
        relative = loss / losses[0] if math.isfinite(loss) else 1e6
        v.append(min(relative, 1e6) if math.isfinite(relative) else 1e6)
    last = v[-20:]
    converged = sum(last) / len(last) < 1
    return (-sum(v) if converged else sum(1 / relative for relative in v)), converged


def histories(steps):
    """Losses that fall, rise, explode to infinity, become nan, swing about their first value, and stay."""
    t = np.arange(steps)
    with np.errstate(over="ignore"):
        rows = [
            3 * 0.97**t,
            2 * 1.01**t,
            np.exp(t.astype(np.float64) ** 2),
            np.where(t < steps // 2, 1.0, np.nan),
            1 + 0.9 * np.sin(t),
            np.full(steps, 0.7),
            np.where(t == 0, 5.0, 5.0 + 2 * (-1.0) ** t - 0.1),
        ]
    return np.array(rows)


@pytest.mark.parametrize("steps", [1, 7, 20, 100])
@pytest.mark.parametrize("stretch", [1, 6, 1000])
def test_the_measure_is_its_definition(steps, stretch):
    """However the steps are cut into stretches, and with fewer than 20 of them."""
    losses = histories(steps)
    measure = ConvergenceMeasure()
    for start in range(0, steps, stretch):
        measure.add(losses[:, start : start + stretch])
    expected = [by_definition(row) for row in losses.tolist()]
    np.testing.assert_allclose(measure.value, [value for value, _ in expected], rtol=1e-12)
    assert measure.converged.tolist() == [converged for _, converged in expected]


def test_a_first_loss_of_zero_leaves_nothing_to_learn():
    """Staying there is to converge at once, leaving it is to diverge at once."""
    measure = ConvergenceMeasure()
    measure.add(np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 2.0]]))
    assert measure.converged.tolist() == [True, False]
    assert measure.value[0] == 0
    np.testing.assert_allclose(measure.value[1], 1e6 + 2e-6)


def test_a_first_loss_that_is_not_finite_is_divergence_whatever_follows():
    """Each step counts as the largest loss."""
    measure = ConvergenceMeasure()
    measure.add(np.array([[np.inf, 1.0, 0.5], [np.nan, 1.0, 0.5]]))
    assert measure.converged.tolist() == [False, False]
    np.testing.assert_allclose(measure.value, [3e-6, 3e-6])
