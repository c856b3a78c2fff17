"""The best epoch of a condition."""

from __future__ import annotations

import math

import polars as pl

from assay.analysis import BestEpoch, best_epoch


def history(curves, *, metric="loss", split="validation", first_epoch=1):
    """History of one condition from {seed: values by epoch}."""
    return pl.DataFrame(
        [
            {"seed": seed, "phase": "select", "epoch": epoch, "split": split, "metric": metric, "value": float(value)}
            for seed, values in curves.items()
            for epoch, value in enumerate(values, start=first_epoch)
        ]
    )


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
