"""The epoch-0 laboratory: what every layer of every condition does before anything is trained.

>>> report = probe("block")
>>> report.signals.filter(quantity="preactivations", statistic="std")
>>> report.summary()["conditions"][0]["layers"][0]["preactivations"]["std"]
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from assay.data import Dataset, load
from assay.engine import use_all_cores, use_compilation_cache
from assay.planning import Plan, PopulationPlan, check_capacity, plan_study
from assay.prediction import predict_signals
from assay.probes import PROBES, probe_rows, signal_frames
from assay.study import ProbeSpec, Study, load_study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from assay.figures import SignalTables

# Quantities told with their mean, standard deviation and root mean square; the others have one statistic each.
TOLD = ("preactivations", "activations", "errors", "kernel", "kernel_gradient", "bias")


@dataclass(frozen=True)
class ProbeReport:
    """What was measured on untrained networks.

    Attributes
    ----------
    plan : Plan
    signals, histograms : polars.DataFrame
        As in the store, epoch 0.
    theory : polars.DataFrame
        Columns condition, layer, quantity, statistic, value: what theory predicts for the same numbers.
    """

    plan: Plan
    signals: pl.DataFrame
    histograms: pl.DataFrame
    theory: pl.DataFrame

    def summary(self) -> dict[str, Any]:
        """The table of layers, means over seeds, as ``assay probe --json`` prints it."""
        return {
            "study": self.plan.study.name,
            "conditions": [
                {"condition": condition.name, "settings": condition.settings, "layers": self._layers(condition.name)}
                for condition in self.plan.conditions
            ],
        }

    @property
    def tables(self) -> SignalTables:
        """What the figures read."""
        from assay.figures import SignalTables

        names = [condition.name for condition in self.plan.conditions]
        return SignalTables(self.signals, self.histograms, names, self.theory)

    def plot(self) -> Figure:
        """The wall: conditions × four panels on shared scales."""
        from assay.figures import wall

        return wall(self.tables)

    def _layers(self, condition: str) -> list[dict[str, Any]]:
        measured = _nested(
            self.signals.filter(pl.col("condition") == condition)
            .filter(~pl.col("quantity").is_in(TOLD) | pl.col("statistic").is_in(["mean", "std", "rms"]))
            .group_by("layer", "quantity", "statistic", maintain_order=True)
            .agg(pl.col("value").mean())
        )
        predicted = _nested(self.theory.filter(pl.col("condition") == condition).drop("condition"))
        return [
            {"layer": layer, **quantities, "theory": predicted.get(layer, {})}
            for layer, quantities in sorted(measured.items())
        ]


def _nested(rows: pl.DataFrame) -> dict[int, dict[str, dict[str, float | None]]]:
    """Layer → quantity → statistic → value; None where it is not finite."""
    found: dict[int, dict[str, dict[str, float | None]]] = {}
    for layer, quantity, statistic, value in rows.select("layer", "quantity", "statistic", "value").iter_rows():
        known = value if value is not None and np.isfinite(value) else None
        found.setdefault(layer, {}).setdefault(quantity, {})[statistic] = known
    return found


def probe(study: Study | str | Path) -> ProbeReport:
    """Measure every layer of every trial of a study before training; trains nothing and writes nothing.

    Parameters
    ----------
    study : Study, str or Path
        A study, a study file, or the name of a built-in study. Its ``[probe]`` table says how many training rows are
        looked at.

    Returns
    -------
    ProbeReport

    Raises
    ------
    AssayError
        If the study or its data cannot be used.
    """
    study = load_study(study)
    plan = plan_study(study)
    check_capacity(plan)
    use_all_cores()
    use_compilation_cache()
    rows = (study.probe or ProbeSpec()).rows
    datasets = {population.request: load(population.request) for population in plan.populations}
    with ThreadPoolExecutor(max_workers=1) as beside:  # theory is worked out while the probes are compiled
        theory = [
            beside.submit(predict_signals, condition.name, member, *_looked_at(population, dataset, rows))
            for population in plan.populations
            for dataset in [datasets[population.request]]
            for condition, member in zip(population.conditions, population.members, strict=True)
        ]
        measured = [
            _probe_population(population, datasets[population.request], rows) for population in plan.populations
        ]
    return ProbeReport(
        plan,
        pl.concat(signals for signals, _ in measured),
        pl.concat(histograms for _, histograms in measured),
        pl.concat(prediction.result() for prediction in theory),
    )


def _looked_at(population: PopulationPlan, dataset: Dataset, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The examples, x (B, F) and y (B, K)."""
    rows = probe_rows(population.shape.train_rows, count)
    return dataset.x_train[rows], dataset.y_train[rows]


def _probe_population(population: PopulationPlan, dataset: Dataset, rows: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    from assay.engine.trainer import Trainer

    trainer = Trainer(
        population.members, seeds=population.seeds, batch_size=population.batch_size, task=population.shape.task
    )
    data = trainer.place(*_looked_at(population, dataset, rows))
    return signal_frames(
        trainer.probe(trainer.start(), data, np.arange(data.rows), PROBES),
        trials=population.trials,
        conditions=[condition.name for condition in population.conditions],
        seeds=population.seeds,
        epoch=0,
        recorded=np.ones(population.trials.shape, bool),
    )
