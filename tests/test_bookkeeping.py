"""What is noted of a population: rows of scores, and how each trial ends."""

from __future__ import annotations

import numpy as np
import pytest

from assay.bookkeeping import Endings, Scored, Segment, ended_trials, failed_trials
from assay.planning import plan_study

EVERYONE = np.ones((2, 2), bool)


@pytest.fixture(scope="module")
def plan(tiny_study):
    """Two conditions from two seeds."""
    [population] = plan_study(tiny_study()).populations
    return population


def scored(loss, trials=EVERYONE):
    return Scored({"loss": np.asarray(loss, float)}, trials)


def test_a_segment_has_a_row_for_each_trial_scored_and_metric(plan):
    """Trials that are not scored have none."""
    segment = Segment(plan, "select", 1)
    trials = np.array([[True, False], [True, True]])
    scores = {"loss": np.array([[0.1, 9.0], [0.3, 0.4]]), "accuracy": np.array([[0.5, 9.0], [0.7, 0.8]])}
    segment.add(2, "train", Scored(scores, trials))
    history = segment.history()
    loss, accuracy = (history.filter(metric=metric) for metric in scores)
    assert history["metric"].to_list() == ["loss"] * 3 + ["accuracy"] * 3
    assert loss["trial"].to_list() == [0, 2, 3]
    assert loss["condition"].to_list() == [plan.conditions[index].name for index in (0, 1, 1)]
    assert loss["seed"].to_list() == [0, 0, 1]
    assert loss["value"].to_list() == [0.1, 0.3, 0.4]
    assert accuracy["value"].to_list() == [0.5, 0.7, 0.8]
    assert loss.select("phase", "epoch", "split", "metric").unique().rows() == [("select", 2, "train", "loss")]


def test_a_trial_ends_at_its_first_score_that_is_not_finite(plan):
    """In any split in which it is scored; what comes later changes nothing."""
    endings = Endings.none((2, 2))
    seen = np.array([[0, 7], [0, 0]])
    endings.note("select", 2, 10, seen, {"train": scored([[1.0, np.inf], [1.0, 1.0]])})
    only_first = np.array([[True, True], [False, False]])
    found = {"train": scored(np.ones((2, 2))), "validation": scored([[np.nan, np.nan], [np.nan, np.nan]], only_first)}
    endings.note("final", 3, 15, seen, found)
    assert endings.diverged.tolist() == [[True, True], [False, False]]
    assert endings.epoch.tolist() == [[3, 2], [-1, -1]]
    # The second had an infinite batch loss at step 7. The first had none, so that its last update, the 15th, did it.
    assert endings.step.tolist() == [[15, 7], [-1, -1]]
    assert endings.in_final.tolist() == [[True, False], [False, False]]
    assert endings.may_choose.tolist() == [[True, False], [True, True]]


def test_each_trial_is_told_with_its_outcome(plan):
    """A diverged one has no best epoch; the time is shared by all."""
    endings = Endings.none((2, 2))
    endings.note("final", 1, 6, np.zeros((2, 2), int), {"train": scored([[1.0, np.nan], [1.0, 1.0]])})
    frame = ended_trials(plan, endings, np.array([[2, 2], [3, 3]]), elapsed_seconds=8.0)
    assert frame["outcome"].to_list() == ["completed", "diverged", "completed", "completed"]
    assert frame["outcome_epoch"].to_list() == [3, 1, 3, 3]
    assert frame["outcome_step"].to_list() == [18, 6, 18, 18]  # 96 rows in batches of 16, three epochs
    assert frame["best_epoch"].to_list() == [2, None, 3, 3]
    assert frame["elapsed_seconds"].to_list() == [2.0] * 4
    assert frame["message"].to_list() == ["", "in the final training", "", ""]
    assert frame["parameters"].unique().to_list() == [4 * 4 + 4 + 4 * 3 + 3]


def test_an_error_ends_every_trial_of_a_population(plan):
    """With its own words, and no epoch."""
    frame = failed_trials(plan, RuntimeError("the machine is on fire"))
    assert frame["trial"].to_list() == [0, 1, 2, 3]
    assert frame["outcome"].unique().to_list() == ["failed"]
    assert frame["message"].unique().to_list() == ["RuntimeError: the machine is on fire"]
    assert frame["best_epoch"].null_count() == 4
