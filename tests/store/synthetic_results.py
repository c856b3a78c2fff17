"""Results folders with plausible curves, made in milliseconds: what the rooms that read a store are tested with."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from assay.data import Dataset, load
from assay.engine.layout import Member
from assay.engine.trainer import Trainer
from assay.kept import Kept, KeptLayer
from assay.learning.losses import class_threshold
from assay.pretraining import learn_layers
from assay.results import Results, open_results
from assay.store import Store
from assay.study.conditions import Condition
from assay.study.identity import identities
from assay.study.resolving import resolve
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
    fingerprint: str = DATA_FINGERPRINT,
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
    fingerprint : str
        Of the data.
    """
    conditions = study.expand()
    seeds = study.seed_list()
    with Store.open(directory, study, {_data_name(study): fingerprint}) as store:
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


def _data_name(study: Study) -> str:
    request = study.expand()[0].data.request()
    return request.name or Path(request.path or "").stem


def fill_kept(directory: Path, study: Study, *, seed: int = 1) -> Results:
    """Write a study that keeps one network of each condition, as it was drawn from `seed`, and what that says.

    Its data are loaded; an untrained network errs on many rows.
    """
    datasets = {condition.data.request(): load(condition.data.request()) for condition in study.expand()}
    dataset = next(iter(datasets.values()))
    fill(directory, study, fingerprint=dataset.fingerprint, metrics=("loss", "accuracy"))
    splits = ("validation", "test") if study.design.final else ("validation",)
    with Store.open(directory, study, {dataset.name: dataset.fingerprint}) as store:
        for index, (condition, identity) in enumerate(zip(study.expand(), identities(study), strict=True)):
            network = drawn_network(study, condition, identity, dataset, seed)
            store.save_network(identity, seed, *network.written())
            for split in splits:
                frame = _answers(network, dataset, split).with_columns(
                    trial=pl.lit(index * len(study.seed_list()) + study.seed_list().index(seed)),
                    condition=pl.lit(condition.name),
                    seed=pl.lit(seed),
                )
                store.write_predictions(index + 1, split, frame)
    return open_results(directory)


def drawn_network(study: Study, condition: Condition, identity: str, dataset: Dataset, seed: int) -> Kept:
    """The network of a condition as the engine starts it."""
    layers, loss = resolve(study, condition, dataset.shape)
    member = Member(layers, loss, condition.training.optimizer)
    trainer = Trainer([member], seeds=[seed], batch_size=32, task=dataset.shape.task)
    rows = np.concatenate([dataset.x_train, dataset.x_validation]) if study.design.final else dataset.x_train
    parameters = trainer.parameters(trainer.start(learn_layers([member], [seed], rows)), 0, 0)
    return Kept(
        layers=tuple(KeptLayer(*drawn, layer.activation) for drawn, layer in zip(parameters, layers, strict=True)),
        preparation=dataset.preparation,
        task=dataset.shape.task,
        threshold=class_threshold(loss, layers[-1].activation),
        class_names=dataset.class_names,
        target_names=dataset.target_names,
        target_scaling=dataset.target_scaling,
        loss=loss.written(),
        condition=condition.name,
        identity=identity,
        seed=seed,
        epoch=7,
        phase="final" if study.design.final else "select",
    )


def _answers(network: Kept, dataset: Dataset, split: str) -> pl.DataFrame:
    outputs = network.outputs(getattr(dataset, f"x_{split}"))
    return pl.DataFrame(
        {
            "epoch": [network.epoch] * len(outputs),
            "split": [split] * len(outputs),
            "row": range(len(outputs)),
            "source_row": dataset.rows[split],
            "target": getattr(dataset, f"y_{split}").tolist(),
            "outputs": outputs.tolist(),
        }
    )


def large_study(num_conditions: int, *, seeds: int = 3, baseline: int | None = 0) -> Study:
    """A study of so many conditions: as many learning rates, and two activations; `baseline` is an index."""
    rates = [round(0.001 * rate, 6) for rate in range(1, num_conditions // 2 + 1)]
    written: dict[str, Any] = {
        "name": "large",
        "data": "iris",
        "network": {"hidden": [4]},
        "training": {"optimizer": "sgd", "epochs": 4},
        "vary": {"training.optimizer.learning_rate": rates, "network.activation": ["relu", "tanh"]},
    }
    names = [condition.name for condition in Study(**written).expand()]
    design = {"seeds": seeds} | ({} if baseline is None else {"baseline": names[baseline]})
    return Study(**written, design=design)


def fill_large(directory: Path, study: Study, *, epochs: int = 4) -> Results:
    """Write a study of many conditions in one population, without a loop over its trials.

    Training loss falls with the epoch, validation loss is best after epoch 2. Both fall with the condition's index, and
    differ by seed. The last seed of every tenth condition diverges in its second epoch.
    """
    names = pl.Series([condition.name for condition in study.expand()])
    seeds = np.asarray(study.seed_list())
    condition, position = (index.ravel() for index in np.indices((len(names), len(seeds))))
    diverged = (condition % 10 == 9) & (position == len(seeds) - 1)
    quality = condition / len(names) + 0.001 * np.random.default_rng(0).random(len(condition))
    trials = pl.DataFrame(
        {"trial": np.arange(len(condition)), "condition": names.gather(condition), "seed": seeds[position]}
    )

    def rows(phase: str, epoch: int, split: str, loss: np.ndarray, here: np.ndarray) -> Iterator[pl.DataFrame]:
        for metric, value in {"loss": loss, "accuracy": 1 - loss / 4}.items():
            place = {"phase": phase, "epoch": epoch, "split": split, "metric": metric}
            yield trials.filter(here).with_columns(**{k: pl.lit(v) for k, v in place.items()}, value=value[here])

    frames: list[pl.DataFrame] = []
    for epoch in range(epochs + 1):
        here = ~diverged if epoch > 2 else np.full(len(diverged), True)
        train = np.where(diverged & (epoch == 2), np.nan, 2 - quality - 0.1 * epoch)
        frames += [*rows("select", epoch, "train", train, here)]
        frames += [*rows("select", epoch, "validation", train + 0.15 * max(0, epoch - 2), here)]
    tested = [*rows("final", 2, "test", 1.9 - quality, ~diverged)]
    ended = trials.with_columns(
        outcome=pl.Series(np.where(diverged, "diverged", "completed")),
        outcome_epoch=pl.Series(np.where(diverged, 2, epochs)),
        outcome_step=pl.Series(np.where(diverged, 7, 3 * epochs)),
        best_epoch=pl.lit(None, pl.Int64),
        parameters=pl.lit(35),
        elapsed_seconds=pl.lit(0.01),
        message=pl.lit(""),
    )
    with Store.open(directory, study, {"iris": DATA_FINGERPRINT}) as store:
        store.write_history(1, "select", 0, pl.concat(frames))
        store.write_history(1, "final", 1, pl.concat(tested))
        store.write_trials(1, ended)
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
