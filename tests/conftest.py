"""What every test runs under, the tiny study that several rooms train, and the makers of results that several read."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import numpy as np
import pytest

# Before anything imports them: Keras on JAX, and one JAX device per core as in a real run.
os.environ.setdefault("KERAS_BACKEND", "jax")
# PyTorch's threads wait for each other by spinning: where workers share the cores, networks as small as those of tests
# spend nearly all their time so.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from assay.analysis.error_analysis import AnsweredRows
from assay.engine.compilation import use_compilation_cache
from assay.engine.devices import use_all_cores
from assay.networks.architecture import output_defaults
from assay.results import Results
from assay.study import Study

use_all_cores()

MOST_MEMORY_MAPS = 25_000

# Properties are tried on the same examples in every run; how long an example takes is the machine's affair.
hypothesis.settings.register_profile("assay", derandomize=True, database=None, deadline=None, max_examples=60)
hypothesis.settings.load_profile("assay")


@pytest.fixture(scope="session", autouse=True)
def _own_program_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compiled programs go to a folder of this session, shared by its workers and subprocesses, not to the user's."""
    folder = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        folder = folder.parent  # a worker's own folder lies in that of the session
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder / "programs")
    use_compilation_cache()


@pytest.fixture(scope="module", autouse=True)
def _few_programs_at_a_time() -> Iterator[None]:
    """Let go of compiled programs when they are many: each holds memory maps, and a Linux process may have 65,530."""
    yield
    maps = Path("/proc/self/maps")
    if not maps.exists() or maps.read_bytes().count(b"\n") < MOST_MEMORY_MAPS:
        return
    import jax

    from assay.engine.compilation import PROGRAMS

    PROGRAMS.forget()
    jax.clear_caches()
    gc.collect()


@pytest.fixture(scope="session")
def tiny_study() -> Callable[..., Study]:
    """Make a study of two conditions from two seeds on iris (96, 24 and 30 rows); tables are changed key by key."""

    def make(**changes: Any) -> Study:
        parts: dict[str, Any] = {
            "name": "tiny",
            "data": "iris",
            "network": {"hidden": [4]},
            "training": {"epochs": 3, "batch_size": 16},
            "vary": {"network.activation": ["relu", "tanh"]},
            "design": {"seeds": 2},
        }
        for key, value in changes.items():
            parts[key] = {**parts[key], **value} if key in ("network", "training", "design") else value
        return Study(**parts)

    return make


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """The module ``tests/store/synthetic_results.py``, which makes results folders without training."""
    return _module("store/synthetic_results.py")


def _module(path: str) -> ModuleType:
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, Path(__file__).parent / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its data classes look themselves up
    spec.loader.exec_module(module)
    return module


MakeAnswers = Callable[..., AnsweredRows]


def _answers(task: str, names: Sequence[str], targets: Any, outputs: Any, **more: Any) -> AnsweredRows:
    """Rows numbered from 0, that lie in the source in reverse."""
    targets, outputs = np.asarray(targets, float), np.asarray(outputs, float)
    count = len(targets)
    activation, loss = output_defaults(task, targets.shape[1])
    known: dict[str, Any] = {"condition": "activation=relu", "seed": 3, "split": "validation", "epoch": 7}
    known |= {"rows": np.arange(count), "source_rows": 100 - np.arange(count)}
    known |= {"loss": loss, "output_activation": activation}
    return AnsweredRows(task, targets, outputs, names=tuple(names), **(known | more))


@pytest.fixture(scope="session")
def make_answers() -> MakeAnswers:
    """Make answers of a task from targets and outputs of shape (rows, K)."""
    return _answers


@pytest.fixture(scope="session")
def classed() -> MakeAnswers:
    """Make answers of classes from counts: truth → what it is taken for → how often, each with probability 0.8."""

    def make(counts: dict[str, dict[str, int]], sure: float = 0.8) -> AnsweredRows:
        names = list(counts)
        pairs = [
            (names.index(truth), names.index(said))
            for truth, row in counts.items()
            for said, count in row.items()
            for _ in range(count)
        ]
        truth, said = np.array(pairs).T
        if len(names) == 2:
            return _answers("binary", names, truth[:, None], np.where(said == 1, sure, 1 - sure)[:, None])
        rest = (1 - sure) / (len(names) - 1)
        outputs = np.full((len(pairs), len(names)), rest)
        outputs[np.arange(len(pairs)), said] = sure
        return _answers("multiclass", names, np.eye(len(names))[truth], outputs)

    return make


@pytest.fixture(scope="session")
def kept_results(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Results]:
    """Make a folder of a study that keeps a network of each condition, once for each study; see ``fill_kept``."""
    made: dict[str, Results] = {}

    def make(data: Any, **changes: Any) -> Results:
        written: dict[str, Any] = {
            "name": "kept",
            "data": data,
            "network": {"hidden": [6]},
            "training": {"epochs": 12},
            "vary": {"network.activation": ["relu", "tanh"]},
            "design": {"seeds": 2},
        }
        study = Study(**(written | changes))
        if study.fingerprint() not in made:
            made[study.fingerprint()] = synthetic.fill_kept(tmp_path_factory.mktemp("kept"), study)
        return made[study.fingerprint()]

    return make


@pytest.fixture(params=_module("data/real_tables.py").TABLES, ids=lambda table: table.name)
def real_table(request: pytest.FixtureRequest) -> Any:
    """Each stand-in of a table as people have them, a ``RealTable`` of ``tests/data/real_tables.py``."""
    return request.param
