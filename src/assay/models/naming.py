"""Names and numbers of other frameworks as choices of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from assay.choices import Choice, Table
from assay.errors import StudyError
from assay.learning.optimizers import OPTIMIZERS


def chosen(name: str, given: Mapping[str, Any], table: Table[Any]) -> Choice | None:
    """A choice with those of the given arguments that differ from their defaults; None where it is not one of ours."""
    if name not in table:
        return None
    known = table[name].defaults
    tidied = {key: tidy(value) for key, value in given.items() if key in known}
    arguments = {key: value for key, value in tidied.items() if value != known[key]}
    try:
        return table.parse(Choice(name, arguments), where=name)
    except StudyError:
        return None


def tidy(value: Any) -> Any:
    """A number that went through float32 as it was written: 0.001, not 0.0010000000474974513."""
    if isinstance(value, np.generic) or (hasattr(value, "shape") and tuple(value.shape) == ()):
        value = np.asarray(value).item()
    return float(f"{value:.7g}") if isinstance(value, float) else value


def snake_case(name: str) -> str:
    """``HeNormal`` as ``he_normal``, ``RMSprop`` as ``rmsprop``, ``KLDivergence`` as ``kl_divergence``."""
    if name.lower() in OPTIMIZERS:
        return name.lower()
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
