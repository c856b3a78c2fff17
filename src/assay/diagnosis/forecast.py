"""Will it train within its budget of updates? Answered from epoch 0, by trees that `make calibrate` has grown.

The features are what theory says matters, each as a logarithm so that scales of different networks meet: what the
linear network would reach in the budget, whether examples are still told apart, how signal and gradient change over the
depth, how far the first update moves each layer, and that times the number of updates. The trees (scikit-learn's
gradient boosting) lie in ``forecast.json`` as plain numbers, with the data they were grown on; docs/calibration.md says
how often they are right on data sets and depths that they have never seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.measured import LayerSignals

if TYPE_CHECKING:
    from assay.linearized import LinearizedCourse

MODEL_FILE = "forecast.json"
# Logarithms are held between these powers of ten: nothing vanishes or explodes beyond.
SMALLEST, LARGEST = -12.0, 12.0


def will_train_probability(
    facts: NetworkFacts, measured: LayerSignals, course: LinearizedCourse | None
) -> float | None:
    """The probability that a network comes at least half of the way to what its data allow.

    Parameters
    ----------
    facts : NetworkFacts
    measured : LayerSignals
        At epoch 0.
    course : LinearizedCourse, optional

    Returns
    -------
    float or None
        None without a course, an optimizer, a budget or a chance loss.
    """
    if course is None or facts.optimizer is None or not facts.steps or not facts.chance_loss or facts.data is None:
        return None
    found = forecast_features(facts, measured, course)
    model = _model()
    return probability_of(model, [found[name] for name in model["features"]])


def probability_of(model: Mapping[str, Any], values: Sequence[float]) -> float:
    """What the trees say of features in their order."""
    score = model["baseline"] + sum(_leaf(tree, values) for tree in model["trees"])
    return float(1 / (1 + np.exp(-score)))


def forecast_features(facts: NetworkFacts, measured: LayerSignals, course: LinearizedCourse) -> dict[str, float]:
    """What the forecast looks at, by name; all finite."""
    assert facts.steps is not None
    assert facts.chance_loss is not None
    depth = len(facts.layers)
    hidden = slice(0, max(1, depth - 1))
    signal, errors = measured("preactivations", "std"), measured("errors", "rms")
    distance = np.clip(1 - measured("correlation", "mean"), 1e-9, 2.0)
    update = measured("update", "ratio")
    moved = measured("response", "rms") / np.maximum(signal, 1e-30)
    spread = measured("response", "spread")
    steps = np.log10(facts.steps)
    last = depth - 2 if depth > 1 else 0
    found = {
        "depth": float(depth),
        "width": np.log2(facts.layers[0].units),
        "steps": steps,
        # The linear network: skill and loss that it reaches, and whether its steps are too large.
        "linear_skill": linear_skill(facts, course),
        "linear_loss": _log(course.loss_after / facts.chance_loss),
        "stability": _log(course.stability),
        # Going up.
        "distance_last": _log(distance[last]),
        "distance_ratio": _log(distance[last] / distance[0]),
        "signal_ratio": _log(signal[last] / max(signal[0], 1e-30)),
        "signal_smallest": _log(signal[hidden].min()),
        "output_size": _log(signal[-1]),
        # Coming down.
        "gradient_ratio": _log(errors[0] / max(errors[last], 1e-30)),
        "gradient_first": _log(errors[0]),
        # The first update, alone and as often as there are steps.
        "update_first": _log(update[0]),
        "update_median": _log(np.median(update[hidden])),
        "update_largest": _log(update.max()),
        "update_all": _log(np.median(update[hidden])) + steps,
        "moved_first": _log(moved[0]),
        "moved_largest": _log(moved[hidden].max()),
        "moved_output": _log(measured("response", "rms")[-1]),
        "spread_hidden": _log(spread[last] / max(signal[last], 1e-30)),
        "spread_output": _log(spread[-1]),
        "spread_all": _log(spread[-1]) + steps,
        "loss_at_start": _log(measured.loss / facts.chance_loss),
        "loss_after_update": _log(measured.loss_after / facts.chance_loss),
        # Units.
        "saturated": float(np.nan_to_num(measured("saturation", "fraction")[hidden]).max()),
        "dead": float(np.nan_to_num(measured("dead_units", "fraction")[hidden]).max()),
        "identical": float(np.nan_to_num(measured("identical_units", "fraction")[hidden]).max()) if depth > 1 else 0.0,
        "adaptive": float(facts.optimizer is not None and facts.optimizer.name != "sgd"),
    }
    return {name: float(value) for name, value in found.items()}


def linear_skill(facts: NetworkFacts, course: LinearizedCourse) -> float:
    """How much of what chance leaves the linear network learns: 0 like chance, 1 all; at least −1."""
    assert facts.data is not None
    assert facts.chance_loss is not None
    if facts.data.majority is None:
        skill = 1 - course.loss_after / facts.chance_loss
    else:
        skill = (course.metric_after - facts.data.majority) / max(1 - facts.data.majority, 1e-9)
    return float(np.clip(np.nan_to_num(skill, nan=-1.0, neginf=-1.0), -1.0, 1.0))


def _log(value: float) -> float:
    """log₁₀, held within its ends; what is not a number counts as infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.log10(value)
    return float(np.clip(np.nan_to_num(logarithm, nan=LARGEST, posinf=LARGEST, neginf=SMALLEST), SMALLEST, LARGEST))


@cache
def _model() -> dict[str, Any]:
    return json.loads(files("assay.diagnosis").joinpath(MODEL_FILE).read_text(encoding="utf-8"))


def _leaf(tree: list[list[float]], values: Sequence[float]) -> float:
    """The value of the leaf that `values` fall into; nodes are [feature, threshold, left, right] or [value]."""
    node = tree[0]
    while len(node) > 1:
        feature, threshold, left, right = node
        node = tree[int(left if values[int(feature)] <= threshold else right)]
    return node[0]
