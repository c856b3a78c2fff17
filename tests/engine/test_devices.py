"""The devices that train, and what their programs are compiled with."""

from __future__ import annotations

import jax
import pytest

from assay.engine import memory_limit, on_cpu
from assay.engine.compilation import CPU_OPTIONS, compiler_options
from assay.engine.devices import mesh_for


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="of programs for a CPU")
def test_a_core_s_programs_are_compiled_with_our_options():
    """A GPU's compiler knows best, and has a memory of its own."""
    assert on_cpu(jax.devices())
    assert compiler_options(mesh_for(1)) == CPU_OPTIONS
    assert memory_limit(jax.devices()) is None  # that of the machine holds
