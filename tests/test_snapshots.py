"""What is taken of a population while it trains."""

from __future__ import annotations

import numpy as np
import pytest

from assay.data import load
from assay.engine.trainer import Trainer
from assay.planning import plan_study
from assay.snapshots import Snapshot


def taken(epoch, scores):
    """A snapshot of two conditions and two seeds without its parameters."""
    return Snapshot(np.asarray(epoch), np.asarray(scores, float), [])


def test_a_condition_improves_by_the_mean_over_its_living_seeds():
    """A seed that has diverged counts neither now nor then."""
    held = taken([[1, 1], [1, 1]], [[0.4, 0.6], [0.4, 0.1]])
    now = np.array([[0.3, 0.6], [0.3, np.nan]])
    living = np.array([[True, True], [True, False]])
    assert held.improved(now, living, higher=False).tolist() == [True, True]
    assert held.improved(now, living, higher=True).tolist() == [False, False]
    assert held.improved(held.scores, living, higher=False).tolist() == [False, False]  # the earliest of equals


def test_the_first_epoch_improves_on_nothing_and_the_lost_never_do():
    """Even with a score that is not a number, which any number then improves on."""
    none = Snapshot.none((2, 1))
    living = np.array([[True], [False]])
    assert none.improved(np.array([[np.nan], [0.1]]), living, higher=False).tolist() == [True, False]
    odd = taken([[1], [0]], [[np.nan], [np.nan]])
    assert odd.improved(np.array([[5.0], [0.1]]), living, higher=False).tolist() == [True, False]


@pytest.mark.parametrize(("higher", "chosen"), [(False, [[0, 1], [1, 0], [0, 0]]), (True, [[1, 0], [1, 0], [0, 0]])])
def test_the_best_seed_of_each_condition_is_the_first_of_equals(higher, chosen):
    """A condition without a candidate has none."""
    held = taken(np.ones((3, 2), int), [[0.9, 0.2], [0.5, 0.5], [0.1, 0.2]])
    candidates = np.array([[True, True], [True, True], [False, False]])
    assert held.best_of_each(candidates, higher=higher).astype(int).tolist() == chosen


def test_without_scores_the_first_candidate_is_the_best():
    """Nothing ranks them."""
    held = taken([[1, 1]], [[np.nan, np.nan]])
    assert held.best_of_each(np.array([[False, True]]), higher=False).tolist() == [[False, True]]


def test_parameters_are_those_of_the_epoch_of_each_trial(tiny_study):
    """One trial after the first epoch and the others after the second, through the arrays of a checkpoint."""
    [population] = plan_study(tiny_study()).populations
    data = load(population.request)
    trainer = Trainer(population.members, seeds=population.seeds, batch_size=16, task="multiclass")
    training = trainer.place(data.x_train, data.y_train)
    state, held = trainer.start(), Snapshot.none((2, 2))
    first = np.array([[False, True], [False, False]])
    expected = {}
    for epoch, trials in ((1, first), (2, ~first)):
        state, _ = trainer.train_epoch(state, training, epoch)
        held.take(trainer, state, trials, epoch, np.full((2, 2), 0.5 / epoch))
        expected |= {place: trainer.parameters(state, *place) for place in map(tuple, np.argwhere(trials).tolist())}
    held = Snapshot.of_arrays(held.arrays())
    assert held.epoch.tolist() == [[2, 1], [2, 2]]
    assert held.scores.tolist() == [[0.25, 0.5], [0.25, 0.25]]
    for place, layers in expected.items():
        for found, layer in zip(trainer.of_trial(held.parameters(), *place), layers, strict=True):
            np.testing.assert_array_equal(found.kernel, layer.kernel)
            np.testing.assert_array_equal(found.bias, layer.bias)


def test_a_checkpoint_without_a_snapshot_gives_none():
    """Such as one of an earlier version."""
    assert Snapshot.of_arrays({}) is None
