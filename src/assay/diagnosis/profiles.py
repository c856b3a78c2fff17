"""How a signal or a gradient changes over the hidden layers, and where in them a rule fires."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.diagnosis import thresholds
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Evidence
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.wording import number_text, times_text

SHORTEST_CHAIN = 3
"""So many hidden layers in a row are needed to speak of a signal that vanishes or explodes."""


@dataclass(frozen=True)
class Profile:
    """How a quantity changes over the hidden layers.

    Attributes
    ----------
    ratio : float
        Its value at the far end of the way, divided by that at the near one.
    per_layer : float
        The geometric mean of the factors between neighbours.
    """

    ratio: float
    per_layer: float

    @classmethod
    def along(cls, values: np.ndarray) -> Profile | None:
        """Of values (H,) in the order of travel; None below three layers, or without a finite start.

        Two layers make one step, which is the width of a layer more often than a fault.
        """
        if len(values) < SHORTEST_CHAIN or not np.isfinite(values).all() or values[0] <= 0:
            return None
        ratio = float(values[-1] / values[0])
        return cls(ratio, ratio ** (1 / (len(values) - 1)))

    @property
    def vanishes(self) -> bool:
        """Whether the mean layer makes it smaller, by more than a little."""
        return self.per_layer < thresholds.PER_LAYER

    @property
    def explodes(self) -> bool:
        """Whether the mean layer makes it larger, by more than a little."""
        return self.per_layer > 1 / thresholds.PER_LAYER


def hidden(values: np.ndarray) -> np.ndarray:
    """Without the output layer, (L - 1,)."""
    return values[:-1]


def layers_where(fires: np.ndarray) -> tuple[int, ...]:
    """Numbers of layers, from 1."""
    return tuple(int(index) + 1 for index in np.flatnonzero(fires))


def chain_of(facts: NetworkFacts) -> tuple[int, ...]:
    """Numbers of the hidden layers, from 1, over which ratios mean something: the longest chain among them.

    In a chain each layer takes what the one before gives, as it is. A normalization sets the size of the signal anew, a
    connection around a layer adds to it, and pooling mixes positions, so a chain ends there.
    """
    chains: list[list[int]] = [[]]
    for number, layer in enumerate(facts.layers[:-1], start=1):
        chains[-1].append(number)
        if layer.is_normalized or layer.is_residual or not layer.is_chained:
            chains.append([])
    longest = max(len(chain) for chain in chains)
    return tuple(next(chain for chain in chains if len(chain) == longest))


def signal_going_up(facts: NetworkFacts, measured: LayerSignals) -> np.ndarray:
    """Standard deviation of the pre-activations of a chain of hidden layers, the first layer first."""
    return measured("preactivations", "std")[_places(facts)]


def gradient_coming_back(facts: NetworkFacts, measured: LayerSignals) -> np.ndarray:
    """Root mean square of the errors of a chain of hidden layers, the last layer first."""
    return measured("errors", "rms")[_places(facts)][::-1]


def _places(facts: NetworkFacts) -> np.ndarray:
    return np.array(chain_of(facts), int) - 1


def signal_evidence(profile: Profile, threshold: float) -> Evidence:
    """Evidence of a signal that changes with every layer."""
    return Evidence(
        "std of the pre-activations, last hidden layer / first",
        profile.ratio,
        threshold,
        f"The signal of the last hidden layer is {times_text(profile.ratio)} than that of the first (std of the "
        f"pre-activations × {number_text(profile.ratio)}, threshold × {threshold:g}). Each layer multiplies it by "
        f"{profile.per_layer:.3f}, its variance by {profile.per_layer**2:.3f}.",
    )


def gradient_evidence(profile: Profile, threshold: float) -> Evidence:
    """Evidence of a gradient that changes with every layer."""
    return Evidence(
        "rms of the errors, first hidden layer / last",
        profile.ratio,
        threshold,
        f"The gradient in the first hidden layer is {times_text(profile.ratio)} than in the last (rms of the errors × "
        f"{number_text(profile.ratio)}, threshold × {threshold:g}). Each layer multiplies it by "
        f"{profile.per_layer:.3f} on its way back.",
    )
