"""Is the signal kept? A fact about a network before training, told beside the verdict.

The criterion is that of the papers on initialization: similar variances in all layers, forward and backward, and units
that are neither saturated nor dead (Glorot and Bengio, 2010; He et al., 2015). A network whose signal is not kept may
learn all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.diagnosis.expected import predict
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Finding
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import Profile, gradient_coming_back, signal_going_up
from assay.diagnosis.rulebook import symptom_of
from assay.diagnosis.wording import number_text


@dataclass(frozen=True)
class SignalKept:
    """Whether signal and gradient keep their size through the hidden layers.

    Attributes
    ----------
    kept : bool, optional
        None where the network has no two hidden layers in a chain, and nothing else was found.
    forward, backward : float, optional
        std of the pre-activations, last hidden layer / first; rms of the errors, first hidden layer / last. Means over
        seeds; None where a layer stands between that changes their size by itself, such as a normalization.
    expected_forward, expected_backward : float, optional
        The same in the theory of wide networks.
    """

    kept: bool | None
    forward: float | None
    backward: float | None
    expected_forward: float | None = None
    expected_backward: float | None = None

    def told(self) -> str:
        """As a sentence; empty where nothing can be said."""
        if self.kept is None or self.forward is None or self.backward is None:
            return "" if self.kept is None else f"The signal is {'' if self.kept else 'not '}kept."
        word = "keeps its size" if self.kept else "does not keep its size"
        return (
            f"The signal {word} through the hidden layers: × {number_text(self.forward)} from the first to the last, "
            f"and the gradient × {number_text(self.backward)} on its way back."
        )

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kept": self.kept,
            "forward": self.forward,
            "backward": self.backward,
            "theory": {"forward": self.expected_forward, "backward": self.expected_backward},
        }


def signal_kept(facts: NetworkFacts, networks: Sequence[LayerSignals], findings: Sequence[Finding]) -> SignalKept:
    """Of one condition.

    Parameters
    ----------
    facts : NetworkFacts
    networks : sequence of LayerSignals
        One for each seed, at epoch 0.
    findings : sequence of Finding
        Of all seeds, merged, at whatever level.
    """
    forward = _mean_ratio([signal_going_up(facts, measured) for measured in networks])
    backward = _mean_ratio([gradient_coming_back(facts, measured) for measured in networks])
    lost = any(symptom_of(one.symptom).about == "signal" and 2 * one.seeds >= one.of_seeds for one in findings)
    is_known = lost or (forward is not None and backward is not None)
    expected = predict(facts)
    return SignalKept(
        not lost if is_known else None,
        forward,
        backward,
        None if expected is None else expected.signal,
        None if expected is None else expected.gradient,
    )


def _mean_ratio(values: Sequence[np.ndarray]) -> float | None:
    """The geometric mean over seeds of last / first."""
    profiles = [Profile.along(each) for each in values]
    ratios = [profile.ratio for profile in profiles if profile is not None and profile.ratio > 0]
    return float(np.exp(np.mean(np.log(ratios)))) if ratios and len(ratios) == len(values) else None
