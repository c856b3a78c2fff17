"""What there is to choose from, and what goes with what: activations, initializers, optimizers, losses, metrics.

>>> from assay.catalog import find_entry
>>> find_entry("activations", "tanh").derivative
'1 - tanh(z)²'

Formulas, arguments and sources come from the functions themselves; what they do not hold is written in one file per
kind, and the sentences on what goes with what in `pairings`.
"""

from assay.catalog.entries import (
    KINDS,
    ActivationEntry,
    Entry,
    InitializerEntry,
    LossEntry,
    MetricEntry,
    OptimizerEntry,
    catalog,
    find_entry,
    find_kind,
)
from assay.catalog.pairings import PAIRINGS, Pairing
from assay.catalog.wording import facts, short_facts

__all__ = [
    "KINDS",
    "PAIRINGS",
    "ActivationEntry",
    "Entry",
    "InitializerEntry",
    "LossEntry",
    "MetricEntry",
    "OptimizerEntry",
    "Pairing",
    "catalog",
    "facts",
    "find_entry",
    "find_kind",
    "short_facts",
]
