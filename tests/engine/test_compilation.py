"""Compiled programs: each is made once, few are kept, and what is let go gives its memory maps back."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from assay.choices import Choice
from assay.engine import PROGRAMS_KEPT, counted_compilation
from assay.engine.compilation import Programs
from assay.engine.layout import Member
from assay.engine.program import epoch_program
from assay.engine.tracing import probe_program
from assay.engine.trainer import PROGRAMS, Trainer
from assay.networks.architecture import Layer


def scaled(factor: float):
    """A program of its own for each factor."""
    return jax.jit(lambda x: x * factor)


def test_a_program_is_compiled_once_however_many_ask():
    """Threads that ask at the same time wait for the first."""
    programs, program, found = Programs(), scaled(2.0), []
    with counted_compilation() as compilation:
        threads = [
            threading.Thread(target=lambda: found.append(programs.ready(program, (np.ones(7, np.float32),))))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert compilation.programs == 1
    assert len(found) == 4
    assert len({id(one) for one in found}) == 1
    np.testing.assert_array_equal(found[0](jnp.ones(7)), np.full(7, 2.0))


def test_the_longest_unused_goes_first():
    programs, made = Programs(most=2), [scaled(factor) for factor in (1.0, 2.0, 3.0)]
    arguments = (np.ones(3, np.float32),)
    first, second = (programs.ready(program, arguments) for program in made[:2])
    assert programs.ready(made[0], arguments) is first  # used again
    programs.ready(made[2], arguments)
    assert programs.ready(made[0], arguments) is first
    assert programs.ready(made[1], arguments) is not second


def test_a_program_that_cannot_be_compiled_is_told_and_tried_again():
    """An error reaches the one who asks, and does not stay."""
    programs, mood = Programs(), {"fails": True}

    def function(x):
        if mood["fails"]:
            raise ValueError("no such product")
        return x

    program = jax.jit(function)
    with pytest.raises(ValueError, match="no such product"):
        programs.ready(program, (np.ones(2, np.float32),))
    mood["fails"] = False
    assert programs.ready(program, (np.ones(2, np.float32),)) is not None


def test_all_sorts_of_programs_are_bounded():
    """Those of training and those of probes, each by the same number."""
    assert PROGRAMS.most == PROGRAMS_KEPT
    assert epoch_program.cache_parameters()["maxsize"] == PROGRAMS_KEPT
    assert probe_program.cache_parameters()["maxsize"] == PROGRAMS_KEPT


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells a process its memory maps")
def test_a_program_let_go_gives_its_memory_maps_back():
    """Else a study of many shapes would die of Linux' limit of 65,530."""

    def maps() -> int:
        gc.collect()
        return len(Path("/proc/self/maps").read_text().splitlines())

    layers = tuple(
        Layer(fan_in, units, Choice("tanh"), Choice("he_normal"), Choice("zeros"), 0.0, 0.0)
        for fan_in, units in ((5, 6), (6, 1))
    )
    member = Member(layers, Choice("mean_squared_error"), Choice("adam", {"learning_rate": 0.1}))
    before = maps()
    trainer = Trainer([member], seeds=[0, 1], batch_size=8, task="regression")
    trainer.compile(16, np.dtype(np.float32), 1, training_rows=16)
    held = maps() - before
    assert held > 100
    PROGRAMS.forget()
    epoch_program.cache_clear()
    assert maps() - before < held / 2
