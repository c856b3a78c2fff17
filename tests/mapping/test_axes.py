"""Axes of a map: how they are written, what they may be."""

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import StudyError
from assay.mapping.axes import Axis, fitted, read_axis, read_window
from assay.study import Study

DIGITS = Study(data="digits")


def test_an_axis_is_written_in_one_word():
    """KEY=LOW:HIGH:N, the scale behind it or taken from the caller."""
    assert read_axis("depth=2:8:4", "--x") == Axis("depth", 2.0, 8.0, 4, "linear")
    assert read_axis("l2=1e-5:1:4", "--x", "log") == Axis("l2", 1e-5, 1.0, 4, "log")
    assert read_axis("l2=0:1:4:linear", "--x", "log") == Axis("l2", 0.0, 1.0, 4, "linear")
    assert read_axis(" l2 = 0.1 : 1 : 4 : log ", "--x") == Axis("l2", 0.1, 1.0, 4, "log")


def test_a_window_is_written_in_one_word():
    """XLOW:XHIGH,YLOW:YHIGH."""
    assert read_window("0.1:2e1,-3:4") == ((0.1, 20.0), (-3.0, 4.0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("depth", r"--x depth: expected KEY=LOW:HIGH:N, such as --x learning_rate=1e-3:10:64"),
        ("=1:2:3", "expected KEY=LOW:HIGH:N"),
        ("depth=1:2", "expected KEY=LOW:HIGH:N"),
        ("depth=1::3", "expected KEY=LOW:HIGH:N"),
        ("depth=1:2:3:cubic", "expected KEY=LOW:HIGH:N"),
        ("depth=one:2:3", "--x depth=one:2:3: expected a number, got 'one'"),
        ("depth=1:2:3.5", "expected a whole number of levels, got '3.5'"),
        ("depth=1:2:-3", "expected a whole number of levels, got '-3'"),
    ],
)
def test_an_axis_that_is_not_written_so_is_told(text, words):
    """What was expected, and what came."""
    with pytest.raises(StudyError, match=words):
        read_axis(text, "--x")


@pytest.mark.parametrize("text", ["1:2", "1:2,3", "1:2,3:4,5:6", "1:2:3,4:5:6", "a:2,3:4"])
def test_a_window_that_is_not_written_so_is_told(text):
    """Four numbers, with the marks between them."""
    with pytest.raises(StudyError, match=f"--window {text}: expected"):
        read_window(text)


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        (Axis("lerning_rate", 1, 2, 3), "--y: unknown key 'lerning_rate'. Did you mean 'learning_rate'?"),
        (Axis("activation", 1, 2, 3), "--y activation: expected the key of a number in data, network or training"),
        (Axis("optimizer", 1, 2, 3), "got training.optimizer"),
        (Axis("design.seeds", 1, 2, 3), "got design.seeds"),
        (Axis("data", 1, 2, 3), "got data"),
        (Axis("epochs", 2, 1, 3), "--y training.epochs: expected LOW below HIGH, got 2:1"),
        (Axis("epochs", 1, 1, 3), "expected LOW below HIGH, got 1:1"),
        (Axis("l2", 0, float("nan"), 3), "expected LOW below HIGH, got 0:nan"),
        (Axis("l2", 0, float("inf"), 3), "expected LOW below HIGH, got 0:inf"),
        (Axis("l2", 0, 1, 3, "log"), "expected a LOW above 0 for a logarithmic axis, got 0"),
        (Axis("l2", 0, 1, 3, "cubic"), "expected a scale that is linear or log, got 'cubic'"),
        (Axis("l2", 0, 1, 1), "expected at least 2 levels, got 1"),
        (Axis("depth", 3.1, 3.4, 9), "expected at least 2 whole numbers from 3.1 to 3.4"),
        (Axis("l2", 1, 1.00001, 300), "300 levels from 1 to 1.00001 lie closer than the float32"),
    ],
)
def test_an_axis_that_makes_no_sense_is_told(axis, words):
    """The option, the key, what was expected and what came."""
    with pytest.raises(StudyError) as caught:
        fitted(axis, DIGITS, "--y")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "full", "is_whole"),
    [
        ("learning_rate", "training.optimizer.learning_rate", False),
        ("first.learning_rate", "network.layers.first.learning_rate", False),
        ("network.layers.2.l2", "network.layers.2.l2", False),
        ("optimizer.momentum", "training.optimizer.momentum", False),
        ("bias_initializer.stddev", "network.bias_initializer.stddev", False),
        ("dropout", "network.dropout", False),
        ("depth", "network.depth", True),
        ("width", "network.width", True),
        ("batch_size", "training.batch_size", True),
        ("data.rows", "data.rows", True),
        ("data.seed", "data.seed", True),
        ("data.noise", "data.noise", False),
        ("data.features", "data.features", True),
    ],
)
def test_any_number_of_a_study_may_be_an_axis(key, full, is_whole):
    """Keys may be cut to their end; whole numbers are known by their key, in the choice that the study has made."""
    study = Study(
        data="blobs" if key == "data.features" else "moons",
        network={"bias_initializer": {"name": "random_normal"}},
        training={"optimizer": "sgd"},
    )
    axis = fitted(Axis(key, 1, 9, 5), study, "--x")
    assert (axis.key, axis.is_whole) == (full, is_whole)
    assert all(type(level) is (int if is_whole else float) for level in axis.levels)


def test_levels_are_spread_evenly_on_the_scale_of_the_axis():
    """Both ends are levels; whole numbers are rounded, each once."""
    assert Axis("l2", 0, 1, 5).levels == [0.0, 0.25, 0.5, 0.75, 1.0]
    np.testing.assert_allclose(Axis("l2", 0.01, 100, 5, "log").levels, [0.01, 0.1, 1, 10, 100])
    assert Axis("depth", 2, 5, 9, is_whole=True).levels == [2, 3, 4, 5]
    assert Axis("depth", 2, 64, 6, "log", is_whole=True).levels == [2, 4, 8, 16, 32, 64]


def test_cells_end_halfway_between_levels():
    """On the scale of the axis, and the outer cells as far beyond their levels."""
    np.testing.assert_allclose(Axis("l2", 1, 10, 2).edges, [-3.5, 5.5, 14.5])
    np.testing.assert_allclose(Axis("l2", 1, 100, 3, "log").edges, [10**-0.5, 10**0.5, 10**1.5, 10**2.5])
    np.testing.assert_allclose(Axis("depth", 1, 4, 3, "log", is_whole=True).edges, [2**-0.5, 2**0.5, 2**1.5, 2**2.5])
