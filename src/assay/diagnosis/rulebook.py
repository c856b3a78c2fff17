"""Every symptom that assay knows, found in the folder `symptoms`.

>>> symptom_of("vanishing_gradient").meaning
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from assay.diagnosis import symptoms
from assay.diagnosis.symptom import Symptom
from assay.errors import AssayError, did_you_mean


@cache
def rule_book() -> tuple[Symptom, ...]:
    """All symptoms, in the order in which they are told."""
    names = [module.name for module in pkgutil.iter_modules(symptoms.__path__)]
    found: list[Symptom] = [import_module(f"{symptoms.__name__}.{name}").SYMPTOM for name in names]
    return tuple(sorted(found, key=lambda symptom: symptom.order))


def symptom_of(name: str) -> Symptom:
    """The symptom of a name.

    Raises
    ------
    AssayError
        If there is no such symptom; with the near miss.
    """
    for symptom in rule_book():
        if symptom.name == name:
            return symptom
    names = [symptom.name for symptom in rule_book()]
    raise AssayError(f"no symptom '{name}'.{did_you_mean(name, names)} Known symptoms: {', '.join(names)}.")
