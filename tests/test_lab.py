"""The laboratory end to end: kept, continued, and equal to the bit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import assay
from assay import lab, protocol, store
from assay.engine import counted_compilation
from assay.engine.trainer import Trainer
from assay.errors import CapacityError, StoreError
from assay.planning import plan_study

TWO_POPULATIONS = {"training.batch_size": [16, 32]}


class Recorder(lab.Silence):
    """Keeps what a progress view hears."""

    def __init__(self):
        self.events, self.ended, self.finished = [], [], None

    def study_started(self, plan, finished):
        self.finished = finished

    def epoch_ended(self, event):
        self.events.append((event.population.number, event.phase, event.epoch))

    def population_ended(self, population, error):
        self.ended.append((population.number, error))


def assert_same_tables(one: store.Results, other: store.Results) -> None:
    """Equal to the bit but for the time that was spent."""
    assert one.history.equals(other.history)
    assert one.trials.drop("elapsed_seconds").equals(other.trials.drop("elapsed_seconds"))
    assert one.signals.equals(other.signals)
    assert one.histograms.equals(other.histograms)


@pytest.fixture(scope="module")
def study(tiny_study):
    """Two populations of two trials, every layer watched."""
    return tiny_study(vary=TWO_POPULATIONS, probe={"epochs": "all"})


@pytest.fixture(scope="module")
def whole(study, tmp_path_factory):
    """The results of a run that was never disturbed."""
    return assay.run(study, tmp_path_factory.mktemp("whole"))


def test_two_runs_are_equal_to_the_bit(study, whole, tmp_path):
    """Nothing is left to chance, and a study file and a Python object are the same study."""
    file = tmp_path / "tiny.toml"
    file.write_text(study.to_toml())
    assert_same_tables(assay.run(file, tmp_path / "from-file"), whole)


def test_results_go_to_a_folder_of_the_study_s_name(study, tmp_path, monkeypatch):
    """Without a directory they are under assay-runs/NAME of the working folder."""
    monkeypatch.chdir(tmp_path)
    results = assay.run(study)
    assert results.directory == Path("assay-runs/tiny")
    assert len(assay.open_results(results.directory).trials) == 4


def test_the_manifest_tells_where_the_numbers_come_from(whole):
    """Versions, seeds, platform, devices, programs and the fingerprint of the data."""
    manifest = whole.manifest
    assert manifest["seeds"] == [0, 1]
    assert manifest["programs"] == 4
    assert manifest["compilation"]["programs"] >= manifest["compilation"]["from_cache"]
    assert all(device.startswith("cpu:") for device in manifest["devices"])
    assert len(manifest["data"]["iris"]) == 64
    assert {"python", "jax", "numpy"} <= manifest["versions"].keys()


def test_a_run_compiles_the_programs_of_its_plan_and_no_other(tiny_study, tmp_path):
    """One program for each population and its probes: nothing else is compiled, not even to begin with."""
    # A shape that no other test has, so that none of its programs lives in this process yet.
    study = tiny_study(vary={"network.hidden": [[9, 4], [4, 9]]}, probe={"epochs": "all"})
    with counted_compilation() as compilation:
        results = assay.run(study, tmp_path)
    assert compilation.programs == plan_study(study).num_programs == results.manifest["programs"]
    assert results.manifest["compilation"]["programs"] == compilation.programs


def test_finished_trials_are_not_trained_again(study, whole):
    """The same call on a finished study trains no epoch and returns the same tables."""
    recorder = Recorder()
    assert_same_tables(assay.run(study, whole.directory, progress=recorder), whole)
    assert recorder.events == []
    assert recorder.finished == 4


def test_a_finished_population_is_left_alone_when_the_rest_goes_on(study, whole, tmp_path):
    """Stopped in the second population, the continued study trains no epoch of the first."""

    class Stopper(Recorder):
        def epoch_ended(self, event):
            super().epoch_ended(event)
            if event.population.number == 2:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        assay.run(study, tmp_path, progress=Stopper())
    recorder = Recorder()
    assert_same_tables(assay.run(study, tmp_path, progress=recorder), whole)
    assert recorder.finished == 2
    assert {number for number, _, _ in recorder.events} == {2}


def test_a_stop_keeps_the_epoch_in_flight_and_goes_on_with_the_next(study, whole, tmp_path, monkeypatch):
    """After Ctrl-C every epoch that a view was told of is kept, and none is trained twice."""
    monkeypatch.setattr(protocol, "SEGMENT_SECONDS", 1e9)
    stops = [(1, "select", 2), (1, "final", 1), (2, "select", 1), (2, "final", 3)]

    class Stopper(Recorder):
        def epoch_ended(self, event):
            super().epoch_ended(event)
            if self.events[-1] in stops:
                signal.raise_signal(signal.SIGINT)

    heard = []
    for _ in stops:
        stopper = Stopper()
        with pytest.raises(KeyboardInterrupt):
            assay.run(study, tmp_path, progress=stopper)
        heard += stopper.events
    last = Recorder()
    assert_same_tables(assay.run(study, tmp_path, progress=last), whole)
    heard += last.events
    assert len(heard) == len(set(heard))


def test_a_second_ctrl_c_stops_at_once(study, tmp_path):
    """The first asks for the end of the epoch, the second does not wait; the former handler is then back."""
    before = signal.getsignal(signal.SIGINT)

    class Impatient(Recorder):
        asked = 0

        def epoch_ended(self, event):
            super().epoch_ended(event)
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("not stopped")

        def stop_requested(self):
            self.asked += 1

    impatient = Impatient()
    with pytest.raises(KeyboardInterrupt):
        assay.run(study, tmp_path, progress=impatient)
    assert impatient.asked == 1
    assert impatient.events == [(1, "select", 0)]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_study_runs_in_a_thread_that_hears_no_signals(study, whole, tmp_path):
    """Only the main thread may listen for Ctrl-C; another trains all the same."""
    thread = threading.Thread(target=assay.run, args=(study, tmp_path))
    thread.start()
    thread.join()
    assert_same_tables(assay.open_results(tmp_path), whole)


class Killed(BaseException):
    """Stands in for a kill: no handler of ours may see it as an error of a population."""


def test_a_kill_at_any_write_changes_nothing(study, whole, tmp_path, monkeypatch):
    """Killed before or after a file moves into its place, again and again at other files, the tables stay the same."""
    monkeypatch.setattr(protocol, "SEGMENT_SECONDS", 0.0)
    move, chance = os.replace, random.Random(3)
    left, is_moved = 0, False

    def move_or_be_killed(source, target):
        nonlocal left
        left -= 1
        if left == 0 and not is_moved:
            raise Killed
        move(source, target)
        if left == 0:
            raise Killed

    monkeypatch.setattr(os, "replace", move_or_be_killed)
    kills = 0
    while True:
        left, is_moved = chance.randint(1, 9), chance.random() < 0.5
        try:
            results = assay.run(study, tmp_path)
        except Killed:
            kills += 1
            continue
        break
    assert kills >= 5
    assert_same_tables(results, whole)
    assert not list((tmp_path / "checkpoints").iterdir())


def test_a_population_whose_checkpoint_is_lost_starts_anew(study, whole, tmp_path, monkeypatch):
    """What it had recorded is dropped, however it was cut into parts, and recorded again."""

    class Stopper(Recorder):
        def epoch_ended(self, event):
            if event.epoch == 3:
                signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(protocol, "SEGMENT_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            assay.run(study, tmp_path, progress=Stopper())
    assert len(list((tmp_path / "history").iterdir())) == 3
    (tmp_path / "checkpoints" / "p001.npz").unlink()
    assert_same_tables(assay.run(study, tmp_path), whole)


# Runs the command line with short segments, each epoch taking a while, so that a kill falls anywhere in the study.
SLOW_COMMAND = """
import sys, time
from assay import protocol
from assay.cli import main, views
protocol.SEGMENT_SECONDS = 0.1
class SlowView(views.PlainView):
    def epoch_ended(self, event):
        print("epoch", event.epoch, file=sys.stderr, flush=True)
        time.sleep(0.02)
views.PlainView = SlowView
main.main()
"""


def start_slowly(study_file, folder) -> subprocess.Popen:
    """`assay run` in a process of its own; returns when it has begun to train."""
    command = [sys.executable, "-c", SLOW_COMMAND, "run", str(study_file), "--out", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "2 conditions × 2 seeds = 4 trials" in process.stderr.readline()
    assert process.stderr.readline().startswith("epoch ")
    return process


@pytest.fixture(scope="module")
def long_study(tiny_study, tmp_path_factory):
    """A study of many short epochs: its file, and what it finds when it is not disturbed."""
    study = tiny_study(training={"epochs": 60}, vary=TWO_POPULATIONS)
    folder = tmp_path_factory.mktemp("long")
    (folder / "study.toml").write_text(study.to_toml())
    return folder / "study.toml", assay.run(study, folder / "whole")


@pytest.mark.slow
def test_five_kills_at_random_moments_change_nothing(long_study, tmp_path):
    """`kill -9` five times over, then to the end: history and trials are those of a study never killed."""
    file, whole = long_study
    chance = random.Random(20)
    kept = []
    for _ in range(5):
        process = start_slowly(file, tmp_path)
        time.sleep(chance.uniform(0.0, 0.9))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        kept.append(len(assay.open_results(tmp_path).history))  # readable, whatever was in flight
    assert 0 < max(kept) < len(whole.history)
    assert_same_tables(assay.run(file, tmp_path), whole)


@pytest.mark.slow
def test_ctrl_c_loses_nothing_and_the_same_command_goes_on(long_study, tmp_path):
    """Exit code 130 with a sentence; the epoch in flight is kept, and the end is that of a study never stopped."""
    file, whole = long_study
    process = start_slowly(file, tmp_path)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 130
    assert "stopping after the epoch in flight" in told
    assert told.endswith("assay: stopped; the same command goes on from here.\n")
    assert "Traceback" not in told
    recorder = Recorder()
    kept = assay.open_results(tmp_path).history.select("phase", "epoch").unique()
    assert_same_tables(assay.run(file, tmp_path, progress=recorder), whole)
    first = {(phase, epoch) for number, phase, epoch in recorder.events if number == 1}
    assert not first & set(kept.iter_rows())


def test_a_running_study_can_be_read(study, tmp_path, monkeypatch):
    """After each epoch its folder opens, with the history so far, an empty or partial trials table, and a summary."""
    monkeypatch.setattr(protocol, "SEGMENT_SECONDS", 0.0)
    seen = []

    class Reader(Recorder):
        def epoch_ended(self, event):
            results = assay.open_results(tmp_path)
            told = results.summary()
            assert [condition.trials for condition in told.conditions] == [2, 2]
            seen.append((len(results.history), len(results.trials)))

    results = assay.run(study, tmp_path, progress=Reader())
    assert seen == sorted(seen)
    assert {trials for _, trials in seen} == {0, 2}
    assert seen[-1][0] < len(results.history)


def test_a_population_that_fails_is_tried_again_and_holds_up_no_other(study, whole, tmp_path, monkeypatch):
    """Its trials end as failed with the error's words, the others complete; the next run trains only the failed."""
    train = Trainer.train_and_evaluate

    def failing(self, state, data, epoch, *others):
        if self.batch_size == 16 and epoch == 2:
            raise RuntimeError("the machine is on fire")
        return train(self, state, data, epoch, *others)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "train_and_evaluate", failing)
        recorder = Recorder()
        results = assay.run(study, tmp_path, progress=recorder)
    assert [str(error) for _, error in recorder.ended] == ["the machine is on fire", "None"]
    failed, completed = results.trials.partition_by("condition")
    assert failed["outcome"].to_list() == ["failed"] * 2
    assert failed["message"].to_list() == ["RuntimeError: the machine is on fire"] * 2
    assert completed["outcome"].to_list() == ["completed"] * 2
    assert results.summary().conditions[0].outcomes == {"completed": 0, "diverged": 0, "failed": 2}

    recorder = Recorder()
    assert_same_tables(assay.run(study, tmp_path, progress=recorder), whole)
    assert recorder.finished == 2
    assert {number for number, _, _ in recorder.events} == {1}


def test_a_study_too_large_is_told_before_anything_is_made(study, tmp_path, monkeypatch):
    """No folder, no data: the words come first."""
    monkeypatch.setattr("assay.planning.available_memory", lambda: 10**6)
    monkeypatch.setattr(lab, "load", lambda request: pytest.fail("data were loaded"))
    with pytest.raises(CapacityError, match=r"expected to fit in the 1\.0 MB of memory that are free"):
        assay.run(study, tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_a_folder_goes_on_only_with_the_data_that_it_began_with(tiny_study, tmp_path):
    """Each data set counts, also one of several that share a name."""
    generator = np.random.default_rng(0)

    def write(folder, rows):
        (tmp_path / folder).mkdir(exist_ok=True)
        np.savez(tmp_path / folder / "own.npz", x=generator.normal(size=(rows, 4)), y=np.arange(rows) % 3)

    write("a", 150)
    write("b", 150)
    paths = [str(tmp_path / folder / "own.npz") for folder in "ab"]
    study = tiny_study(data=paths[0], vary={"data.path": paths})
    assert set(assay.run(study, tmp_path / "results").manifest["data"]) == {"own", "own (2)"}
    for folder in "ab":
        kept = (tmp_path / folder / "own.npz").read_bytes()
        write(folder, 150)
        with pytest.raises(StoreError, match="is not the one that this study began with"):
            assay.run(study, tmp_path / "results")
        (tmp_path / folder / "own.npz").write_bytes(kept)
