"""Train programs from their seeds and keep what they learnt: one JSON line for a program and a seed.

Worker processes take the numbers; the parent alone writes, so that a stopped training goes on where it was.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import ModuleType
from typing import Any

from corpus.datasets import Data
from corpus.grammar import program
from corpus.program import Program
from corpus.skill import decisions, skill

SEEDS = 2
Task = tuple[int, int]
# Each Keras program is compiled for itself alone, so a compiler that hardly optimizes is done sooner.
FAST_COMPILER = (
    "--xla_cpu_multi_thread_eigen=false",
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
)


def written(path: Path) -> list[dict[str, Any]]:
    """The lines of a file so far; a line that was cut short is left out."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def in_workers(
    work: Callable[[Any], dict[str, Any]], tasks: Iterable[Any], path: Path, *, workers: int, tasks_each: int = 300
) -> None:
    """Do tasks in fresh processes and append what each returns to a file of JSON lines.

    Parameters
    ----------
    work : callable
        A function of a module; it returns a record and raises nothing.
    tasks : iterable
        What it is given.
    path : Path
    workers : int
    tasks_each : int
        After so many, processes are replaced: compiled programs take memory maps, of which one may have 65,530.

    Raises
    ------
    BrokenProcessPool
        If processes end again and again without a task done.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _end_last_line(path)
    left, context = list(tasks), multiprocessing.get_context("spawn")
    while left:
        done = set()
        pool = ProcessPoolExecutor(workers, context, initializer=_quiet)
        with pool, path.open("a", encoding="utf-8") as out:
            waiting = {pool.submit(work, task): task for task in left[: workers * tasks_each]}
            try:
                for finished in as_completed(waiting):
                    out.write(json.dumps(finished.result()) + "\n")
                    out.flush()
                    done.add(waiting[finished])
            except BrokenProcessPool:  # a crash of a library; what it was at is tried again
                if not done:
                    raise
            except BaseException:  # the parent is to stop: only what has begun is ended
                pool.shutdown(cancel_futures=True)
                raise
        left = [task for task in left if task not in done]


def _end_last_line(path: Path) -> None:
    """A process that was stopped while it wrote leaves a line without its end."""
    if path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size:
        with path.open("a", encoding="utf-8") as out:
            out.write("\n")


def _quiet() -> None:
    """One thread, and no warnings: many programs deserve one."""
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("XLA_FLAGS", " ".join(FAST_COMPILER))
    os.environ.setdefault("KERAS_BACKEND", "jax")
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)


def open_tasks(numbers: Iterable[int], path: Path) -> Iterator[Task]:
    """(number, seed) of what is not yet in the file."""
    done = {(line["number"], line["seed"]) for line in written(path)}
    for number in numbers:
        for seed in range(SEEDS):
            if (number, seed) not in done:
                yield number, seed


def framework_of(chosen: Program) -> ModuleType:
    """The module that builds and trains it."""
    if chosen.framework == "keras":
        from corpus import keras_programs

        return keras_programs
    from corpus import torch_programs

    return torch_programs


def trained(task: Task) -> dict[str, Any]:
    """Train one program from one seed; the record of it."""
    number, seed = task
    chosen, begun = program(number), time.perf_counter()
    record = {
        "number": number,
        "seed": seed,
        "family": chosen.family,
        "mutation": chosen.mutation if chosen.is_mutated else None,
        "error": None,
    }
    try:
        record |= _learnt(chosen, seed)
    except Exception as error:  # whatever a broken program raises
        record["error"] = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    record["seconds"] = round(time.perf_counter() - begun, 2)
    return record


def _learnt(chosen: Program, seed: int) -> dict[str, Any]:
    framework = framework_of(chosen)
    run = framework.build(chosen, seed)
    data: Data = run.data
    try:
        first, last = framework.train(run)
    except RuntimeError as error:  # as PyTorch stops where a probability is NaN; what was not learnt is 0
        return {"skill": 0.0, "decisions": 0.0, "stopped": f"{error}".splitlines()[0][:300]}
    said = framework.answers(run, data.x_test)
    return {
        "skill": skill(chosen, said, data.y_test),
        "decisions": decisions(chosen, said, data.y_test),
        "loss_first": _known(first),
        "loss_last": _known(last),
    }


def _known(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None
