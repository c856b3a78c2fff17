"""What rules ask of activations, losses and tasks: read off their records, and measured on the functions.

So a function of the user's own is judged as a built-in one. What is not known of it (its code was not run) is answered
so that a rule stays silent.
"""

from __future__ import annotations

import math

from assay.choices import Choice
from assay.learning.losses import LOSSES
from assay.networks.activations import ACTIVATIONS
from assay.networks.architecture import output_defaults
from assay.networks.traits import range_of, traits_of

# A function as steep as this somewhere between -30 and 30 overflows in a deep network, whatever its gain.
TOO_STEEP = 1e6


def output_range(activation: Choice) -> tuple[float, float] | None:
    """The smallest and the largest output of an activation; None where it is bounded on neither side."""
    found = range_of(activation)
    return None if found is None or (math.isinf(found[0]) and math.isinf(found[1])) else found


def is_bounded(activation: Choice) -> bool:
    """Whether a unit's activation is bounded on both sides, so that it can saturate."""
    traits = traits_of(activation)
    return traits is not None and traits.saturates


def can_die(activation: Choice) -> bool:
    """Whether a unit can be the same, without a slope, for every example."""
    traits = traits_of(activation)
    return traits is not None and traits.can_die


def is_normalized(activation: Choice) -> bool:
    """Whether each output is divided by the sum over the layer, as softmax does."""
    return activation.is_loaded and ACTIVATIONS.of(activation).normalizes


def gives_probabilities(activation: Choice) -> bool:
    """Whether outputs lie between 0 and 1, so that a loss may read them as probabilities."""
    found = range_of(activation)
    if found is None:
        return not activation.is_loaded  # it may be one
    low, high = found
    return low >= 0 and (high <= 1 or is_normalized(activation))


def is_never_negative(activation: Choice) -> bool:
    """Whether outputs are never below 0, so that they cannot be raw scores (logits)."""
    found = range_of(activation)
    return found is not None and found[0] >= 0


def has_critical_gain(activation: Choice) -> bool:
    """Whether theory may look for a gain at which it keeps a signal: not where units mix, nor where it overflows."""
    traits = traits_of(activation)
    return traits is not None and activation.is_loaded and traits.steepest < TOO_STEEP


def fitting_initializer(activation: Choice) -> Choice | None:
    """The initializer that is published for an activation; None where none is."""
    name = ACTIVATIONS.of(activation).initializer if activation.is_loaded else None
    return Choice(name) if name is not None else None


def reads_probabilities(loss: Choice) -> bool:
    """Whether a loss takes the logarithm of a probability (or of what it makes of logits)."""
    return loss.is_loaded and LOSSES.of(loss).reads == "probabilities"


def fitting_output(loss: Choice, units: int) -> str:
    """The output activation that a loss of probabilities goes with."""
    return "sigmoid" if units == 1 else LOSSES.of(loss).output_units[0]


def usual_output_and_loss(task: str | None) -> tuple[str, str]:
    """The output activation and the loss that go with a task; a regression's where it is not known."""
    is_by_element = task in ("binary", "multilabel")
    activation, loss = output_defaults(
        "binary" if is_by_element else task or "regression", outputs=1 if is_by_element else 2
    )
    return activation.name, loss.name
