"""Seeds in rounds until each comparison is decided."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter

import pytest

import assay
from assay import lab
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


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What the rounds come to when nothing disturbs them."""
    return run_until_decided(study(), tmp_path_factory.mktemp("whole"), most_seeds=6)


class Trained(lab.Silence):
    """Counts how often a seed is trained in an epoch of a phase; all conditions are trained together."""

    def __init__(self):
        self.epochs = Counter()

    def epoch_ended(self, event):
        is_trained = event.population.active.any(axis=0)
        seeds = (seed for seed, active in zip(event.population.seeds, is_trained, strict=True) if active)
        self.epochs.update((event.phase, event.epoch, seed) for seed in seeds)


def test_the_same_call_goes_on_and_trains_nothing_twice(whole):
    """Rounds that have ended are only read again."""
    trials, manifest, trained = whole.trials, whole.manifest, Trained()
    again = run_until_decided(study(), whole.directory, most_seeds=6, progress=trained)
    assert trained.epochs == {}
    assert again.trials.equals(trials)
    assert again.manifest["decided"] == manifest["decided"]
    assert again.manifest["openings"] == manifest["openings"]


# Ends by a kill: when the second round has ended, or in its midst, with two epochs kept and the third in flight.
KILLED_PROGRAM = """
import os, signal, sys
from assay import lab, protocol
from assay.deciding import run_until_decided
protocol.SEGMENT_SECONDS = 0.0
study, folder, moment = sys.argv[1:]
def kill():
    os.kill(os.getpid(), signal.SIGKILL)
def ended(round_):
    if moment == "between" and round_.number == 2:
        kill()
class Killer(lab.Silence):
    def epoch_ended(self, event):
        if moment == "within" and event.population.seeds == (3, 4) and event.epoch == 3:
            kill()
run_until_decided(study, folder, most_seeds=6, progress=Killer(), round_ended=ended)
"""


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("between", {5: {0, 1, 2, 3, 4}}),
        ("within", {3: {3, 4}, 4: {3, 4}, 5: {0, 1, 2, 3, 4}}),
    ],
)
def test_a_kill_changes_nothing(whole, tmp_path, moment, left):
    """Rounds that had ended are read, the epochs that are left are trained once, and the same is decided."""
    file, folder = tmp_path / "study.toml", tmp_path / "killed"
    file.write_text(study().to_toml())
    ended = subprocess.run([sys.executable, "-c", KILLED_PROGRAM, file, folder, moment], check=False)
    assert ended.returncode == -signal.SIGKILL
    trained, heard = Trained(), []
    results = run_until_decided(file, folder, most_seeds=6, progress=trained, round_ended=heard.append)
    assert [one.seeds for one in heard] == [3, 5, 6]
    selected = {(seed, epoch) for phase, epoch, seed in trained.epochs if phase == "select"}
    assert selected == {(seed, epoch) for seed, epochs in left.items() for epoch in epochs}
    assert set(trained.epochs.values()) == {1}
    assert results.manifest["decided"] == whole.manifest["decided"]
    assert results.trials.drop("elapsed_seconds").equals(whole.trials.drop("elapsed_seconds"))
    assert results.history.equals(whole.history)
    (opening,) = results.manifest["openings"]
    assert (opening["seeds"], opening["trials"]) == (6, 18)


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
