"""What is known of a network and its data before anything is measured."""

from __future__ import annotations

import numpy as np
import pytest

from assay.choices import Choice
from assay.diagnosis import DataFacts, chance_loss


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def test_the_chance_loss_of_a_cross_entropy_is_the_entropy_of_the_classes():
    """H = −Σ p log p, for one-hot targets and for 0 and 1."""
    y = one_hot(np.repeat([0, 1, 2], [50, 30, 20]), 3)
    entropy = -sum(p * np.log(p) for p in (0.5, 0.3, 0.2))
    assert chance_loss(Choice("categorical_crossentropy"), y) == pytest.approx(entropy, rel=1e-6)
    two = np.repeat([[0.0], [1.0]], [70, 30], axis=0)
    assert chance_loss(Choice("binary_crossentropy"), two) == pytest.approx(
        -(0.7 * np.log(0.7) + 0.3 * np.log(0.3)), rel=1e-6
    )


def test_logits_have_the_same_chance_loss_as_probabilities():
    """The best constant logits are the logarithms of the best constant probabilities."""
    y = one_hot(np.repeat([0, 1, 2], [50, 30, 20]), 3)
    logits = Choice("categorical_crossentropy", {"from_logits": True})
    assert chance_loss(logits, y) == pytest.approx(chance_loss(Choice("categorical_crossentropy"), y), rel=1e-6)


def test_the_chance_losses_of_a_regression_are_variance_and_mean_absolute_deviation():
    """About the mean and about the median."""
    y = np.random.default_rng(0).exponential(size=(500, 1))
    assert chance_loss(Choice("mean_squared_error"), y) == pytest.approx(y.var(), rel=1e-6)
    deviation = np.abs(y - np.median(y)).mean()
    assert chance_loss(Choice("mean_absolute_error"), y) == pytest.approx(deviation, rel=1e-6)


def test_data_are_told_by_their_size_and_their_commonest_class():
    """Non-finite entries are counted and left out."""
    x = np.array([[255.0, 0.0], [0.0, 255.0], [np.nan, 0.0]])
    facts = DataFacts.of(x, one_hot([0, 0, 1], 2), classes=2)
    assert facts.nonfinite == 1
    assert facts.majority == pytest.approx(2 / 3)
    assert facts.rms == pytest.approx(np.sqrt(2 * 255**2 / 6))
    assert not facts.is_constant
    assert DataFacts.of(x, np.ones((3, 1)), classes=None).is_constant
