"""The best epoch of a condition."""

from __future__ import annotations

import math
import statistics

import numpy as np
import polars as pl
import pytest

from assay.selection import BestEpoch, best_epoch_of_each


def history(curves, *, metric="loss", split="validation", first_epoch=1):
    """History of one condition from {seed: values by epoch}."""
    return pl.DataFrame(
        [
            {"seed": seed, "phase": "select", "epoch": epoch, "split": split, "metric": metric, "value": float(value)}
            for seed, values in curves.items()
            for epoch, value in enumerate(values, start=first_epoch)
        ]
    )


def best_epoch(table, select):
    """Of the one condition whose history this is."""
    return best_epoch_of_each(table.with_columns(condition=pl.lit("")), select).get("")


def test_the_best_epoch_is_that_of_the_mean_and_the_range_that_of_the_seeds():
    """Seeds with their best at 2 and 4 may have the best mean at 3; epochs count from 1."""
    # epoch:                1  2  3  4
    table = history({0: [9, 1, 2, 6], 1: [9, 7, 2, 1]})
    assert best_epoch(table, "val_loss") == BestEpoch(epoch=3, low=2, high=4)


def test_accuracy_is_to_be_high():
    """The best epoch by accuracy is where it is highest."""
    table = history({0: [0.1, 0.9, 0.5]}, metric="accuracy")
    assert best_epoch(table, "val_accuracy") == BestEpoch(2, 2, 2)


def test_of_equal_epochs_the_earliest_is_best():
    """Training longer for the same is not better."""
    assert best_epoch(history({0: [3, 1, 1], 1: [2, 1, 1]}), "val_loss") == BestEpoch(2, 2, 2)


def test_the_untrained_network_is_no_candidate():
    """Epoch 0 was measured before training, and a best epoch is at least 1."""
    assert best_epoch(history({0: [0.1, 0.5, 0.4]}, first_epoch=0), "val_loss") == BestEpoch(2, 2, 2)


def test_a_seed_that_diverged_does_not_count():
    """Neither values that are not finite nor epochs that are missing pull the best epoch."""
    table = history({0: [3, 2, 1], 1: [0.1, math.nan, math.nan], 2: [0.1, 0.2], 3: [0.0, math.inf, 5]})
    assert best_epoch(table, "val_loss") == BestEpoch(3, 3, 3)


def test_no_seed_no_best_epoch():
    """When every seed diverged, or nothing was recorded, there is no best epoch."""
    assert best_epoch(history({0: [1, math.nan]}), "val_loss") is None
    assert best_epoch(history({0: [1.0]}).clear(), "val_loss") is None


def test_last_asks_for_no_validation():
    """With ``last`` the number of epochs is fixed, and training history is enough."""
    assert best_epoch(history({0: [3, 2, 9]}, split="train"), "last") == BestEpoch(3, 3, 3)


def test_the_final_phase_is_not_looked_at():
    """Only the selection phase chooses."""
    select, final = history({0: [2, 1, 3]}), history({0: [0, 0, 0]}).with_columns(phase=pl.lit("final"))
    assert best_epoch(pl.concat([final, select]), "val_loss") == BestEpoch(2, 2, 2)


def one_by_one(table, select):
    """The best epoch of each condition by plain loops over the rows."""
    split, metric = ("train", "loss") if select == "last" else ("validation", select.removeprefix("val_"))
    sign = -1 if metric == "accuracy" else 1
    found = {}
    for name in table["condition"].unique(maintain_order=True):
        values = {}  # seed -> epoch -> value
        for row in table.filter(condition=name).iter_rows(named=True):
            if (row["phase"], row["split"], row["metric"]) == ("select", split, metric) and row["epoch"] >= 1:
                values.setdefault(row["seed"], {})[row["epoch"]] = sign * row["value"]
        epochs = sorted({epoch for by_epoch in values.values() for epoch in by_epoch})
        whole = [
            by_epoch
            for by_epoch in values.values()
            if all(math.isfinite(by_epoch.get(epoch, math.nan)) for epoch in epochs)
        ]
        if not whole:
            continue
        if select == "last":
            found[name] = BestEpoch(epochs[-1], epochs[-1], epochs[-1])
            continue
        means = [statistics.fmean(by_epoch[epoch] for by_epoch in whole) for epoch in epochs]
        single = [min(epochs, key=by_epoch.__getitem__) for by_epoch in whole]
        found[name] = BestEpoch(epochs[means.index(min(means))], min(single), max(single))
    return found


@pytest.mark.parametrize("select", ["val_loss", "val_accuracy", "last"])
def test_all_conditions_at_once_are_as_one_by_one(select):
    """Conditions of 1 to 8 epochs, with seeds lost at any of them and rows in any order, do not touch each other."""
    random = np.random.default_rng(0)
    rows = []
    for condition in range(40):
        epochs = random.integers(1, 9)
        for seed in range(3):
            is_lost = condition % 5 == 0 or random.random() < 0.3
            for epoch in range(random.integers(epochs + 1) if is_lost else epochs + 1):
                for split, metric in (("train", "loss"), ("validation", "loss"), ("validation", "accuracy")):
                    is_nan = (is_lost and epoch == 1) or random.random() < 0.01
                    value = math.nan if is_nan else random.random()
                    rows.append((f"c{condition}", seed, "select", epoch, split, metric, value))
                    rows.append((f"c{condition}", seed, "final", epoch, split, metric, -9.0))
    columns = ["condition", "seed", "phase", "epoch", "split", "metric", "value"]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    expected = one_by_one(table, select)
    assert 20 < len(expected) < 40
    assert best_epoch_of_each(table.sample(fraction=1.0, shuffle=True, seed=1), select) == expected
