"""What a user opens: the tables of a folder, and their summary."""

from __future__ import annotations

import pytest

import assay
from assay.errors import StoreError
from assay.store import Store
from assay.study import Study


def test_results_are_the_tables_and_their_summary(tmp_path, synthetic):
    """Trials, history, study and conditions are those of the folder; each condition has its place in the summary."""
    study = synthetic.factorial_study()
    synthetic.fill(tmp_path, study)
    results = assay.open_results(str(tmp_path))
    assert repr(results) == f"Results('{tmp_path}')"
    assert results.study == study
    assert (len(results.trials), results.history["seed"].n_unique()) == (18, 3)
    assert [condition.name for condition in results.summary().conditions] == [c.name for c in results.conditions]
    assert results.summary().elapsed_seconds == results.manifest["elapsed_seconds"]


def test_a_study_that_has_just_begun_has_a_summary(tmp_path, synthetic):
    """Before anything is written every condition is there, without a number."""
    with Store.open(tmp_path, synthetic.factorial_study(), {}):
        conditions = assay.open_results(tmp_path).summary().conditions
    assert [(condition.best_epoch, condition.validation) for condition in conditions] == [(None, {})] * 6


def test_a_missing_folder_is_told(tmp_path):
    """A folder that is not there says so at once, before a table is asked for."""
    with pytest.raises(StoreError, match="no such results folder"):
        assay.open_results(tmp_path / "nowhere")


# ---- kept networks


@pytest.fixture(scope="module")
def trained(tiny_study, tmp_path_factory):
    """Two activations from two seeds; the best seed of each is kept."""
    return assay.run(tiny_study(), tmp_path_factory.mktemp("trained"))


def validation_losses(results):
    """Condition to seed to the validation loss at the best epoch, by a plain look at the history."""
    found = {}
    for condition, seed, best in results.trials.select("condition", "seed", "best_epoch").iter_rows():
        asked = {"condition": condition, "seed": seed, "epoch": best, "phase": "select", "split": "validation"}
        found.setdefault(condition, {})[seed] = results.history.filter(metric="loss", **asked)["value"].item()
    return found


def test_a_model_is_the_best_seed_of_a_condition(trained):
    """Ready for raw rows, in the words of the data."""
    for condition, losses in validation_losses(trained).items():
        model = trained.model(condition)
        assert (model.condition, model.seed) == (condition, min(losses, key=losses.get))
        assert trained.model(condition, seed=model.seed).written()[1] == model.written()[1]
    said = model.predict([[5.1, 3.5, 1.4, 0.2]])
    assert said["prediction"].item() in ("setosa", "versicolor", "virginica")


def test_the_best_condition_has_the_best_mean_validation_score(trained):
    """Which `model` takes when none is named."""
    means = {condition: sum(losses.values()) for condition, losses in validation_losses(trained).items()}
    assert trained.best_condition() == min(means, key=means.get) == trained.model().condition


def test_why_a_network_is_not_kept_is_told(trained, tiny_study, tmp_path, synthetic):
    """An unknown name by its near miss; a seed that was not the best; a study that keeps none; one that diverged."""
    kept = trained.model("activation=relu").seed
    mistakes = {
        ("activation=rulu", None): r"no condition 'activation=rulu'\. Did you mean 'activation=relu'\?",
        ("activation=relu", 1 - kept): rf"the network of seed {kept} is kept, and not that of seed {1 - kept}.*"
        r'design\.keep = "all"',
        ("activation=relu", 7): r"the study has no seed 7\. Kept of 'activation=relu' is the network of seed",
    }
    for (condition, seed), words in mistakes.items():
        with pytest.raises(StoreError, match=words):
            trained.model(condition, seed)
    without = assay.run(tiny_study(design={"keep": "none"}), tmp_path / "none")
    with pytest.raises(StoreError, match=r'no network of .* is kept, for the study says design\.keep = "none"'):
        without.model("activation=relu")
    with pytest.raises(StoreError, match=r'no network is kept, for the study says design\.keep = "none"'):
        without.model()
    old = synthetic.fill(tmp_path / "old", synthetic.factorial_study())
    with pytest.raises(StoreError, match="trained by an earlier version"):
        old.model(old.conditions[0].name)
    grown = Study(**{**synthetic.factorial_study().written(), "design": {"seeds": 7}})
    with Store.open(tmp_path / "old", grown, {}), pytest.raises(StoreError, match=r"changed since.*Open it again"):
        old.model(old.conditions[0].name)
    with Store.open(tmp_path / "begun", synthetic.factorial_study(), {}), pytest.raises(StoreError, match="goes on"):
        assay.open_results(tmp_path / "begun").model()
    lost = assay.run(
        tiny_study(
            network={"activation": "linear", "output_activation": "linear"},
            training={"optimizer": {"name": "sgd", "learning_rate": 1e12}, "loss": "mean_squared_error"},
            vary={},
        ),
        tmp_path / "lost",
    )
    with pytest.raises(StoreError, match="every trial of it diverged"):
        lost.model(lost.conditions[0].name)


def test_a_damaged_network_is_told_by_its_file(tiny_study, tmp_path):
    """And nothing of it is believed."""
    results = assay.run(tiny_study(), tmp_path)
    for path in (tmp_path / "networks").iterdir():
        path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(StoreError, match=r"-s\d\.npz: this is not a kept network"):
        results.model("activation=relu")
