"""What to change, found by asking theory: the first candidate whose predicted signal and gradient are sound.

Of networks that theory does not follow the candidate is named without a prediction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from assay.choices import Choice
from assay.diagnosis.expected import Prediction, critical_gain, gain_of, hidden_activation, predict
from assay.diagnosis.facts import NetworkFacts
from assay.diagnosis.finding import Remedy
from assay.diagnosis.profiles import chain_of
from assay.diagnosis.traits import fitting_initializer
from assay.diagnosis.wording import number_text

# What replaces an activation that no initializer mends: sigmoid, softplus, exponential, deep gelu and swish.
REPLACEMENTS = (("relu", "he_normal"), ("selu", "lecun_normal"))
# Below this width ReLU layers die by chance in depth (Lu et al., 2020): 5 units in 10 layers do so in 13 % of networks.
NARROW = 16
# A critical gain beyond these is not what initializers are used with.
USUAL_GAINS = (0.5, 3.0)


@lru_cache(maxsize=1024)
def sound_change(facts: NetworkFacts) -> Remedy:
    """The smallest change of initializer or activation that theory finds sound; the fitting pair where it cannot say.

    Where normalizations, skips or attention stand between the layers an initializer is seldom to blame, and none is
    named.

    For a signal or a gradient that dies, explodes, saturates or collapses, and for units that start as copies.
    """
    before = predict(facts)
    fallback = None
    for text, changed, settings in _candidates(facts):
        fallback = fallback or Remedy(f"{text}.", settings)
        after = predict(changed)
        if after is not None and after.is_sound:
            return Remedy(f"{text}. {_effect_text(before, after)}", settings)
    if fallback is not None and len(chain_of(facts)) == len(facts.layers) - 1:
        return fallback
    return Remedy(
        "Look at the layer where it begins, and at what stands before it: its initializer, its normalization, and "
        "whether anything but a constant reaches it."
    )


def scaled_rate(facts: NetworkFacts, factor: float, more: str = "") -> Remedy:
    """The learning rate times `factor`; `more` follows in the same sentence or in others."""
    rate = facts.optimizer.arguments.get("learning_rate") if facts.optimizer is not None else None
    if facts.optimizer is None or rate is None:
        return Remedy(f"Try a learning rate {'ten times larger' if factor > 1 else 'ten times smaller'}{more}.")
    changed = float(f"{rate * factor:.2g}")
    return Remedy(f"Try a learning rate of {changed:g}{more}.", with_rate(facts.optimizer, changed))


def with_rate(optimizer: Choice, rate: float) -> dict[str, Any]:
    """The settings of a study that change the learning rate alone."""
    return {"training.optimizer": {"name": optimizer.name, **optimizer.arguments, "learning_rate": rate}}


def _effect_text(before: Prediction | None, after: Prediction) -> str:
    """What theory predicts of the change: ``the signal then keeps its size (now × 0.43), …``."""
    signal, gradient = ("", "") if before is None else (number_text(before.signal), number_text(before.gradient))
    if all(0.5 < ratio < 2 for ratio in (after.signal, after.gradient)):
        was = [f" (now × {ratio})" if ratio else "" for ratio in (signal, gradient)]
        return f"In theory the signal then keeps its size{was[0]}, and so does the gradient{was[1]}."
    was = [f" (now {ratio})" if ratio else "" for ratio in (signal, gradient)]
    return (
        f"In theory the hidden layers then multiply the signal by {number_text(after.signal)}{was[0]} and the gradient "
        f"by {number_text(after.gradient)}{was[1]}."
    )


def _candidates(facts: NetworkFacts) -> Iterator[tuple[str, NetworkFacts, dict[str, object]]]:
    """(sentence without its stop, the network so changed, settings), the smallest change first."""
    activation = hidden_activation(facts)
    own = _fitting(activation) if activation is not None else None
    if activation is not None and own is not None and not _has(facts, own):
        changed = _with(facts, own)
        yield (
            f"Use {own} for {activation}{_gains_text(facts, changed)}",
            changed,
            {"network.kernel_initializer": own.written()},
        )
    is_narrow = min((layer.units for layer in facts.layers[:-1]), default=NARROW) < NARROW
    for name, initializer in reversed(REPLACEMENTS) if is_narrow else REPLACEMENTS:
        if activation is None or activation.name != name:
            settings: dict[str, object] = {"network.activation": name, "network.kernel_initializer": initializer}
            text = f"Use {name} with {initializer}" + (f" instead of {activation}" if activation is not None else "")
            yield text, _with(facts, Choice(initializer), Choice(name)), settings


def _gains_text(facts: NetworkFacts, changed: NetworkFacts) -> str:
    """`` (gain 1.41 instead of 1)``."""
    before, after = gain_of(facts), gain_of(changed)
    if after is None:
        return ""
    instead = f" instead of {number_text(before)}" if before is not None else ""
    return f" (gain {number_text(after)}{instead})"


def _fitting(activation: Choice) -> Choice | None:
    """The initializer for an activation: the published one, or by its critical gain where that is of a usual size."""
    published = fitting_initializer(activation)
    if published is not None:
        return published
    gain = critical_gain(activation)
    if gain is None or not USUAL_GAINS[0] <= gain <= USUAL_GAINS[1]:
        return None
    return Choice("variance_scaling", {"scale": round(gain**2, 3)})


def _has(facts: NetworkFacts, initializer: Choice) -> bool:
    return all(layer.kernel_initializer == initializer for layer in facts.layers[:-1])


def _with(facts: NetworkFacts, initializer: Choice, activation: Choice | None = None) -> NetworkFacts:
    """The same network with another initializer, and another activation of the hidden layers."""
    *hidden, output = (replace(layer, kernel_initializer=initializer) for layer in facts.layers)
    if activation is not None:
        hidden = [replace(layer, activation=activation) for layer in hidden]
    return replace(facts, layers=(*hidden, output))
