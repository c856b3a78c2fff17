"""The best constant output under a loss without a formula."""

from __future__ import annotations

import numpy as np
import pytest

from assay.models.chance import best_constant_loss

TARGETS = np.random.default_rng(0).gamma(2.0, size=(50, 3))
WEIGHTS = np.random.default_rng(1).uniform(0.5, 2.0, (50, 1))


def weighted_square(constant):
    difference = constant - TARGETS
    return float((WEIGHTS * difference**2).sum()), (2 * WEIGHTS * difference).sum(axis=0)


def test_a_weighted_sum_of_squares_is_smallest_at_the_weighted_mean():
    """Closed form: Σ w (c − y)² is smallest at c = Σ w y / Σ w."""
    best = (WEIGHTS * TARGETS).sum(axis=0) / WEIGHTS.sum()
    expected = (WEIGHTS * (TARGETS - best) ** 2).sum()
    assert best_constant_loss(weighted_square, [np.zeros(3)]) == pytest.approx(expected, rel=1e-8)


def test_cross_entropy_of_logits_is_smallest_at_the_entropy_of_the_classes():
    """Closed form: − Σ p log p, at logits log p."""
    shares = np.array([0.5, 0.3, 0.2])

    def loss(logits):
        exponents = np.exp(logits - logits.max())
        softmax = exponents / exponents.sum()
        return float(-(shares * np.log(softmax)).sum()), softmax - shares

    assert best_constant_loss(loss, [np.zeros(3)]) == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-8)


def test_an_absolute_error_is_smallest_at_the_median():
    """Closed form: the mean of |y − c| is smallest at the median; a corner is found by its neighbours."""
    y = np.sort(TARGETS[:49, 0])
    expected = np.abs(y - np.median(y)).mean()
    found = best_constant_loss(
        lambda c: (float(np.abs(y - c).mean()), np.array([np.sign(c - y).mean()])), [np.zeros(1), y.mean(keepdims=True)]
    )
    assert found == pytest.approx(expected, rel=0.02)
    assert found >= expected


def test_the_lowest_of_several_starts_counts():
    """A loss with two valleys: (c² − 1)² + c/10 is lower near −1."""
    loss = lambda c: (float((c[0] ** 2 - 1) ** 2 + c[0] / 10), np.array([4 * c[0] * (c[0] ** 2 - 1) + 0.1]))  # noqa: E731
    assert best_constant_loss(loss, [np.ones(1)]) == pytest.approx(0.0987, abs=1e-3)
    assert best_constant_loss(loss, [np.ones(1), -np.ones(1)]) == pytest.approx(-0.1013, abs=1e-3)


def test_a_loss_that_is_no_number_has_no_chance_level():
    """Where it is one for a start, the others are left out."""
    nothing = lambda c: (float("nan"), c)  # noqa: E731
    assert best_constant_loss(nothing, [np.zeros(2)]) is None
    some = lambda c: (float((c**2).sum()) if (c < 2).all() else float("inf"), 2 * c)  # noqa: E731
    assert best_constant_loss(some, [np.full(2, 3.0), np.ones(2)]) == pytest.approx(0.0, abs=1e-8)
