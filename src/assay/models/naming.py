"""Names and numbers of other frameworks as choices of ours."""

from __future__ import annotations

import re
import sysconfig
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import assay
from assay.choices import Choice, Table
from assay.errors import StudyError
from assay.learning.optimizers import OPTIMIZERS

HOME = Path(assay.__file__).parent


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


def one_line(error: Exception) -> str:
    """An error of somebody else's code: its kind, and the first line that it says for itself."""
    plain = re.sub(r"\x1b\[\d+m", "", str(error))  # Keras prints the user's own words in bold, below where it was
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    words = [line for line in lines if not line.startswith("Exception encountered when calling")]
    return f"{type(error).__name__}: {words[0]}" if words else type(error).__name__


def blamed(error: Exception) -> str:
    """The same, with the line of the user's own code that it came from: ``… (net.py, line 12)``."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_of_user(frame.filename)]
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return one_line(error).rstrip(".") + where + "."


def _is_of_user(file_name: str) -> bool:
    """Whether a file is neither assay's nor that of an installed package, nor code without a file."""
    if file_name.startswith("<"):
        return False
    parts = Path(file_name).parts
    is_installed = any(part in ("site-packages", "dist-packages") for part in parts)
    is_of_python = Path(file_name).is_relative_to(sysconfig.get_path("stdlib"))
    return not (is_installed or is_of_python or Path(file_name).is_relative_to(HOME))
