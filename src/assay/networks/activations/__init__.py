"""Activation functions: every name of ``keras.activations``, and a user's own, on feature-major arrays.

One file for each family; `record.py` says what is known of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.choices import Choice

# The families in the order of the table.
# isort: off
from assay.networks.activations import rectifiers, smooth, squashing, shrinking, layerwise

# isort: on
from assay.networks.activations.in_numpy import activate_in_numpy
from assay.networks.activations.record import ACTIVATIONS, FEATURES, Activation, activation

if TYPE_CHECKING:
    import jax

__all__ = [
    "ACTIVATIONS",
    "FEATURES",
    "Activation",
    "activate",
    "activate_in_numpy",
    "activation",
    "layerwise",
    "output_units",
    "rectifiers",
    "shrinking",
    "smooth",
    "squashing",
]


def activate(choice: Choice, z: jax.Array) -> jax.Array:
    """Apply a chosen activation.

    Parameters
    ----------
    choice : Choice
        A name of `ACTIVATIONS` or a user's own function, with its arguments.
    z : array, shape (..., units, batch)
        Pre-activations.

    Returns
    -------
    array, shape (..., outputs, batch)
        `outputs` is `units`, except under glu, which halves it.
    """
    return ACTIVATIONS.of(choice).function(z, **ACTIVATIONS.arguments(choice))


def output_units(choice: Choice, units: int) -> int:
    """How many units are left after the activation: `units`, or half of them under glu.

    Raises
    ------
    StudyError
        If glu is given an odd number of units.
    """
    outputs_of = ACTIVATIONS.of(choice).outputs_of
    return units if outputs_of is None else outputs_of(units)
