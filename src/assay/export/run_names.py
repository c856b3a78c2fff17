"""What TensorBoard's runs are called: folder names that are safe, distinct and short enough for its list of runs."""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 120
"""In bytes; with ``validation_`` before and a number after it a name stays within the 255 that file systems take."""

# The factor of a level that is a word of its own: "activation=" in "activation=relu, width=32".
_LABEL_OF_A_WORD = re.compile(r"(?:^|(?<=, ))[\w.]+=(?!(?:true|false|none|default)\b)(?=[A-Za-z])")


def run_names(conditions: Sequence[str]) -> dict[str, str]:
    """A folder name for each condition.

    Levels that are words go without their factor, where that leaves the names distinct: ``activation=relu, width=32``
    becomes ``relu_width=32``. Letters, digits and ``_ . = + -`` stay, anything else becomes ``_``. Names that would be
    the same on a file system that ignores case are numbered.
    """
    short = [_LABEL_OF_A_WORD.sub("", condition) for condition in conditions]
    shown = short if len(set(short)) == len(conditions) else conditions
    names: dict[str, str] = {}
    taken: set[str] = set()
    for condition, text in zip(conditions, shown, strict=True):
        safe = re.sub(r"[^\w.=+-]+", "_", text).encode()[:LONGEST].decode(errors="ignore").strip("_.") or "condition"
        name, number = safe, 1
        while name.casefold() in taken:
            number += 1
            name = f"{safe}_{number}"
        taken.add(name.casefold())
        names[condition] = name
    return names
