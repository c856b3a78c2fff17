"""Studies that grow: what is there is not trained again, and the end is that of a study planned so from the start."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter

import polars as pl
import pytest

import assay
from assay import lab, protocol
from assay.errors import StoreError
from assay.growing import Growth, Standing, planned_growth
from assay.planning import Planner
from assay.probes import all_probes
from assay.store.schema import FORMAT_VERSION, IDENTITY
from assay.study.identity import identities


class Counting(lab.Silence):
    """Counts the epochs of each trial that are trained, by phase."""

    def __init__(self):
        self.trained, self.finished, self.errors, self.said = Counter(), None, [], []

    def study_started(self, plan, finished):
        self.finished = finished

    def epoch_ended(self, event):
        running = ~pl.Series(event.scores["train"]["loss"].ravel()).is_nan().to_numpy()
        active = running.reshape(event.scores["train"]["loss"].shape)
        for condition, identity in enumerate(event.population.identities):
            for index, seed in enumerate(event.population.seeds):
                if active[condition, index]:
                    self.trained[identity, seed, event.phase, event.epoch] += 1

    def population_ended(self, population, error):
        self.errors.append(error)

    def say(self, line):
        self.said.append(line)


def grow(study, folder):
    """Run a study; returns its results and what was trained."""
    counting = Counting()
    results = assay.run(study, folder, progress=counting)
    assert not any(counting.errors)
    return results, counting


def in_order(table: pl.DataFrame) -> pl.DataFrame:
    return table.sort([name for name in table.columns if name not in ("value", "low", "high", "counts")])


def assert_same(one: assay.Results, other: assay.Results, *, tolerance: float = 0.0) -> None:
    """All tables but for the time that was spent: to the bit, or the numbers of the history within a tolerance."""
    if tolerance:
        keys = [name for name in one.history.columns if name != "value"]
        assert one.history.select(keys).equals(other.history.select(keys))
        assert one.history["value"].to_numpy() == pytest.approx(other.history["value"].to_numpy(), rel=tolerance)
        names = [name for name in one.trials.columns if name != "elapsed_seconds"]
        assert one.trials.select(names).equals(other.trials.select(names))
        return
    assert one.history.equals(other.history)
    assert in_order(one.signals).equals(in_order(other.signals))
    assert in_order(one.histograms).equals(in_order(other.histograms))
    assert one.trials.drop("elapsed_seconds").equals(other.trials.drop("elapsed_seconds"))


@pytest.fixture(scope="module")
def study(tiny_study):
    """Make the study of two activations that grows; a high rate, so that best epochs move."""

    def make(seeds=3, activations=("relu", "tanh"), epochs=4, probe=None, **design):
        return tiny_study(
            training={"epochs": epochs, "optimizer": {"name": "sgd", "learning_rate": 0.2}},
            vary={"network.activation": list(activations)},
            design={"seeds": seeds, **design},
            probe=probe,
        )

    return make


@pytest.fixture(scope="module")
def of_five(study, tmp_path_factory):
    """What the study of five seeds comes to when it is planned so from the start."""
    return assay.run(study(5), tmp_path_factory.mktemp("planned"))


def test_more_seeds_equal_the_study_planned_so(study, tmp_path, monkeypatch):
    """Three seeds, then five: to the bit, signals too; of the first three nothing is selected again."""
    one_probe = tuple(probe for probe in all_probes() if any(found.name == "kernel" for found in probe.quantities))
    monkeypatch.setattr(protocol, "all_probes", lambda: one_probe)  # one tells of signals what all do
    probe = {"epochs": [0, 2]}
    _, before = grow(study(probe=probe), tmp_path / "grown")
    grown, after = grow(study(5, probe=probe), tmp_path / "grown")
    assert min(len(grown.signals), len(grown.histograms)) > 0
    assert_same(grown, assay.run(study(5, probe=probe), tmp_path / "planned"))
    assert {seed for _, seed, phase, _ in after.trained if phase == "select"} == {3, 4}
    selected = {trial for trial in before.trained if trial[2] == "select"}
    assert not selected & set(after.trained)
    assert grow(study(5, probe=probe), tmp_path / "grown")[1].trained == {}


def test_final_phases_are_trained_again_where_the_best_epoch_moves_and_nowhere_else(tiny_study, tmp_path):
    """Of two activations the best epoch of one moves with a third seed; its first two seeds alone are trained anew."""

    def make(seeds):
        training = {"epochs": 8, "optimizer": {"name": "sgd", "learning_rate": 1.0}}
        vary = {"network.activation": ["relu", "elu"]}
        return tiny_study(training=training, vary=vary, design={"seeds": seeds})

    def best_epochs(results):
        return dict(results.trials.select("condition", "best_epoch").unique().iter_rows())

    before = best_epochs(assay.run(make(2), tmp_path))
    grown, counting = grow(make(3), tmp_path)
    moved = {name for name, epoch in best_epochs(grown).items() if epoch != before[name]}
    assert len(moved) == 1
    names = dict(zip(Planner(make(3)).identities, [each.name for each in make(3).expand()], strict=True))
    assert {names[identity] for identity, seed, phase, _ in counting.trained if phase == "final" and seed < 2} == moved
    assert set(counting.trained.values()) == {1}


def test_one_seed_more_equals_the_study_planned_so(study, tmp_path):
    """A lone seed is trained in the layout of several."""
    grow(study(), tmp_path / "grown")
    grown, counting = grow(study(4), tmp_path / "grown")
    assert {seed for _, seed, phase, _ in counting.trained if phase == "select"} == {3}
    assert_same(grown, assay.run(study(4), tmp_path / "planned"))


def test_a_level_more_and_more_epochs_from_the_kept_state(study, tmp_path):
    """A level, then more epochs: every epoch of selection is trained once, and the tables are those of one plan."""
    steps = [
        study(keep_state=True),
        study(activations=("relu", "elu", "tanh"), keep_state=True),
        study(activations=("relu", "elu", "tanh"), epochs=6, keep_state=True),
    ]
    heard: Counter = Counter()
    for step in steps:
        grown, counting = grow(step, tmp_path / "grown")
        heard += Counter({key: count for key, count in counting.trained.items() if key[2] == "select"})
    assert set(heard.values()) == {1}
    assert len(heard) == 3 * 3 * 7
    # A level that trained in a population of its own adds in another order; see docs/protocol.md.
    assert_same(grown, assay.run(steps[-1], tmp_path / "planned"), tolerance=1e-5)
    assert grown.manifest["openings"][0]["trials"] == 6
    assert grown.manifest["openings"][1]["seeds"] == 3


def test_more_epochs_of_the_same_conditions_are_equal_to_the_bit(study, tmp_path):
    """From a kept state, and trained anew where none was kept, which the plan tells."""
    probe = {"epochs": [0, 2, 5]}
    planned = assay.run(study(epochs=6, probe=probe), tmp_path / "planned")
    grow(study(keep_state=True, probe=probe), tmp_path / "kept")
    grown, counting = grow(study(epochs=6, keep_state=True, probe=probe), tmp_path / "kept")
    assert len(grown.histograms) > 0
    assert_same(grown, planned)
    assert {epoch for _, _, phase, epoch in counting.trained if phase == "select"} == {5, 6}

    assay.run(study(probe=probe), tmp_path / "anew")
    planner = Planner(study(epochs=6, probe=probe))
    assert Growth.of(Standing.of(tmp_path / "anew", planner), 1).again == 6
    grown, counting = grow(study(epochs=6, probe=probe), tmp_path / "anew")
    assert_same(grown, planned)


def test_what_is_not_asked_for_is_left_out_and_comes_back(study, tmp_path):
    """A level and two seeds fewer, then as before: nothing is trained but finals whose best epoch has moved."""
    whole, _ = grow(study(5), tmp_path / "grown")
    few, counting = grow(study(3, activations=("tanh",)), tmp_path / "grown")
    assert not {trial for trial in counting.trained if trial[2] == "select"}
    assert few.left_out.conditions == 1
    assert few.left_out.trials == 5 + 2
    assert_same(few, assay.run(study(3, activations=("tanh",)), tmp_path / "planned"), tolerance=1e-5)
    back, counting = grow(study(5), tmp_path / "grown")
    assert not {trial for trial in counting.trained if trial[2] == "select"}
    assert_same(back, whole)


@pytest.mark.parametrize(
    "changes", [{"name": "another"}, {"design": {"confidence": 0.9}}, {"design": {"baseline": "activation=tanh"}}]
)
def test_what_decides_no_number_trains_nothing(tiny_study, tmp_path, changes):
    """Another name, confidence or baseline."""
    assay.run(tiny_study(), tmp_path)
    results, counting = grow(tiny_study(**changes), tmp_path)
    assert counting.trained == {}
    assert counting.finished == 4
    assert results.study == tiny_study(**changes)


def test_another_way_to_select_trains_final_phases_alone(study, tmp_path):
    """The last epoch, then no final phase at all, then the first way again."""
    whole, _ = grow(study(), tmp_path / "grown")
    last, counting = grow(study(select="last"), tmp_path / "grown")
    assert {phase for _, _, phase, _ in counting.trained} <= {"final"}
    assert_same(last, assay.run(study(select="last"), tmp_path / "last"))
    untested, counting = grow(study(final=False), tmp_path / "grown")
    assert counting.trained == {}
    assert_same(untested, assay.run(study(final=False), tmp_path / "untested"))
    back, _ = grow(study(), tmp_path / "grown")
    assert_same(back, whole)


def test_equal_content_is_trained_once_and_shown_twice(tiny_study, tmp_path):
    """Two named conditions of the same settings."""
    study = tiny_study(
        vary={},
        conditions={"one": {"network.activation": "tanh"}, "two": {"training.optimizer.learning_rate": 0.001}},
        network={"activation": "tanh"},
        design={"kind": "conditions"},
    )
    results, counting = grow(study, tmp_path)
    assert set(counting.trained.values()) == {1}
    assert len({identity for identity, *_ in counting.trained}) == 1
    one, two = (results.history.filter(condition=name).drop("trial", "condition") for name in ("one", "two"))
    assert len(one) > 0
    assert one.equals(two)
    assert results.trials["condition"].to_list() == ["one", "one", "two", "two"]


# Keeps every epoch, and waits to be killed after it has trained the epoch that is asked for and before it keeps it.
STOPPED_PROGRAM = """
import sys, time
from pathlib import Path
import assay
from assay import lab, protocol
study, folder, phase, epoch, sign = sys.argv[1:]
protocol.SEGMENT_SECONDS = 0.0
class Waiting(lab.Silence):
    def epoch_ended(self, event):
        if (event.phase, event.epoch) == (phase, int(epoch)):
            Path(sign).touch()
            time.sleep(600)
assay.run(study, folder, progress=Waiting())
"""


def killed(study, folder, phase, epoch):
    """Run a study in a process of its own and kill it in an epoch of a phase."""
    file, sign = folder.parent / "study.toml", folder.parent / "sign"
    file.write_text(study.to_toml())
    process = subprocess.Popen([sys.executable, "-c", STOPPED_PROGRAM, file, folder, phase, str(epoch), sign])
    while not sign.exists() and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(("phase", "epoch"), [("select", 3), ("final", 2)])
def test_a_kill_while_growing_changes_nothing(study, of_five, tmp_path, phase, epoch):
    """`kill -9` in the selection of new seeds or in a final phase: the same call goes on and trains the rest alone."""
    folder = tmp_path / "grown"
    before = assay.run(study(), folder)
    killed(study(5), folder, phase, epoch)
    names = dict(zip([each.name for each in study().expand()], Planner(study()).identities, strict=True))
    left = assay.open_results(folder)
    best = {
        which: dict(results.trials.select("condition", "best_epoch").unique().iter_rows())
        for which, results in (("before", before), ("after", of_five))
    }
    kept = {
        (names[condition], seed, phase, epoch)
        for condition, seed, phase, epoch in left.history.select("condition", "seed", "phase", "epoch").iter_rows()
        if phase == "select" or seed >= 3 or best["before"][condition] == best["after"][condition]
    }
    assert {epoch for _, seed, of_phase, epoch in kept if seed >= 3 and of_phase == phase} == set(
        range(phase == "final", epoch)
    )
    grown, counting = grow(study(5), folder)
    assert set(counting.trained.values()) == {1}
    assert not kept & set(counting.trained)
    assert_same(grown, of_five)
    assert list((folder / "checkpoints").iterdir()) == []


class Killed(BaseException):
    """Stands in for a kill."""


def test_a_training_that_the_study_no_longer_asks_for_is_dropped_and_told(study, tmp_path, monkeypatch):
    """Five seeds, killed in their selection; three are asked for then: the plan and the run say what is dropped."""
    monkeypatch.setattr(protocol, "SEGMENT_SECONDS", 0.0)

    class Stopper(Counting):
        def epoch_ended(self, event):
            if event.epoch == 2:
                raise Killed

    with pytest.raises(Killed):
        assay.run(study(5), tmp_path / "changed", progress=Stopper())
    sentence = (
        "A training of 10 trials was stopped halfway, and the study was changed since; what of it is still asked for "
        "is trained from the start."
    )
    planned = planned_growth(Planner(study()), tmp_path / "changed")
    assert str(planned).endswith(sentence)
    assert planned.written()["dropped"] == 10
    changed, counting = grow(study(), tmp_path / "changed")
    assert counting.said == [sentence]
    assert_same(changed, assay.run(study(), tmp_path / "planned"))
    assert grow(study(), tmp_path / "changed")[1].said == []


def test_the_time_of_a_grown_study_is_that_of_what_is_missing(study, tmp_path):
    """What waits for its final training, what was begun, what goes on from a kept state, finals that may move."""

    def missing(study):
        planner = Planner(study)
        growth = planned_growth(planner, tmp_path)
        return growth, growth.missing_plan(planner.plan())

    rate = 1e3  # so slow that products alone count
    whole, selection = (Planner(study(final=final)).plan().expected_seconds(rate) for final in (True, False))
    assay.run(study(final=False, keep_state=True), tmp_path)
    growth, plan = missing(study())
    assert (growth.finished_trials, growth.missing_trials, growth.waiting, growth.finals_again) == (0, 0, 6, 0)
    assert "6 are selected and wait for their final training." in str(growth)
    assert plan.expected_seconds(rate) == pytest.approx(whole - selection, rel=0.02)

    growth, plan = missing(study(epochs=6, keep_state=True))
    assert [population.epochs for population in plan.populations] == [6 - 4]
    assert [population.epochs for population in plan.finals] == [6]

    assay.run(study(), tmp_path)
    growth, plan = missing(study(5))
    assert (growth.finished_trials, growth.missing_trials, growth.waiting, growth.finals_again) == (6, 4, 0, 6)
    # Two seeds of each activation in full, and the final phases of the other three.
    assert plan.expected_seconds(rate) == pytest.approx(2 / 3 * whole + whole - selection, rel=1e-2)


def as_format_1(folder):
    """Take away all that format 2 has added."""
    for table in ("trials", "history", "signals", "histograms"):
        for path in (folder / table).glob("*.parquet"):
            rows = pl.read_parquet(path.read_bytes())
            extra = {IDENTITY, "steps", "final_epochs"} | ({"epochs"} if table == "trials" else set())
            rows.drop(extra & set(rows.columns)).write_parquet(path)
    for name in ("populations", "states"):
        for path in (folder / name).iterdir():
            path.unlink()
        (folder / name).rmdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    for key in ("last_population", "grown", "openings"):
        manifest.pop(key, None)
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 1}))


def test_a_folder_of_format_1_is_read_and_grows(study, of_five, tmp_path):
    """Its tables are the same before and after the step; more seeds are then trained, and nothing else is."""
    whole = assay.run(study(), tmp_path / "whole")
    assay.run(study(), tmp_path / "old")
    as_format_1(tmp_path / "old")
    assert_same(assay.open_results(tmp_path / "old"), whole)
    grown, counting = grow(study(5), tmp_path / "old")
    assert {seed for _, seed, phase, _ in counting.trained if phase == "select"} == {3, 4}
    assert grown.manifest["format"] == FORMAT_VERSION
    assert_same(grown, of_five)


def test_the_baseline_of_format_1_is_called_by_its_levels(tmp_path):
    """It was called ``baseline``: in a folder that is read as it is, and in one that has grown."""
    written = {
        "name": "old",
        "data": "iris",
        "network": {"hidden": [4]},
        "training": {"epochs": 2},
        "vary": {"network.activation": ["tanh"]},
    }
    old = assay.Study(**written, design={"kind": "one_at_a_time", "seeds": 2})
    assay.run(old, tmp_path)
    as_format_1(tmp_path)
    for table in ("trials", "history"):
        for path in (tmp_path / table).glob("*.parquet"):
            rows = pl.read_parquet(path.read_bytes())
            rows.with_columns(pl.col("condition").replace("activation=relu (baseline)", "baseline")).write_parquet(path)
    names = ["activation=relu (baseline)", "activation=tanh"]
    read = assay.open_results(tmp_path)
    assert read.trials["condition"].unique(maintain_order=True).to_list() == names
    assert [condition.outcomes["completed"] for condition in read.summary().conditions] == [2, 2]
    grown, counting = grow(assay.Study(**written, design={"kind": "one_at_a_time", "seeds": 3}), tmp_path)
    assert {seed for _, seed, phase, _ in counting.trained if phase == "select"} == {2}
    assert sorted(grown.history["condition"].unique()) == names
    assert [condition.outcomes["completed"] for condition in grown.summary().conditions] == [3, 3]


def test_a_study_with_nothing_in_common_and_another_name_is_refused(tiny_study, tmp_path):
    """With both remedies; the folder stays as it was."""
    assay.run(tiny_study(), tmp_path)
    with pytest.raises(StoreError, match=r"no condition is in both.*--out.*directory="):
        assay.run(tiny_study(name="other", training={"batch_size": 48}), tmp_path)
    assert assay.open_results(tmp_path).study.name == "tiny"


def test_one_split_grows_into_three_and_only_the_new_ones_are_trained(study, tmp_path):
    """The first split stands, to the bit; the study equals one planned with three; three become two again."""
    first = grow(study(2), tmp_path / "grown")[0].history
    three = study(2, splits=3)
    grown, after = grow(three, tmp_path / "grown")
    assert_same(grown, assay.run(three, tmp_path / "planned"))
    trained = {identity for identity, *_ in after.trained}
    new = {name for place, name in enumerate(identities(three)) if place % 3}
    assert trained == new
    assert grown.history.filter(resample=0)["value"].equals(first["value"])
    again, counting = grow(study(2, splits=2), tmp_path / "grown")
    assert counting.trained == {}
    assert again.trials["resample"].unique().to_list() == [0, 1]
    assert again.summary().left_out_trials == 4


def test_splits_killed_in_the_middle_go_on(study, tmp_path, monkeypatch):
    """After a kill in the second split nothing of the first is trained again, and the end is the same."""
    three = study(2, splits=3)
    whole = assay.run(three, tmp_path / "whole")
    starts, begun = protocol.PopulationRun.select, []

    def killed(run):
        begun.append(run)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return starts(run)

    monkeypatch.setattr(protocol.PopulationRun, "select", killed)
    with pytest.raises(KeyboardInterrupt):
        assay.run(three, tmp_path / "killed")
    monkeypatch.undo()
    resumed, counting = grow(three, tmp_path / "killed")
    assert_same(resumed, whole)
    assert len({identity for identity, *_ in counting.trained}) == 2 * 2


def test_folds_are_other_splits_than_those_drawn_anew(study, tmp_path):
    """A folder may hold both; each study sees its own."""
    grow(study(1), tmp_path)
    folds, counting = grow(study(1, splits={"folds": 3}), tmp_path)
    assert len({identity for identity, *_ in counting.trained}) == 2 * 3
    assert len(folds.trials) == 2 * 3
    assert grow(study(1), tmp_path)[1].trained == {}
