"""What every test runs under, the tiny study that several rooms train, and the maker of results that several read."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest

# Before anything imports them: Keras on JAX, and one JAX device per core as in a real run.
os.environ.setdefault("KERAS_BACKEND", "jax")
# PyTorch's threads wait for each other by spinning: where workers share the cores, networks as small as those of tests
# spend nearly all their time so.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from assay.engine.compilation import use_compilation_cache
from assay.engine.devices import use_all_cores
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


@pytest.fixture(params=_module("data/real_tables.py").TABLES, ids=lambda table: table.name)
def real_table(request: pytest.FixtureRequest) -> Any:
    """Each stand-in of a table as people have them, a ``RealTable`` of ``tests/data/real_tables.py``."""
    return request.param
