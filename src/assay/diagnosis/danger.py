"""Is learning in danger? What is measured before training counts only if it is.

A shrinking signal is a fact about a network. Whether it hinders learning is another question: ReLU with Glorot's
kernels in five layers does not keep its signal, and learns. Of a user's own network the answer is measured, by a look
ahead (`assay.diagnosis.ahead`); of a study's condition it is forecast. Without either only what is extreme counts.
"""

from __future__ import annotations

import numpy as np

from assay.diagnosis.ahead import LookAhead
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.measured import LayerSignals
from assay.diagnosis.profiles import Profile, gradient_coming_back, signal_going_up
from assay.diagnosis.symptom import About

# Without a look ahead and without a forecast: ratios over the hidden layers beyond which no default budget helps.
EXTREME_SIGNAL = 1e-3
EXTREME_GRADIENT = 1e-4


def is_in_danger(
    about: About, facts: NetworkFacts, measured: LayerSignals | None = None, learns: bool | None = None
) -> bool:
    """Whether what was found endangers learning.

    Parameters
    ----------
    about : {"signal", "step", "structure"}
        What it says something about: the signal's way through the layers, the size of the first steps, or how the
        network is built.
    facts : NetworkFacts
    measured : LayerSignals, optional
        Of the structure nothing is measured.
    learns : bool, optional
        What a forecast says, where there is one.
    """
    if about == "structure":  # no forecast knows of it
        return facts.ahead is None or not facts.ahead.learns_well
    if facts.ahead is not None:
        return not facts.ahead.can_learn if about == "signal" else _steps_endanger(facts, facts.ahead)
    if learns is not None:
        return not learns
    return about == "step" or measured is None or _is_extreme(facts, measured)


def _steps_endanger(facts: NetworkFacts, ahead: LookAhead) -> bool:
    """Whether its own steps bring it nowhere, or a smaller rate would bring it much farther."""
    if facts.is_scheduled and (ahead.others_come_down or ahead.learns):  # the largest rate is not there all the time
        return False
    return not (ahead.learns or ahead.falls) or (ahead.learns and ahead.much_better_slower is not None)


def _is_extreme(facts: NetworkFacts, measured: LayerSignals) -> bool:
    """Whether hardly anything is left of the signal or of the gradient; or nothing is known of either."""
    profiles = [
        (Profile.along(signal_going_up(facts, measured)), EXTREME_SIGNAL),
        (Profile.along(gradient_coming_back(facts, measured)), EXTREME_GRADIENT),
    ]
    known = [(profile.ratio, limit) for profile, limit in profiles if profile is not None]
    return not known or any(not np.isfinite(ratio) or not limit < ratio < 1 / limit for ratio, limit in known)
