"""Run a study: the whole story on one page.

A study is expanded into trials, trials are grouped into populations, each population goes through the protocol, and all
that is measured lands in one folder, from which everything that is shown is read.
"""

from __future__ import annotations

import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import numpy as np

from assay.bookkeeping import failed_trials
from assay.choices import Choice, Table
from assay.data import DataRequest, Dataset, load
from assay.engine import (
    PROGRAMS_KEPT,
    available_cores,
    counted_compilation,
    memory_limit,
    on_cpu,
    use_compilation_cache,
    use_devices,
)
from assay.errors import WriteError
from assay.growing import Begun, Growth, Standing, Trial
from assay.judging import data_notes, trait_notes
from assay.learning.losses import LOSSES
from assay.learning.optimizers import OPTIMIZERS
from assay.networks.activations import ACTIVATIONS
from assay.networks.initializers import INITIALIZERS
from assay.networks.saved_models import fingerprint
from assay.own_code import OwnCode
from assay.planning import Plan, Planner, PopulationPlan, check_capacity
from assay.protocol import EpochEvent, PopulationRun
from assay.pruning import prune
from assay.results import Results
from assay.scoring import check_metrics
from assay.settling import clean, final_phases, settled
from assay.store import Store
from assay.store.schema import RUNS_FOLDER
from assay.study import Study, load_study

WRITABLE = bool | int | float | str | None
"""Defaults of arguments that a manifest can hold."""


class Stoppable(Protocol):
    """Hears that the user wants to stop."""

    def stop_requested(self) -> None:
        """Ctrl-C came; what is in flight is finished first."""


class Progress(Stoppable, Protocol):
    """A view of a running study; the command line has three."""

    def study_started(self, plan: Plan, finished: int) -> None:
        """Before anything is trained; `finished` trials are there from an earlier run."""

    def epoch_ended(self, event: EpochEvent) -> None:
        """After each epoch of a population."""

    def population_ended(self, population: PopulationPlan, error: Exception | None) -> None:
        """Its trials are in the store."""

    def say(self, line: str) -> None:
        """What the user should know of this run, as a sentence."""


class Silence:
    """The progress view that shows nothing."""

    def study_started(self, plan: Plan, finished: int) -> None: ...

    def epoch_ended(self, event: EpochEvent) -> None: ...

    def population_ended(self, population: PopulationPlan, error: Exception | None) -> None: ...

    def say(self, line: str) -> None: ...

    def stop_requested(self) -> None: ...


def run(
    study: Study | str | Path,
    directory: str | Path | None = None,
    *,
    device: str | None = None,
    tf32: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Train what is missing of a study and return all its results.

    Parameters
    ----------
    study : Study, str or Path
        A study, a study file, or the name of a built-in study.
    directory : str or Path, optional
        The folder of results; ``assay-runs/NAME`` when not given. If it holds a part of this study, that part stands.
    device : {"cpu", "gpu"}, optional
        What trains; JAX chooses when not given.
    tf32 : bool
        Let a GPU take TensorFloat-32 for matrix products: faster, and three digits instead of seven.
    progress : Progress, optional
        Hears how it goes; silent when not given.

    Returns
    -------
    Results

    Raises
    ------
    AssayError
        If the study, its data or the folder cannot be used; nothing has been trained then.
    WriteError
        If the disk is full; what was written before is kept, and the same call goes on from there.
    KeyboardInterrupt
        After Ctrl-C; what was done is kept, and the same call goes on from there.
    """
    study = load_study(study)
    progress = progress or Silence()
    devices = use_devices(device, tf32=tf32)
    planner = Planner(study, platform="cpu" if on_cpu(devices) else "gpu")
    plan = planner.plan()
    check_capacity(plan, memory_limit(devices))
    use_compilation_cache()
    datasets = {population.request: load(population.request) for population in plan.populations}
    for population in plan.populations:
        check_metrics(population, datasets[population.request])
        population.row_weights(datasets[population.request])  # names its classes
    folder = Path(directory) if directory is not None else RUNS_FOLDER / study.name
    found_fingerprints = fingerprints(datasets.items()) | model_fingerprints(plan) | code_fingerprints(plan)
    with Store.open(folder, study, found_fingerprints) as store:
        store.note(
            devices=[str(device) for device in devices],
            tf32=tf32,
            programs=plan.num_programs,
            judged_by=data_notes(plan.populations, datasets),
            own_code=code_notes(plan),
            own_activations=trait_notes(plan.populations),
            overlaps=plan.overlaps(),
        )
        standing = Standing.of(folder, planner)
        growth = Growth.of(standing, store.last_number)
        progress.study_started(plan, growth.finished_trials)
        if growth.dropped:
            progress.say(growth.dropped_text())
        with interruption(progress) as stop, counted_compilation() as compilation:

            def prepared(population: PopulationPlan) -> PopulationRun:
                run = PopulationRun(
                    population,
                    datasets[population.request],
                    store,
                    epoch_ended=progress.epoch_ended,
                    stop_requested=stop.is_set,
                    devices=devices,
                )
                run.compile()
                return run

            _train(growth, store, prepared, progress)
        if compilation.programs:
            store.note(compilation=asdict(compilation))
    return Results(folder)


def note_in(directory: Path, **facts: Any) -> None:
    """Add facts to the manifest of a results folder that is there; they must be JSON."""
    tables = Results(directory)
    assert isinstance(tables.study, Study)
    with Store.open(directory, tables.study, {}) as store:
        store.note(**facts)


def _train(
    growth: Growth, store: Store, prepared: Callable[[PopulationPlan], PopulationRun], progress: Progress
) -> None:
    """The selection phases that are missing, then the final phases that are missing at the best epochs of all seeds.

    A population that holds all seeds of its conditions, or whose other seeds are there, goes through both at once.
    """
    planner = growth.standing.planner
    for number in growth.dropped:
        store.drop_population(number)
    ahead = _ahead(prepared, [begun.population for begun in growth.selections])
    for begun, run in zip(growth.selections, ahead, strict=True):
        store.begin(begun.record)

        def select(begun: Begun = begun, run: Future[PopulationRun] = run) -> bool:
            run.result().select()
            if not growth.is_alone(begun):
                return False
            if growth.holds_all(begun):
                _finish(begun.population, run.result(), run.result().best_epochs(), None, store)
            else:
                now = Standing.of(store.directory, planner)
                best = now.best_epochs()
                _finish(begun.population, run.result(), *_of_population(begun.population, best, now.ranks(best)), store)
            return True

        ended, error = _guarded(begun.population, select, store)
        if ended or error is not None:
            progress.population_ended(begun.population, error)
    best = Standing.of(store.directory, planner).best_epochs()
    standing = settled(store, planner, best)
    finals = final_phases(store, standing, best)
    ranks = standing.ranks(best) if finals else {}
    for begun, run in zip(finals, _ahead(prepared, [begun.population for begun in finals]), strict=True):

        def finish(begun: Begun = begun, run: Future[PopulationRun] = run) -> bool:
            _finish(begun.population, run.result(), *_of_population(begun.population, best, ranks), store)
            return True

        _, error = _guarded(begun.population, finish, store)
        progress.population_ended(begun.population, error)
    whole = Standing.of(store.directory, planner)
    clean(store, whole)
    prune(store, whole)


def _of_population(
    population: PopulationPlan, best: Mapping[str, int], ranks: Mapping[Trial, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The best epoch of each trial's condition, 0 where there is none, and its score there, NaN where there is none."""
    epochs = np.asarray([best.get(identity, 0) for identity in population.identities])
    scores = [[ranks.get((each, seed), np.nan) for seed in population.seeds] for each in population.identities]
    return np.broadcast_to(epochs[:, None], population.trials.shape), np.asarray(scores)


def _finish(
    population: PopulationPlan, run: PopulationRun, best: np.ndarray, ranks: np.ndarray | None, store: Store
) -> None:
    """The final phase; the folder keeps that the test set was opened."""
    opened = population.active & (best > 0) & ~run.endings.diverged
    if population.design.final and opened.any():
        store.note_opening([population.seeds[seed] for seed in np.flatnonzero(opened.any(axis=0))], int(opened.sum()))
    run.finish(best, ranks)


def _ahead(
    prepared: Callable[[PopulationPlan], PopulationRun], populations: Iterable[PopulationPlan]
) -> Iterator[Future[PopulationRun]]:
    """Prepare populations in turn, some of them ahead of the one that trains, so that compiling costs less waiting."""
    at_once = min(available_cores(), PROGRAMS_KEPT // 2)
    coming = iter(populations)
    with ThreadPoolExecutor(at_once) as beside:
        waiting = deque(beside.submit(prepared, population) for population in islice(coming, at_once + 1))
        try:
            while waiting:
                yield waiting.popleft()
                waiting.extend(beside.submit(prepared, population) for population in islice(coming, 1))
        finally:
            for future in waiting:
                future.cancel()


def _guarded(population: PopulationPlan, train: Callable[[], bool], store: Store) -> tuple[bool, Exception | None]:
    """What `train` returns; an error ends the trials of the population as failed and leaves the others alone."""
    try:
        return train(), None
    except WriteError:
        raise  # no other population could keep what it finds; this one goes on from its last segment
    except Exception as error:  # whatever it is, the other populations go on
        store.write_trials(population.number, failed_trials(population, error))
        return False, error


def fingerprints(datasets: Iterable[tuple[DataRequest, Dataset]]) -> dict[str, str]:
    """SHA-256 of each data set by name: a folder goes on only with the same data.

    Splits have names of their own. Data sets of one name (a study may vary how many rows are kept) are told apart by a
    number.
    """
    return _by_name((f"{data.name}{request.resample}", data.fingerprint) for request, data in datasets)


def model_fingerprints(plan: Plan) -> dict[str, str]:
    """SHA-256 of each saved model that networks start from, by the name of its file; as `fingerprints`."""
    layers = (layer for population in plan.populations for member in population.members for layer in member.layers)
    choices = dict.fromkeys(layer.kernel_initializer for layer in layers)
    paths = [Path(choice.arguments["from"]) for choice in choices if choice.name == "pretrained"]
    return _by_name((path.name, fingerprint(path)) for path in paths)


def code_fingerprints(plan: Plan) -> dict[str, str]:
    """SHA-256 of the code of a user's own functions, by reference."""
    return {code.reference: code.digest for code, _ in _own_code(plan)}


def code_notes(plan: Plan) -> dict[str, dict[str, Any]]:
    """What a folder keeps of the code, so that its study can be read without running it; see `own_code.Kept`."""
    return {
        code.reference: {
            "digest": code.digest,
            "arguments": {key: value for key, value in defaults.items() if isinstance(value, WRITABLE)},
        }
        for code, defaults in _own_code(plan)
    }


def _own_code(plan: Plan) -> Iterator[tuple[OwnCode, Mapping[str, Any]]]:
    """Every piece of a user's own code that networks are made of, with the defaults of its arguments."""
    for population in plan.populations:
        for member in population.members:
            chosen: list[tuple[Table[Any], Choice | None]] = [
                (LOSSES, member.loss),
                (LOSSES, population.metric),
                (OPTIMIZERS, member.optimizer),
            ]
            for layer in member.layers:
                chosen += [(ACTIVATIONS, layer.activation), (INITIALIZERS, layer.kernel_initializer)]
                chosen.append((INITIALIZERS, layer.bias_initializer))
            for table, choice in chosen:
                if choice is not None and isinstance(choice.own, OwnCode):
                    yield choice.own, table.of(choice).defaults


def _by_name(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What comes with a name, as a dict; a name that comes again gets a number."""
    named: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for name, content in found:
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name} ({seen[name]})"] = content
    return named


@contextmanager
def interruption(progress: Stoppable) -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a request to stop after what is in flight; a second one stops at once."""
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
