"""What JAX is asked for before it starts."""

from __future__ import annotations

import os

import jax
import jax.numpy as jnp
import pytest

from assay.engine import memory_limit, on_cpu
from assay.engine.compilation import CPU_OPTIONS, compiler_options
from assay.engine.devices import mesh_for, use_all_cores

EXTRA = "--xla_backend_extra_options="
cpu = pytest.mark.skipif(jax.default_backend() != "cpu", reason="of programs for a CPU")


@cpu
def test_one_loop_writes_several_arrays():
    """Both moments of Adam are one pass over the gradient: XLA has heard us."""

    def moments(first, second, gradient):
        return first + 0.1 * (gradient - first), second + 0.001 * (gradient**2 - second)

    array = jnp.ones((64, 784))
    compiled = jax.jit(moments).lower(array, array, array).compile().as_text()
    (fusion,) = (line for line in compiled.splitlines() if " fusion(" in line)
    assert fusion.count("f32[64,784]") >= 2


@pytest.mark.parametrize("flags", ["", "--xla_cpu_prefer_vector_width=512"])
def test_the_user_s_flags_are_kept(monkeypatch, flags):
    """Ours stands beside them, once."""
    monkeypatch.setenv("XLA_FLAGS", flags)
    use_all_cores()
    use_all_cores()
    assert os.environ["XLA_FLAGS"].startswith(flags)
    assert os.environ["XLA_FLAGS"].count(EXTRA) == 1


def test_options_that_the_user_has_chosen_stand(monkeypatch):
    chosen = f"{EXTRA}xla_cpu_use_multi_output_fusion=false"
    monkeypatch.setenv("XLA_FLAGS", chosen)
    use_all_cores()
    assert os.environ["XLA_FLAGS"] == chosen


@cpu
def test_a_core_s_programs_are_compiled_with_our_options():
    assert compiler_options(mesh_for(1)) == CPU_OPTIONS
    assert on_cpu(jax.devices())
    assert memory_limit(jax.devices()) is None  # that of the machine holds
