"""What every test runs under, the tiny study that several rooms train, and the maker of results that several read."""

from __future__ import annotations

import gc
import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

# Before anything imports them: Keras on JAX, and one JAX device per core as in a real run.
os.environ.setdefault("KERAS_BACKEND", "jax")

from assay.engine.devices import use_all_cores
from assay.study import Study

use_all_cores()


@pytest.fixture(scope="session", autouse=True)
def _own_program_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compiled programs go to a folder of this session, shared with its subprocesses, not to the user's."""
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="module", autouse=True)
def _few_programs_at_a_time() -> Iterator[None]:
    """Let go of compiled programs between modules: each holds memory maps, and a Linux process may have 65,530."""
    yield
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
    path = Path(__file__).parent / "store" / "synthetic_results.py"
    spec = importlib.util.spec_from_file_location("synthetic_results", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
