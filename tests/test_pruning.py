"""What is kept of networks and predictions, through whole runs: final, all, none; kills; folders that grow."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import assay
from assay import lab, protocol
from assay.data import load
from assay.keeping import MemoryKeeper
from assay.kept import Kept
from assay.planning import plan_study
from assay.protocol import PopulationRun
from assay.study.identity import identities


@pytest.fixture(scope="module")
def study(tiny_study):
    """Make a study of two activations at a high rate, so that best epochs move."""

    def make(seeds=2, epochs=4, **design):
        return tiny_study(
            training={"epochs": epochs, "optimizer": {"name": "sgd", "learning_rate": 0.2}},
            design={"seeds": seeds, **design},
        )

    return make


@pytest.fixture(scope="module")
def ran(study, tmp_path_factory):
    """The study with each way to keep."""
    return {keep: assay.run(study(keep=keep), tmp_path_factory.mktemp(keep)) for keep in ("final", "all", "none")}


def networks(results):
    """The bytes of each network by its file's name."""
    return {path.name: path.read_bytes() for path in sorted((results.directory / "networks").glob("*"))}


def best_seeds(results, select="loss"):
    """By a plain look at the history: condition to the seed with the lowest validation loss at the best epoch."""
    rows = results.history.filter(phase="select", split="validation", metric=select).join(
        results.trials.select("trial", epoch="best_epoch"), on=["trial", "epoch"]
    )
    return dict(rows.sort("value", "seed").unique("condition", keep="first").select("condition", "seed").iter_rows())


def test_what_is_kept_changes_no_number(ran):
    """History and trials are equal to the bit, whatever is kept."""
    for keep in ("all", "none"):
        assert ran[keep].history.equals(ran["final"].history)
        assert ran[keep].trials.drop("elapsed_seconds").equals(ran["final"].trials.drop("elapsed_seconds"))


def test_the_best_seed_of_each_condition_is_kept(ran, study):
    """By the metric that selects; all seeds where all are asked for, and nothing where none is."""
    of_name = dict(zip([each.name for each in study().expand()], identities(study()), strict=True))
    kept = {f"{of_name[name]}-s{seed}.npz" for name, seed in best_seeds(ran["final"]).items()}
    assert set(networks(ran["final"])) == kept
    assert set(networks(ran["all"])) == {f"{identity}-s{seed}.npz" for identity in of_name.values() for seed in (0, 1)}
    assert {name: networks(ran["all"])[name] for name in kept} == networks(ran["final"])
    assert networks(ran["none"]) == {}
    assert ran["none"].predictions.is_empty()


def test_a_kept_network_has_the_scores_of_its_trial(ran, study):
    """Its accuracy on the test rows is the one in the history, and its outputs are the predictions that were kept."""
    data = load(plan_study(study()).populations[0].request)
    for path in (ran["all"].directory / "networks").glob("*.npz"):
        network = Kept.load(path)
        assert (network.phase, network.task, network.class_names) == ("final", "multiclass", data.class_names)
        tested = {"condition": network.condition, "seed": network.seed, "split": "test"}
        [(epoch, accuracy)] = (
            ran["all"].history.filter(metric="accuracy", **tested).select("epoch", "value").iter_rows()
        )
        outputs = network.outputs(data.x_test)
        assert network.epoch == epoch
        assert (outputs.argmax(axis=1) == data.y_test.argmax(axis=1)).mean() == pytest.approx(accuracy)
        said = ran["all"].predictions.filter(**tested)
        assert said["epoch"].unique().to_list() == [epoch]
        assert said["row"].to_list() == list(range(len(data.x_test)))
        np.testing.assert_allclose(np.stack(said["outputs"].to_numpy()), outputs, atol=1e-6)
        np.testing.assert_array_equal(np.stack(said["target"].to_numpy()), data.y_test)


def test_validation_predictions_are_of_the_selected_network(ran):
    """Of the best epoch, with the accuracy of the history there; never of the final network."""
    said = ran["all"].predictions.filter(split="validation")
    assert said["trial"].n_unique() == 4
    for trial, epoch in ran["all"].trials.select("trial", "best_epoch").iter_rows():
        rows = said.filter(trial=trial)
        assert rows["epoch"].unique().to_list() == [epoch]
        right = rows.select((pl.col("outputs").list.arg_max() == pl.col("target").list.arg_max()).mean()).item()
        asked = {"trial": trial, "phase": "select", "split": "validation", "metric": "accuracy", "epoch": epoch}
        assert right == pytest.approx(ran["all"].history.filter(**asked)["value"].item())
    few = ran["final"].predictions
    assert dict(few.select("condition", "seed").unique().iter_rows()) == best_seeds(ran["final"])
    assert few.equals(ran["all"].predictions.join(few, on=["trial", "split", "row"], how="semi", maintain_order="left"))


def test_without_a_final_phase_the_selected_network_is_kept(study, tmp_path):
    """As it was at the best epoch, and only the validation rows are predicted."""
    results = assay.run(study(final=False), tmp_path)
    assert results.predictions["split"].unique().to_list() == ["validation"]
    data = load(plan_study(study()).populations[0].request)
    for path in (tmp_path / "networks").glob("*.npz"):
        network = Kept.load(path)
        said = results.predictions.filter(condition=network.condition)
        assert network.phase == "select"
        assert said["epoch"].unique().to_list() == [network.epoch]
        assert said["seed"].unique().to_list() == [network.seed]
        np.testing.assert_allclose(np.stack(said["outputs"].to_numpy()), network.outputs(data.x_validation), atol=1e-6)


def test_the_last_epoch_is_kept_where_it_is_selected(study, tmp_path):
    """Seeds are then ranked by their validation loss."""
    results = assay.run(study(final=False, select="last"), tmp_path)
    kept = [Kept.load(path) for path in (tmp_path / "networks").glob("*.npz")]
    assert {network.condition: network.seed for network in kept} == best_seeds(results)
    assert {network.epoch for network in kept} == {4}


@pytest.mark.parametrize("phase", ["select", "final"])
@pytest.mark.parametrize("epoch", [1, 3])
def test_a_kill_changes_no_network(ran, study, tmp_path, monkeypatch, phase, epoch):
    """Killed in either phase and continued, the same networks and predictions are kept, to the bit."""
    monkeypatch.setattr(protocol, "SEGMENT_SECONDS", 0.0)

    class Killed(BaseException):
        pass

    class Stopper(lab.Silence):
        def epoch_ended(self, event):
            if (event.phase, event.epoch) == (phase, epoch):
                raise Killed

    with pytest.raises(Killed):
        assay.run(study(keep="all"), tmp_path, progress=Stopper())
    continued = assay.run(study(keep="all"), tmp_path)
    assert networks(continued) == networks(ran["all"])
    assert continued.predictions.equals(ran["all"].predictions)


@pytest.mark.parametrize("keep", ["final", "all"])
def test_a_folder_that_grew_keeps_what_one_of_that_plan_keeps(study, tmp_path, keep):
    """More seeds, then more epochs from the kept state: a better seed takes the place of the former."""
    grown = study(5, epochs=6, keep=keep, keep_state=True)
    for step in (study(2, keep=keep, keep_state=True), study(5, keep=keep, keep_state=True), grown):
        results = assay.run(step, tmp_path / "grown")
    planned = assay.run(grown, tmp_path / "planned")
    assert networks(results) == networks(planned)
    assert results.predictions.equals(planned.predictions)


def test_trials_trained_anew_keep_their_last_predictions(study, tmp_path):
    """More epochs without a kept state: nothing stands twice."""
    assay.run(study(), tmp_path / "grown")
    results = assay.run(study(epochs=6), tmp_path / "grown")
    planned = assay.run(study(epochs=6), tmp_path / "planned")
    assert results.predictions.equals(planned.predictions)
    assert networks(results) == networks(planned)


def test_a_diverged_trial_keeps_nothing(tiny_study, tmp_path):
    """Its condition has no network and no predictions, and its neighbour has both."""
    study = tiny_study(
        network={"activation": "linear", "output_activation": "linear"},
        training={"optimizer": {"name": "sgd", "learning_rate": 0.01}, "loss": "mean_squared_error"},
        vary={"training.optimizer.learning_rate": [0.01, 1e12]},
        design={"keep": "all"},
    )
    results = assay.run(study, tmp_path)
    calm = results.conditions[0].name
    assert {Kept.load(path).condition for path in (tmp_path / "networks").glob("*.npz")} == {calm}
    assert results.predictions["condition"].unique().to_list() == [calm]


def test_memory_keeps_what_a_folder_keeps(ran, study):
    """The same predictions, and networks with the same arrays."""
    keeper = MemoryKeeper()
    [population] = plan_study(study()).populations
    PopulationRun(population, load(population.request), keeper).run()
    assert keeper.predictions.equals(ran["final"].predictions)
    for path in (ran["final"].directory / "networks").glob("*.npz"):
        there = Kept.load(path)
        here = Kept.of(*keeper.networks[there.identity, there.seed])
        for one, other in zip(here.layers, there.layers, strict=True):
            np.testing.assert_array_equal(one.kernel, other.kernel)


def test_parameters_leave_the_devices_once_an_epoch_at_most(study, tmp_path, monkeypatch):
    """Two arrays a layer where a condition improves or ends, and none where nothing is kept."""
    fetched = []
    taken = protocol.Trainer.fetched
    monkeypatch.setattr(protocol.Trainer, "fetched", lambda self, state: fetched.append(1) or taken(self, state))
    assay.run(study(keep="none"), tmp_path / "none")
    assert fetched == []
    results = assay.run(study(), tmp_path / "final")
    last = results.trials["best_epoch"].max()
    assert len(fetched) <= results.study.training.epochs + last
