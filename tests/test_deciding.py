"""Seeds in rounds until each comparison is decided."""

from __future__ import annotations

import pytest

import assay
from assay.analysis import sentences
from assay.deciding import run_until_decided
from assay.errors import StudyError


def study(**changes):
    """Zeros learn nothing beside Glorot; LeCun's kernels are about the same."""
    written = {
        "name": "rounds",
        "data": "iris",
        "network": {"hidden": [8]},
        "training": {"optimizer": {"name": "adam", "learning_rate": 0.02}, "epochs": 4, "batch_size": 16},
        "vary": {"network.kernel_initializer": ["glorot_uniform", "zeros", "lecun_uniform"]},
        "design": {"seeds": 3, "baseline": "kernel_initializer=glorot_uniform", "margin": 0.001},
    }
    return assay.Study(**(written | changes))


def test_seeds_are_added_until_all_is_decided_or_there_are_enough(tmp_path):
    """Each round has more seeds; what a round decided stays, and the test set is opened once, at the end."""
    heard = []
    results = run_until_decided(study(), tmp_path, most_seeds=6, round_ended=heard.append)
    assert [(ended.number, ended.of, ended.seeds) for ended in heard] == [(1, 3, 3), (2, 3, 5), (3, 3, 6)]
    assert "kernel_initializer=lecun_uniform" in heard[-1].undecided  # a tenth of a point is out of reach
    assert heard[-1].decided["kernel_initializer=zeros"] == "worse"
    assert results.study.seed_list() == [0, 1, 2, 3, 4, 5]
    (opening,) = results.manifest["openings"]
    assert (opening["seeds"], opening["trials"]) == (6, 18)
    summary = results.summary()
    assert (summary.looks, summary.compared_by.split) == (3, "validation")
    assert [condition.comparison and condition.comparison.conclusion for condition in summary.conditions] == [
        None,
        "worse",
        "undecided",
    ]
    told = sentences(summary)
    assert told[-1].startswith("Seeds were added in rounds until each comparison was decided on the validation rows")


def test_the_same_call_goes_on_and_trains_nothing_twice(tmp_path):
    """Rounds that have ended are only read again."""
    first = run_until_decided(study(), tmp_path, most_seeds=6)
    began, trials = first.manifest["elapsed_seconds"], first.trials
    again = run_until_decided(study(), tmp_path, most_seeds=6)
    assert again.trials.equals(trials)
    assert again.manifest["decided"] == first.manifest["decided"]
    assert again.manifest["elapsed_seconds"] == pytest.approx(began, abs=1.0)


def test_a_study_that_is_changed_afterwards_is_compared_as_any_other(tmp_path):
    """What the rounds decided is of their seeds alone."""
    run_until_decided(study(), tmp_path, most_seeds=4)
    grown = assay.run(study(design={"seeds": 5, "baseline": "kernel_initializer=glorot_uniform"}), tmp_path)
    assert grown.summary().looks is None
    assert grown.summary().compared_by.split == "test"


def test_without_a_baseline_there_is_nothing_to_decide(tmp_path):
    """A sentence says what is missing, and nothing is trained."""
    with pytest.raises(StudyError, match="Name the baseline"):
        run_until_decided(study(design={"seeds": 3}), tmp_path)
    assert not any(tmp_path.iterdir())
