"""Results folders with plausible curves, made in milliseconds: what the rooms that read a store are tested with."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from assay.store import Results, Store, open_results
from assay.study.spec import Study

DATA_FINGERPRINT = "0123456789abcdef" * 4


def factorial_study(**changes: Any) -> Study:
    """Two activations × three initializers × three seeds on digits, with a baseline."""
    written: dict[str, Any] = {
        "name": "curves",
        "question": "Which start suits which activation?",
        "data": "digits",
        "network": {"hidden": [32, 16]},
        "training": {"optimizer": "adam", "epochs": 12, "batch_size": 32},
        "vary": {
            "network.activation": ["relu", "tanh"],
            "network.kernel_initializer": ["glorot_uniform", "he_normal", {"name": "random_normal", "stddev": 1.0}],
        },
        "design": {
            "kind": "factorial",
            "seeds": 3,
            "baseline": "activation=relu, kernel_initializer=glorot_uniform",
        },
    }
    return Study(**(written | changes))


def fill(
    directory: Path,
    study: Study,
    *,
    epochs: int = 12,
    metrics: tuple[str, str] = ("loss", "accuracy"),
    diverged: Collection[tuple[int, int]] = (),
    ended: int | None = None,
) -> Results:
    """Write what a run of `study` might have written.

    Parameters
    ----------
    directory : Path
        To be filled.
    study : Study
        Whose conditions and seeds are written.
    epochs : int
        Of the selection phase.
    metrics : pair of str
        The loss, and the metric beside it.
    diverged : collection of (condition index, seed)
        Trials that diverge in their third epoch.
    ended : int, optional
        Only so many conditions have ended; the next one is in flight, the others have not begun.
    """
    conditions = study.expand()
    seeds = study.seed_list()
    with Store.open(directory, study, {"digits": DATA_FINGERPRINT}) as store:
        for index, condition in enumerate(conditions[: None if ended is None else ended + 1]):
            in_flight = ended == index
            history, trials = [], []
            for position, seed in enumerate(seeds):
                trial = index * len(seeds) + position
                is_diverged = (index, seed) in diverged
                curves = _curves(index, seed, epochs, metrics)
                identity = {"trial": trial, "condition": condition.name, "seed": seed}
                for (split, metric), values in curves.items():
                    for epoch, value in enumerate(values[: epochs // 2 if in_flight else None], start=1):
                        shown = math.nan if is_diverged and epoch >= 3 else value
                        history.append(identity | _row("select", epoch, split, metric, shown))
                if study.design.final and not is_diverged:
                    for metric in metrics:
                        tested = curves["validation", metric][epochs // 2] * 0.99
                        history.append(identity | _row("final", epochs // 2 + 1, "test", metric, tested))
                trials.append(
                    identity
                    | {
                        "outcome": "diverged" if is_diverged else "completed",
                        "outcome_epoch": 3 if is_diverged else None,
                        "outcome_step": 97 if is_diverged else None,
                        "best_epoch": None,
                        "parameters": 2_000 + 100 * index,
                        "elapsed_seconds": 0.5,
                        "message": "the loss is no longer finite" if is_diverged else "",
                    }
                )
            store.write_history(index + 1, "select", 1, pl.DataFrame(history, infer_schema_length=None))
            if not in_flight:
                store.write_trials(index + 1, pl.DataFrame(trials, infer_schema_length=None))
    return open_results(directory)


def _row(phase: str, epoch: int, split: str, metric: str, value: float) -> dict[str, Any]:
    return {"phase": phase, "epoch": epoch, "split": split, "metric": metric, "value": float(value)}


def _curves(index: int, seed: int, epochs: int, metrics: tuple[str, str]) -> dict[tuple[str, str], np.ndarray]:
    """Training loss falls on; validation loss turns where the network begins to overfit."""
    noise = np.random.default_rng([index, seed])
    epoch = np.arange(1, epochs + 1)
    speed = 0.25 + 0.5 * ((index * 7) % 11) / 11
    floor = 0.15 + 0.25 * ((index * 5) % 7) / 7
    train = 2.2 * np.exp(-speed * epoch) + 0.03 + 0.01 * noise.random(epochs)
    validation = floor + 2.1 * np.exp(-speed * epoch) + 0.004 * epoch * speed + 0.03 * noise.random(epochs)
    loss, other = metrics
    if other == "accuracy":
        beside = {split: 1 / (1 + 0.35 * values) for split, values in (("train", train), ("validation", validation))}
    else:
        beside = {split: 0.8 * np.sqrt(values) for split, values in (("train", train), ("validation", validation))}
    return {
        ("train", loss): train,
        ("validation", loss): validation,
        ("train", other): beside["train"],
        ("validation", other): beside["validation"],
    }
