"""What each trial came to."""

from __future__ import annotations

import polars as pl

from assay.analysis import best_epochs, measurements
from assay.analysis.measurements import ended_badly, split_epochs


def test_validation_is_read_at_the_best_epoch_and_test_at_the_end(tmp_path, synthetic):
    """Each measurement is the row of the history at that epoch."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    best = best_epochs(results)
    for row in measurements(results).iter_rows(named=True):
        rows = results.history.filter(
            pl.all_horizontal(pl.col(key) == row[key] for key in ("condition", "seed", "split"))
        )
        rows = rows.filter(metric=row["metric"])
        if row["split"] == "validation":
            rows = rows.filter(phase="select", epoch=best[row["condition"]].epoch)
        assert rows["value"].to_list() == [row["value"]]


def test_trials_that_diverged_are_not_measured(tmp_path, synthetic):
    """A diverged trial gives no number, and is listed as ended badly."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=[(1, 2)])
    name = results.conditions[1].name
    assert measurements(results).filter(condition=name)["seed"].unique().sort().to_list() == [0, 1]
    assert ended_badly(results).select("condition", "seed").rows() == [(name, 2)]


def test_some_conditions_are_measured_without_the_others(tmp_path, synthetic):
    """The best epochs and measurements of two conditions are those that they have among all."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study(), diverged=[(1, 2)])
    names = [condition.name for condition in results.conditions[1:3]]
    best = best_epochs(results, names)
    assert best == {name: found for name, found in best_epochs(results).items() if name in names}
    found = measurements(results, split_epochs(results, names))
    assert found.equals(measurements(results).filter(pl.col("condition").is_in(names)))


def test_a_recorded_best_epoch_is_kept(tmp_path, synthetic):
    """The epoch in the trials table is the one that the final phase was trained for, so it stands."""
    results = synthetic.fill(tmp_path, synthetic.factorial_study())
    name = results.conditions[0].name
    results.trials = results.trials.with_columns(best_epoch=pl.when(pl.col("condition") == name).then(4))
    assert best_epochs(results)[name].epoch == 4
