"""Run a study: the whole story on one page.

A study is expanded into trials, trials are grouped into populations, each population goes through the protocol, and all
that is measured lands in one folder, from which everything that is shown is read.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol

import jax

from assay.data import Dataset, load
from assay.engine import use_all_cores, use_compilation_cache
from assay.planning import Plan, PopulationPlan, check_capacity, plan_study
from assay.protocol import EpochEvent, PopulationRun, failed_trials
from assay.store import Results, Store
from assay.study import Study, load_study

RUNS_FOLDER = Path("assay-runs")


class Progress(Protocol):
    """A view of a running study; the command line has three."""

    def study_started(self, plan: Plan, finished: int) -> None:
        """Before anything is trained; `finished` trials are there from an earlier run."""

    def epoch_ended(self, event: EpochEvent) -> None:
        """After each epoch of a population."""

    def population_ended(self, population: PopulationPlan, error: Exception | None) -> None:
        """Its trials are in the store."""

    def stop_requested(self) -> None:
        """Ctrl-C came; the epoch in flight is finished first."""


class Silence:
    """The progress view that shows nothing."""

    def study_started(self, plan: Plan, finished: int) -> None: ...

    def epoch_ended(self, event: EpochEvent) -> None: ...

    def population_ended(self, population: PopulationPlan, error: Exception | None) -> None: ...

    def stop_requested(self) -> None: ...


def run(study: Study | str | Path, directory: str | Path | None = None, *, progress: Progress | None = None) -> Results:
    """Train what is missing of a study and return all its results.

    Parameters
    ----------
    study : Study, str or Path
        A study, a study file, or the name of a built-in study.
    directory : str or Path, optional
        The folder of results; ``assay-runs/NAME`` when not given. If it holds a part of this study, that part stands.
    progress : Progress, optional
        Hears how it goes; silent when not given.

    Returns
    -------
    Results

    Raises
    ------
    AssayError
        If the study, its data or the folder cannot be used; nothing has been trained then.
    KeyboardInterrupt
        After Ctrl-C; what was done is kept, and the same call goes on from there.
    """
    study = load_study(study)
    progress = progress or Silence()
    plan = plan_study(study)
    check_capacity(plan)
    use_all_cores()
    use_compilation_cache()
    datasets = {population.request: load(population.request) for population in plan.populations}
    folder = Path(directory) if directory is not None else RUNS_FOLDER / study.name
    with Store.open(folder, study, _fingerprints(datasets.values())) as store:
        store.note(devices=[str(device) for device in jax.devices()], programs=plan.num_programs)
        missing = []
        for population in plan.populations:
            if store.finished(population.number):
                store.clear_checkpoint(population.number)  # left behind by a kill between a run's last two writes
            else:
                missing.append(population)
        progress.study_started(plan, plan.num_trials - sum(population.trials.size for population in missing))
        with _interruption(progress) as stop:
            for population in missing:
                error = _run_population(population, study, datasets[population.request], store, progress, stop)
                progress.population_ended(population, error)
    return Results(folder)


def _run_population(
    population: PopulationPlan,
    study: Study,
    dataset: Dataset,
    store: Store,
    progress: Progress,
    stop: threading.Event,
) -> Exception | None:
    """Train one population; an error ends its trials as failed and leaves the others alone."""
    try:
        PopulationRun(population, study, dataset, store, progress, stop.is_set).run()
    except Exception as error:  # whatever it is, the other populations go on
        store.write_trials(population.number, failed_trials(population, error))
        return error
    return None


def _fingerprints(datasets: Iterable[Dataset]) -> dict[str, str]:
    """SHA-256 of each data set by name: a folder goes on only with the same data.

    Data sets of one name (a study may vary how many rows are kept) are told apart by a number.
    """
    fingerprints: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for dataset in datasets:
        seen[dataset.name] += 1
        count = seen[dataset.name]
        fingerprints[dataset.name if count == 1 else f"{dataset.name} ({count})"] = dataset.fingerprint
    return fingerprints


@contextmanager
def _interruption(progress: Progress) -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a request to stop after the epoch in flight; a second one stops at once."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def request(signum: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        progress.stop_requested()

    previous = signal.signal(signal.SIGINT, request)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, previous)
