"""What Keras computes with, where the command line imports it: the user's choice where it works, else JAX.

Keras' own default is TensorFlow, which assay does not need and does not install.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

VARIABLE = "KERAS_BACKEND"


def choose_backend() -> None:
    """Set the environment so that ``import keras`` works; to be called before it.

    A backend that the environment or Keras' own file names is kept if it is installed.
    """
    chosen = os.environ.get(VARIABLE) or _written_backend()
    if chosen is None or not _is_installed(chosen):
        os.environ[VARIABLE] = "jax"


def _written_backend() -> str | None:
    """The backend of ``keras.json``; Keras writes this file at its first import, with TensorFlow in it."""
    folder = os.environ.get("KERAS_HOME") or "~/.keras"
    try:
        written = json.loads((Path(folder).expanduser() / "keras.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    name = written.get("backend") if isinstance(written, dict) else None
    return name if isinstance(name, str) else None


def _is_installed(backend: str) -> bool:
    """Whether the package is there; each backend is called as its package."""
    return backend.isidentifier() and importlib.util.find_spec(backend) is not None
