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
needs_mnist = pytest.mark.skipif(
    not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder with the files of keras.datasets"
)

# By report the causes that are named, with their levels. What follows from a cause may stand beside it.
NAMED: dict[str, dict[str, str]] = {
    "broadcast_targets": {"broadcast_targets": "certain"},
    "layers_in_a_list": {"no_update": "fault"},
    "cubic_unscaled": {"unscaled_inputs": "fault", "unscaled_targets": "fault"},
    "rate_too_low_for_sixty_rows": {"learning_rate_too_low": "fault"},
    "sigmoid_before_logits_loss": {"output_loss_mismatch": "certain"},
    "warm_up_by_the_epoch": {"no_update": "note"},  # the schedule may yet step after each update
    "half_precision_attention": {"exploding_signal": "fault"},
    "attention_of_ones": {"over_one": "note", "no_update": "note"},  # a look ahead learns well in spite of it
    "softmax_before_cross_entropy": {"output_loss_mismatch": "certain"},
    "siamese_square_root": {"nonfinite_gradient": "certain"},
    "labels_from_one": {"labels_out_of_range": "certain"},
    "transformer_learning_rate": {},  # it learns a few examples by heart, so before training it is rightly silent
    "autoencoder_of_normalized_images": {"target_out_of_range": "certain"},
    "transformer_of_width_one": {"over_one": "fault", "no_update": "fault"},
}
QUICK = ("broadcast_targets", "layers_in_a_list", "cubic_unscaled")
MARKS = {
    "siamese_square_root": [needs_mnist, pytest.mark.data],
    "autoencoder_of_normalized_images": [needs_mnist, pytest.mark.data],
}


def cases() -> list[Any]:
    """Every report with its marks."""
    speed = {name: pytest.mark.slow if name in QUICK else pytest.mark.validation for name in NAMED}
    return [pytest.param(name, marks=[speed[name], *MARKS.get(name, [])]) for name in NAMED]


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


@pytest.mark.parametrize("name", cases())
def test_the_fault_of_a_report_is_named(name):
    """With its level; and a network is unhealthy exactly where one of them is no mere note."""
    judgement = judged(report_of(name).build())
    found = {(one.symptom, one.level) for one in judgement.findings}
    assert set(NAMED[name].items()) <= found
    is_ill = bool(set(NAMED[name].values()) - {"note"})
    assert judgement.verdict.status == ("unhealthy" if is_ill else "healthy")


@pytest.mark.parametrize("name", cases())
def test_the_cure_of_a_report_is_healthy(name):
    """Whatever is worth knowing of it is a note."""
    assert judged(report_of(name).cured()).verdict.findings == ()
