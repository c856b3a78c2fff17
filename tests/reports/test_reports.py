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
until_labels_are_told = pytest.mark.xfail(strict=True, reason="labels beyond a Keras model's outputs have no rule yet")

# By report, the faults that are named, with their levels; notes may stand beside them.
NAMED: dict[str, dict[str, str]] = {
    "broadcast_targets": {"broadcast_targets": "certain"},
    "layers_in_a_list": {"no_update": "fault"},
    "cubic_unscaled": {"unscaled_inputs": "fault", "unscaled_targets": "fault", "no_progress": "fault"},
    "rate_too_low_for_sixty_rows": {"learning_rate_too_low": "fault"},
    "sigmoid_before_logits_loss": {"output_loss_mismatch": "certain"},
    "warm_up_by_the_epoch": {"no_update": "certain"},
    "half_precision_attention": {"unscaled_inputs": "fault", "exploding_signal": "fault", "no_progress": "fault"},
    "attention_of_ones": {"over_one": "fault", "no_update": "fault"},
    "softmax_before_cross_entropy": {"output_loss_mismatch": "certain"},
    "siamese_square_root": {"nonfinite_gradient": "certain"},
    "labels_from_one": {"labels_out_of_range": "certain"},
    "transformer_learning_rate": {},  # it learns a few examples by heart, so before training it is rightly silent
    "autoencoder_of_normalized_images": {
        "target_out_of_range": "certain",
        "vanishing_signal": "fault",
        "vanishing_gradient": "fault",
    },
    "transformer_of_width_one": {
        "over_one": "fault",
        "no_update": "fault",
        "vanishing_gradient": "fault",
        "collapsed_correlation": "fault",
    },
}
QUICK = ("broadcast_targets", "layers_in_a_list", "cubic_unscaled")
MARKS = {
    "siamese_square_root": [needs_mnist, pytest.mark.data],
    "autoencoder_of_normalized_images": [needs_mnist, pytest.mark.data],
}
OF_BUILD = {"labels_from_one": [until_labels_are_told]}


def cases(more: dict[str, list[Any]]) -> list[Any]:
    """Every report with its marks, and these."""
    speed = {name: pytest.mark.slow if name in QUICK else pytest.mark.validation for name in NAMED}
    return [pytest.param(name, marks=[speed[name], *MARKS.get(name, []), *more.get(name, [])]) for name in NAMED]


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


@pytest.mark.parametrize("name", cases(OF_BUILD))
def test_the_fault_of_a_report_is_named(name):
    """With its level, and no other beside it."""
    judgement = judged(report_of(name).build())
    assert faults(judgement) == NAMED[name]
    assert judgement.verdict.status == ("unhealthy" if NAMED[name] else "healthy")


@pytest.mark.parametrize("name", cases({}))
def test_the_cure_of_a_report_is_healthy(name):
    """Whatever is worth knowing of it is a note."""
    judgement = judged(report_of(name).cured())
    assert (judgement.verdict.status, faults(judgement)) == ("healthy", {})
