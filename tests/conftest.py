"""What every test runs under."""

from __future__ import annotations

import os

# Before anything imports them: Keras on JAX, and one JAX device per core as in a real run.
os.environ.setdefault("KERAS_BACKEND", "jax")

from assay.engine.devices import use_all_cores

use_all_cores()
