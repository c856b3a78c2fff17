"""What the curves of a training say, of curves whose answer is plain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.choices import Choice
from assay.diagnosis import DataFacts, LayerFacts, LayerSignals, NetworkFacts, TrainingCourse
from assay.diagnosis.course import (
    chance_of,
    comes_down,
    fall_per_epoch,
    jaggedness,
    learnt_share,
    learnt_text,
    mean_step,
    most_moved,
    outcome,
    reach_of_updates,
)


@pytest.fixture
def facts():
    """Five classes, the commonest with a fifth of the rows; 200 updates."""
    data = DataFacts(1000, 8, 1.0, 0.0, 1.0, 0, 0.0, 1.0, 0.4, 5, 0.2, False)
    layers = tuple(LayerFacts(f"layer {at}", "dense", 8, 8, Choice("tanh")) for at in (1, 2))
    return NetworkFacts(layers, "multiclass", steps=200, data=data, chance_loss=1.6)


def course(accuracy=0.2, **changes):
    return TrainingCourse(np.array([1.6, 1.5, 1.4]), np.array([0.2, 0.2, accuracy]), **changes)


def test_the_learnt_share_runs_from_a_constant_guess_to_a_perfect_answer(facts):
    """0.2 is 0, 0.6 a half, 1 is 1; a guess that is worse counts as nothing in the sentence."""
    assert [learnt_share(facts, course(accuracy)) for accuracy in (0.2, 0.6, 1.0)] == pytest.approx([0, 0.5, 1])
    assert learnt_text(facts, course(0.1)).startswith("Training closed 0 % of the gap")


def test_the_learnt_share_of_a_regression_is_that_of_the_loss(facts):
    """1.4 of 1.6 leaves seven eighths."""
    quantities = replace(facts, data=replace(facts.data, classes=None, majority=None))
    assert learnt_share(quantities, course()) == pytest.approx(1 / 8)


@pytest.mark.parametrize(("accuracy", "expected"), [(0.59, "failed"), (0.61, "learnt")])
def test_a_training_that_closed_half_of_the_gap_has_learnt(facts, accuracy, expected):
    """0.6 is half of the way from 0.2 to 1."""
    assert outcome(facts, course(accuracy)) == expected


def test_what_cannot_be_said_is_unknown(facts):
    """Without a constant guess to compare with, or before the first epoch; divergence is known at once."""
    nothing = replace(facts, data=None, chance_loss=None)
    assert outcome(nothing, course(0.9)) == "unknown"
    assert outcome(facts, TrainingCourse(np.ones(1), np.ones(1))) == "unknown"
    assert outcome(nothing, course(has_diverged=True)) == "diverged"
    assert chance_of(nothing, course()) == 1.6


def test_a_fall_is_the_mean_over_the_last_third():
    """Six epochs: the last two of 10, 10, 10, 10, 10, 7, 4."""
    assert fall_per_epoch(np.array([10.0, 10, 10, 10, 10, 7, 4])) == 3
    assert fall_per_epoch(np.array([10.0, 4])) == 6


def test_jaggedness_is_the_part_of_the_path_that_goes_upwards():
    """Behind the first epoch: down 3, up 1 is a quarter; steps of 2 on average."""
    curve = np.array([99.0, 10, 7, 8])
    assert (jaggedness(curve), mean_step(curve)) == (0.25, 2.0)
    assert (jaggedness(np.ones(5)), mean_step(np.ones(2))) == (0.0, 0.0)


def test_a_loss_comes_down_if_it_ends_below_its_start_without_swinging():
    """A loss that swings may end anywhere."""
    assert comes_down(course())
    assert not comes_down(TrainingCourse(np.array([1.0, 1.0, 1.1]), np.zeros(3)))
    assert not comes_down(TrainingCourse(np.array([1.0, 3.0, 1.0, 3.0, 0.9]), np.zeros(5)))


def test_the_reach_of_updates_is_the_largest_times_their_number(facts):
    """200 updates of 3 % of a kernel are six times its size; nobody knows without a record."""
    seen = {at: LayerSignals(2, {("update", "ratio"): np.array([0.01, ratio])}) for at, ratio in ((0, 0.03), (2, 0.02))}
    assert reach_of_updates(facts, course(signals=seen)) == pytest.approx(6.0)
    assert reach_of_updates(facts, course()) == np.inf
    assert most_moved(course(signals=seen)) == (2,)
    assert most_moved(course()) == ()
