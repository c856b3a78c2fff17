"""Results with signals as probes write them, and TensorBoard's own reader of what was exported."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest

from assay.results import Results, open_results
from assay.store import Store

EPOCHS = 3
BINS = 32
DIVERGED = (5, 2)  # condition index, seed
LAYERS = (1, 2)


def _values(trial: int, epoch: int, layer: int) -> np.ndarray:
    return np.random.default_rng([trial, epoch, layer]).normal(size=500) * layer


@pytest.fixture(scope="session")
def recorded_values() -> Callable[[int, int, int], np.ndarray]:
    """What the pre-activations are said to have been, by trial, epoch and layer."""
    return _values


@pytest.fixture(scope="session")
def with_signals(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Six conditions from three seeds, with signals; one trial has diverged and has values that are not finite."""
    directory = tmp_path_factory.mktemp("with_signals") / "curves"
    study = synthetic.factorial_study()
    results = synthetic.fill(directory, study, epochs=EPOCHS, diverged={DIVERGED})
    signals: list[dict[str, Any]] = []
    histograms: list[dict[str, Any]] = []
    for trial, condition, seed in results.trials.select("trial", "condition", "seed").iter_rows():
        lost = condition == results.conditions[DIVERGED[0]].name and seed == DIVERGED[1]
        for epoch in range(EPOCHS + 1):
            for layer in LAYERS:
                row = {"trial": trial, "condition": condition, "seed": seed, "epoch": epoch, "layer": layer}
                values = _values(trial, epoch, layer)
                counts, edges = np.histogram(values, BINS)
                if lost:  # none is finite
                    counts, edges = np.zeros(BINS, int), np.zeros(BINS + 1)
                statistics = {"std": values.std(), "quantile_05": np.quantile(values, 0.05)}
                for statistic, value in statistics.items():
                    signals.append(row | {"quantity": "preactivations", "statistic": statistic, "value": value})
                signals.append(row | {"quantity": "update", "statistic": "ratio", "value": math.nan if lost else 1e-3})
                histograms.append(
                    row | {"quantity": "preactivations", "low": edges[0], "high": edges[-1], "counts": counts.tolist()}
                )
    with Store.open(directory, study, {"digits": synthetic.DATA_FINGERPRINT}) as store:
        store.write_signals(1, "select", 0, pl.DataFrame(signals), pl.DataFrame(histograms))
    return open_results(directory)


@pytest.fixture
def only_begun(synthetic: ModuleType, tmp_path: Path) -> Results:
    """A study of which nothing has been recorded yet."""
    with Store.open(tmp_path / "begun", synthetic.factorial_study(), {"digits": synthetic.DATA_FINGERPRINT}):
        return open_results(tmp_path / "begun")


class Exported:
    """What TensorBoard itself finds in a folder."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
        from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
        from tensorboard.context import RequestContext

        multiplexer = EventMultiplexer().AddRunsFromDirectory(str(folder))
        multiplexer.Reload()
        self.context = RequestContext()
        self.provider = MultiplexerDataProvider(multiplexer, str(folder))

    def scalars(self) -> dict[str, dict[str, list[Any]]]:
        """By run and tag; each has step, value and wall_time."""
        return self.provider.read_scalars(self.context, experiment_id="", plugin_name="scalars", downsample=1000)

    def histograms(self) -> dict[str, dict[str, list[Any]]]:
        """By run and tag; each has step and numpy."""
        return self.provider.read_tensors(self.context, experiment_id="", plugin_name="histograms", downsample=1000)

    def hyperparameters(self) -> tuple[Any, list[Any]]:
        """The columns and the rows of the HPARAMS tab."""
        from tensorboard.plugins.base_plugin import TBContext
        from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups

        backend = backend_context.Context(TBContext(data_provider=self.provider))
        asked = api_pb2.ListSessionGroupsRequest(
            allowed_statuses=api_pb2.Status.values(), slice_size=1000, include_metrics=True
        )
        columns = get_experiment.Handler(self.context, backend, "", api_pb2.GetExperimentRequest()).run()
        rows = list_session_groups.Handler(self.context, backend, "", asked).run()
        return columns, list(rows.session_groups)


@pytest.fixture(scope="session")
def read_back() -> Callable[[Path], Exported]:
    """Read a folder as TensorBoard does."""
    pytest.importorskip("tensorboard", reason="needs the extra: pip install 'assay[tensorboard]'")
    return Exported
