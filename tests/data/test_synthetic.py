"""Synthetic sets, against their definitions."""

import math

import numpy as np
import pytest

from assay.data.synthetic import SYNTHETIC, ball, blobs, check_arguments, circles, moons, noise, spirals
from assay.errors import DataError


@pytest.mark.parametrize("name", SYNTHETIC)
def test_the_same_seed_gives_the_same_points(name):
    """Points are repeatable, another seed gives others, and rows and labels have the promised shapes."""
    x, labels = SYNTHETIC[name](4, rows=50)
    again, labels_again = SYNTHETIC[name](4, rows=50)
    np.testing.assert_array_equal(x, again)
    np.testing.assert_array_equal(labels, labels_again)
    assert not np.array_equal(x, SYNTHETIC[name](5, rows=50)[0])
    assert len(x) == 50
    assert labels.shape == (50,)


def test_ball_is_evenly_filled_and_cut_at_half_the_radius():
    """Class 1 is |sum| > radius / 2; E[r²] of an even ball of F dimensions is radius² F / (F + 2)."""
    x, labels = ball(0, rows=20000, features=10, radius=3.0)
    distance = np.linalg.norm(x, axis=1)
    assert distance.max() <= 3.0
    np.testing.assert_allclose(np.mean(distance**2), 9 * 10 / 12, rtol=0.01)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=0.03)
    np.testing.assert_array_equal(labels, [abs(sum(row)) > 1.5 for row in x])


def test_circles_have_their_two_radii():
    """Without noise the outer circle has radius 1 and the inner one `factor`."""
    x, labels = circles(0, rows=40, noise=0.0, factor=0.3)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), np.where(labels == 1, 0.3, 1.0))


def test_moons_are_half_circles():
    """Without noise the first moon is the upper half of the unit circle, the second a lower half about (1, 0.5)."""
    x, labels = moons(0, rows=40, noise=0.0)
    np.testing.assert_allclose(np.linalg.norm(x[labels == 0], axis=1), 1.0)
    np.testing.assert_allclose(np.linalg.norm(x[labels == 1] - [1, 0.5], axis=1), 1.0)


def test_spiral_arms_follow_their_formula():
    """Without noise, angle / 2π - turns · r is k / classes for arm k, whole turns aside."""
    x, labels = spirals(0, rows=60, noise=0.0, classes=3, turns=2.0)
    r = np.linalg.norm(x, axis=1)
    phase = np.arctan2(x[:, 1], x[:, 0]) / (2 * math.pi) - 2.0 * r - labels / 3
    np.testing.assert_allclose(phase - np.round(phase), 0, atol=1e-9)
    np.testing.assert_array_equal(np.bincount(labels), [20, 20, 20])


def test_blobs_scatter_by_their_noise():
    """The standard deviation within a cloud is `noise`."""
    x, labels = blobs(0, rows=9000, noise=0.5, classes=4, features=3)
    assert x.shape == (9000, 3)
    for k in range(4):
        np.testing.assert_allclose(x[labels == k].std(axis=0), 0.5, rtol=0.05)


def test_noise_has_no_rule():
    """Inputs and target are standard normal and have nothing to do with each other."""
    x, y = noise(0, rows=20000, features=3)
    values = np.column_stack([x, y])
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(values.T), np.eye(4), atol=0.03)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("ball", {"row": 5}, r"data.arguments.row: 'ball' takes rows, features, radius\. Did you mean 'rows'\?"),
        ("moons", {"rows": 2}, r"data.arguments.rows: expected a whole number of at least 10, got 2"),
        ("moons", {"rows": 100.0}, r"expected a whole number of at least 10, got 100.0"),
        ("moons", {"noise": -1}, r"noise: expected a number of at least 0, got -1"),
        ("moons", {"noise": float("nan")}, r"noise: expected a number of at least 0, got nan"),
        ("moons", {"noise": float("inf")}, r"noise: expected a number of at least 0, got inf"),
        ("circles", {"factor": 1.0}, r"factor: expected a number of at least 0, below 1, got 1.0"),
        ("spirals", {"classes": True}, r"classes: expected a whole number of at least 2, got True"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(name, arguments, words):
    """The message names the argument, what was expected and what came."""
    with pytest.raises(DataError, match=words):
        check_arguments(name, arguments)
