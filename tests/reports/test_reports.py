"""Fourteen public reports of networks that would not learn, rebuilt small: the fault is named, and the cure is healthy.

Each module of this folder gives a model with its examples: ``build()`` as it was reported, ``cured()`` with the
accepted cure. PyTorch ones give their loss and optimizer as well.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import assay
from assay.judging import Judgement

pytest.importorskip("torch")

# PyTorch's on broadcasting is the report; Keras reads its own variables in a way that NumPy will drop.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Using a target size"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]
of_mnist = pytest.mark.skipif(
    not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder with the files of keras.datasets"
)

NAMED: dict[str, dict[str, str]] = {}
"""By report, the faults that are named, with their levels; notes may stand beside them."""


def report_of(name: str) -> ModuleType:
    """The module of a report; this folder is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judged(parts: tuple[Any, ...]) -> Judgement:
    """As `assay probe FILE:build` judges them."""
    model, x, y, *others = parts
    given = dict(zip(("loss", "optimizer"), others, strict=False))
    (judgement,) = assay.probe(model, x, y, **given).judgements.values()
    return judgement


def faults(judgement: Judgement) -> dict[str, str]:
    """Symptom and level of what counts."""
    return {one.symptom: one.level for one in judgement.findings if one.level != "note"}
