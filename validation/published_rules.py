"""The rules of two published detectors, written anew from their descriptions, on the signals that assay records.

Both look at every layer after some epochs; the layers' means, shares and gradients are those of the same tables that
our own rules read, so that only the rules differ. Where a published rule looks after every batch, here it looks at the
epochs that were recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from assay.diagnosis import NetworkFacts
from assay.diagnosis.traits import output_range

DEAD_SHARE = 0.7  # of a layer's activations that are 0
SATURATED_SHARE, FLAT_BEYOND = 0.5, 5.0  # of a layer's pre-activations beyond ±5
SMALLEST_GRADIENT = 1e-7
SAME_EPOCHS, SAME_ACCURACY_EPOCHS = 5, 20


@dataclass(frozen=True)
class Seen:
    """What was recorded of one training.

    Attributes
    ----------
    loss, accuracy : array, shape (E,)
        On the training rows, from epoch 1 on; the accuracy is None for a regression.
    layers : mapping of name to array, shape (looks, L)
        By quantity and statistic, as ``activations.mean``; looks in the order of epochs, epoch 0 left out.
    """

    facts: NetworkFacts
    loss: np.ndarray
    accuracy: np.ndarray | None
    layers: dict[str, np.ndarray] = field(default_factory=dict)

    def __call__(self, name: str) -> np.ndarray:
        """Of all looks, (looks, L)."""
        return self.layers[name]


def deep_diagnosis(seen: Seen) -> set[str]:
    """The eight symptoms of DeepDiagnosis (ICSE 2022), with its thresholds."""
    return set(_deep_diagnosis(seen))


def _deep_diagnosis(seen: Seen) -> Iterator[str]:
    hidden = seen.facts.layers[:-1]
    names = [layer.activation.name if layer.activation is not None else "" for layer in hidden]
    rectified = np.array([name in ("relu", "exponential") for name in names], bool)
    bounded = np.array([name in ("tanh", "sigmoid") for name in names], bool)
    if len(seen("activations.zero_fraction")):
        if (seen("activations.zero_fraction")[-1, :-1][rectified] >= DEAD_SHARE).any():
            yield "dead node"
        if (seen("preactivations.flat_share")[:, :-1][:, bounded] > SATURATED_SHARE).any():
            yield "saturated activation"
        # The root mean square stands for the mean absolute value, which is not recorded; it is at most a little larger.
        if (seen("kernel_gradient.rms") < SMALLEST_GRADIENT).any():
            yield "vanishing gradient"
        if _numerical(seen).any():
            yield "numerical error"
        if _unchanged(seen("kernel.mean"), SAME_EPOCHS).any():
            yield "unchanged weights"
    if not np.isfinite(seen.loss).all():
        yield "numerical error"
    if _unchanged(seen.loss[:, None], SAME_EPOCHS).any():
        yield "loss not decreasing"
    if seen.accuracy is not None and _unchanged(seen.accuracy[:, None], SAME_ACCURACY_EPOCHS).any():
        yield "accuracy not increasing"
    activation, data = seen.facts.output.activation, seen.facts.data
    bounds = output_range(activation) if activation is not None and activation.name != "softmax" else None
    if bounds is not None and data is not None and (data.target_low < bounds[0] or data.target_high > bounds[1]):
        yield "output out of range"


def deep_localize(seen: Seen) -> set[str]:
    """The rule of DeepLocalize (ICSE 2021): not finite, 0 in half of the looks, or mean == max over the last five."""
    found = set()
    for name in ("activations", "kernel", "kernel_gradient"):
        means = seen(f"{name}.mean")
        if len(means) == 0:
            continue
        if (seen(f"{name}.nonfinite_count") > 0).any():
            found.add(f"{name} not finite")
        if ((means == 0).mean(axis=0) >= 0.5).any():
            found.add(f"{name} zero")
        if _unchanged(means, SAME_EPOCHS).any():
            found.add(f"{name} unchanged")
    if not np.isfinite(seen.loss).all():
        found.add("loss not finite")
    if _unchanged(seen.loss[:, None], SAME_EPOCHS).any():
        found.add("loss unchanged")
    return found


def _numerical(seen: Seen) -> np.ndarray:
    """NaN, infinite, or a mean of exactly 0, by layer."""
    found = [
        (seen(f"{name}.nonfinite_count") > 0) | (seen(f"{name}.mean") == 0)
        for name in ("activations", "kernel", "kernel_gradient")
    ]
    return np.any(found, axis=(0, 1))


def _unchanged(values: np.ndarray, window: int) -> np.ndarray:
    """Whether the mean equals the maximum over some `window` looks in a row, which means that all are equal."""
    if len(values) < window:
        return np.zeros(values.shape[1], bool)
    windows = np.lib.stride_tricks.sliding_window_view(values, window, axis=0)
    return (windows.max(axis=-1) == windows.min(axis=-1)).any(axis=0)
