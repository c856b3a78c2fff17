"""The maker of synthetic results folders, shared by the rooms that read a store."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

MAKER = Path(__file__).parents[1] / "store" / "synthetic_results.py"


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """The module ``tests/store/synthetic_results.py``."""
    spec = importlib.util.spec_from_file_location("synthetic_results", MAKER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
