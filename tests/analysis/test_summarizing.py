"""From tables to the table of conditions."""

from __future__ import annotations

import json
import statistics

import pytest

from assay.analysis import Measure, summarize
from assay.results import open_results
from assay.store import Store


def test_the_summary_is_plain_json(tmp_path, synthetic):
    """Even with diverged trials there is no NaN or infinity in it."""
    lost = [(1, 0), (2, 0), (2, 1), (2, 2)]
    table = summarize(synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=lost)).written()
    assert json.loads(json.dumps(table, allow_nan=False)) == table


def test_means_and_differences_are_those_of_a_plain_loop(tmp_path, synthetic):
    """Means over seeds and paired differences equal those of the statistics module on rows picked by hand."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    table = summarize(results)
    tested = {
        (row["condition"], row["seed"]): row["value"]
        for row in results.history.iter_rows(named=True)
        if row["phase"] == "final" and row["split"] == "test" and row["metric"] == "accuracy"
    }
    for condition in table.conditions:
        name = condition.name
        values = [tested[name, seed] for seed in range(3)]
        assert condition.test["accuracy"].mean == pytest.approx(statistics.mean(values))
        assert condition.trials == 3
        assert condition.outcomes == {"completed": 3, "diverged": 0}
        if name == table.baseline:
            assert condition.comparison is None
            continue
        differences = [tested[name, seed] - tested[table.baseline, seed] for seed in range(3)]
        compared = condition.comparison
        assert compared.difference.mean == pytest.approx(statistics.mean(differences))
        assert compared.effect_size == pytest.approx(statistics.mean(differences) / statistics.stdev(differences))
        assert compared.difference.low < compared.difference.mean < compared.difference.high
        assert (compared.measure, compared.pairs) == (Measure("test", "accuracy"), 3)


def test_a_condition_that_always_diverged_has_no_numbers(tmp_path, synthetic):
    """It concludes nothing, and its outcomes say why."""
    study = synthetic.factorial_study()
    condition = summarize(synthetic.fill(tmp_path, study, diverged=[(1, 0), (1, 1), (1, 2)])).conditions[1]
    assert condition.outcomes == {"completed": 0, "diverged": 3}
    assert condition.best_epoch is None
    assert (condition.validation, condition.test) == ({}, {})
    assert (condition.written()["validation"], condition.written()["test"]) == (None, None)
    assert condition.comparison.difference.mean is None
    assert condition.comparison.conclusion == "undecided"


def test_one_seed_gives_means_without_intervals(tmp_path, synthetic):
    """A study of one seed reports means and concludes nothing."""
    study = synthetic.factorial_study(
        vary={"network.activation": ["relu", "tanh"]}, design={"kind": "one_at_a_time", "seeds": 1}
    )
    conditions = summarize(synthetic.fill(tmp_path, study)).conditions
    assert conditions[0].test["accuracy"].low is None
    assert conditions[1].comparison.difference.mean is not None
    assert conditions[1].comparison.conclusion == "undecided"


def test_a_running_study_counts_only_what_has_ended(tmp_path, synthetic):
    """Outcomes add up to the trials that have ended; conditions to come have no numbers."""
    table = summarize(synthetic.fill(tmp_path, synthetic.factorial_study(), ended=2))
    assert [sum(condition.outcomes.values()) for condition in table.conditions] == [3, 3, 0, 0, 0, 0]
    assert table.conditions[2].validation == {}
    assert table.conditions[3].best_epoch is None


def test_without_a_final_phase_validation_is_compared(tmp_path, synthetic):
    """Where the test set was not opened, the comparison is of the validation accuracy."""
    design = {"kind": "one_at_a_time", "seeds": 2, "final": False}
    study = synthetic.factorial_study(vary={"network.activation": ["tanh"]}, design=design)
    table = summarize(synthetic.fill(tmp_path, study))
    assert table.compared_by == Measure("validation", "accuracy")
    assert table.conditions[1].test == {}
    assert table.conditions[1].comparison.measure.split == "validation"


@pytest.mark.parametrize(
    ("vary", "metric"),
    [
        ({"network.activation": ["relu", "tanh"]}, "loss"),
        ({"training.loss": ["mean_squared_error", "huber"]}, "mean_absolute_error"),
        ({"network.l2": [0.0, 0.01]}, "mean_absolute_error"),
        ({"network.layers.first.l2": [0.0, 0.01]}, "mean_absolute_error"),
    ],
)
def test_regression_is_compared_by_a_measure_that_conditions_share(tmp_path, synthetic, vary, metric):
    """By the loss, unless conditions differ in it or in the penalty it includes: then by the mean absolute error."""
    study = synthetic.factorial_study(vary=vary, design={"kind": "factorial", "seeds": 2})
    table = summarize(synthetic.fill(tmp_path, study, metrics=("loss", "mean_absolute_error")))
    assert table.compared_by == Measure("test", metric)


def test_a_study_that_has_just_begun_has_a_summary(tmp_path, synthetic):
    """Before the first trial has ended nothing is compared."""
    Store.open(tmp_path, synthetic.factorial_study(), {}).close()
    table = summarize(open_results(tmp_path))
    assert table.compared_by is None
    assert all(condition.comparison is None for condition in table.conditions)
