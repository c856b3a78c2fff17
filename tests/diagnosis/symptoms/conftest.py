"""A sound network, its signals and a training of it, made by hand; a test changes the one number that a rule reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.choices import Choice
from assay.diagnosis import (
    DataFacts,
    Finding,
    LayerFacts,
    LayerSignals,
    LookAhead,
    NetworkFacts,
    ParameterFacts,
    TrainingCourse,
    symptom_of,
)

CHANCE = float(np.log(10))
SOUND = {
    ("preactivations", "std"): 1.0,
    ("preactivations", "rms"): 1.0,
    ("preactivations", "nonfinite_count"): 0.0,
    ("activations", "std"): 1.0,
    ("activations", "rms"): 1.0,
    ("errors", "rms"): 1.0,
    ("errors", "nonfinite_count"): 0.0,
    ("kernel", "rms"): 1.0,
    ("kernel", "nonfinite_count"): 0.0,
    ("kernel_gradient", "rms"): 1.0,
    ("kernel_gradient", "nonfinite_count"): 0.0,
    ("update", "ratio"): 0.01,
    ("dead_units", "fraction"): 0.0,
    ("saturation", "fraction"): 0.0,
    ("identical_units", "fraction"): 0.0,
    ("correlation", "mean"): 0.5,
    ("response", "rms"): 0.1,
    ("loss", "before"): CHANCE,
    ("loss", "after"): CHANCE,
}
"""In every layer; a layer has a kernel as large as its gradient, and a first update of 1 %."""


@pytest.fixture
def facts() -> Callable[..., NetworkFacts]:
    """Make the facts of three hidden layers of 32 units and ten outputs; `data` changes what is known of the data."""

    def make(
        *,
        hidden: int = 3,
        width: int = 32,
        activation: str = "relu",
        initializer: str | None = "he_normal",
        output: str = "softmax",
        units: int = 10,
        data: dict[str, Any] | None = None,
        **changes: Any,
    ) -> NetworkFacts:
        kernel = Choice(initializer) if initializer else None
        fans = [8, *[width] * hidden]
        sizes = [*[width] * hidden, units]
        names = [*[activation] * hidden, output]
        layers = tuple(
            LayerFacts(f"layer {at}", "dense", fan_in, size, Choice(name), kernel)
            for at, (fan_in, size, name) in enumerate(zip(fans, sizes, names, strict=True), start=1)
        )
        known = DataFacts(1000, 8, 1.0, 0.0, 1.0, 0, 0.0, 1.0, 0.3, 10, 0.1, False)
        sound: dict[str, Any] = {
            "task": "multiclass",
            "loss": Choice("categorical_crossentropy"),
            "optimizer": Choice("sgd", {"learning_rate": 0.1}),
            "steps": 1000,
            "data": replace(known, **(data or {})),
            "chance_loss": CHANCE,
        }
        return NetworkFacts(layers, **{**sound, **changes})

    return make


@pytest.fixture
def parameter() -> Callable[..., ParameterFacts]:
    """Make a sound parameter of 10 numbers, which an update moves by 0.01."""

    def make(name: str = "body.weight", **changes: Any) -> ParameterFacts:
        sound: dict[str, Any] = {
            "size": 10,
            "is_trained": True,
            "is_registered": True,
            "is_in_optimizer": True,
            "learning_rate": 0.1,
            "rms": 1.0,
            "gradient": 0.1,
            "update": 0.01,
        }
        return ParameterFacts(name, **{**sound, **changes})

    return make


@pytest.fixture
def ahead() -> Callable[..., LookAhead]:
    """Make a look ahead of 20 updates, the first of which takes the loss from `first` to `last`; chance is 1."""

    def make(first: float, last: float, *, rates: tuple[tuple[float, float], ...] = ()) -> LookAhead:
        return LookAhead((first, *[last] * 20), chance=1.0, rates=rates)

    return make


@pytest.fixture
def signals() -> Callable[..., LayerSignals]:
    """Make the signals of a sound network of `depth` layers; ``preactivations_std=[…]`` changes a row of the table."""

    def make(depth: int = 4, **changes: Any) -> LayerSignals:
        named = {f"{quantity}_{statistic}": (quantity, statistic) for quantity, statistic in SOUND}
        values = {key: np.full(depth, value) for key, value in SOUND.items()}
        for name, row in changes.items():
            values[named[name]] = np.broadcast_to(np.asarray(row, float), depth).copy()
        return LayerSignals(depth, values)

    return make


@pytest.fixture
def course() -> Callable[..., TrainingCourse]:
    """Make a training from its loss in units of chance, its last accuracy, and what else is recorded."""

    def make(loss: Any, accuracy: float = 0.1, **more: Any) -> TrainingCourse:
        losses = CHANCE * np.asarray(loss, float)
        if "validation_loss" in more:
            more["validation_loss"] = CHANCE * np.asarray(more["validation_loss"], float)
        return TrainingCourse(losses, np.linspace(0.1, accuracy, len(losses)), **more)

    return make


@pytest.fixture
def found() -> Callable[..., list[Finding]]:
    """Ask the rules of one symptom: of facts, of facts and signals, or of facts and a training."""

    def ask(name: str, facts: NetworkFacts, seen: LayerSignals | TrainingCourse | None = None) -> list[Finding]:
        symptom = symptom_of(name)
        if seen is None:
            assert symptom.as_written is not None
            return list(symptom.as_written(facts))
        if isinstance(seen, LayerSignals):
            rules = [rule for rule in (symptom.at_start, symptom.unless_certain) if rule is not None]
            assert rules
            return [finding for rule in rules for finding in rule(facts, seen)]
        assert symptom.in_training is not None
        return list(symptom.in_training(facts, seen))

    return ask
