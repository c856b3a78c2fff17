"""The fractal recipe as published, in double precision: its images zoom in by more than ten decades."""

from __future__ import annotations

import jax
import numpy as np
from contenders import jax_fractal

jax.config.update("jax_enable_x64", True)


class Contender(jax_fractal.Contender):
    """All networks."""

    dtype = np.float64
