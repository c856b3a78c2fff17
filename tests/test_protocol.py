"""The protocol: choose on validation rows, train afresh, open the test set once."""

from __future__ import annotations

import os
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import assay
from assay.data import load
from assay.engine.trainer import Trainer
from assay.lab import Silence
from assay.planning import plan_study
from assay.protocol import PopulationRun
from assay.results import Results
from assay.store import Store

TRAIN, VALIDATION, TEST = 96, 24, 30  # rows of iris


# ---- with real networks


def write_iris_like(path, test_labels=None):
    """Three clouds as an own file with its three parts, sized as iris."""
    generator = np.random.default_rng(1)
    parts = {}
    for part, rows in (("train", TRAIN), ("validation", VALIDATION), ("test", TEST)):
        labels = np.arange(rows) % 3
        parts[f"x_{part}"] = generator.normal(size=(rows, 4)) + 1.5 * np.eye(3, 4)[labels]
        parts[f"y_{part}"] = labels
    if test_labels is not None:
        parts["y_test"] = test_labels
    np.savez(path, **parts)


@pytest.fixture(scope="module")
def trained(tiny_study, tmp_path_factory):
    """A finished study on the clouds, and the same with the test labels turned."""
    folder = tmp_path_factory.mktemp("protocol")
    write_iris_like(folder / "clouds.npz")
    write_iris_like(folder / "turned.npz", test_labels=(np.arange(TEST) + 1) % 3)
    fast = {"epochs": 6, "optimizer": {"name": "adam", "learning_rate": 0.3}}  # the best epoch is not the last
    study = tiny_study(data=str(folder / "clouds.npz"), training=fast)
    turned = tiny_study(data=str(folder / "turned.npz"), training=fast)
    return SimpleNamespace(
        study=study, true=assay.run(study, folder / "true"), turned=assay.run(turned, folder / "turned")
    )


def test_test_labels_change_the_test_results_and_nothing_else(trained):
    """With other labels in the test set every other number is equal to the bit: nothing was chosen by it."""
    is_test = pl.col("split") == "test"
    assert trained.true.history.filter(~is_test).equals(trained.turned.history.filter(~is_test))
    assert not trained.true.history.filter(is_test).equals(trained.turned.history.filter(is_test))
    assert trained.true.trials.drop("elapsed_seconds").equals(trained.turned.trials.drop("elapsed_seconds"))


def test_the_test_set_is_opened_once_at_the_best_epoch_of_the_final_phase(trained):
    """Each completed trial has one test loss and one test accuracy, of the epoch that its condition chose."""
    for trial, best in trained.true.trials.select("trial", "best_epoch").iter_rows():
        rows = trained.true.history.filter(trial=trial, split="test")
        assert sorted(rows["metric"]) == ["accuracy", "loss"]
        assert rows["phase"].unique().to_list() == ["final"]
        assert rows["epoch"].unique().to_list() == [best]


def test_the_best_epoch_has_the_lowest_mean_validation_loss_over_seeds(trained):
    """Found again with a plain mean over the history; epoch 0, the untrained network, cannot be chosen."""
    assert trained.true.trials["best_epoch"].max() < trained.study.training.epochs
    history = trained.true.history.filter(phase="select", split="validation", metric="loss")
    for condition, chosen in trained.true.trials.select("condition", "best_epoch").iter_rows():
        rows = history.filter(pl.col("epoch") > 0, condition=condition)
        means = rows.group_by("epoch").agg(pl.col("value").mean()).sort("epoch")
        assert chosen == means["epoch"][means["value"].arg_min()]


def test_the_final_network_is_fresh_and_learns_from_training_and_validation_rows(trained):
    """The test scores are those of a new network, trained by hand on all 120 rows for the chosen epochs."""
    plan = plan_study(trained.study)
    [population] = plan.populations
    data = load(population.request)
    trainer = Trainer(population.members, seeds=population.seeds, batch_size=16, task="multiclass")
    together = trainer.place(
        np.concatenate([data.x_train, data.x_validation]), np.concatenate([data.y_train, data.y_validation])
    )
    test = trainer.place(data.x_test, data.y_test)
    state = trainer.start()
    scores = []
    for epoch in range(1, population.epochs + 1):
        state, _ = trainer.train_epoch(state, together, epoch)
        state, found = trainer.evaluate(state, test)
        scores.append(found)
    table = trained.true.trials.join(trained.true.history.filter(split="test"), on="trial")
    assert len(table) == 2 * plan.num_trials
    for trial, best, metric, value in table.select("trial", "best_epoch", "metric", "value").iter_rows():
        condition, seed = divmod(trial, len(plan.seeds))
        # The protocol has other rows beside these, so that its chunks, and the order of their sums, are others.
        assert scores[best - 1][metric][condition, seed] == pytest.approx(value, rel=1e-6)


def test_epoch_zero_is_the_untrained_network(trained):
    """It is scored once, in the first phase, which alone looks at the validation rows."""
    history = trained.true.history
    assert history.filter(epoch=0)["phase"].unique().sort().to_list() == ["select"]
    assert history.filter(phase="final")["split"].unique().sort().to_list() == ["test", "train"]
    assert history.filter(phase="select")["split"].unique().sort().to_list() == ["train", "validation"]
    population = plan_study(trained.study).populations[0]
    data = load(population.request)
    trainer = Trainer(population.members, seeds=population.seeds, batch_size=16, task="multiclass")
    _, scores = trainer.evaluate(trainer.start(), trainer.place(data.x_validation, data.y_validation))
    untrained = scores["loss"]
    rows = history.filter(phase="select", epoch=0, split="validation", metric="loss").sort("trial")
    assert rows["value"].to_list() == pytest.approx(untrained.ravel().tolist(), rel=1e-6)


def test_a_diverged_trial_has_its_epoch_and_step_and_the_others_complete(tiny_study, tmp_path):
    """A rate of 10¹² overflows within a few updates; its condition has no best epoch and its neighbour completes."""
    study = tiny_study(
        network={"activation": "linear", "output_activation": "linear"},
        training={"optimizer": {"name": "sgd", "learning_rate": 0.01}, "loss": "mean_squared_error"},
        vary={"training.optimizer.learning_rate": [0.01, 1e12]},
    )
    results = assay.run(study, tmp_path)
    calm, lost = results.trials.partition_by("condition")
    assert calm["outcome"].to_list() == ["completed"] * 2
    assert calm["outcome_epoch"].to_list() == [3, 3]
    assert calm["outcome_step"].to_list() == [3 * TRAIN // 16] * 2
    assert lost["outcome"].to_list() == ["diverged"] * 2
    assert lost["outcome_epoch"].to_list() == [1, 1]
    # The first update throws the weights to 1e12; the second batch's squared error, near 1e48, is beyond float32.
    assert lost["outcome_step"].to_list() == [2, 2]
    assert lost["best_epoch"].to_list() == [None, None]
    assert results.history.filter(condition=lost["condition"][0], phase="final").is_empty()
    told = results.summary().conditions
    assert [condition.outcomes for condition in told] == [
        {"completed": 2, "diverged": 0},
        {"completed": 0, "diverged": 2},
    ]
    assert not told[1].test


def test_signals_are_recorded_when_asked_and_while_a_trial_runs(tiny_study, tmp_path):
    """At epochs 0 and 2 of the selection alone; a diverged trial is seen once more where it was lost, and no longer."""
    study = tiny_study(
        network={"activation": "linear", "output_activation": "linear"},
        training={"optimizer": {"name": "sgd", "learning_rate": 0.01}, "loss": "mean_squared_error"},
        vary={"training.optimizer.learning_rate": [0.01, 1e12]},
        probe={"epochs": [0, 2]},
    )
    results = assay.run(study, tmp_path)
    calm, lost = results.trials["condition"].unique(maintain_order=True)
    for table in (results.signals, results.histograms):
        assert table.filter(condition=calm)["epoch"].unique().sort().to_list() == [0, 2]
        assert table.filter(condition=lost)["epoch"].unique().sort().to_list() == [0]
        assert table.filter(condition=calm, epoch=2)["trial"].n_unique() == 2
        assert table["layer"].unique().sort().to_list() == [1, 2]


@pytest.mark.skipif(
    not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder with the files of keras.datasets"
)
def test_texts_train_sparse_and_give_the_numbers_of_dense_rows(tmp_path, monkeypatch):
    """Real Reuters, probed: the history and the signals of a dense first layer."""
    study = assay.Study(
        name="texts",
        data={"name": "reuters", "words": 4000, "rows": 600, "validation": 100},
        network={"hidden": [8]},
        training={"epochs": 3, "batch_size": 64},
        vary={"training.optimizer": ["rmsprop", "sgd"]},
        probe={"epochs": [0, 3]},
    )
    made = []

    class Watched(Trainer):
        def __init__(self, *arguments, **options):
            made.append(options["sparse"])
            super().__init__(*arguments, **options)

    monkeypatch.setattr("assay.protocol.Trainer", Watched)
    sparse = assay.run(study, tmp_path / "sparse")
    monkeypatch.setattr("assay.protocol.suits_sparse", lambda x: False)
    dense = assay.run(study, tmp_path / "dense")
    assert made == [True, False]
    assert sparse.history.drop("value").equals(dense.history.drop("value"))
    np.testing.assert_allclose(sparse.history["value"], dense.history["value"], rtol=1e-4)
    rms = [results.signals.filter(quantity="kernel_gradient", statistic="rms") for results in (sparse, dense)]
    np.testing.assert_allclose(rms[0]["value"], rms[1]["value"], rtol=1e-3)


# ---- with scripted scores: what is chosen, and when


class ScriptedTrainer:
    """Stands in for the engine: its validation and training losses are read off a script, shape (epochs, C, S)."""

    validation: np.ndarray
    final_training: np.ndarray

    def __init__(
        self, members, *, seeds, batch_size, task, metric=None, tiles=None, sparse=False, weighted=False, devices=None
    ):
        self.shape, self.sparse = (len(members), len(seeds)), sparse
        self.layout = SimpleNamespace(tiles=1)

    def place(self, x, y, *, training_rows, weights=None):
        return SimpleNamespace(rows=len(x), part=lambda first, stop: SimpleNamespace(rows=stop - first))

    def start(self):
        return 0

    def save(self, state):
        return {"epoch": np.asarray(state)}

    def restore(self, arrays):
        return int(arrays["epoch"])

    def diverged_steps(self, state):
        return np.zeros(self.shape, int)

    def train_epoch(self, state, data, epoch, active=None):
        assert epoch == state + 1
        is_final = data.rows == TRAIN + VALIDATION
        return epoch, self._scores(self.final_training[epoch] if is_final else np.full(self.shape, 1.0 / epoch))

    def train_and_evaluate(self, state, data, epoch, active, scored, scored_active):
        state, scores = self.train_epoch(state, data, epoch, active)
        return state, scores, self.evaluate(state, scored, scored_active)[1]

    def evaluate(self, state, data, active=None):
        is_validation = data.rows == VALIDATION
        return state, self._scores(self.validation[state] if is_validation else np.full(self.shape, 10.0 + state))

    def _scores(self, loss):
        return {"loss": np.asarray(loss, float), "accuracy": 1.0 / (1.0 + np.asarray(loss, float))}


EPOCHS = 5
# Epoch 0 is best of all and must not be chosen. Of the first condition the mean is lowest at epoch 4 (seeds: 2 and 4),
# of the second at epoch 1.
VALIDATION_LOSSES = np.array(
    [
        [[0.0, 0.0], [0.0, 0.0]],
        [[0.9, 0.9], [0.1, 0.3]],
        [[0.2, 0.8], [0.4, 0.4]],
        [[0.5, 0.6], [0.4, 0.4]],
        [[0.3, 0.1], [0.4, 0.4]],
        [[0.7, 0.5], [0.5, 0.2]],
    ]
)


@pytest.fixture
def scripted(tiny_study, tmp_path, monkeypatch):
    """Run the tiny study through the protocol on scripted scores; False when it was stopped."""
    monkeypatch.setattr("assay.protocol.Trainer", ScriptedTrainer)
    monkeypatch.setattr(ScriptedTrainer, "validation", VALIDATION_LOSSES, raising=False)
    monkeypatch.setattr(ScriptedTrainer, "final_training", np.ones((EPOCHS + 1, 2, 2)), raising=False)

    def run(folder="results", stop=lambda: False, **design):
        study = tiny_study(training={"epochs": EPOCHS}, design={"keep": "none", **design})
        [population] = plan_study(study).populations
        with Store.open(tmp_path / folder, study, {}) as store:
            PopulationRun(
                population,
                load(population.request),
                store,
                epoch_ended=Silence().epoch_ended,
                stop_requested=stop,
            ).run()
        return Results(tmp_path / folder)

    return run


def test_a_condition_chooses_by_the_mean_over_its_seeds(scripted):
    """Both seeds of a condition are trained for one number of epochs; each condition has its own."""
    results = scripted()
    assert results.trials["best_epoch"].to_list() == [4, 4, 1, 1]
    tested = results.history.filter(split="test", metric="loss").sort("trial")
    assert tested["epoch"].to_list() == [4, 4, 1, 1]
    assert tested["value"].to_list() == [14.0, 14.0, 11.0, 11.0]  # the script's score of that epoch
    last = results.history.filter(phase="final", split="train").group_by("trial").agg(pl.col("epoch").max())
    assert last.sort("trial")["epoch"].to_list() == [4, 4, 1, 1]


def test_accuracy_is_chosen_at_its_highest(scripted, monkeypatch):
    """`val_accuracy` is to be large: the script's accuracies fall as its losses grow."""
    monkeypatch.setattr(
        ScriptedTrainer, "validation", VALIDATION_LOSSES.mean(axis=2, keepdims=True) + np.zeros((1, 1, 2))
    )
    assert scripted(select="val_accuracy").trials["best_epoch"].to_list() == [4, 4, 1, 1]


def test_the_last_epoch_is_chosen_where_the_study_says_so(scripted):
    """`last` looks at no score."""
    results = scripted(select="last")
    assert results.trials["best_epoch"].to_list() == [EPOCHS] * 4
    assert results.history.filter(split="test")["epoch"].unique().to_list() == [EPOCHS]


def test_without_a_final_phase_the_test_set_stays_shut(scripted):
    """`final = false` chooses the best epoch and trains nothing more."""
    results = scripted(final=False)
    assert results.trials["best_epoch"].to_list() == [4, 4, 1, 1]
    assert results.history["phase"].unique().to_list() == ["select"]
    assert "test" not in results.history["split"]


def test_a_diverged_seed_does_not_choose(scripted, monkeypatch):
    """With its second seed lost at epoch 3 the first condition chooses by the other seed alone."""
    losses = VALIDATION_LOSSES.copy()
    losses[3:, 0, 1] = np.nan
    monkeypatch.setattr(ScriptedTrainer, "validation", losses)
    results = scripted()
    assert results.trials["outcome"].to_list() == ["completed", "diverged", "completed", "completed"]
    assert results.trials["outcome_epoch"].to_list() == [EPOCHS, 3, EPOCHS, EPOCHS]
    # Every batch loss was finite, so the last update before the score was the one that did it.
    assert results.trials["outcome_step"][1] == 3 * TRAIN // 16
    assert results.trials["best_epoch"].to_list() == [2, None, 1, 1]
    lost = results.history.filter(trial=1)
    assert lost["epoch"].max() == 3
    assert lost["phase"].unique().to_list() == ["select"]


def test_where_all_diverge_there_is_no_final_phase(scripted, monkeypatch):
    """A population without a survivor ends with its outcomes, an empty final phase and no test score."""
    losses = VALIDATION_LOSSES.copy()
    losses[1] = np.inf
    monkeypatch.setattr(ScriptedTrainer, "validation", losses)
    results = scripted()
    assert results.trials["outcome"].to_list() == ["diverged"] * 4
    assert results.trials["best_epoch"].to_list() == [None] * 4
    assert results.history.filter(phase="final").is_empty()


def test_a_trial_lost_in_the_final_phase_leaves_the_choice_as_it_was(scripted, monkeypatch):
    """Stopped and continued after such a loss, a study has the tables of one that ran through."""
    lost = np.ones((EPOCHS + 1, 2, 2))
    lost[1, 0, 1] = np.nan  # alone, the first seed would choose epoch 2 where both choose 4
    monkeypatch.setattr(ScriptedTrainer, "final_training", lost)
    whole = scripted("whole")
    assert whole.trials["message"].to_list() == ["", "in the final training", "", ""]
    assert whole.trials["best_epoch"].to_list() == [4, None, 1, 1]

    asked = iter(range(100))
    with pytest.raises(KeyboardInterrupt):
        scripted("stopped", stop=lambda: next(asked) == EPOCHS + 1)  # after epoch 2 of the final phase
    continued = scripted("stopped")
    assert continued.history.equals(whole.history)
    assert continued.trials.drop("elapsed_seconds").equals(whole.trials.drop("elapsed_seconds"))


@pytest.mark.parametrize("stopped_after", range(EPOCHS + 4))
def test_a_stop_after_any_epoch_changes_nothing(scripted, stopped_after):
    """Stopped after each epoch of either phase and continued, the tables are those of a run that went through."""
    whole = scripted("whole")
    asked = iter(range(100))
    with pytest.raises(KeyboardInterrupt):
        scripted("stopped", stop=lambda: next(asked) == stopped_after)
    continued = scripted("stopped")
    assert continued.history.equals(whole.history)
    assert continued.trials.drop("elapsed_seconds").equals(whole.trials.drop("elapsed_seconds"))


def test_listeners_hear_every_epoch_with_scores_of_the_trials_that_run(scripted, monkeypatch):
    """One event an epoch and phase, the untrained network included; trials that have ended are not a number."""
    heard = []
    monkeypatch.setattr(Silence, "epoch_ended", lambda self, event: heard.append(event))
    scripted()
    told = [(event.phase, event.epoch, event.epochs) for event in heard]
    assert told == [("select", epoch, EPOCHS) for epoch in range(EPOCHS + 1)] + [
        ("final", epoch, 4) for epoch in range(1, 5)
    ]
    assert heard[3].scores["validation"]["loss"].tolist() == VALIDATION_LOSSES[3].tolist()
    assert np.isnan(heard[-1].scores["train"]["loss"]).tolist() == [[False, False], [True, True]]
    assert not heard[-1].diverged.any()
