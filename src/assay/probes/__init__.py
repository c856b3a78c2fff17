"""What is measured in every layer of every member at once, before training and through it.

A quantity is one file of this folder: its record (`Quantity`), the function that measures it, and the tuple ``PROBES``
by which it is found. Everything else, from the tables to the figures, follows from the record.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from assay.errors import StoreError, did_you_mean
from assay.probes.measuring import LayerProbe, QuantityProbe
from assay.probes.quantity import Quantity
from assay.probes.tables import probe_rows, signal_frames


@cache
def all_probes() -> tuple[QuantityProbe, ...]:
    """The probes of every file of this package, in the order of their first quantity."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    probes: list[QuantityProbe] = [probe for module in modules for probe in getattr(module, "PROBES", ())]
    return tuple(sorted(probes, key=lambda probe: _place(probe.quantities[0])))


def _place(quantity: Quantity) -> tuple[int, str]:
    return quantity.order, quantity.name


def quantities() -> tuple[Quantity, ...]:
    """Everything that is measured, in the order in which it is told."""
    return tuple(sorted((quantity for probe in all_probes() for quantity in probe.quantities), key=_place))


def find_quantity(name: str) -> Quantity:
    """The record of this name.

    Raises
    ------
    StoreError
        If there is none.
    """
    known = {record.name: record for record in quantities()}
    if name not in known:
        raise StoreError(f"No quantity '{name}'.{did_you_mean(name, known)} There are: {', '.join(known)}.")
    return known[name]


__all__ = [
    "LayerProbe",
    "Quantity",
    "QuantityProbe",
    "all_probes",
    "find_quantity",
    "probe_rows",
    "quantities",
    "signal_frames",
]
