"""What was computed or measured for the catalogue, read from `numbers.json`.

``python docs/measure_catalog.py`` writes the file: what theory says of each activation, what each costs, and
what came of the studies behind the "goes with" sentences.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

NUMBERS = Path(__file__).with_name("numbers.json")


@cache
def numbers() -> dict[str, Any]:
    """The whole file.

    Returns
    -------
    dict
        - ``activations``: by name what `assay.catalog.measuring.activation_numbers` returns.
        - ``cost``: by name, seconds of φ and its gradient over those of ReLU.
        - ``studies``: by name the `fingerprint` of the study file, ``metric``, ``conditions`` and ``comparisons``.
    """
    found: dict[str, Any] = json.loads(NUMBERS.read_text(encoding="utf-8"))
    return found


def fingerprint(study: Path) -> str:
    """Of what a study file trains: its content without comments, name and question."""
    content = tomllib.loads(study.read_text(encoding="utf-8"))
    trained = {key: value for key, value in content.items() if key not in ("name", "question")}
    return hashlib.sha256(json.dumps(trained, sort_keys=True).encode()).hexdigest()[:16]
