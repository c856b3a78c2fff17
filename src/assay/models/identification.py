"""Tell an activation by its numbers, where a network does not say which it is."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from assay.choices import Choice
from assay.networks.activations import ACTIVATIONS, activate

# Of the largest value: beyond what another order of the same additions makes of float32.
SAME = 1e-5
# The commonest first: several agree where all values are on one side of 0. Those left out demand an
# argument, or halve the units.
_LEFT_OUT = ("threshold", "glu")
_COMMON = ("linear", "relu", "tanh", "sigmoid")
_SLOPES = (0.01, 0.1, 0.3)
CANDIDATES = (
    *(Choice(name) for name in _COMMON),
    *(Choice("leaky_relu", {"negative_slope": slope}) for slope in _SLOPES),
    *(Choice(record.name) for record in ACTIVATIONS.records if record.name not in (*_LEFT_OUT, *_COMMON)),
)


def activation_between(preactivations: np.ndarray, found: np.ndarray) -> Choice | None:
    """The activation φ for which every number of `found` is one of φ(z) of the same example.

    So it is told through whatever only picks and orders numbers: flattening, transposing, max pooling. The numbers are
    to be of both signs and many; untrained zeros would fit everything.

    Parameters
    ----------
    preactivations : array, (B, P, U)
    found : array, (B, …)
        What the network has made of them.

    Returns
    -------
    Choice or None
        None if it is none of ours.
    """
    z = jnp.asarray(preactivations, jnp.float32)
    if len(found) != len(z) or not np.isfinite(found).all():
        return None
    for choice in CANDIDATES:
        activations = np.asarray(activate(choice, jnp.swapaxes(z, 1, 2))).reshape(len(z), -1)
        if np.isfinite(activations).all() and all(map(_holds, activations, found.reshape(len(found), -1))):
            return choice
    return None


def _holds(values: np.ndarray, found: np.ndarray) -> bool:
    """Whether each number that was found is near one of the values."""
    values = np.sort(values)
    place = np.clip(np.searchsorted(values, found), 1, max(len(values) - 1, 1))
    nearest = np.minimum(np.abs(found - values[place - 1]), np.abs(found - values[np.minimum(place, len(values) - 1)]))
    return bool((nearest <= SAME * max(np.abs(values).max(), 1e-30)).all())
